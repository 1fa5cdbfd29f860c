"""What a training script of v2 does only for the call that trains: v3's runner makes it needless."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from mmmigrate.converters.code.module import Module

# Keys that v2's scripts set on a config for v2's own functions, and that v3 does not read.
_KEYS_OF_V2 = frozenset({"gpu_ids", "device", "seed"})
# Functions that prepare a process for v2's runner, by their last name; v3's runner does it by the config.
_PREPARING = frozenset({"set_random_seed", "init_dist", "setup_multi_processes", "rfnext_init_model", "init_weights"})
_SAYING = frozenset({"warn", "info", "warning", "print"})


@dataclass
class Preparation:
    """The statements of a function before a call, told apart.

    ``dropped`` are needless once the call is gone: whatever they make is used by each other and by the call alone.
    ``made`` are the names that they bind.
    """

    module: Module
    function: ast.FunctionDef
    call: ast.stmt
    kept_names: set[str]  # names that must stay: configs, parameters, parsed arguments
    made: set[str] = field(init=False)
    dropped: list[ast.stmt] = field(init=False)

    def __post_init__(self) -> None:
        index = self.function.body.index(self.call)
        self._before = self.function.body[:index]
        self._after = self.function.body[index + 1 :]
        self.made = {name for node in self._before for name in _bound(node)} - self.kept_names
        self._keys = _KEYS_OF_V2
        while True:
            self.dropped = [node for node in self._before if self._is_needless(node)]
            kept = [node for node in (*self._before, *self._after) if node not in self.dropped]
            used = set(_loaded(self.dropped)) | set(_loaded([self.call]))
            left = (self.made & used) - set(_loaded(kept)) - {name for node in kept for name in _bound(node)}
            keys = self._keys - {name for node in kept for name in _read(node)}
            if (left, keys) == (self.made, self._keys):
                return
            self.made, self._keys = left, keys

    def drop_imports(self) -> None:
        """Drops the imports of names that nothing but these statements and the call has used."""
        module = self.module
        gone = {node for statement in (*self.dropped, self.call) for node in ast.walk(statement)}
        left = {node.id for node in ast.walk(module.tree) if isinstance(node, ast.Name) and node not in gone}
        lost = set(_loaded([*self.dropped, self.call])) - left - set(module.all_names or ())
        if "." in module.name or module.name in module.project.survey.imports:  # others may import them from here
            lost -= module.project.handed_on
        for statement, items in module.outline.imports.items():
            if statement in module.top_statements and not module.is_skipped(statement) and not module.is_package:
                module.plan.drops.update(item for item in items if item.local in lost)

    @property
    def kept(self) -> list[ast.stmt]:
        """The statements that stay."""
        return [node for node in (*self._before, *self._after) if node not in self.dropped]

    def user_of(self, name: str) -> ast.stmt | None:
        """The first statement that stays and uses a name."""
        return next((node for node in self.kept if name in set(_loaded([node]))), None)

    def _is_needless(self, node: ast.stmt, inside: bool = False) -> bool:
        if isinstance(node, ast.Assign):
            return all(map(self._is_made, _targets(node)))
        if isinstance(node, ast.AugAssign):
            return self._is_made(node.target)
        if isinstance(node, ast.For):
            loop = [*node.body, *node.orelse]
            return self._is_made(node.target) and all(self._is_needless(item, inside=True) for item in loop)
        if isinstance(node, ast.If):
            branches = [*node.body, *node.orelse]
            of_what_goes = inside or _loads_only(node.test, self.made)
            only_says = all(_says(item) for item in branches)
            return (of_what_goes or not only_says) and all(self._is_needless(item, inside=True) for item in branches)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            return self._is_needless_call(node.value) or (inside and _says(node))
        return inside and isinstance(node, (ast.Assert, ast.Pass))

    def _is_made(self, target: ast.expr) -> bool:
        if isinstance(target, ast.Name):
            return target.id in self.made or target.id == "_"
        if not isinstance(target, (ast.Attribute, ast.Subscript)):
            return False
        if root_of(target) in self.made or "checkpoint_config" in ast.unparse(target.value):
            return True
        return isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.attr in self._keys

    def _is_needless_call(self, call: ast.Call) -> bool:
        func = call.func
        if root_of(func) in self.made or last_name(func) in _PREPARING:
            return True
        of_library = self.module.may_be_of_library(func)
        return of_library and any(isinstance(item, ast.Name) and item.id in self.made for item in call.args)

    # -- edits ------------------------------------------------------------------------------------------------

    def delete(self) -> None:
        """Takes the dropped statements out, with the comments right above them and the lines between them."""
        body = self.function.body
        groups: list[list[int]] = []
        for node in self.dropped:
            index = body.index(node)
            if groups and groups[-1][-1] == index - 1:
                groups[-1].append(index)
            else:
                groups.append([index])
        for group in groups:
            start = self._first_line(body[group[0]])
            self.module.edits.replace(start, self._first_line(body[group[-1] + 1]), "")

    def _first_line(self, node: ast.stmt) -> int:
        """Where the lines of a statement begin, with the comments right above it."""
        source = self.module.source
        line = source.place(source.span(node)[0])[0] - 1
        while line and source.utf8[source.starts[line - 1] : source.starts[line]].strip().startswith(b"#"):
            line -= 1
        return source.starts[line]


def root_of(node: ast.AST) -> str:
    """The first name of a chain of attributes and subscripts; empty if there is none."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def last_name(func: ast.expr) -> str:
    """What is called, by its last name."""
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""


def _says(node: ast.stmt) -> bool:
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and last_name(call.func) in _SAYING


def _targets(node: ast.Assign) -> Iterator[ast.expr]:
    for target in node.targets:
        yield from target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]


def _bound(node: ast.AST) -> set[str]:
    return {item.id for item in ast.walk(node) if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store)}


def _loads_only(node: ast.AST, names: set[str]) -> bool:
    loaded = set(_loaded([node]))
    return bool(loaded) and loaded <= names


def _read(node: ast.AST) -> set[str]:
    return {item.attr for item in ast.walk(node) if isinstance(item, ast.Attribute) and isinstance(item.ctx, ast.Load)}


def _loaded(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        for item in ast.walk(node):
            if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Load):
                yield item.id
