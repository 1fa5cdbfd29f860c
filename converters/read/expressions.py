"""Expressions evaluated without executing them: what configs use of Python, and nothing that reaches outside."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

from mmmigrate.converters.read.budget import Budget, check_format
from mmmigrate.converters.read.callables import FUNCTIONS
from mmmigrate.converters.read.functions import Function
from mmmigrate.converters.read.methods import call_method
from mmmigrate.converters.read.modules import environment_variable
from mmmigrate.converters.read.operators import COMPARE, UNARY, operate
from mmmigrate.converters.read.source import Source, file_templates
from mmmigrate.converters.read.traced import (
    Origin,
    Slot,
    TracedConfig,
    TracedDict,
    TracedList,
    deep_copy,
    traced,
)
from mmmigrate.converters.read.values import Called, Module, Scope, Symbol

_FILE_TEMPLATES = "fileDirname|fileBasename|fileBasenameNoExtension|fileExtname"
_TEMPLATE = re.compile(rf"\{{\{{\s*({_FILE_TEMPLATES}|_base_\.[\w.]+|_env\d+_*)\s*\}}\}}")
# What evaluating may raise because of the file's own text, as Python itself would.
PYTHON_ERRORS = (
    ArithmeticError, AssertionError, AttributeError, LookupError, NameError, TypeError, ValueError, RecursionError,
)  # fmt: skip


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

    @cached_property
    def base_config(self) -> TracedConfig:
        """The bases as mmengine hands them to a config under the name ``_base_``, which may change them in place."""
        return TracedConfig(
            (key, Slot(deep_copy(slot.value), slot.origin)) for key, slot in TracedDict(_slots(self.base)).slots()
        )

    def inside(self, scope: Scope) -> Evaluator:
        """An evaluator of the same file with names of its own in front."""
        inner = object.__new__(Evaluator)
        inner.__dict__.update(self.__dict__)
        inner.env = scope
        if "base_config" not in self.__dict__ and self.source.uses_base_config:
            inner.__dict__["base_config"] = self.base_config
        return inner

    def slot(self, node: ast.expr, anchor: ast.AST | None = None) -> Slot:
        """The value together with the expression as its origin."""
        return Slot(self.value(node), Origin(self.source, node, anchor or node))

    def value(self, node: ast.expr) -> Any:
        self.budget.spend()
        method = _EVALUATE.get(type(node))
        if method is None:
            raise TypeError(f"{type(node).__name__} expressions are not evaluated in a config")
        return method(self, node)

    # --- leaves

    def _Constant(self, node: ast.Constant) -> Any:
        if isinstance(node.value, str) and "{{" in node.value:
            return self._fill_templates(node.value)
        return node.value

    def _Name(self, node: ast.Name) -> Any:
        if node.id == "_base_" and not self.source.lists_bases:
            return self.base_config
        if node.id in self.env:
            return self.env[node.id]
        if node.id in FUNCTIONS:
            return FUNCTIONS[node.id]
        raise NameError(f"name {node.id!r} is not defined{_WHY.get(node.id, '')}")

    def _JoinedStr(self, node: ast.JoinedStr) -> str:
        text = "".join([str(self.value(part)) for part in node.values])
        self.budget.make(len(text))
        return text

    def _FormattedValue(self, node: ast.FormattedValue) -> str:
        value = self.value(node.value)
        converters: dict[int, Callable[[Any], Any]] = {ord("s"): str, ord("r"): repr, ord("a"): ascii}
        convert = converters.get(node.conversion, lambda v: v)
        spec = self.value(node.format_spec) if node.format_spec else ""
        check_format(spec)
        self.budget.weigh(value)
        return format(convert(value), spec)

    # --- containers

    def _Dict(self, node: ast.Dict) -> TracedDict:
        result = TracedDict()
        for key, item in zip(node.keys, node.values):
            if key is None:
                result.absorb(self.value(item))
            else:
                result.put(self.budget.key(self.value(key)), self.slot(item, key))
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
            return self._template(inner.elts[0])
        items = (item.value if isinstance(item, Slot) else item for item in self._elements(node.elts))
        return {self.budget.key(item) for item in items}

    def _template(self, node: ast.expr) -> Any:
        """``{{_base_.x}}`` is a copy of the value; other templates are filled in as text and then read."""
        if isinstance(node, ast.Name) and _TEMPLATE.fullmatch(f"{{{{{node.id}}}}}"):
            text = self._fill_templates(f"{{{{{node.id}}}}}")
            try:
                filled = ast.parse(text, mode="eval")
            except SyntaxError:
                self.source.fail_at(
                    "CFG001", f"not valid Python: {{{{{node.id}}}}} stands for {text!r}; quote it", node
                )
            return self.value(filled.body)
        return deep_copy(self.value(node))

    # --- operators

    def _BinOp(self, node: ast.BinOp) -> Any:
        return operate(self.budget, node.op, self.value(node.left), self.value(node.right))

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
            if isinstance(right, Module) and right.name == "os.environ":
                right = frozenset(os.environ)
            self.budget.weigh(left, right)
            if not COMPARE[type(op)](left, right):
                return False
            left = right
        return True

    def _IfExp(self, node: ast.IfExp) -> Any:
        return self.value(node.body if self.value(node.test) else node.orelse)

    def _NamedExpr(self, node: ast.NamedExpr) -> Any:
        value = self.value(node.value)
        env: Any = self.env
        while isinstance(env, Scope) and not env.of_function:  # a comprehension binds it outside itself
            env = env.outer
        env[node.target.id] = value
        return value

    def _Subscript(self, node: ast.Subscript) -> Any:
        value = self.value(node.value)
        if isinstance(value, Module) and value.name == "os.environ":
            return environment_variable(self.value(node.slice))
        if isinstance(value, TracedList) and isinstance(node.slice, ast.Slice):
            return TracedList(value.slots()[self._Slice(node.slice)])
        if not isinstance(value, (dict, list, tuple, str, range, bytes)):
            raise TypeError(f"{type(value).__name__} cannot be indexed")
        return traced(value[self.budget.key(self.value(node.slice))])

    def _Slice(self, node: ast.Slice) -> slice:
        return slice(*(self.value(part) if part else None for part in (node.lower, node.upper, node.step)))

    def _Attribute(self, node: ast.Attribute) -> Any:
        if isinstance(node.value, ast.Name) and node.value.id == "_base_" and not self.source.uses_base_config:
            return self._from_base([node.attr])  # `{{_base_.x}}`
        value = self.value(node.value)
        if isinstance(value, Symbol):
            return Symbol(f"{value}.{node.attr}")
        if isinstance(value, Module):
            return value.member(node.attr)
        if isinstance(value, (TracedConfig, dict)) and (isinstance(value, TracedConfig) or self.source.names_base):
            if node.attr in value:
                return value[node.attr]
            raise AttributeError(f"the bases have no {ast.unparse(node).removeprefix('_base_.')!r}")
        raise AttributeError(f"attribute {node.attr!r} of a {type(value).__name__}; only _base_.x can be read")

    # --- calls and comprehensions

    def _Call(self, node: ast.Call) -> Any:
        function = node.func
        if isinstance(function, ast.Name) and function.id == "dict" and "dict" not in self.env:
            return self._dict_call(node)
        args = [item.value if isinstance(item, Slot) else item for item in self._elements(node.args)]
        kwargs = {key: item.value if isinstance(item, Slot) else item for key, item in self._keywords(node)}
        if isinstance(function, ast.Attribute):
            target = self.value(function.value)
            if not isinstance(target, (Module, Symbol, Called)):
                return call_method(self.budget, target, function.attr, args, kwargs)
            if isinstance(target, Called):  # dict.fromkeys
                return call_method(self.budget, TracedDict(), function.attr, args, kwargs)
            called = self._Attribute(function)
        elif isinstance(function, ast.Name) and function.id not in self.env and function.id not in FUNCTIONS:
            why = _WHY.get(function.id, "")
            raise TypeError(f"a call of {function.id!r}, which is not among the functions that are evaluated{why}")
        else:
            called = self.value(function)
        if not isinstance(called, Called):
            raise TypeError(f"a call of {ast.unparse(function)!r}, which is not among the functions that are evaluated")
        return traced(called.call(self.budget, args, kwargs))

    def _dict_call(self, node: ast.Call) -> TracedDict:
        result = TracedDict()
        for argument in node.args:
            value = self.value(argument)
            result.absorb(value if isinstance(value, dict) else TracedDict(self._pairs(value)))
        for key, item in self._keywords(node):
            result.put(key, item)
        return result

    def _pairs(self, value: Any) -> list[Any]:
        self.budget.weigh(value)
        return self.budget.items(value)

    def _Lambda(self, node: ast.Lambda) -> Function:
        return Function("<lambda>", node.args, node.body, self)

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
        self.env = Scope(outer)
        try:
            return list(self._comprehend(generators, make))
        finally:
            self.env = outer

    def _ListComp(self, node: ast.ListComp | ast.GeneratorExp) -> TracedList:
        return TracedList(self._scoped(node.generators, lambda: self.value(node.elt)))

    _GeneratorExp = _ListComp

    def _SetComp(self, node: ast.SetComp) -> set[Any]:
        return set(self._scoped(node.generators, lambda: self.budget.key(self.value(node.elt))))

    def _DictComp(self, node: ast.DictComp) -> TracedDict:
        return TracedDict(
            self._scoped(node.generators, lambda: (self.budget.key(self.value(node.key)), self.value(node.value)))
        )

    # --- names

    def bind(self, target: ast.expr, value: Any) -> None:
        """Assign to a name or, element by element, to a tuple of names."""
        if isinstance(target, ast.Name):
            self.env[target.id] = value
            return
        if not isinstance(target, (ast.Tuple, ast.List)):
            raise TypeError(f"assignment to {ast.unparse(target)!r}")
        for part, item in self.unpack(target.elts, value):
            self.bind(part, item)

    def unpack(self, targets: list[ast.expr], value: Any) -> Iterator[tuple[ast.expr, Any]]:
        """Each of several targets with what it gets of an iterable, one starred target included."""
        values = self.budget.items(value)
        starred = next((i for i, part in enumerate(targets) if isinstance(part, ast.Starred)), None)
        if starred is None:
            if len(values) != len(targets):
                raise ValueError(f"{len(values)} values for {len(targets)} names")
            yield from zip(targets, values)
            return
        behind = len(targets) - starred - 1
        if len(values) < len(targets) - 1:
            raise ValueError(f"{len(values)} values for {len(targets) - 1} names or more")
        yield from zip(targets[:starred], values)
        star: Any = targets[starred]
        yield star.value, TracedList(values[starred : len(values) - behind])
        yield from zip(targets[starred + 1 :], values[len(values) - behind :])

    def _from_base(self, path: list[str]) -> Any:
        value: Any = self.base_config if self.source.uses_base_config else self.base
        for key in path:
            if not isinstance(value, Mapping) or key not in value:
                raise NameError(f"the bases have no {'.'.join(path)!r}")
            value = value[key]
        return value

    def _fill_templates(self, text: str) -> str:
        """``'{{ fileDirname }}/x'`` and ``'{{_base_.x}}'`` inside a string literal."""
        own = file_templates(os.path.abspath(self.source.path).replace(os.sep, "/"))  # noqa: PTH100

        def fill(match: re.Match[str]) -> str:
            name = match[1]
            if name.startswith("_base_."):
                value = self._from_base(name.split(".")[1:])
                self.budget.weigh(value)
                return str(value)
            return own[name] if name in own else self.source.environment_text(name)

        filled = _TEMPLATE.sub(fill, text)
        self.budget.make(len(filled))
        return filled


def _slots(mapping: Mapping[Any, Any]) -> Any:
    return mapping.slots() if isinstance(mapping, TracedDict) else mapping


# Why a name that Python has is not one here.
_WHY = dict.fromkeys(
    ("open", "eval", "exec", "compile", "__import__", "input", "globals", "locals", "vars", "getattr", "setattr"),
    " here: it would reach outside the config; write the value, or convert with --trust",
)
_WHY["__file__"] = ": mmcv runs a copy of the file elsewhere, and mmengine has no such name; say '{{ fileDirname }}'"
_EVALUATE: dict[type[ast.expr], Callable[[Evaluator, Any], Any]] = {
    kind: method
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.expr) and (method := vars(Evaluator).get(f"_{kind.__name__}"))
}
