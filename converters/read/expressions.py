"""Expressions evaluated without executing them: what configs use of Python, and nothing that reaches outside."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sized
from typing import Any

from mmmigrate.converters.read.budget import Budget, LimitError, check_power, check_repeat, check_shift, check_size
from mmmigrate.converters.read.callables import FUNCTIONS, call_method
from mmmigrate.converters.read.source import Source
from mmmigrate.converters.read.traced import Origin, Slot, TracedDict, TracedList, traced

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
_TEMPLATE = re.compile(r"\{\{\s*(fileDirname|fileBasename|fileBasenameNoExtension|fileExtname|_base_\.[\w.]+)\s*\}\}")
# What evaluating may raise because of the file's own text, as Python itself would.
PYTHON_ERRORS = (ArithmeticError, AttributeError, LookupError, NameError, TypeError, ValueError, RecursionError)


class Evaluator:
    """Evaluates expressions of one file in an environment of names.

    ``base`` is the merged tree of the file's bases, reached as ``_base_.x`` or ``{{_base_.x}}``.
    Errors are Python's own (NameError, KeyError …) or LimitError; `statements` puts a place to them.
    """

    def __init__(self, source: Source, env: dict[str, Any], base: Mapping[str, Any], budget: Budget) -> None:
        self.source = source
        self.env = env
        self.base = base
        self.budget = budget

    def slot(self, node: ast.expr, anchor: ast.AST | None = None) -> Slot:
        """The value together with the expression as its origin."""
        return Slot(self.value(node), Origin(self.source, node, anchor or node))

    def value(self, node: ast.expr) -> Any:
        self.budget.spend()
        method = getattr(self, f"_{type(node).__name__}", None)
        if method is None:
            raise TypeError(f"{type(node).__name__} expressions are not evaluated in a config")
        return method(node)

    # --- leaves

    def _Constant(self, node: ast.Constant) -> Any:
        if isinstance(node.value, str) and "{{" in node.value:
            return self._fill_templates(node.value)
        return node.value

    def _Name(self, node: ast.Name) -> Any:
        if node.id in self.env:
            return self.env[node.id]
        if node.id == "_base_":
            raise NameError("'_base_' stands alone: write _base_.key")
        if node.id in FUNCTIONS or node.id == "dict":
            raise TypeError(f"the function {node.id} as a value")
        raise NameError(f"name {node.id!r} is not defined")

    def _JoinedStr(self, node: ast.JoinedStr) -> str:
        text = "".join(str(self.value(part)) for part in node.values)
        check_size(len(text))
        return text

    def _FormattedValue(self, node: ast.FormattedValue) -> str:
        value = self.value(node.value)
        converters: dict[int, Callable[[Any], Any]] = {ord("s"): str, ord("r"): repr, ord("a"): ascii}
        convert = converters.get(node.conversion, lambda v: v)
        spec = self.value(node.format_spec) if node.format_spec else ""
        if sum(int(digits) for digits in re.findall(r"\d{1,9}", spec)) > 10_000:
            raise LimitError("a format width above 10,000")
        return format(convert(value), spec)

    # --- containers

    def _Dict(self, node: ast.Dict) -> TracedDict:
        result = TracedDict()
        for key, item in zip(node.keys, node.values):
            if key is None:
                result.absorb(self.value(item))
            else:
                result.put(self.value(key), self.slot(item, key))
        return result

    def _elements(self, nodes: list[ast.expr]) -> Iterator[Any]:
        for node in nodes:
            if isinstance(node, ast.Starred):
                value = self.value(node.value)
                yield from value.slots() if isinstance(value, TracedList) else self.budget.items(value)
            else:
                yield self.slot(node)

    def _List(self, node: ast.List) -> TracedList:
        return TracedList(self._elements(node.elts))

    def _Tuple(self, node: ast.Tuple) -> tuple[Any, ...]:
        return tuple(item.value if isinstance(item, Slot) else item for item in self._elements(node.elts))

    def _Set(self, node: ast.Set) -> Any:
        # `{{_base_.x}}` is a set in a set to Python's parser
        inner = node.elts[0]
        if len(node.elts) == 1 and isinstance(inner, ast.Set) and len(inner.elts) == 1:
            return self.value(inner.elts[0])
        return {self.value(item) for item in node.elts}

    # --- operators

    def _BinOp(self, node: ast.BinOp) -> Any:
        return self.operate(node.op, self.value(node.left), self.value(node.right))

    def operate(self, op: ast.operator, left: Any, right: Any) -> Any:
        """A binary operation within the bounds. Raises LimitError before a result that is too large is made."""
        if isinstance(op, ast.Mult):
            check_repeat(left, right)
        elif isinstance(op, ast.Pow):
            check_power(left, right)
        elif isinstance(op, ast.LShift):
            check_shift(left, right)
        elif isinstance(op, ast.Mod) and isinstance(left, str) and re.search(r"\d{5,}|\*", left):
            raise LimitError("a format width of five digits or more")
        elif isinstance(op, ast.Add) and isinstance(left, Sized) and isinstance(right, Sized):
            check_size(len(left) + len(right))
            self.budget.spend(len(left) + len(right))
        if isinstance(op, ast.Add) and isinstance(left, TracedList) and isinstance(right, TracedList):
            return TracedList([*left.slots(), *right.slots()])
        return traced(BINARY[type(op)](left, right))

    def _UnaryOp(self, node: ast.UnaryOp) -> Any:
        return UNARY[type(node.op)](self.value(node.operand))

    def _BoolOp(self, node: ast.BoolOp) -> Any:
        stop = isinstance(node.op, ast.Or)
        value: Any = None
        for operand in node.values:
            value = self.value(operand)
            if bool(value) is stop:
                break
        return value

    def _Compare(self, node: ast.Compare) -> Any:
        left = self.value(node.left)
        for op, operand in zip(node.ops, node.comparators):
            right = self.value(operand)
            if not COMPARE[type(op)](left, right):
                return False
            left = right
        return True

    def _IfExp(self, node: ast.IfExp) -> Any:
        return self.value(node.body if self.value(node.test) else node.orelse)

    def _NamedExpr(self, node: ast.NamedExpr) -> Any:
        self.env[node.target.id] = value = self.value(node.value)
        return value

    def _Subscript(self, node: ast.Subscript) -> Any:
        value = self.value(node.value)
        if not isinstance(value, (dict, list, tuple, str, range, bytes)):
            raise TypeError(f"{type(value).__name__} cannot be indexed")
        return traced(value[self.value(node.slice)])

    def _Slice(self, node: ast.Slice) -> slice:
        return slice(*(self.value(part) if part else None for part in (node.lower, node.upper, node.step)))

    def _Attribute(self, node: ast.Attribute) -> Any:
        path = [node.attr]
        target = node.value
        while isinstance(target, ast.Attribute):
            path.append(target.attr)
            target = target.value
        if isinstance(target, ast.Name) and target.id == "_base_":
            return self._from_base(path[::-1])
        raise AttributeError(f"attribute {node.attr!r} of a value; only _base_.x can be read")

    # --- calls and comprehensions

    def _Call(self, node: ast.Call) -> Any:
        function = node.func
        if isinstance(function, ast.Name) and function.id == "dict" and "dict" not in self.env:
            return self._dict_call(node)
        args = [item.value if isinstance(item, Slot) else item for item in self._elements(node.args)]
        kwargs = {key: item.value if isinstance(item, Slot) else item for key, item in self._keywords(node)}
        if isinstance(function, ast.Attribute):
            target = self.value(function.value)
            return call_method(self.budget, target, function.attr, args, kwargs)
        if isinstance(function, ast.Name) and function.id in FUNCTIONS and function.id not in self.env:
            return FUNCTIONS[function.id](self.budget, *args, **kwargs)
        raise TypeError(f"a call of {ast.unparse(function)!r}, which is not among the functions that are evaluated")

    def _dict_call(self, node: ast.Call) -> TracedDict:
        result = TracedDict()
        for argument in node.args:
            value = self.value(argument)
            result.absorb(value if isinstance(value, dict) else TracedDict(value))
        for key, item in self._keywords(node):
            result.put(key, item)
        return result

    def _keywords(self, node: ast.Call) -> Iterator[tuple[str, Any]]:
        for keyword in node.keywords:
            if keyword.arg is not None:
                yield keyword.arg, self.slot(keyword.value, keyword)
                continue
            value = self.value(keyword.value)
            yield from value.slots() if isinstance(value, TracedDict) else value.items()

    def _comprehend(self, generators: list[ast.comprehension], make: Callable[[], Any]) -> Iterator[Any]:
        if not generators:
            yield make()
            return
        first, *rest = generators
        for item in self.budget.items(self.value(first.iter)):
            self.bind(first.target, item)
            if all(self.value(test) for test in first.ifs):
                yield from self._comprehend(rest, make)

    def _scoped(self, generators: list[ast.comprehension], make: Callable[[], Any]) -> list[Any]:
        outer = self.env
        self.env = dict(outer)
        try:
            return list(self._comprehend(generators, make))
        finally:
            self.env = outer

    def _ListComp(self, node: ast.ListComp | ast.GeneratorExp) -> TracedList:
        return TracedList(self._scoped(node.generators, lambda: self.value(node.elt)))

    _GeneratorExp = _ListComp

    def _SetComp(self, node: ast.SetComp) -> set[Any]:
        return set(self._scoped(node.generators, lambda: self.value(node.elt)))

    def _DictComp(self, node: ast.DictComp) -> TracedDict:
        return TracedDict(self._scoped(node.generators, lambda: (self.value(node.key), self.value(node.value))))

    # --- names

    def bind(self, target: ast.expr, value: Any) -> None:
        """Assign to a name or, element by element, to a tuple of names."""
        if isinstance(target, ast.Name):
            self.env[target.id] = value
            return
        if not isinstance(target, (ast.Tuple, ast.List)):
            raise TypeError(f"assignment to {ast.unparse(target)!r}")
        values = self.budget.items(value)
        if len(values) != len(target.elts):
            raise ValueError(f"{len(values)} values for {len(target.elts)} names")
        for part, item in zip(target.elts, values):
            self.bind(part, item)

    def _from_base(self, path: list[str]) -> Any:
        value: Any = self.base
        for key in path:
            if not isinstance(value, Mapping) or key not in value:
                raise NameError(f"the bases have no {'.'.join(path)!r}")
            value = value[key]
        return value

    def _fill_templates(self, text: str) -> str:
        """``'{{ fileDirname }}/x'`` and ``'{{_base_.x}}'`` inside a string literal."""
        path = self.source.path.absolute()

        def fill(match: re.Match[str]) -> str:
            name = match[1]
            if name.startswith("_base_."):
                return str(self._from_base(name.split(".")[1:]))
            return {
                "fileDirname": path.parent.as_posix(),
                "fileBasename": path.name,
                "fileBasenameNoExtension": path.stem,
                "fileExtname": path.suffix,
            }[name]

        return _TEMPLATE.sub(fill, text)
