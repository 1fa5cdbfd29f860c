"""The statements of a config file, run one by one without executing Python."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mmmigrate.converters.read.budget import Budget, LimitError, check_size
from mmmigrate.converters.read.callables import MUTATORS
from mmmigrate.converters.read.expressions import PYTHON_ERRORS, Evaluator
from mmmigrate.converters.read.source import Source
from mmmigrate.converters.read.traced import Slot, TracedDict, TracedList


@dataclass(frozen=True)
class Statement:
    """A top-level statement: the names that it binds or changes, and those that it reads."""

    node: ast.stmt

    @cached_property
    def _names(self) -> tuple[frozenset[str], frozenset[str]]:
        return _names_of(self.node)

    @property
    def writes(self) -> frozenset[str]:
        return self._names[0]

    @property
    def reads(self) -> frozenset[str]:
        return self._names[1]

    @property
    def first_line(self) -> int:
        return self.node.lineno

    @property
    def last_line(self) -> int:
        return self.node.end_lineno or self.node.lineno


@dataclass
class Module:
    """What a file defines: its variables with the expressions they were last assigned, and its statements."""

    names: TracedDict
    statements: list[Statement]


def run_module(source: Source, base: Mapping[str, Any]) -> Module:
    """Evaluate a file in the presence of its bases. Raises ConversionError with the place of what cannot be evaluated.

    CFG003 names what is refused or what Python itself would raise, CFG004 a file that exceeds the bounds.
    """
    runner = _Runner(source, base)
    for node in source.tree.body:
        runner.run(node)
    statements = [Statement(node) for node in source.tree.body]
    return Module(runner.names, statements)


class _Runner:
    def __init__(self, source: Source, base: Mapping[str, Any]) -> None:
        self.source = source
        self.names = TracedDict()
        self.evaluator = Evaluator(source, self.names, base, Budget())

    def run(self, node: ast.stmt) -> None:
        method = getattr(self, f"_{type(node).__name__}", None)
        if method is None:
            what = _REFUSED.get(type(node), f"{type(node).__name__} statements are")
            self.source.fail_at("CFG003", f"{what} not evaluated in a config; move it out or write the value", node)
        try:
            method(node)
        except LimitError as error:
            self.source.fail_at("CFG004", f"exceeds what a config can need: {error}", node)
        except PYTHON_ERRORS as error:
            message = error.args[0] if isinstance(error, KeyError) and error.args else error
            self.source.fail_at("CFG003", f"cannot be evaluated: {type(error).__name__}: {message}", node)

    def _Assign(self, node: ast.Assign) -> None:
        slot = self.evaluator.slot(node.value)
        for target in node.targets:
            self._assign(target, slot)

    def _AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._assign(node.target, self.evaluator.slot(node.value))

    def _assign(self, target: ast.expr, slot: Slot) -> None:
        if isinstance(target, ast.Name):
            self.names.put(target.id, slot)
        elif isinstance(target, ast.Subscript):
            container, key = self.evaluator.value(target.value), self.evaluator.value(target.slice)
            if isinstance(container, TracedDict):
                container.put(key, slot)
            elif isinstance(container, TracedList):
                container[key] = slot.value
                container._origins = []
            else:
                raise TypeError(f"assignment into a {type(container).__name__}")
        else:
            self.evaluator.bind(target, slot.value)

    def _AugAssign(self, node: ast.AugAssign) -> None:
        load = ast.parse(ast.unparse(node.target), mode="eval").body
        current, change = self.evaluator.value(load), self.evaluator.value(node.value)
        if isinstance(current, TracedList) and isinstance(node.op, ast.Add):
            items = change.slots() if isinstance(change, TracedList) else self.evaluator.budget.items(change)
            check_size(len(current) + len(items))
            self.evaluator.budget.spend(len(items))
            for item in items:
                current.push(item)  # in place, as Python's += on a list
            return
        self._assign(node.target, Slot(self.evaluator.operate(node.op, current, change)))

    def _Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self.evaluator.value(node.value)

    def _If(self, node: ast.If) -> None:
        for child in node.body if self.evaluator.value(node.test) else node.orelse:
            self.run(child)

    def _For(self, node: ast.For) -> None:
        for item in self.evaluator.budget.items(self.evaluator.value(node.iter)):
            self.evaluator.bind(node.target, item)
            for child in node.body:
                self.run(child)
        for child in node.orelse:
            self.run(child)

    def _Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.evaluator.value(ast.Name(target.id, ast.Load()))
                self.names.drop(target.id)
            elif isinstance(target, ast.Subscript):
                container, key = self.evaluator.value(target.value), self.evaluator.value(target.slice)
                del container[key]
                if isinstance(container, TracedDict):
                    container.origins.pop(key, None)
            else:
                raise TypeError(f"del {ast.unparse(target)}")

    def _Pass(self, node: ast.Pass) -> None:
        pass


_REFUSED: dict[type[ast.stmt], str] = {
    ast.Import: "imports are",
    ast.ImportFrom: "imports are",
    ast.FunctionDef: "function definitions are",
    ast.ClassDef: "class definitions are",
}


def _root(node: ast.expr) -> str | None:
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _names_of(statement: ast.stmt) -> tuple[frozenset[str], frozenset[str]]:
    writes: set[str | None] = set()
    reads: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name):
            (reads if isinstance(node.ctx, ast.Load) else writes).add(node.id)
        elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            writes.add(_root(node))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MUTATORS:
            writes.add(_root(node.func.value))
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            reads.add(node.target.id)
    for node in ast.walk(statement):
        if isinstance(node, ast.comprehension):  # its variables are its own
            writes -= {name.id for name in ast.walk(node.target) if isinstance(name, ast.Name)}
    return frozenset(name for name in writes if name), frozenset(reads)
