"""What the model families are built from, beside attention."""
