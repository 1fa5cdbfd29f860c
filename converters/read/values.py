"""What a name in a config may stand for besides plain values: functions, modules, and names of code never imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mmmigrate.converters.read.budget import Budget


class Symbol(str):
    """The dotted path of something that a pure-Python config imports: kept as a name, never imported."""

    __slots__ = ()

    @property
    def name(self) -> str:
        return self.rpartition(".")[2]


class Called:
    """Something that a config may call."""

    def call(self, budget: Budget, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        raise NotImplementedError


@dataclass(frozen=True, eq=False, repr=False)
class Builtin(Called):
    """A function that is evaluated here by one of our own, which takes the budget first."""

    name: str
    function: Callable[..., Any]
    type: type | None = None  # for isinstance

    def call(self, budget: Budget, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        return self.function(budget, *args, **kwargs)

    def __repr__(self) -> str:
        return self.name


@dataclass(frozen=True, eq=False)
class Module:
    """A module of the standard library, reduced to what is pure in it."""

    name: str
    members: Mapping[str, Any]

    def member(self, name: str) -> Any:
        try:
            return self.members[name]
        except KeyError:
            raise AttributeError(f"{self.name}.{name} is not among what a config may use of {self.name}") from None

    def __repr__(self) -> str:
        return f"<module {self.name}>"


class Scope(dict[str, Any]):
    """The local names of a call or a comprehension, in front of those of the scopes around it."""

    def __init__(self, outer: Mapping[str, Any], of_function: bool = False) -> None:
        super().__init__()
        self.outer = outer
        self.of_function = of_function

        self.elsewhere: dict[str, dict[str, Any]] = {}

    def declare(self, names: Sequence[str], *, is_global: bool) -> None:
        """``global`` or ``nonlocal``: from here on these names are those of the file, or of a function around."""
        for name in names:
            env: Any = self.outer
            while isinstance(env, Scope) and (is_global or not (env.of_function and dict.__contains__(env, name))):
                env = env.outer
            if not is_global and not isinstance(env, Scope):
                raise TypeError(f"nonlocal {name}: no function around this one binds it")
            self.elsewhere[name] = env

    def __missing__(self, name: str) -> Any:
        return self.elsewhere.get(name, self.outer)[name]

    def __contains__(self, name: object) -> bool:
        return dict.__contains__(self, name) or name in (
            self.elsewhere.get(name, self.outer) if isinstance(name, str) else self.outer
        )

    def __setitem__(self, name: str, value: Any) -> None:
        if name in self.elsewhere:
            self.elsewhere[name][name] = value
        else:
            super().__setitem__(name, value)

    def __delitem__(self, name: str) -> None:
        if name in self.elsewhere:
            del self.elsewhere[name][name]
        else:
            super().__delitem__(name)


def is_setting(value: Any) -> bool:
    """Whether a variable is a key of the config: both libraries leave modules and functions out."""
    return not isinstance(value, (Module, Called))


def as_python(budget: Budget, function: Any) -> Any:
    """A callable for Python's own ``sorted``, ``map`` …; other values stay."""
    if isinstance(function, Called):
        return lambda *args: function.call(budget, args, {})
    return function
