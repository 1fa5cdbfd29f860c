"""Setting a name of an alias module, as mock.patch does: the runtime's own code has to see it too."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any


def hand_on(sources: Iterable[ModuleType], name: str, old: Any, new: Any) -> list[ModuleType]:
    """Puts `new` in the place of `old` in every module that answers for the alias; gives those where it stood.

    A source that is a package stands for the modules in it: they hold what the package only hands on.
    """
    places = []
    for module in with_submodules(sources):
        if vars(module).get(name, _NOTHING) is old:
            setattr(module, name, new)
            places.append(module)
    return places


def with_submodules(sources: Iterable[ModuleType]) -> list[ModuleType]:
    """The modules, and those inside the ones that are packages, as far as they are loaded."""
    found: dict[str, ModuleType] = {}
    for source in sources:
        inside = source.__name__ + "."
        is_package = hasattr(source, "__path__") and "." in source.__name__.partition(".")[2]
        for path, module in list(sys.modules.items()):
            if module is source or (is_package and path.startswith(inside) and module is not None):
                found[path] = module
    return list(found.values())


_NOTHING = object()
