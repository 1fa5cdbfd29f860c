"""The difference of two nested dicts, as plain values, and putting it on again.

What a conversion cannot carry over is what the way home would not give back: the difference between the original and
the original converted there and back. Kept beside, it makes the round trip an identity by construction.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import torch

Path = list[Any]


def difference(have: Mapping[Any, Any], want: Mapping[Any, Any]) -> dict[str, Any]:
    """What `patched` needs to make `want` of `have`: entries to set, to drop, and the order of keys where it differs.

    >>> difference({"a": {"b": 1}}, {"a": {"b": 2}, "c": 3})
    {'set': [[['a', 'b'], 2], [['c'], 3]], 'drop': [], 'order': []}
    """
    found: dict[str, Any] = {"set": [], "drop": [], "order": []}
    _compare(have, want, [], found)
    return found


def _compare(have: Mapping[Any, Any], want: Mapping[Any, Any], path: Path, found: dict[str, Any]) -> None:
    found["drop"] += [[*path, key] for key in have if key not in want]
    for key, value in want.items():
        place = [*path, key]
        if key not in have:
            found["set"].append([place, value])
        elif type(have[key]) is type(value) and isinstance(value, Mapping):
            _compare(have[key], value, place, found)
        elif not same(have[key], value):
            found["set"].append([place, value])
    if [key for key in have if key in want] + [key for key in want if key not in have] != list(want):
        found["order"].append([path, list(want)])


def patched(have: Mapping[Any, Any], change: Mapping[str, Any]) -> dict[Any, Any]:
    """A copy of `have` with the change put on. Places that are gone by now are left out."""
    result: dict[Any, Any] = _copied(have)
    for path, value in change["set"]:
        target = _at(result, path[:-1])
        if target is not None:
            target[path[-1]] = value
    for path in change["drop"]:
        target = _at(result, path[:-1])
        if target is not None:
            target.pop(path[-1], None)
    for path, keys in change["order"]:
        target = _at(result, path)
        if target is not None:
            known = {key: target[key] for key in keys if key in target}
            rest = {key: value for key, value in target.items() if key not in known}
            target.clear()
            target.update({**known, **rest})
    return result


def _at(tree: Any, path: Path) -> Any:
    for key in path:
        if not isinstance(tree, dict) or key not in tree:
            return None
        tree = tree[key]
    return tree if isinstance(tree, dict) else None


def _copied(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    kind: Any = type(value)
    copied = kind((key, _copied(entry)) for key, entry in value.items())
    if hasattr(value, "_metadata"):
        copied._metadata = value._metadata
    return copied


def same(one: Any, other: Any) -> bool:
    """Equal in value and type; tensors and numbers bit by bit, so that NaN equals itself and 0 is not -0."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and one.shape == other.shape and _equal_bits(one, other)
    if isinstance(one, float):
        return struct.pack("d", one) == struct.pack("d", other)
    if isinstance(one, Mapping):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def _equal_bits(one: torch.Tensor, other: torch.Tensor) -> bool:
    if one.layout != torch.strided or one.is_quantized or not one.numel():
        return torch.equal(one, other)
    raw = (one.contiguous().reshape(-1).view(torch.uint8), other.contiguous().reshape(-1).view(torch.uint8))
    return torch.equal(*raw)
