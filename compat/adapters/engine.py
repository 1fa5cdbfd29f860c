"""Which v3 engine trains in this process: real mmengine, where it is imported, else runtime_v3."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any


def real_mmengine_trains() -> bool:
    """Whether the mmengine in use is the library itself and not the name under which runtime_v3 answers."""
    if "mmengine" not in sys.modules:
        return False
    registry: Any = import_module("mmengine.registry").PARAM_SCHEDULERS
    return not type(registry).__module__.startswith("mmmigrate.")


def engine_root() -> str:
    """The package whose registries and base classes the adapters take."""
    return "mmengine" if real_mmengine_trains() else "mmmigrate.runtime_v3"


def of_engine(module: str) -> Any:
    """A module of the engine: `of_engine("registry")`."""
    return import_module(f"{engine_root()}.{module}")


def real_mmcv_trains() -> bool:
    """Whether the mmcv in use is the library itself and not the name under which runtime_v2 answers."""
    hook = getattr(sys.modules.get("mmcv.runner"), "Hook", None)
    return hook is not None and not hook.__module__.startswith("mmmigrate.")


def v2_root() -> str:
    """The package whose registries and base classes are v2's in this process."""
    return "mmcv" if real_mmcv_trains() else "mmmigrate.runtime_v2"


def v2_part(module: str) -> Any:
    """A module of the v2 engine that mmcv and runtime_v2 have under the same name: `v2_part("parallel")`."""
    return import_module(f"{v2_root()}.{module}")


def v2_hook_base() -> Any:
    """The `Hook` class of the v2 engine that trains in this process."""
    return import_module("mmcv.runner" if real_mmcv_trains() else "mmmigrate.runtime_v2.hooks").Hook
