"""The functions and methods that a config may call: pure, bounded, and none that reaches outside.

Each takes the budget first. Containers that come out are traced again, so origins survive `dict(**x)`,
`list + list`, `copy` and `update`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from string import Formatter
from typing import Any

from mmmigrate.converters.read.budget import Budget, check_power, check_size
from mmmigrate.converters.read.traced import TracedDict, TracedList, traced


def _range(budget: Budget, *args: int) -> range:
    result = range(*args)
    check_size(len(result))
    return result


def _list(budget: Budget, items: Iterable[Any] = ()) -> TracedList:
    return items.copy() if isinstance(items, TracedList) else TracedList(budget.items(items))


def _pow(budget: Budget, base: Any, exponent: Any, modulus: Any = None) -> Any:
    check_power(base, exponent)
    return pow(base, exponent, modulus)


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """A builtin that neither keeps nor makes containers of its own."""

    def call(budget: Budget, *args: Any, **kwargs: Any) -> Any:
        for arg in args:
            if hasattr(arg, "__len__"):
                budget.spend(len(arg))
        return traced(function(*args, **kwargs))

    return call


def _lazy(function: Callable[..., Iterable[Any]]) -> Callable[..., Any]:
    """A builtin that gives an iterator: its elements become a list."""

    def call(budget: Budget, *args: Any, **kwargs: Any) -> TracedList:
        return TracedList(budget.items(function(*args, **kwargs)))

    return call


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "range": _range,
    "list": _list,
    "pow": _pow,
    "tuple": lambda budget, items=(): tuple(budget.items(items)),
    **{f.__name__: _lazy(f) for f in (enumerate, zip, reversed)},
    **{
        f.__name__: _plain(f)
        for f in (abs, all, any, bool, complex, divmod, float, frozenset, int, len, max, min, repr, round, set)
        + (slice, sorted, str, sum)
    },
}


def _update(target: TracedDict, *others: Any, **kwargs: Any) -> None:
    for other in others:
        target.absorb(other if isinstance(other, dict) else TracedDict(other))
    target.absorb(kwargs)


def _setdefault(target: TracedDict, key: Any, default: Any = None) -> Any:
    if key not in target:
        target.put(key, default)
    return target[key]


def _extend(target: TracedList, items: Iterable[Any]) -> None:
    for item in items.slots() if isinstance(items, TracedList) else items:
        target.push(item)
    check_size(len(target))


def _dict_pop(target: TracedDict, *args: Any) -> Any:
    value = target.pop(*args)
    target.origins.pop(args[0], None)
    return value


def _format(text: str, *args: Any, **kwargs: Any) -> str:
    """``str.format`` of whole values: no attributes, no items, no widths beyond four digits."""
    fields = [(name or "", spec or "") for _, name, spec, _ in Formatter().parse(text)]
    if any("." in name or "[" in name for name, _ in fields) or any(re.search(r"\d{5}|\{", spec) for _, spec in fields):
        raise ValueError("only plain {} fields are evaluated in str.format")
    return text.format(*args, **kwargs)


_STRING_METHODS = [
    "capitalize",
    "count",
    "endswith",
    "find",
    "index",
    "isdigit",
    "join",
    "lower",
    "lstrip",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rfind",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "title",
    "upper",
]

METHODS: dict[type, dict[str, Callable[..., Any]]] = {
    TracedDict: {
        "copy": TracedDict.copy,
        "get": dict.get,
        "items": lambda target: [tuple(item) for item in target.items()],
        "keys": lambda target: list(target.keys()),
        "values": lambda target: list(target.values()),
        "pop": _dict_pop,
        "setdefault": _setdefault,
        "update": _update,
    },
    TracedList: {
        "append": TracedList.push,
        "copy": TracedList.copy,
        "extend": _extend,
        **{name: getattr(list, name) for name in ("count", "index", "insert", "pop", "remove", "reverse", "sort")},
    },
    tuple: {"count": tuple.count, "index": tuple.index},
    str: {"format": _format, **{name: getattr(str, name) for name in _STRING_METHODS}},
}

# Methods that change the object they are called on: what was written for it before no longer stands for it.
MUTATORS = frozenset(["append", "extend", "insert", "pop", "remove", "reverse", "setdefault", "sort", "update"])


def call_method(budget: Budget, target: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Call an allowed method. Raises AttributeError where there is none."""
    method = METHODS.get(type(target), {}).get(name)
    if method is None:
        raise AttributeError(f"no method {name!r} on {type(target).__name__} that a config may call")
    budget.spend(sum(len(arg) for arg in args if hasattr(arg, "__len__")))
    if name == "replace" and isinstance(target, str) and len(args) > 1:
        check_size(len(target) + target.count(args[0]) * len(args[1]))
    if name == "join":
        check_size(sum(len(part) + len(target) for part in budget.items(args[0])))
    return traced(method(target, *args, **kwargs))
