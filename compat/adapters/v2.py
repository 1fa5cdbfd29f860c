"""mmcv's names for classes that stay v2 code in a converted project, without mmcv.

    from mmmigrate.compat.adapters.v2 import HOOKS, OptimizerHook

Everything that `import mmcv` gives under the aliases is found here by its plain name, and needs no `mmcv`. What is
registered in `HOOKS` from here is known to v3 as well: to runtime_v3, or to mmengine itself where that trains.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from mmmigrate.compat.adapters.engine import real_mmengine_trains
from mmmigrate.compat.adapters.hook import adapted_hook
from mmmigrate.compat.aliases import import_path

_WHERE = (
    "mmcv.runner",
    "mmcv.runner.hooks.lr_updater",
    "mmcv.runner.hooks",
    "mmcv.parallel",
    "mmcv.utils",
    "mmcv.cnn",
    "mmcv.fileio",
    "mmcv.engine",
    "mmcv",
)


class BridgedRegistry:
    """A v2 registry whose new entries v3 knows too, under the same name and adapted."""

    def __init__(self, v2: Any, v3: str, adapt: Callable[[Any, Any], Any]) -> None:
        self._v2, self._v3, self._adapt = v2, v3, adapt

    def register_module(self, name: Any = None, force: bool = False, module: Any = None) -> Any:
        """As in v2; the class itself is given back unchanged."""
        if module is None:
            return partial(self._register, name, force)
        return self._register(name, force, module)

    def _register(self, name: Any, force: bool, module: Any) -> Any:
        self._v2.register_module(name=name, force=force, module=module)
        root = "mmengine" if real_mmengine_trains() else "mmmigrate.runtime_v3"
        registry = getattr(import_module(f"{root}.registry"), self._v3)
        adapted = self._adapt(module, import_module(f"{root}.hooks").Hook)
        registry.register_module(name=name, force=True, module=adapted)
        return module

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._v2, name)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    for path in _WHERE:
        try:
            found = getattr(import_path(path), name)
        except (AttributeError, ImportError):
            continue
        return BridgedRegistry(found, "HOOKS", adapted_hook) if name == "HOOKS" else found
    raise AttributeError(f"{__name__} has no {name}: mmcv 1.7.2 has no such name, or nothing answers for it")
