"""One file per old pattern: what it means in the new generation. Discovered, no central list."""
