"""`custom_imports`: modules that a config names so that what they register is found."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import Any


def import_modules_from_strings(imports: str | Sequence[str] | None, allow_failed_imports: bool = False) -> Any:
    """The imported modules: one for a str, a list for several, None when `imports` is empty.

    A module that can't be imported is an ImportError, or with `allow_failed_imports` a warning and None in its place.
    """
    if not imports:
        return None
    names = [imports] if isinstance(imports, str) else imports
    if not isinstance(names, (list, tuple)):
        raise TypeError(f"custom_imports must be a list of module names, but got type {type(imports)}")
    modules = []
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"{name!r} is of type {type(name)} and cannot be imported: give the name of a module")
        try:
            modules.append(import_module(name))
        except ImportError as error:
            if not allow_failed_imports:
                raise ImportError(f"Failed to import {name}: {error}") from error
            warnings.warn(f"{name} failed to import and is ignored: {error}", UserWarning, stacklevel=2)
            modules.append(None)  # type: ignore[arg-type]
    return modules[0] if isinstance(imports, str) else modules


def run_custom_imports(custom_imports: Any, filename: str | None) -> None:
    """Imports what the key `custom_imports` of a config lists; an error names the config and the search path."""
    try:
        import_modules_from_strings(**custom_imports)
    except ImportError as error:
        search_path = "".join(f"\n    {folder}" for folder in sys.path)
        raise ImportError(
            f"{filename}: custom_imports failed: Failed to import custom modules from {custom_imports}: {error}. "
            "Put the folder that holds the module on PYTHONPATH; "
            f"sys.path is now:{search_path}"
        ) from error
