"""Hanging the bridges into the registries: what only the other generation's registries know is found."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from functools import cache, partial
from importlib import import_module
from types import MethodType
from typing import Any

from mmmigrate.compat.adapters.collate import V2Collate
from mmmigrate.compat.adapters.dataset import adapted_dataset
from mmmigrate.compat.adapters.engine import engine_root, v2_root
from mmmigrate.compat.adapters.foreign_constructors import adapted_v2_constructor, adapted_v3_constructor
from mmmigrate.compat.adapters.hook import adapted_hook
from mmmigrate.compat.adapters.lookup import v2_class
from mmmigrate.compat.adapters.metric import DatasetEvaluate
from mmmigrate.compat.adapters.model import adapted_model
from mmmigrate.compat.adapters.sampler import GlobalRandomSampler, IterLoaderSampler
from mmmigrate.compat.adapters.updater import adapted_updater
from mmmigrate.compat.adapters.v3_dataset import adapted_v3_dataset
from mmmigrate.compat.adapters.v3_hook import adapted_v3_hook
from mmmigrate.compat.adapters.v3_model import adapted_v3_model
from mmmigrate.compat.adapters.wrapper_hook import hook_of_wrapper

Find = Callable[[str], Any]
_OWN: dict[str, dict[str, Any]] = {
    "METRICS": {"DatasetEvaluate": DatasetEvaluate},
    "DATA_SAMPLERS": {"GlobalRandomSampler": GlobalRandomSampler, "IterLoaderSampler": IterLoaderSampler},
    "FUNCTIONS": {"V2Collate": V2Collate},
}


def install() -> None:
    """Makes what v2 projects have registered usable under the v3 engine, and the other way. May be called again.

    Where no real mmcv is installed, `import mmcv` is answered by runtime_v2 from now on.
    """
    if "mmcv" not in sys.modules and importlib.util.find_spec("mmcv") is None:
        from mmmigrate.compat import aliases

        aliases.install("mmcv")
    _into_v3(engine_root())
    _into_v2(v2_root(), engine_root())


@cache
def _into_v3(root: str) -> None:
    registry: Any = import_module(f"{root}.registry")
    hook_base = import_module(f"{root}.hooks").Hook
    for registry_name, entries in _OWN.items():
        _hang(getattr(registry, registry_name), entries.get)
    _hang(registry.MODELS, _adapting("model", adapted_model))
    _hang(registry.DATASETS, _adapting("dataset", adapted_dataset))
    _hang(registry.HOOKS, _adapting("hook", partial(adapted_hook, hook_base=hook_base)))
    of_wrapper = partial(hook_of_wrapper, hook_base=hook_base)
    _hang(registry.HOOKS, _adapted(partial(_registered, registry.OPTIM_WRAPPERS), of_wrapper))
    _hang(registry.PARAM_SCHEDULERS, _adapting("hook", adapted_updater))
    _hang(registry.OPTIM_WRAPPER_CONSTRUCTORS, _adapting("optimizer constructor", adapted_v2_constructor))
    _hang(registry.RUNNER_CONSTRUCTORS, _adapting("runner constructor", _as_it_is))  # both are called alike


@cache
def _into_v2(root: str, v3_root: str) -> None:
    v2: Any = import_module(f"{root}.runner" if root == "mmcv" else f"{root}.registries")
    runners: Any = import_module("mmcv.runner.builder") if root == "mmcv" else v2
    v3: Any = import_module(f"{v3_root}.registry")
    pairs: list[tuple[Any, Any, Callable[[Any], Any]]] = [
        (v2.HOOKS, v3.HOOKS, adapted_v3_hook),
        (v2.OPTIMIZER_BUILDERS, v3.OPTIM_WRAPPER_CONSTRUCTORS, adapted_v3_constructor),
        (runners.RUNNER_BUILDERS, v3.RUNNER_CONSTRUCTORS, _as_it_is),
        (import_module(f"{root}.cnn" if root == "mmcv" else root).MODELS, v3.MODELS, adapted_v3_model),
    ]
    if root != "mmcv":  # mmcv itself has no registry of data sets
        pairs.append((import_module(root).DATASETS, v3.DATASETS, adapted_v3_dataset))
    for registry, other, adapt in pairs:
        _hang(registry, _adapted(partial(_registered, other), adapt))


def _registered(registry: Any, name: str) -> Any:
    return registry.module_dict.get(name)


def _as_it_is(found: Any) -> Any:
    return found


def _adapting(kind: str, adapt: Callable[[Any], Any]) -> Find:
    return _adapted(lambda name: v2_class(kind, name), adapt)


def _adapted(look: Find, adapt: Callable[[Any], Any]) -> Find:
    made: dict[Any, Any] = {}

    def find(name: str) -> Any:
        found = look(name)
        if found is not None and found not in made:
            made[found] = adapt(found)
        return made.get(found)

    return find


def _hang(registry: Any, find: Find) -> None:
    """Asks `find` for what the registry does not have; those of the real libraries are asked through their `get`."""
    if hasattr(registry, "on_missing"):
        registry.on_missing.append(find)
        return
    original = registry.get

    def get(self: Any, key: str) -> Any:
        found = self.module_dict.get(key)
        found = find(key) if found is None and isinstance(key, str) else found
        return original(key) if found is None else found

    registry.get = MethodType(get, registry)
