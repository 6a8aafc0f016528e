"""Personal data, masked before anything leaves the page."""
