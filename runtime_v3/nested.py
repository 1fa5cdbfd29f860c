"""Changing what lies deep in dicts, lists and tuples; objects by their path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mmmigrate.runtime_v3.registry.importing import object_from_path as get_object_from_string

__all__ = ["apply_to", "get_object_from_string"]


def apply_to(data: Any, expr: Callable[[Any], bool], apply_func: Callable[[Any], Any]) -> Any:
    """A copy of `data` in which `apply_func` replaced each leaf that `expr` is true for.

    >>> apply_to({"a": [1, "x"]}, lambda leaf: isinstance(leaf, int), lambda leaf: leaf + 1)
    {'a': [2, 'x']}
    """
    if isinstance(data, dict):
        changed = {key: apply_to(value, expr, apply_func) for key, value in data.items()}
        return changed if type(data) is dict else type(data)(changed)
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*(apply_to(item, expr, apply_func) for item in data))
    if isinstance(data, (tuple, list)):
        return type(data)([apply_to(item, expr, apply_func) for item in data])
    return apply_func(data) if expr(data) else data
