"""The dict of a config, which turns lazy names into what they name when they are read."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, ClassVar

from mmmigrate.compat.config import DELETE_KEY
from mmmigrate.compat.config import ConfigDict as _CoreConfigDict
from mmmigrate.runtime_v3.config.lazy import is_lazy


class ConfigDict(_CoreConfigDict):
    """`mmengine.ConfigDict`: as in compat, and lazy objects are built by every way of reading a value.

    While `lazy` is True, as it is inside a pure-Python config, they are handed out as they are.
    """

    lazy: ClassVar[bool] = False

    def build_lazy(self, value: Any) -> Any:
        """The object that a lazy value names; any other value itself."""
        return value.build() if is_lazy(value) and not type(self).lazy else value

    def __getitem__(self, key: Any) -> Any:
        return self.build_lazy(dict.__getitem__(self, key))

    def __iter__(self) -> Iterator[Any]:
        # Not the one of dict: with that, `f(**config)` would copy the lazy values without building them.
        return iter(dict.keys(self))

    def get(self, key: Any, default: Any = None) -> Any:
        return self.build_lazy(dict.get(self, key, default))

    def pop(self, key: Any, default: Any = None) -> Any:
        """Removes a key and gives its value; `default`, None unless given, if there is none."""
        return self.build_lazy(dict.pop(self, key, default))

    def items(self) -> Any:
        return [(key, self.build_lazy(value)) for key, value in dict.items(self)]

    def values(self) -> Any:
        return [self.build_lazy(value) for value in dict.values(self)]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ConfigDict):
            return self.to_dict() == other.to_dict()
        return isinstance(other, dict) and dict(self.items()) == other

    __hash__ = None  # type: ignore[assignment]

    def merge(self, other: dict[Any, Any]) -> None:
        """Merges a dict into this one; a dict with `_delete_=True` replaces what is here."""
        merged = _merged(copy.deepcopy(other), copy.deepcopy(self))
        self.clear()
        for key, value in merged.items():
            self[key] = value

    def to_dict(self) -> dict[Any, Any]:
        """Plain dicts all the way down, with lazy objects as the paths of what they name."""
        return _plain(self, lambda value: value.dump_str)  # type: ignore[no-any-return]

    def _to_lazy_dict(self) -> dict[Any, Any]:
        """Plain dicts all the way down, with lazy objects as they are."""
        return _plain(self, lambda value: value)  # type: ignore[no-any-return]


def _plain(value: Any, of_lazy: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item, of_lazy) for key, item in dict.items(value)}
    if isinstance(value, (list, tuple)):
        return type(value)([_plain(item, of_lazy) for item in value])
    return of_lazy(value) if is_lazy(value) else value


def _merged(new: Any, old: Any) -> Any:
    if not isinstance(new, dict):
        return new
    deletes = dict.pop(new, DELETE_KEY, False)
    if not isinstance(old, dict):
        return new
    if deletes:
        old = {}
    merged = dict(dict.items(old))
    for key, value in dict.items(new):
        merged[key] = _merged(value, merged[key]) if key in merged else _merged(value, {})
    merged.pop(DELETE_KEY, None)
    return merged
