"""What this runtime says when asked for mmengine's version."""

from __future__ import annotations

# The release whose behaviour and formats this runtime keeps.
MMENGINE_VERSION = "0.10.7"


def parse_version_info(version_str: str) -> tuple[int | str, ...]:
    """The parts of a version.

    >>> parse_version_info("1.3.0"), parse_version_info("2.0.0rc1")
    ((1, 3, 0), (2, 0, 0, 'rc1'))
    """
    parts: list[int | str] = []
    for part in version_str.split("."):
        number, letters, rest = part.partition("rc")
        if number.isdigit():
            parts.append(int(number))
        if letters:
            parts.append(f"rc{rest}")
    return tuple(parts)


def framework_version() -> str:
    """What `mmengine_version` in checkpoints and the message hub says."""
    return f"{MMENGINE_VERSION}+mmmigrate"
