"""Finds what a project registered in registries of its own, so that a config names it without saying where."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from mmmigrate.compat.argument_errors import MissingKeyError
from mmmigrate.runtime_v2.registries import DATASETS, MODELS, PIPELINES
from mmmigrate.runtime_v2.registry import Registry

MODEL_KINDS = frozenset({"model", "models", "detector", "segmentor", "classifier", "recognizer", "posenet", "editor"})
DATASET_KINDS = frozenset({"dataset", "datasets"})
PIPELINE_KINDS = frozenset({"pipeline", "pipelines"})


@cache
def install() -> None:
    """Let MODELS, DATASETS and PIPELINES look into every loaded module's registries of the same kind.

    Before whatever else is asked for a missing name: a project's own class comes before one of the other generation.
    """
    for registry, kinds in ((MODELS, MODEL_KINDS), (DATASETS, DATASET_KINDS), (PIPELINES, PIPELINE_KINDS)):
        registry.on_missing.insert(0, _Finder(registry, kinds))


@dataclass(frozen=True)
class _Finder:
    own: Registry
    kinds: frozenset[str]

    def names(self) -> list[str]:
        """What a message about an unknown name may suggest."""
        return [name for registry in _registries(self.kinds) for name in registry.module_dict]

    def __call__(self, key: str) -> Any:
        found = {
            id(registry.module_dict[key]): registry.module_dict[key]
            for registry in _registries(self.kinds)
            if registry is not self.own and key in registry.module_dict
        }
        if len(found) > 1:
            places = sorted(f"{each.__module__}.{each.__qualname__}" for each in found.values())
            raise MissingKeyError(
                f"{key} is ambiguous: {', '.join(places)}. Write it with its scope, as in 'package.{key}'"
            )
        return next(iter(found.values()), None)


def _registries(kinds: frozenset[str]) -> Iterator[Registry]:
    for module in list(sys.modules.values()):
        for value in list(getattr(module, "__dict__", {}).values()):
            if isinstance(value, Registry) and value.name in kinds:
                yield value
