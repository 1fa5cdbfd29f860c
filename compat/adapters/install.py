"""Hanging the bridges into the registries: what only v2 registries know is found by v3."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from functools import cache, partial
from typing import Any

from mmmigrate.compat.adapters.collate import V2Collate
from mmmigrate.compat.adapters.dataset import adapted_dataset
from mmmigrate.compat.adapters.hook import adapted_hook
from mmmigrate.compat.adapters.lookup import v2_class
from mmmigrate.compat.adapters.metric import DatasetEvaluate
from mmmigrate.compat.adapters.model import adapted_model
from mmmigrate.compat.adapters.sampler import GlobalRandomSampler, IterLoaderSampler
from mmmigrate.compat.adapters.updater import adapted_updater

_OWN: dict[str, dict[str, Any]] = {
    "METRICS": {"DatasetEvaluate": DatasetEvaluate},
    "DATA_SAMPLERS": {"GlobalRandomSampler": GlobalRandomSampler, "IterLoaderSampler": IterLoaderSampler},
    "FUNCTIONS": {"V2Collate": V2Collate},
}


def install() -> None:
    """Makes what v2 projects have registered usable under runtime_v3. May be called again.

    Where no real mmcv is installed, `import mmcv` is answered by runtime_v2 from now on.
    """
    if "mmcv" not in sys.modules and importlib.util.find_spec("mmcv") is None:
        from mmmigrate.compat import aliases

        aliases.install("mmcv")
    _into_v3()


@cache
def _into_v3() -> None:
    from mmmigrate.runtime_v3 import registry
    from mmmigrate.runtime_v3.hooks import Hook

    for registry_name, entries in _OWN.items():
        getattr(registry, registry_name).on_missing.append(entries.get)
    registry.MODELS.on_missing.append(_adapting("model", adapted_model))
    registry.DATASETS.on_missing.append(_adapting("dataset", adapted_dataset))
    registry.HOOKS.on_missing.append(_adapting("hook", partial(adapted_hook, hook_base=Hook)))
    registry.PARAM_SCHEDULERS.on_missing.append(_adapting("hook", adapted_updater))


def _adapting(kind: str, adapt: Callable[[Any], Any]) -> Callable[[str], Any]:
    made: dict[Any, Any] = {}

    def find(name: str) -> Any:
        found = v2_class(kind, name)
        if found is not None and found not in made:
            made[found] = adapt(found)
        return made.get(found)

    return find
