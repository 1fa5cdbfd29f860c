"""What this runtime says when asked for mmengine's version."""

from __future__ import annotations

# The release whose behaviour and formats this runtime keeps.
MMENGINE_VERSION = "0.10.7"


def framework_version() -> str:
    """What `mmengine_version` in checkpoints and the message hub says."""
    return f"{MMENGINE_VERSION}+mmmigrate"
