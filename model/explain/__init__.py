"""What a summary is worth: beside its source, another summary and a given reference."""
