"""What a v2 hook class means in v3: its stages, what it asks the runner for, and whether all of it can be said."""
