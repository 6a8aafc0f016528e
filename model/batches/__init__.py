"""Many texts from file to file: a line each, in order, resumable at any moment."""
