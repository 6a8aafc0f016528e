"""Why a summary came out as it did, beyond what its own trace shows."""
