"""Where a new import goes: into the block of imports that it belongs to, sorted if that block is."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmmigrate.converters.code.scopes import Statement

if TYPE_CHECKING:
    from mmmigrate.converters.code.module import Module


def is_plain_top(module: Module, statement: ast.stmt) -> bool:
    """Whether a statement stands at the top level, outside of any `if` or `try`."""
    return statement in module.top_statements


@dataclass(frozen=True)
class Place:
    """Before or after a statement, or at the start of the file."""

    statement: ast.stmt | None
    after: bool

    def insert(self, module: Module, text: str) -> None:
        if self.statement is None:
            module.edits.insert(module.source.first_code_line(), module.lines(text + "\n"))
        elif self.after:
            module.insert_after(self.statement, text)
        else:
            module.insert_before(self.statement, text)


def import_place(module: Module, home: str, is_from: bool) -> Place:
    body = module.tree.body
    first_use = min((use.root.lineno for use in module.every_use), default=len(module.source.starts) + 1)
    imports = [node for node in body if isinstance(node, (ast.Import, ast.ImportFrom)) and node.lineno < first_use]
    third = [node for node in imports if _section(module, node) == 1]
    key = (is_from, home.lower())
    before = [node for node in third if _key(node) <= key]
    if before:
        return Place(before[-1], True)
    if third:
        return Place(third[0], False)
    earlier = [node for node in imports if _section(module, node) == 0]
    if earlier:
        return Place(earlier[-1], True)
    if imports:
        return Place(imports[0], False)
    docstring = body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    if docstring:
        return Place(body[0], True)
    return Place(body[0], False) if body else Place(None, False)


def _section(module: Module, node: Statement) -> int:
    """0 for the standard library, 1 for other libraries, 2 for the project's own."""
    name = node.names[0].name if isinstance(node, ast.Import) else node.module or ""
    top = name.partition(".")[0]
    if isinstance(node, ast.ImportFrom) and node.level:
        return 2
    if top in sys.stdlib_module_names:
        return 0
    return 2 if module.project.owns(top) else 1


def _key(node: Statement) -> tuple[bool, str]:
    name = node.names[0].name if isinstance(node, ast.Import) else node.module or ""
    return isinstance(node, ast.ImportFrom), name.lower()
