"""Which names a statement binds or changes, and which it reads."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mmmigrate.converters.read.methods import MUTATORS

_OWN_SCOPE = (ast.FunctionDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def names_of(statement: ast.stmt) -> tuple[frozenset[str], frozenset[str]]:
    """(written, read). Names of a function's or a comprehension's own count as neither, names they read as read."""
    writes: set[str] = set()
    reads: set[str] = set()
    _collect(statement, frozenset(), writes, reads)
    return frozenset(writes), frozenset(reads)


def _collect(node: ast.AST, local: frozenset[str], writes: set[str], reads: set[str]) -> None:
    todo = [node]
    while todo:
        current = todo.pop()
        if isinstance(current, ast.Name):
            if current.id not in local:
                (reads if isinstance(current.ctx, ast.Load) else writes).add(current.id)
        elif isinstance(current, (ast.Subscript, ast.Attribute)) and not isinstance(current.ctx, ast.Load):
            _add_root(current, local, writes)
        elif isinstance(current, ast.Call) and isinstance(current.func, ast.Attribute):
            if current.func.attr in MUTATORS:
                _add_root(current.func.value, local, writes)
        elif isinstance(current, ast.AugAssign) and isinstance(current.target, ast.Name):
            if current.target.id not in local:
                reads.add(current.target.id)
        elif isinstance(current, (ast.Import, ast.ImportFrom)):
            writes.update(alias.asname or alias.name.partition(".")[0] for alias in current.names)
        elif isinstance(current, ast.ExceptHandler) and current.name:
            writes.add(current.name)
        elif isinstance(current, ast.With):
            writes.add("_base_")  # `with read_base():`
        if isinstance(current, _OWN_SCOPE):
            if isinstance(current, ast.FunctionDef):
                writes.add(current.name)
            inner = local | frozenset(_bound(current))
            for child in ast.iter_child_nodes(current):
                _collect(child, inner, writes, reads)
        else:
            todo += ast.iter_child_nodes(current)


def _bound(node: ast.AST) -> Iterator[str]:
    """The names that a function or comprehension binds for itself."""
    if isinstance(node, (ast.FunctionDef, ast.Lambda)):
        every = node.args
        for arg in (*every.posonlyargs, *every.args, *every.kwonlyargs, every.vararg, every.kwarg):
            if arg is not None:
                yield arg.arg
        if isinstance(node, ast.FunctionDef):
            yield from (n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    else:
        for generator in getattr(node, "generators", []):
            yield from (n.id for n in ast.walk(generator.target) if isinstance(n, ast.Name))


def _add_root(node: ast.expr, local: frozenset[str], writes: set[str]) -> None:
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    if isinstance(node, ast.Name) and node.id not in local:
        writes.add(node.id)
