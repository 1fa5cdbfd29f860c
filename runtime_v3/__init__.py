"""The training model of mmengine, on today's PyTorch.

What its subpackages hand on is also found here, and imported when it is asked for: `from mmmigrate.runtime_v3 import
Runner, HOOKS`. Registries, config and logging come without torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

# In the order of asking: a name is taken from the first that hands it on.
_SUBPACKAGES = (
    "registry",
    "logging",
    "structures",
    "dist",
    "hooks",
    "optim",
    "dataset",
    "evaluator",
    "model",
    "visualization",
    "runner",
)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    for subpackage in _SUBPACKAGES:
        module = import_module(f"{__name__}.{subpackage}")
        if name in module.__all__:
            return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({name for subpackage in _SUBPACKAGES for name in import_module(f"{__name__}.{subpackage}").__all__})
