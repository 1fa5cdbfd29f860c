"""What is registered where, counted over whole trees of registries."""

from __future__ import annotations

import datetime
import json
import logging
from pathlib import Path
from typing import Any

from mmmigrate.compat.atomic import atomic_write
from mmmigrate.runtime_v3.registry import root
from mmmigrate.runtime_v3.registry.registry import Registry

_LOGGER = logging.getLogger("mmmigrate.registry")


def traverse_registry_tree(registry: Registry, verbose: bool = True) -> list[dict[str, Any]]:
    """One dict for each registry of the tree that `registry` belongs to, from the root down.

    It has `num_modules`, `scope`, and for each folder of modules the names registered from there.
    """
    survey: list[dict[str, Any]] = []
    waiting: list[Any] = [registry.root]
    while waiting:
        current = waiting.pop(0)
        entry: dict[str, Any] = {"num_modules": len(current), "scope": current.scope}
        for name, registered in current.module_dict.items():
            folder = "/".join(registered.__module__.split(".")[:-1])
            entry.setdefault(folder, []).append(name)
        if verbose:
            _LOGGER.info("%d modules in the %r registry of %s", len(current), current.name, current.scope)
        survey.append(entry)
        waiting[:0] = current.children.values()
    return survey


def count_registered_modules(save_path: str | None = None, verbose: bool = True) -> dict[str, Any]:
    """`{"scan_date", "registries": {NAME: traverse_registry_tree(...)}}` of every root registry.

    With `save_path`, a folder, it is also written there as `modules_statistic_results.json`.
    """
    registries = {
        name: traverse_registry_tree(value, verbose)
        for name, value in vars(root).items()
        if isinstance(value, Registry)
    }
    result = {"scan_date": datetime.datetime.now().strftime("%Y-%m-%d %H:%M:%S"), "registries": registries}
    if save_path is not None:
        with atomic_write(Path(save_path) / "modules_statistic_results.json") as stream:
            json.dump(result, stream, indent=2)
    return result
