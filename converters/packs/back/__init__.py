"""Packs read from the other side: what v3 says, told in v2's terms."""
