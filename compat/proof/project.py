"""Where a config's own code lies: real projects are run from their root, whose packages `custom_imports` names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def import_paths(configs: Iterable[Path]) -> list[str]:
    """The working directory and, for each config, the nearest folder above it that holds a Python package."""
    paths = [Path.cwd()]
    for config in configs:
        for folder in config.resolve().parents:
            if next(folder.glob("*/__init__.py"), None) is not None:
                paths.append(folder)
                break
            if (folder / ".git").exists():
                break
    return list(dict.fromkeys(map(str, paths)))
