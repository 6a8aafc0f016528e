"""What a run leaves behind: made step by step, frozen, written as JSON, read with suspicion."""
