"""Transforms one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mmmigrate.runtime_v3.registry import TRANSFORMS

Transform = Callable[[Any], Any]


class Compose:
    """Calls each transform with the result of the one before; stops with None where one gives None."""

    def __init__(self, transforms: Sequence[dict[str, Any] | Transform] | None = None) -> None:
        self.transforms: list[Transform] = []
        for transform in transforms or []:
            built = TRANSFORMS.build(transform) if isinstance(transform, dict) else transform
            if not callable(built):
                raise TypeError(f"a transform must be a function or a dict with its type, got {transform!r}")
            self.transforms.append(built)

    def __call__(self, data: Any) -> Any:
        for transform in self.transforms:
            data = transform(data)
            if data is None:
                return None
        return data

    def __repr__(self) -> str:
        return "\n".join([f"{type(self).__name__}(", *(f"    {transform}" for transform in self.transforms), ")"])
