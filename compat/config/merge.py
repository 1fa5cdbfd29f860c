"""Merging the dict of a config file into that of its base."""

from __future__ import annotations

from typing import Any

BASE_KEY = "_base_"
DELETE_KEY = "_delete_"
DEPRECATION_KEY = "_deprecation_"
RESERVED_KEYS = ["filename", "text", "pretty_text"]


def merge(child: Any, base: Any, allow_list_keys: bool = False) -> Any:
    """A copy of `base` with the keys of `child` put in; dicts are merged, everything else is replaced.

    A dict with `_delete_=True` replaces the base's. With `allow_list_keys` a digit key addresses an element of a
    list. Neither argument is changed. Raises TypeError where a dict meets something else, KeyError for an index
    past the end.

    >>> merge({"model": {"depth": 50}}, {"model": {"type": "ResNet", "depth": 18}})
    {'model': {'type': 'ResNet', 'depth': 50}}
    >>> merge({"model": {"_delete_": True, "depth": 50}}, {"model": {"type": "ResNet"}})
    {'model': {'depth': 50}}
    >>> merge({"1": {"lr": 2}}, [{"lr": 0}, {"lr": 1}], allow_list_keys=True)
    [{'lr': 0}, {'lr': 2}]
    """
    merged = base.copy()
    for key, value in child.items():
        if isinstance(merged, list):
            index = _list_index(key, merged, allow_list_keys)
            is_nested = isinstance(value, dict) and isinstance(merged[index], (dict, list))
            merged[index] = merge(value, merged[index], True) if is_nested else value
        elif isinstance(value, dict) and key in merged:
            merged[key] = _merge_dict(key, value, merged[key], allow_list_keys)
        else:
            merged[key] = value
    return merged


def _merge_dict(key: Any, value: dict[Any, Any], base: Any, allow_list_keys: bool) -> Any:
    if DELETE_KEY in value:
        value = value.copy()
        if value.pop(DELETE_KEY):
            return value
    if isinstance(base, dict) or (allow_list_keys and isinstance(base, list)):
        return merge(value, base, allow_list_keys)
    raise TypeError(
        f"{key}={value} in child config cannot inherit from base because {key} is a dict in the child config but is "
        f"of type {type(base)} in base config. You may set `{DELETE_KEY}=True` to ignore the base config."
    )


def _list_index(key: Any, items: list[Any], allow_list_keys: bool) -> int:
    if not allow_list_keys or not str(key).isdigit():
        raise TypeError(f"a list of {len(items)} elements has no key {key!r}: address elements by their index")
    index = int(key)
    if index >= len(items):
        raise KeyError(f"Index {index} exceeds the length of list {items}")
    return index
