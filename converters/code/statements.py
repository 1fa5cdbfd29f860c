"""The outline of a module, from its statements alone: imports, classes and what the top level binds."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from mmmigrate.converters.code.scopes import Imported, Scope, Statement

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
_BLOCKS = ("body", "orelse", "finalbody")
_LEAVES = frozenset({ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.Raise, ast.Assert, ast.Pass,
                     ast.Delete, ast.Break, ast.Continue, ast.Global, ast.Nonlocal})  # fmt: skip
_GUARDS = (ast.If, ast.Try, getattr(ast, "TryStar", ast.Try))


@dataclass
class Outline:
    """What a pass over the statements finds."""

    imports: dict[Statement, list[Imported]] = field(default_factory=dict)
    stars: list[tuple[ast.ImportFrom, str]] = field(default_factory=list)  # statement and its module
    classes: list[ast.ClassDef] = field(default_factory=list)
    decorated: list[Definition] = field(default_factory=list)
    top: dict[str, ast.AST] = field(default_factory=dict)  # name -> statement that defines it at the top level


def outline(tree: ast.Module, package: str) -> Outline:
    """``package`` is what relative imports count from: the module's own name if it is an ``__init__``."""
    found = Outline()
    nowhere = Scope(None, tree)
    stack: list[tuple[ast.stmt, bool, bool]] = [(node, True, False) for node in reversed(tree.body)]
    while stack:
        node, top, guarded = stack.pop()
        if not top and type(node) in _LEAVES:
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            _import(found, node, package, nowhere, guarded)
            continue
        if top:
            for name in _defined(node):
                found.top.setdefault(name, node)
        if isinstance(node, ast.ClassDef):
            found.classes.append(node)
        if getattr(node, "decorator_list", None):
            found.decorated.append(node)  # type: ignore[arg-type]
        inner_top = top and not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        inner_guard = isinstance(node, _GUARDS)
        stack.extend([(item, inner_top, inner_guard) for item in reversed(_inside(node))])
    return found


def _inside(node: ast.stmt) -> list[ast.stmt]:
    found: list[ast.stmt] = []
    for name in _BLOCKS:
        found += getattr(node, name, ())
    for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        found += part.body
    return found


def _defined(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            yield from (item.id for item in ast.walk(target) if isinstance(item, ast.Name))
    elif isinstance(node, (ast.AnnAssign, ast.AugAssign)) and isinstance(node.target, ast.Name):
        yield node.target.id


def _import(found: Outline, node: Statement, package: str, scope: Scope, guarded: bool) -> None:
    imported = []
    if isinstance(node, ast.Import):
        for alias in node.names:
            top = alias.name.partition(".")[0]
            local, target = (alias.asname, alias.name) if alias.asname else (top, top)
            imported.append(Imported(local, target, node, alias, scope, guarded))
    else:
        module = absolute(node, package)
        for alias in node.names:
            if alias.name == "*":
                found.stars.append((node, module))
            else:
                target = f"{module}.{alias.name}" if module else alias.name
                imported.append(Imported(alias.asname or alias.name, target, node, alias, scope, guarded))
    found.imports[node] = imported


def absolute(node: ast.ImportFrom, package: str) -> str:
    """The full name of the module that a ``from`` statement names; relative beyond the top stays as it is."""
    if not node.level:
        return node.module or ""
    parts = package.split(".") if package else []
    if node.level - 1 > len(parts) or not parts:
        return "." * node.level + (node.module or "")
    base = parts[: len(parts) - node.level + 1]
    return ".".join([*base, *([node.module] if node.module else [])])
