"""What the page lets people set, and the decoding options that come of it."""
