"""``_base_`` inheritance on traced trees, as mmcv 1.7.2 and mmengine 0.10.7 both merge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mmmigrate.converters.read.traced import Slot, TracedDict, clone

DELETE = "_delete_"


class InheritError(Exception):
    """A child cannot inherit from its base; ``path`` names the key and ``slot`` the child's value."""

    def __init__(self, path: tuple[str, ...], slot: Slot, message: str) -> None:
        super().__init__(message)
        self.path = path
        self.slot = slot


def merge(child: Mapping[Any, Any], base: Mapping[Any, Any]) -> TracedDict:
    """The base overridden by the child: dicts key by key, everything else replaced, ``_delete_=True`` starts anew.

    Neither argument changes. A ``_delete_`` in a dict that the base lacks stays in it as a key, as in both libraries.
    Raises InheritError where a dict would override something that is not one.
    """
    return _merge(child, base, ())


def _merge(child: Mapping[Any, Any], base: Mapping[Any, Any], path: tuple[str, ...]) -> TracedDict:
    result = clone(base)
    for key, slot in _slots(child):
        value = slot.value
        if not isinstance(value, dict) or key not in result:
            result.put(key, slot)
        elif value.get(DELETE):
            result.put(key, Slot(_without_delete(value), slot.origin))
        elif isinstance(result[key], dict):
            result.put(key, _merge(_without_delete(value), result[key], (*path, str(key))))
        else:
            raise InheritError(
                (*path, str(key)),
                slot,
                f"{'.'.join((*path, str(key)))} is a dict here but {type(result[key]).__name__} in the base; "
                f"set {DELETE}=True in it to ignore the base",
            )
    return result


def _without_delete(value: Mapping[Any, Any]) -> TracedDict:
    result = value if isinstance(value, TracedDict) else TracedDict(value)
    if DELETE in result:
        result = result.copy()
        result.drop(DELETE)
    return result


def _slots(mapping: Mapping[Any, Any]) -> Iterable[tuple[Any, Slot]]:
    if isinstance(mapping, TracedDict):
        return mapping.slots()
    return [(key, Slot(value)) for key, value in mapping.items()]


def union(bases: Iterable[Mapping[Any, Any]]) -> tuple[TracedDict, list[str]]:
    """All bases of one file together, and the keys that more than one of them has (an error in both libraries)."""
    result = TracedDict()
    twice: list[str] = []
    for base in bases:
        twice += [key for key in base if key in result]
        result.absorb(base)
    return result, sorted(set(twice))
