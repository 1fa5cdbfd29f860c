"""Python's operators, within the bounds of the budget."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from typing import Any

from mmmigrate.converters.read.budget import Budget, check_format, check_power, check_shift, repeated
from mmmigrate.converters.read.traced import TracedDict, TracedList, traced

BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
    ast.BitXor: operator.xor,
}
UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
    ast.Invert: operator.invert,
}
COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}


def operate(budget: Budget, op: ast.operator, left: Any, right: Any) -> Any:
    """A binary operation within the bounds. Raises LimitError before a result that is too large is made."""
    if isinstance(op, ast.Mult):
        budget.make(repeated(left, right))
    elif isinstance(op, ast.Pow):
        check_power(left, right)
    elif isinstance(op, ast.LShift):
        check_shift(left, right)
    elif isinstance(op, ast.Mod) and isinstance(left, (str, bytes)):
        check_format(left if isinstance(left, str) else left.decode("latin-1"))
        budget.weigh(right)
        if "*" in str(left) and re.search(r"%[-#0 +]*(\d*\.)?\*", str(left)):
            raise TypeError("a format width that comes from the values")
    elif isinstance(op, ast.Add) and hasattr(left, "__len__") and hasattr(right, "__len__"):
        budget.make(len(left) + len(right))
    if isinstance(left, TracedDict) and isinstance(right, dict) and isinstance(op, ast.BitOr):
        united = left.copy()
        united.absorb(right)
        return united
    if isinstance(op, ast.Add) and isinstance(left, TracedList) and isinstance(right, TracedList):
        return TracedList([*left.slots(), *right.slots()])
    return traced(BINARY[type(op)](left, right))
