"""Functions and lambdas that a config defines itself, evaluated like the rest of it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mmmigrate.converters.read.budget import MAX_CALLS, Budget, LimitError
from mmmigrate.converters.read.traced import TracedDict
from mmmigrate.converters.read.values import Called, Scope

if TYPE_CHECKING:
    from mmmigrate.converters.read.expressions import Evaluator

Body = Callable[["Evaluator", list[ast.stmt]], Any]


class Function(Called):
    """One function with the scope it was defined in. ``run`` evaluates the body of a ``def``."""

    def __init__(
        self, name: str, args: ast.arguments, body: ast.expr | list[ast.stmt], where: Evaluator, run: Body | None = None
    ) -> None:
        self.name = name
        self.args = args
        self.body = body
        self.where = where.inside(where.env)  # type: ignore[arg-type]
        self.run = run
        self.defaults = [where.value(node) for node in args.defaults]
        self.keyword_defaults = [None if node is None else where.value(node) for node in args.kw_defaults]

    def call(self, budget: Budget, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        budget.calls += 1
        try:
            if budget.calls > MAX_CALLS:
                raise LimitError(f"more than {MAX_CALLS} calls one inside the other")
            evaluator = self.where.inside(Scope(self.where.env, of_function=True))
            evaluator.env.update(self._bound(args, kwargs))
            if isinstance(self.body, ast.expr):
                return evaluator.value(self.body)
            return self.run(evaluator, self.body) if self.run else None
        finally:
            budget.calls -= 1

    def _bound(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters with their values. Raises TypeError as Python does."""
        named = [arg.arg for arg in (*self.args.posonlyargs, *self.args.args)]
        only = [arg.arg for arg in self.args.kwonlyargs]
        bound: dict[str, Any] = dict(zip(named[len(named) - len(self.defaults) :], self.defaults))
        bound |= {arg: value for arg, node, value in zip(only, self.args.kw_defaults, self.keyword_defaults) if node}
        if len(args) > len(named) and self.args.vararg is None:
            raise TypeError(f"{self.name}() takes {len(named)} positional arguments but {len(args)} were given")
        given = dict(zip(named, args))
        rest = TracedDict()
        for name, value in kwargs.items():
            if name in given:
                raise TypeError(f"{self.name}() got multiple values for argument {name!r}")
            if name not in (*named, *only):
                if self.args.kwarg is None:
                    raise TypeError(f"{self.name}() got an unexpected keyword argument {name!r}")
                rest.put(name, value)
            else:
                given[name] = value
        bound |= given
        missing = [name for name in (*named, *only) if name not in bound]
        if missing:
            raise TypeError(f"{self.name}() misses the arguments {', '.join(missing)}")
        if self.args.vararg is not None:
            bound[self.args.vararg.arg] = tuple(args[len(named) :])
        if self.args.kwarg is not None:
            bound[self.args.kwarg.arg] = rest
        return bound
