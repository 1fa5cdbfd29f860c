"""Run by the python of a peer: LIBRARY FILE writes its public names; `--check FILE` imports the names listed in FILE.

A public name is one in a module's ``__all__``; without that, one without an underscore that is the library's own.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import sys
import types
import warnings
from pathlib import Path

warnings.simplefilter("ignore")


def public_names(library: str) -> dict[str, list[str]]:
    root = importlib.import_module(library)
    found = {}
    modules = [library, *(info.name for info in pkgutil.walk_packages(root.__path__, f"{library}.", lambda name: None))]
    for name in modules:
        try:
            module = importlib.import_module(name)
        except Exception:  # needs a compiled extension or a device that is not here
            continue
        listed = getattr(module, "__all__", None)
        found[name] = [
            key
            for key, value in vars(module).items()
            if not key.startswith("_") and not isinstance(value, types.ModuleType) and is_own(key, value, name, listed)
        ]
    return found


def is_own(key: str, value: object, module: str, listed: list[str] | None) -> bool:
    """A package without ``__all__`` hands on what its modules define, and an object is of the library by its class."""
    if listed is not None:
        return key in listed
    is_definition = inspect.isclass(value) or inspect.isroutine(value)
    home = value.__module__ if is_definition else type(value).__module__
    is_package = hasattr(sys.modules[module], "__path__")
    library = module.partition(".")[0]
    return home == module or ((is_package or not is_definition) and home.partition(".")[0] == library)


def find(path: str) -> object:
    """The object of a full name. Raises ImportError or AttributeError where there is none."""
    home, _, name = path.rpartition(".")
    return getattr(importlib.import_module(home), name)


def check(pairs: list[list[str]]) -> list[str]:
    """Pairs of full names that must exist and be the same object."""
    faults = []
    for path, same in pairs:
        try:
            if find(path) is not find(same):
                faults.append(f"{path} is not {same}")
        except (ImportError, AttributeError) as error:
            faults.append(f"{path}: {error}")
    return faults


if __name__ == "__main__":
    target = Path(sys.argv[2])
    if sys.argv[1] == "--check":
        target.write_text(json.dumps(check(json.loads(target.read_text()))))
    else:
        target.write_text(json.dumps(public_names(sys.argv[1])))
