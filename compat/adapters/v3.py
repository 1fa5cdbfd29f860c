"""mmengine's names for classes that stay v3 code in a project converted to v2, without mmengine.

    from mmmigrate.compat.adapters.v3 import HOOKS, Hook

Everything that `import mmengine` gives under the aliases is found here by its plain name. What is registered in a
registry from here is found by v2's registry of the same things: by runtime_v2's, or by mmcv's own where that trains.
"""

from __future__ import annotations

from typing import Any

from mmmigrate.compat.adapters.engine import real_mmengine_trains
from mmmigrate.compat.adapters.install import install
from mmmigrate.compat.aliases import import_path

_WHERE = (
    "mmengine.hooks",
    "mmengine.registry",
    "mmengine.model",
    "mmengine.optim",
    "mmengine.runner",
    "mmengine.evaluator",
    "mmengine.dataset",
    "mmengine.structures",
    "mmengine.visualization",
    "mmengine.dist",
    "mmengine.logging",
    "mmengine.fileio",
    "mmengine.config",
    "mmengine.device",
    "mmengine.utils",
    "mmengine.utils.dl_utils",
    "mmengine",
)

if not real_mmengine_trains():
    install()


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    for path in _WHERE:
        try:
            return getattr(import_path(path), name)
        except (AttributeError, ImportError):
            continue
    raise AttributeError(f"{__name__} has no {name}: mmengine 0.10.7 has no such name, or nothing answers for it")
