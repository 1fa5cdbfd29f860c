"""Registries with the lookup rules of mmcv 1.x: a name without a scope is searched in its own registry only."""

from __future__ import annotations

import inspect
from typing import Any

from mmmigrate.compat.argument_errors import ArgumentTypeError
from mmmigrate.compat.registry import Registry as _CoreRegistry
from mmmigrate.compat.registry import build_from_cfg

__all__ = ["Registry", "build_from_cfg"]


class Registry(_CoreRegistry):
    """`mmcv.utils.Registry`.

    `get("ResNet")` and `get("own_scope.ResNet")` look here, `get("child.ResNet")` in that child, and any other
    scope from the root of the tree downwards. Parents are not searched for a name without a scope.
    """

    def get(self, key: str) -> Any:
        """The class or function registered under `key`, else what `on_missing` gives for it, else None."""
        scope, real_key = self.split_scope_key(key)
        if scope is None or scope == self._scope:
            found = self._module_dict.get(real_key)
        elif scope in self._children:
            return self._children[scope].get(real_key)
        elif self.parent is not None:
            return self.root.get(key)
        else:
            found = None
        return self._ask_on_missing(key) if found is None else found

    def known_names(self) -> list[str]:
        """The names of this registry, and its children's with their scope."""
        names = list(self._module_dict)
        for scope, child in self._children.items():
            names.extend(f"{scope}.{name}" for name in child.module_dict)
        for finder in self.on_missing:
            names.extend(getattr(finder, "names", list)())
        return names

    def _check_module(self, module: Any) -> None:
        if not inspect.isclass(module) and not inspect.isfunction(module):
            raise ArgumentTypeError(f"module must be a class or a function, but got {type(module)}")

    def _add_children(self, registry: Any) -> None:
        self._add_child(registry)
