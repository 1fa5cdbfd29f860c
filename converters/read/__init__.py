"""Text to a traced tree: a config file evaluated without executing it, every value with its source."""
