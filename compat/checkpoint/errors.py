"""The error of everything that goes wrong with a checkpoint."""

from __future__ import annotations


class CheckpointError(Exception):
    """A checkpoint that cannot be read or converted; the message names the file, the fault and what to do."""
