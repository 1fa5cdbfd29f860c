"""How a config inherits from its bases: one rule for both generations."""
