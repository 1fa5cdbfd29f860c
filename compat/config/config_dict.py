"""The dict whose keys are attributes too."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, TypeVar

Self = TypeVar("Self", bound="ConfigDict")


class ConfigDict(dict[Any, Any]):
    """A dict with `cfg.model.type` for `cfg["model"]["type"]`.

    Plain dicts become ConfigDicts when they are put in, also inside lists and tuples; `update` merges nested dicts.
    A missing key is a KeyError by item and an AttributeError by attribute; names of dict's own methods can be read
    and written as items only.

    >>> cfg = ConfigDict(model=dict(type="ResNet"))
    >>> cfg.update(model=dict(depth=50))
    >>> cfg.model.depth, cfg
    (50, {'model': {'type': 'ResNet', 'depth': 50}})
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        for arg in args:
            if not arg:
                continue
            if isinstance(arg, dict):
                pairs: Iterable[Any] = dict.items(arg)
            elif isinstance(arg, tuple) and not isinstance(arg[0], tuple):
                pairs = [arg]
            else:
                pairs = arg
            for key, value in pairs:
                dict.__setitem__(self, key, self._hook(value))
        for key, value in kwargs.items():
            dict.__setitem__(self, key, self._hook(value))

    @classmethod
    def _hook(cls, item: Any) -> Any:
        kind = type(item)
        if kind is dict or kind is OrderedDict:
            return cls(item)
        if kind is list or kind is tuple:
            return kind([cls._hook(element) for element in item])
        return item

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            message = f"'{type(self).__name__}' object has no attribute '{name}'"
            # With name and obj Python's traceback suggests the nearest key by itself.
            raise AttributeError(message, name=name, obj=self) from None

    def __setattr__(self, name: str, value: Any) -> None:
        if hasattr(type(self), name):
            raise AttributeError(f"'{type(self).__name__}' object attribute '{name}' is read-only: set it as an item")
        self[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setitem__(self, key: Any, value: Any) -> None:
        dict.__setitem__(self, key, self._hook(value))

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(key for key in dict.keys(self) if isinstance(key, str))]

    def __or__(self: Self, other: Any) -> Self:
        if not isinstance(other, dict):
            return NotImplemented
        merged = self.copy()
        merged.update(other)
        return merged

    def __ior__(self: Self, other: Any) -> Self:
        self.update(other)
        return self

    def setdefault(self, key: Any, default: Any = None) -> Any:
        """The value of `key`, which is set to `default` first if it is missing."""
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Sets the given keys; where both sides have a dict, that dict is updated, not replaced."""
        if len(args) > 1:
            raise TypeError(f"update takes at most one positional argument, got {len(args)}")
        given = args[0] if args else {}
        pairs = list(dict.items(given) if isinstance(given, dict) else given)
        for key, value in [*pairs, *kwargs.items()]:
            own = dict.get(self, key)
            if isinstance(own, ConfigDict) and isinstance(value, dict):
                own.update(value)
            else:
                self[key] = value

    def copy(self: Self) -> Self:
        """A new dict with the same values; nested dicts are shared."""
        other = type(self)()
        dict.update(other, dict.items(self))
        return other

    __copy__ = copy

    def deepcopy(self: Self) -> Self:
        return copy.deepcopy(self)

    def __deepcopy__(self: Self, memo: dict[int, Any]) -> Self:
        other = type(self)()
        memo[id(self)] = other
        for key, value in dict.items(self):
            dict.__setitem__(other, copy.deepcopy(key, memo), copy.deepcopy(value, memo))
        return other

    def __reduce_ex__(self, protocol: Any) -> Any:
        return type(self), (dict(dict.items(self)),)

    def to_dict(self) -> dict[Any, Any]:
        """Plain dicts all the way down, nothing shared with this one."""
        return {key: _plain(value) for key, value in dict.items(self)}


def _plain(value: Any) -> Any:
    if isinstance(value, ConfigDict):
        return value.to_dict()
    if type(value) is list or type(value) is tuple:
        return type(value)([_plain(item) for item in value])
    if type(value) is dict:
        return {key: _plain(item) for key, item in value.items()}
    return value
