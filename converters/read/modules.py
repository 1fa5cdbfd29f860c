"""The standard library as configs see it: what is pure of `math`, `copy`, `os.path` and a few others, nothing else."""

from __future__ import annotations

import math
import os
import posixpath
import sys
from collections.abc import Callable
from typing import Any

from mmmigrate.converters.read.budget import Budget, LimitError
from mmmigrate.converters.read.callables import FUNCTIONS, copy_of, deep_copy_of
from mmmigrate.converters.read.traced import TracedList, traced
from mmmigrate.converters.read.values import Builtin, Called, Module


def _pure(name: str, function: Callable[..., Any]) -> Builtin:
    """A function of numbers or paths, whose work is bounded by the size of its arguments."""

    def call(budget: Budget, *args: Any, **kwargs: Any) -> Any:
        budget.weigh(*args)
        budget.spend(sum(len(arg) for arg in args if isinstance(arg, (str, bytes))))
        return traced(function(*args, **kwargs))

    return Builtin(name, call)


def _factorial(number: int) -> int:
    if number > 1000:
        raise LimitError("the factorial of a number above 1,000")
    return math.factorial(number)


def _product(budget: Budget, items: Any, start: Any = 1) -> Any:
    result = start
    for item in budget.items(items):
        result = result * item
        if isinstance(result, int) and result.bit_length() > 10_000:
            raise LimitError("a product of that many digits")
    return result


def _reduce(budget: Budget, function: Called, items: Any, *initial: Any) -> Any:
    values = [*initial, *budget.items(items)]
    if not values:
        raise TypeError("reduce() of empty iterable with no initial value")
    result = values[0]
    for value in values[1:]:
        result = function.call(budget, (result, value), {})
    return result


def _partial(budget: Budget, function: Called, *bound: Any, **named: Any) -> Builtin:
    return Builtin("partial", lambda budget, *args, **kwargs: function.call(
        budget, (*bound, *args), {**named, **kwargs}))  # fmt: skip


def _chain(budget: Budget, *iterables: Any) -> TracedList:
    return TracedList(item for iterable in iterables for item in budget.items(iterable))


def _product_of(budget: Budget, *iterables: Any, repeat: int = 1) -> TracedList:
    rows: list[tuple[Any, ...]] = [()]
    for items in [budget.items(iterable) for iterable in iterables] * repeat:
        budget.make(len(rows) * len(items))
        rows = [(*row, item) for row in rows for item in items]
    return TracedList(rows)


_MATH_NAMES = """acos asin atan atan2 ceil copysign cos cosh degrees exp expm1 fabs floor fmod fsum gcd hypot isclose
isfinite isinf isnan isqrt log log10 log1p log2 pow radians sin sinh sqrt tan tanh trunc"""
_PATH_NAMES = "abspath basename commonpath commonprefix dirname isabs join normpath relpath split splitext"
_MATH = {name: _pure(f"math.{name}", getattr(math, name)) for name in _MATH_NAMES.split()}
# Paths in a config are read on the machine that trains: `/` is right on all of them.
_PATHS = {name: _pure(f"os.path.{name}", getattr(posixpath, name)) for name in _PATH_NAMES.split()}
_PATHS["expanduser"] = Builtin("os.path.expanduser", lambda budget, path: os.path.expanduser(path))  # noqa: PTH111


def _environment(budget: Budget, name: str, default: Any = None) -> Any:
    return os.environ.get(name, default)


def _names(module: str, names: str) -> Module:
    """A module of names that mean nothing to a config: annotations are not evaluated."""
    return Module(module, {name: Module(f"{module}.{name}", {}) for name in names.split()})


_OS_PATH = Module("os.path", {**_PATHS, "sep": "/"})
_COPY = Module("copy", {"copy": Builtin("copy.copy", copy_of), "deepcopy": Builtin("copy.deepcopy", deep_copy_of)})

MODULES: dict[str, Module] = {
    "math": Module("math", {
        **_MATH, **{name: getattr(math, name) for name in ("pi", "e", "tau", "inf", "nan")},
        "factorial": _pure("math.factorial", _factorial), "prod": Builtin("math.prod", _product)}),
    "os": Module("os", {"path": _OS_PATH, "sep": "/", "getenv": Builtin("os.getenv", _environment),
                        "environ": Module("os.environ", {"get": Builtin("os.environ.get", _environment)})}),
    "os.path": _OS_PATH,
    "copy": _COPY,
    "functools": Module("functools", {"reduce": Builtin("functools.reduce", _reduce),
                                      "partial": Builtin("functools.partial", _partial)}),
    "itertools": Module("itertools", {"chain": Builtin("itertools.chain", _chain),
                                      "product": Builtin("itertools.product", _product_of)}),
    "collections": Module("collections", {"OrderedDict": FUNCTIONS["dict"]}),
    "warnings": Module("warnings", {"warn": FUNCTIONS["print"], "filterwarnings": FUNCTIONS["print"]}),
    "sys": Module("sys", {"version_info": tuple(sys.version_info[:3])}),
    "typing": _names("typing", "Any Callable Dict Iterable List Mapping Optional Sequence Set Tuple Type Union"),
    "__future__": _names("__future__", "absolute_import annotations division print_function unicode_literals"),
}  # fmt: skip


def environment_variable(name: Any) -> str:
    """``os.environ[name]``. Raises KeyError."""
    return os.environ[str(name)]


def is_standard(module: str) -> bool:
    """Whether a module belongs to Python itself: one that is not in `MODULES` then has no pure stand-in."""
    return module.partition(".")[0] in sys.stdlib_module_names
