"""The methods that a config may call on its values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from string import Formatter
from typing import Any

from mmmigrate.converters.read.budget import Budget, check_format, check_size, check_width
from mmmigrate.converters.read.traced import TracedConfig, TracedDict, TracedList, deep_copy, traced
from mmmigrate.converters.read.values import as_python


def _update(target: TracedDict, *others: Any, **kwargs: Any) -> None:
    for other in others:
        target.absorb(other if isinstance(other, dict) else TracedDict(other))
    target.absorb(kwargs)


def _setdefault(target: TracedDict, key: Any, default: Any = None) -> Any:
    if key not in target:
        target.put(key, default)
    return target[key]


def _extend(target: TracedList, items: Iterable[Any]) -> None:
    # a list of its own first: ``x.extend(x)`` would never end
    for item in items.slots() if isinstance(items, TracedList) else list(items):
        target.push(item)
    check_size(len(target))


def _dict_pop(target: TracedDict, *args: Any) -> Any:
    value = target.pop(*args)
    target.origins.pop(args[0], None)
    return value


def _config_pop(target: TracedDict, key: Any, default: Any = None) -> Any:
    """mmengine's ConfigDict gives None for a key that is missing."""
    return _dict_pop(target, key, default)


def _popitem(target: TracedDict) -> Any:
    key, value = target.popitem()
    target.origins.pop(key, None)
    return key, value


def _clear(target: TracedDict | TracedList) -> None:
    target.clear()
    if isinstance(target, TracedDict):
        target.origins.clear()


def _fromkeys(target: Any, keys: Iterable[Any], value: Any = None) -> TracedDict:
    return TracedDict((key, value) for key in keys)


class _Formatter(Formatter):
    """``str.format`` with items of containers, as in ``{x[key]}``, and without attributes, which lead anywhere."""

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        if "." in re.sub(r"\[[^\]]*\]", "", field_name):
            raise ValueError("only items of values are read in str.format, no attributes")
        return super().get_field(field_name, args, kwargs)

    def format_field(self, value: Any, format_spec: str) -> str:
        check_format(format_spec)
        return format(value, format_spec)


def _format(text: str, *args: Any, **kwargs: Any) -> str:
    return _Formatter().vformat(text, args, kwargs)


_STRING_METHODS = """capitalize casefold count encode endswith find index isalnum isalpha isascii isdecimal isdigit
isidentifier islower isnumeric isspace isupper join lower lstrip partition removeprefix removesuffix replace rfind
rindex rpartition rsplit rstrip split splitlines startswith strip swapcase title upper"""
_PADDING_METHODS = ("center", "expandtabs", "ljust", "rjust", "zfill")
_SET_METHODS = """add clear copy difference difference_update discard intersection isdisjoint issubset issuperset pop
remove symmetric_difference union update"""

_DICT: dict[str, Callable[..., Any]] = {
    "copy": TracedDict.copy,
    "clear": _clear,
    "fromkeys": _fromkeys,
    "get": dict.get,
    "items": lambda target: TracedList(tuple(item) for item in target.items()),
    "keys": lambda target: TracedList(target.keys()),
    "values": lambda target: TracedList(target.values()),
    "pop": _dict_pop,
    "popitem": _popitem,
    "setdefault": _setdefault,
    "update": _update,
}

METHODS: dict[type, dict[str, Callable[..., Any]]] = {
    TracedDict: _DICT,
    TracedConfig: {
        **_DICT,
        "copy": TracedConfig.copy,
        "deepcopy": deep_copy,
        "merge": TracedConfig.merge,
        "pop": _config_pop,
        "to_dict": deep_copy,
        "update": TracedConfig.refresh,
    },
    TracedList: {
        "append": TracedList.push,
        "clear": _clear,
        "copy": TracedList.copy,
        "extend": _extend,
        **{name: getattr(list, name) for name in ("count", "index", "insert", "pop", "remove", "reverse", "sort")},
    },
    tuple: {"count": tuple.count, "index": tuple.index},
    str: {"format": _format, **{name: getattr(str, name) for name in (*_STRING_METHODS.split(), *_PADDING_METHODS)}},
    bytes: {name: getattr(bytes, name) for name in ("decode", "hex", "split", "startswith", "endswith")},
    set: {name: getattr(set, name) for name in _SET_METHODS.split()},
    int: {"bit_length": int.bit_length},
    float: {"is_integer": float.is_integer, "hex": float.hex},
}

# Methods that change the object they are called on: what was written for it before no longer stands for it.
_MUTATORS = """add append clear difference_update discard extend insert merge pop popitem remove reverse setdefault sort
update"""
MUTATORS = frozenset(_MUTATORS.split())


def call_method(budget: Budget, target: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Call an allowed method. Raises AttributeError where there is none."""
    method = METHODS.get(type(target), {}).get(name)
    if method is None:
        raise AttributeError(f"no method {name!r} on {type(target).__name__} that a config may call")
    budget.spend(sum(len(arg) for arg in (*args, target) if hasattr(arg, "__len__")))
    if isinstance(target, str):
        args, kwargs = _checked(budget, target, name, args, kwargs)
    elif isinstance(target, (dict, set)):  # which hash what they are given
        budget.weigh(*args)
    elif name in ("index", "count", "remove", "sort"):  # these compare elements to their leaves
        budget.weigh(target, *args)
        kwargs = {key: as_python(budget, value) for key, value in kwargs.items()}
    return traced(method(target, *args, **kwargs))


def _checked(budget: Budget, target: str, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """The arguments of a string method, once the size of its result is known to be small."""
    if name == "replace" and len(args) > 1:
        budget.make(len(target) + target.count(args[0]) * len(args[1]))
    elif name == "join":
        parts = budget.items(args[0])
        budget.make(sum(len(part) + len(target) for part in parts))
        args = [parts]
    elif name in _PADDING_METHODS:
        check_width(args[0] if args else 0)
        if name == "expandtabs":
            budget.make(len(target) * max(args[0] if args else 8, 1))
    elif name == "format":
        budget.weigh(*args, *kwargs.values())
        budget.make(sum(len(value) for value in (*args, *kwargs.values()) if isinstance(value, str)) * 8)
    return args, kwargs
