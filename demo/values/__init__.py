"""A run as the plain values that the page draws. Runs no model."""
