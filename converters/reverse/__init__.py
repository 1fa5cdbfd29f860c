"""What a v3 config means in v2: the rules the other way round, key by key."""
