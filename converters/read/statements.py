"""The statements of a config file, run one by one without executing Python."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mmmigrate.compat.findings import ConversionError
from mmmigrate.converters.read.budget import Budget, LimitError, weight
from mmmigrate.converters.read.expressions import PYTHON_ERRORS, Evaluator
from mmmigrate.converters.read.functions import Function
from mmmigrate.converters.read.imports import Imports, UnknownImportError
from mmmigrate.converters.read.names import names_of
from mmmigrate.converters.read.operators import operate
from mmmigrate.converters.read.source import Source
from mmmigrate.converters.read.traced import Slot, TracedConfig, TracedDict, TracedList
from mmmigrate.converters.read.trusted import execute
from mmmigrate.converters.read.values import Scope


@dataclass(frozen=True)
class Statement:
    """A top-level statement: the names that it binds or changes, and those that it reads."""

    node: ast.stmt

    @cached_property
    def _names(self) -> tuple[frozenset[str], frozenset[str]]:
        return names_of(self.node)

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
    """What a file defines: its variables with the expressions they were last assigned, and its statements.

    ``base`` is set where the file changed its bases in place (``_base_.x.y = 1``): the tree to inherit from then.
    ``imported`` names what pure-Python imports bound: neither library counts that as the config's own.
    """

    names: TracedDict
    statements: list[Statement]
    base: TracedConfig | None = None
    imported: frozenset[str] = frozenset()


def run_module(source: Source, base: Mapping[str, Any], imports: Imports | None = None) -> Module:
    """Evaluate a file in the presence of its bases. Raises ConversionError with the place of what cannot be evaluated.

    CFG003 names what is refused or what Python itself would raise, CFG004 a file that exceeds the bounds. A trusted
    source is executed, in a process of its own, where reading does not get on.
    """
    runner = Runner(source, base, imports or Imports())
    statements = [Statement(node) for node in source.tree.body]
    try:
        for node in source.tree.body:
            runner.run(node)
        runner.weigh()
    except ConversionError:
        if not source.trusted:
            raise
        return Module(execute(source, base), statements)
    changed = runner.evaluator.__dict__.get("base_config")
    return Module(runner.names, statements, changed, frozenset(runner.imports.bound))


class _Return(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


class _Break(Exception):
    pass


class _Continue(Exception):
    pass


class Runner:
    """Runs statements in one scope: the module's, or that of a call."""

    def __init__(self, source: Source, base: Mapping[str, Any], imports: Imports) -> None:
        self.source = source
        self.imports = imports
        # only pure-Python configs know their own place: mmcv runs a copy elsewhere, and mmengine gives the others none
        place = {"__file__": str(source.path)} if "read_base" in source.text else {}
        self.names = TracedDict({"__name__": "__config__", **place})
        self.evaluator = Evaluator(source, self.names, base, Budget())

    def _within(self, evaluator: Evaluator) -> Runner:
        inner = object.__new__(Runner)
        inner.__dict__.update(self.__dict__)
        inner.evaluator = evaluator
        return inner

    def run(self, node: ast.stmt) -> None:
        method = _RUN.get(type(node))
        if method is None:
            what = _REFUSED.get(type(node), f"{type(node).__name__} statements are")
            self.source.fail_at("CFG003", f"{what} not evaluated in a config; {_ADVICE}", node)
        try:
            method(self, node)
        except LimitError as error:
            self.source.fail_at("CFG004", f"exceeds what a config can need: {error}", node)
        except PYTHON_ERRORS as error:
            message = error.args[0] if isinstance(error, KeyError) and error.args else error
            self.source.fail_at("CFG003", f"cannot be evaluated: {type(error).__name__}: {message}", node)
        except UnknownImportError as error:
            self.source.fail_at("CFG003", f"cannot be evaluated: {error}", node)
        except (_Return, _Break, _Continue):
            self.source.fail_at("CFG001", f"not valid Python: {type(node).__name__.lower()} outside of its block", node)

    def weigh(self) -> None:
        """Refuse variables that nobody could write out."""
        try:
            weight(self.names)
        except LimitError as error:
            for name, slot in self.names.slots():
                try:
                    weight(slot.value)
                except LimitError:
                    line = slot.origin.line if slot.origin else 0
                    self.source.fail("CFG004", f"{name} exceeds what a config can need: {error}", line)
            self.source.fail("CFG004", f"exceeds what a config can need: {error}")

    def _block(self, nodes: list[ast.stmt]) -> None:
        """Nested statements: their errors are those of the statement around them."""
        for node in nodes:
            self.evaluator.budget.spend()
            method = _RUN.get(type(node))
            if method is None:
                what = _REFUSED.get(type(node), f"{type(node).__name__} statements are")
                raise TypeError(f"line {node.lineno}: {what} not evaluated in a config")
            method(self, node)

    def _Assign(self, node: ast.Assign) -> None:
        slot = self.evaluator.slot(node.value)
        for target in node.targets:
            self._assign(target, slot)

    def _AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._assign(node.target, self.evaluator.slot(node.value))

    def _assign(self, target: ast.expr, slot: Slot) -> None:
        if isinstance(target, ast.Name):
            if self.evaluator.env is self.names:
                self.names.put(target.id, slot)
            else:
                self.evaluator.env[target.id] = slot.value
        elif isinstance(target, ast.Subscript):
            self._assign_item(self.evaluator.value(target.value), self.evaluator.value(target.slice), slot)
        elif isinstance(target, ast.Attribute):
            container = self.evaluator.value(target.value)
            if not isinstance(container, TracedConfig):
                raise AttributeError(f"attribute {target.attr!r} of a {type(container).__name__} cannot be set")
            container.put(target.attr, slot)
        elif isinstance(target, (ast.Tuple, ast.List)):
            for part, item in self.evaluator.unpack(target.elts, slot.value):
                self._assign(part, Slot(item))
        else:
            raise TypeError(f"assignment to {ast.unparse(target)!r}")

    def _assign_item(self, container: Any, key: Any, slot: Slot) -> None:
        if isinstance(container, TracedDict):
            container.put(self.evaluator.budget.key(key), slot)
        elif isinstance(container, TracedList):
            if isinstance(key, slice):
                self.evaluator.budget.make(len(container) + len(slot.value))
            container[key] = slot.value
            container._origins = []
        else:
            raise TypeError(f"assignment into a {type(container).__name__}")

    def _AugAssign(self, node: ast.AugAssign) -> None:
        load = ast.parse(ast.unparse(node.target), mode="eval").body
        current, change = self.evaluator.value(load), self.evaluator.value(node.value)
        if isinstance(current, TracedList) and isinstance(node.op, ast.Add):
            items = list(change.slots() if isinstance(change, TracedList) else self.evaluator.budget.items(change))
            self.evaluator.budget.make(len(current) + len(items))
            for item in items:
                current.push(item)  # in place, as Python's += on a list
            return
        if isinstance(current, TracedDict) and isinstance(node.op, ast.BitOr):
            (current.refresh if isinstance(current, TracedConfig) else current.absorb)(change)
            return
        self._assign(node.target, Slot(operate(self.evaluator.budget, node.op, current, change)))

    def _Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self.evaluator.value(node.value)

    def _If(self, node: ast.If) -> None:
        self._block(node.body if self.evaluator.value(node.test) else node.orelse)

    def _For(self, node: ast.For) -> None:
        for item in self.evaluator.budget.items(self.evaluator.value(node.iter)):
            self._assign(node.target, Slot(item))
            try:
                self._block(node.body)
            except _Continue:
                continue
            except _Break:
                return
        self._block(node.orelse)

    def _While(self, node: ast.While) -> None:
        while self.evaluator.value(node.test):
            try:
                self._block(node.body)
            except _Continue:
                continue
            except _Break:
                return
        self._block(node.orelse)

    def _Break(self, node: ast.Break) -> None:
        raise _Break

    def _Continue(self, node: ast.Continue) -> None:
        raise _Continue

    def _Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.evaluator.value(ast.Name(target.id, ast.Load()))
                del self.evaluator.env[target.id]
                self.names.origins.pop(target.id, None)
                continue
            if not isinstance(target, (ast.Subscript, ast.Attribute)):
                raise TypeError(f"del {ast.unparse(target)}")
            container = self.evaluator.value(target.value)
            key = target.attr if isinstance(target, ast.Attribute) else self.evaluator.value(target.slice)
            if isinstance(target, ast.Attribute) and not isinstance(container, TracedConfig):
                raise AttributeError(f"attribute {key!r} of a {type(container).__name__} cannot be deleted")
            del container[key]
            if isinstance(container, TracedDict):
                container.origins.pop(key, None)

    def _Pass(self, node: ast.Pass) -> None:
        pass

    def _Global(self, node: ast.Global | ast.Nonlocal) -> None:
        if isinstance(self.evaluator.env, Scope):  # else it says what is so anyway
            self.evaluator.env.declare(node.names, is_global=isinstance(node, ast.Global))

    _Nonlocal = _Global

    def _Assert(self, node: ast.Assert) -> None:
        if not self.evaluator.value(node.test):
            message = self.evaluator.value(node.msg) if node.msg else ast.unparse(node.test)
            raise AssertionError(str(message)[:200])

    def _Raise(self, node: ast.Raise) -> None:
        raise ValueError(f"line {node.lineno}: {ast.unparse(node)}"[:200])

    def _FunctionDef(self, node: ast.FunctionDef) -> None:
        if node.decorator_list:
            raise TypeError(f"the decorator of {node.name}()")
        self.evaluator.env[node.name] = Function(node.name, node.args, list(node.body), self.evaluator, self._call)

    def _call(self, evaluator: Evaluator, body: list[ast.stmt]) -> Any:
        try:
            self._within(evaluator)._block(body)
        except _Return as result:
            return result.value
        return None

    def _Return(self, node: ast.Return) -> None:
        raise _Return(self.evaluator.value(node.value) if node.value else None)

    def _Try(self, node: ast.Try) -> None:
        """Errors of values find their handler; whether other code can be imported is not known here."""
        catches_imports = any(_handles(handler, ModuleNotFoundError()) for handler in node.handlers)
        imports = self.imports
        if catches_imports:
            self.imports = imports.uncertain()
        try:
            try:
                self._block(node.body)
            finally:
                self.imports = imports
        except PYTHON_ERRORS as error:
            handler = next((handler for handler in node.handlers if _handles(handler, error)), None)
            if handler is None:
                raise
            if handler.name:
                self.evaluator.env[handler.name] = str(error)
            self._block(handler.body)
            if handler.name and handler.name in self.evaluator.env:
                del self.evaluator.env[handler.name]
        else:
            self._block(node.orelse)
        self._block(node.finalbody)

    def _Import(self, node: ast.Import) -> None:
        self.imports.modules(node, self.evaluator.env)

    def _ImportFrom(self, node: ast.ImportFrom) -> None:
        self.imports.members(node, self.evaluator.env)

    def _With(self, node: ast.With) -> None:
        self.imports.read_base(node, self.evaluator.env)


def _handles(handler: ast.ExceptHandler, error: Exception) -> bool:
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {ast.unparse(kind) for kind in kinds}
    return any(parent.__name__ in names for parent in type(error).__mro__)


_ADVICE = "write the value, or convert with --trust, which executes the file"
_REFUSED: dict[type[ast.stmt], str] = {ast.ClassDef: "class definitions are"}
_RUN: dict[type[ast.stmt], Callable[[Runner, Any], None]] = {
    kind: method
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.stmt) and (method := vars(Runner).get(f"_{kind.__name__}"))
}
