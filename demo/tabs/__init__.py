"""The tabs below the summary: each builds its card and wires its own events."""
