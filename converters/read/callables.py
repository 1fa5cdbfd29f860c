"""The functions that a config may call by name: pure, bounded, and none that reaches outside.

Each takes the budget first. Containers that come out are traced again, so origins survive `list(x)` and `deepcopy`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from mmmigrate.converters.read.budget import Budget, check_format, check_power, check_size, check_width
from mmmigrate.converters.read.traced import TracedDict, TracedList, deep_copy, traced
from mmmigrate.converters.read.values import Builtin, Called, Symbol, as_python


def _range(budget: Budget, *args: int) -> range:
    result = range(*args)
    check_size(len(result))
    return result


def _list(budget: Budget, items: Iterable[Any] = ()) -> TracedList:
    budget.spend(len(items) if isinstance(items, TracedList) else 0)
    return items.copy() if isinstance(items, TracedList) else TracedList(budget.items(items))


def _dict(budget: Budget, *args: Any, **kwargs: Any) -> TracedDict:
    result = TracedDict()
    budget.weigh(*args)
    for other in args:
        result.absorb(other if isinstance(other, dict) else TracedDict(budget.items(other)))
    result.absorb(kwargs)
    return result


def _pow(budget: Budget, base: Any, exponent: Any, modulus: Any = None) -> Any:
    check_power(base, exponent)
    return pow(base, exponent, modulus)


def _round(budget: Budget, number: Any, digits: Any = None) -> Any:
    check_width(digits)
    return round(number, digits)


def _sum(budget: Budget, items: Iterable[Any], start: Any = 0) -> Any:
    total = start
    for item in budget.items(items):
        if isinstance(total, (list, tuple)):
            budget.make(len(total))
        total = total + item
    return traced(total)


def _format(budget: Budget, value: Any, spec: str = "") -> str:
    check_format(spec)
    budget.weigh(value)
    return format(value, spec)


def _isinstance(budget: Budget, value: Any, kinds: Any) -> bool:
    kinds = kinds if isinstance(kinds, tuple) else (kinds,)
    return any(isinstance(kind, Builtin) and kind.type is not None and isinstance(value, kind.type) for kind in kinds)


def _type(budget: Budget, value: Any) -> Any:
    for builtin in FUNCTIONS.values():
        if builtin.type in type(value).__mro__[:-1] and builtin.type is not None:
            return builtin
    raise TypeError(f"the type of a {type(value).__name__}")


def _map(budget: Budget, function: Any, *iterables: Any) -> TracedList:
    if not isinstance(function, Called):
        raise TypeError(f"map with {function!r}")
    rows = zip(*(budget.items(iterable) for iterable in iterables))
    return TracedList(function.call(budget, row, {}) for row in rows)


def _filter(budget: Budget, function: Any, items: Iterable[Any]) -> TracedList:
    keep = as_python(budget, function) if function is not None else bool
    return TracedList(item for item in budget.items(items) if keep(item))


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """A builtin that neither keeps nor makes containers of its own."""

    def call(budget: Budget, *args: Any, **kwargs: Any) -> Any:
        budget.weigh(*args)
        for arg in args:
            if isinstance(arg, (str, bytes, range)):
                budget.spend(len(arg))
        kwargs = {name: as_python(budget, value) for name, value in kwargs.items()}
        return traced(function(*args, **kwargs))

    return call


def _lazy(function: Callable[..., Iterable[Any]]) -> Callable[..., Any]:
    """A builtin that gives an iterator: its elements become a list."""

    def call(budget: Budget, *args: Any, **kwargs: Any) -> TracedList:
        return TracedList(budget.items(function(*args, **kwargs)))

    return call


_TYPES = {t.__name__: t for t in (bool, complex, dict, float, frozenset, int, list, set, str, tuple, bytes, range)}

_OWN: dict[str, Callable[..., Any]] = {
    "range": _range,
    "list": _list,
    "dict": _dict,
    "pow": _pow,
    "round": _round,
    "sum": _sum,
    "format": _format,
    "isinstance": _isinstance,
    "type": _type,
    "callable": lambda budget, value: isinstance(value, (Called, Symbol)),
    "map": _map,
    "filter": _filter,
    "tuple": lambda budget, items=(): tuple(budget.items(items)),
    "print": lambda budget, *args, **kwargs: None,
    **{f.__name__: _lazy(f) for f in (enumerate, zip, reversed)},
    **{
        f.__name__: _plain(f)
        for f in (abs, all, any, ascii, bin, bool, chr, complex, divmod, float, frozenset, hex, int, len, max, min)
        + (oct, ord, repr, set, slice, sorted, str)
    },
}

FUNCTIONS: dict[str, Builtin] = {name: Builtin(name, function, _TYPES.get(name)) for name, function in _OWN.items()}
FUNCTIONS["object"] = Builtin("object", lambda budget: (_ for _ in ()).throw(TypeError("a bare object")))
FUNCTIONS["bytes"] = Builtin("bytes", lambda budget, *args: (_ for _ in ()).throw(TypeError("bytes(...)")), bytes)


def copy_of(budget: Budget, value: Any) -> Any:
    """``copy.copy``: the outermost container anew."""
    return value.copy() if isinstance(value, (TracedDict, TracedList, set)) else value


def deep_copy_of(budget: Budget, value: Any, memo: Any = None) -> Any:
    """``copy.deepcopy``; origins go along."""
    budget.weigh(value)
    return deep_copy(value)
