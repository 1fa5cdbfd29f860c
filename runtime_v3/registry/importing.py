"""Objects named by their full path."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from mmmigrate.compat.aliases import import_path


def object_from_path(path: str) -> Any:
    """The class, function or attribute at `package.module.Name[.attribute]`, or None if there is none.

    A module alone is no answer: a config's `type` must be something that can be called. Paths of mmengine mean the
    runtime that answers for it.
    """
    parts = path.split(".")
    for end in range(len(parts) - 1, 0, -1):
        try:
            found: Any = import_path(".".join(parts[:end]))
        except ImportError:
            continue
        for name in parts[end:]:
            found = getattr(found, name, None)
        return None if isinstance(found, ModuleType) else found
    return None
