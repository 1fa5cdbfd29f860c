"""Finding what a v2 project has registered: in the runtime's registries, or in those that the project made itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

_V2_REGISTRY_MODULES = ("mmmigrate.runtime_v2.registry", "mmcv.utils.registry")
_NAMES = {
    "hook": {"hook", "hooks"},
    "dataset": {"dataset", "datasets"},
    "pipeline": {"pipeline", "pipelines"},
    "optimizer constructor": {"optimizer builder", "optimizer constructor"},
    "runner constructor": {"runner builder"},
}


def v2_registries() -> Iterator[Any]:
    """Every v2 registry that an imported module holds; projects make theirs as `Registry('dataset')`."""
    seen: set[int] = set()
    for name, module in list(sys.modules.items()):
        if name.startswith(("torch.", "numpy.")) or module is None:
            continue
        for value in list(getattr(module, "__dict__", {}).values()):
            if type(value).__module__ in _V2_REGISTRY_MODULES and id(value) not in seen:
                seen.add(id(value))
                yield value


def v2_class(kind: str, name: str) -> Any:
    """The class registered as `name` in a v2 registry of that kind (`hook`, `model`, … see `_NAMES`), or None.

    Models lie in registries of many names (backbone, head, detector …), so any registry counts if it gives an
    nn.Module.
    """
    from torch import nn

    plain = name.rpartition(".")[2]
    for registry in v2_registries():
        found = registry.module_dict.get(plain)
        if found is None:
            continue
        if kind == "model":
            if isinstance(found, type) and issubclass(found, nn.Module):
                return found
        elif registry.name in _NAMES[kind]:
            return found
    return None
