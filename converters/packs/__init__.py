"""Packs: what each codebase calls its models, datasets, transforms and metrics in the two generations, as data."""
