"""Import statements are changed once, at the end: moved and dropped names, and those that rules asked for."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mmmigrate.converters.code.import_place import import_place, is_plain_top
from mmmigrate.converters.code.import_text import ImportStyle, Name, from_import, from_imports, style_of
from mmmigrate.converters.code.scopes import Imported, Statement

if TYPE_CHECKING:
    from mmmigrate.converters.code.module import Module


@dataclass
class ImportPlan:
    """What is to become of the names of import statements. ``moves`` gives the new (module, name, local name)."""

    moves: dict[Imported, tuple[str, str | None, str]] = field(default_factory=dict)
    drops: set[Imported] = field(default_factory=set)
    chosen: dict[str, str] = field(default_factory=dict)  # full new name -> local name that uses got


def local_name(module: Module, home: str, name: str | None) -> str:
    """The text to use an import by; looks for one that the file has at its top."""
    for statement, items in module.outline.imports.items():
        for item in items:
            if is_plain_top(module, statement) and _same(item, home, name):
                return item.local if name or item.alias.asname else home
    if name is None:
        return home
    return free_name(module, name, home)


def _same(item: Imported, home: str, name: str | None) -> bool:
    if name is not None:
        return isinstance(item.statement, ast.ImportFrom) and item.target == f"{home}.{name}"
    return isinstance(item.statement, ast.Import) and item.alias.name == home


def free_name(module: Module, name: str, home: str) -> str:
    """The local name for ``home.name``: ``name``, or one with the library before it where that means something else."""
    chosen, full = module.plan.chosen, f"{home}.{name}"
    if full not in chosen:
        prefix = home.partition(".")[0]
        longer = f"{prefix}_{name}"
        if name[0].isupper():
            longer = longer.upper() if name.isupper() else f"{prefix.capitalize()}{name}"
        names = [name, longer, *(f"{longer}_{number}" for number in range(2, 1000))]
        taken = module.taken_names | set(chosen.values())
        chosen[full] = next(item for item in names if item not in taken or _becomes(module, item, full))
    return chosen[full]


def _becomes(module: Module, local: str, full: str) -> bool:
    """Whether the only thing that binds a local name is an import at the top that is about to mean ``full``."""
    if local in module.plan.chosen.values() or module.scan.module.bound.get(local):
        return False
    items = [item for found in module.outline.imports.values() for item in found if item.local == local]
    symbol = module.symbols.get(items[0].target) if len(items) == 1 else None
    return symbol is not None and symbol.new == full and is_plain_top(module, items[0].statement)


def write_imports(module: Module, plan: ImportPlan) -> None:
    """Turns the plan and the needs of a module into edits."""
    style = style_of(module.source)
    wanted: dict[str, list[Name]] = {}  # for the top of the file
    plain: list[str] = []
    for (home, name), local in module.needed.items():
        if name is None:
            plain += [home] if local == home else []
        elif not _has(module, home, name, local):
            wanted.setdefault(home, []).append((name, local))
    statements = {item.statement for item in [*plan.moves, *plan.drops]}
    anchors: dict[str, Statement] = {}
    for statement in sorted(statements, key=lambda node: node.lineno):
        if is_plain_top(module, statement):
            for item in module.outline.imports[statement]:
                if item in plan.moves and plan.moves[item][1] is not None:
                    home, name, local = plan.moves[item]
                    wanted.setdefault(home, []).append((name or "", local))
                    anchors.setdefault(home, statement)
    existing = _existing(module, statements)
    new_lines: dict[Statement, list[str]] = {}
    for home in sorted(wanted):
        names = [pair for pair in wanted[home] if not _has(module, home, pair[0], pair[1])]
        if home in existing:
            _extend(module, existing[home], names, style)
        elif home in anchors and names:
            new_lines.setdefault(anchors[home], []).extend(from_imports(home, names, style))
        elif names:
            import_place(module, home, True).insert(module, "\n".join(from_imports(home, names, style)))
    for home in sorted(set(plain)):
        if not _imports_plainly(module, home, plan):
            import_place(module, home, False).insert(module, f"import {home}")
    for statement in statements:
        _rewrite(module, statement, plan, new_lines.get(statement, []), style)


def _has(module: Module, home: str, name: str, local: str | None) -> bool:
    return any(
        _same(item, home, name) and item.local == local and is_plain_top(module, statement)
        for statement, items in module.outline.imports.items()
        for item in items
    )


def _imports_plainly(module: Module, home: str, plan: ImportPlan) -> bool:
    """Whether an import statement that stays makes ``home`` usable by its full name."""
    return any(
        isinstance(statement, ast.Import) and not item.alias.asname and item.alias.name == home
        for statement, items in module.outline.imports.items()
        if is_plain_top(module, statement)
        for item in items
        if item not in plan.drops and item not in plan.moves
    )


def _existing(module: Module, touched: set[Statement]) -> dict[str, ast.ImportFrom]:
    """Statements at the top that import from a module and are not changed otherwise."""
    found: dict[str, ast.ImportFrom] = {}
    for statement, items in module.outline.imports.items():
        if not isinstance(statement, ast.ImportFrom) or statement.level or not items or statement in touched:
            continue
        if is_plain_top(module, statement) and not module.is_skipped(statement):
            home, renamed = statement.module or "", any(alias.asname for alias in statement.names)
            if home not in found or (not renamed and any(alias.asname for alias in found[home].names)):
                found[home] = statement
    return found


def _extend(module: Module, statement: ast.ImportFrom, names: list[Name], style: ImportStyle) -> None:
    have = [(alias.name, alias.asname) for alias in statement.names]
    new: list[Name] = [(name, None if local == name else local) for name, local in names]
    new = [pair for pair in new if pair not in have]
    renamed = [pair for pair in new if pair[1]]
    home = statement.module or ""
    if renamed and not any(local for _, local in have):
        module.insert_after(statement, "\n".join(from_imports(home, renamed, style)))
        new = [pair for pair in new if not pair[1]]
    if not new:
        return
    comments = module.source.comments_in(statement)
    if comments or (any(local for _, local in have) and not renamed):  # leave it and its comments alone
        module.insert_after(statement, "\n".join(from_imports(home, new, style)))
        return
    module.replace(statement, from_import(statement.module or "", [*have, *new], style))


def _rewrite(module: Module, statement: Statement, plan: ImportPlan, top_lines: list[str], style: ImportStyle) -> None:
    """One statement without its moved and dropped names, and with the lines that take their place."""
    items = module.outline.imports[statement]
    gone = {item.alias for item in items if item in plan.moves or item in plan.drops}
    kept = [alias for alias in statement.names if alias not in gone]
    indent = module.source.indent_at(module.source.span(statement)[0])
    lines = []
    if kept:
        lines.append(_remainder(statement, kept, style, indent))
    lines += top_lines
    lines += _moved_here(module, items, plan, style, indent)
    comments = module.source.comments_in(statement)
    if not lines:
        module.delete(statement)
        return
    if comments:
        lines[0] += "  " + "  ".join(comments)
    trailing = module.source.trailing_comment(statement)
    if trailing and len(lines) > 1 and ("noqa" in trailing or "isort" in trailing or "type:" in trailing):
        lines[:-1] = [f"{line}  {trailing}" for line in lines[:-1]]
    joint = f"\n{indent}" if module.source.stands_alone(statement) else "; "
    module.replace(statement, joint.join(lines))


def _moved_here(module: Module, items: list[Imported], plan: ImportPlan, style: ImportStyle, indent: str) -> list[str]:
    """Imports that replace a statement on the spot: in a function, a `try` or an `if`, and those of whole modules."""
    grouped: dict[str, list[Name]] = {}
    plain: list[str] = []
    for item in items:
        if item not in plan.moves:
            continue
        home, name, local = plan.moves[item]
        if name is None:
            plain.append(f"import {home}" if local == home.partition(".")[0] else f"import {home} as {local}")
        elif not is_plain_top(module, item.statement):
            grouped.setdefault(home, []).append((name, local))
    return [
        *dict.fromkeys(plain),
        *(from_import(home, names, style, indent) for home, names in sorted(grouped.items())),
    ]


def _remainder(statement: Statement, kept: list[ast.alias], style: ImportStyle, indent: str) -> str:
    names: list[Name] = [(alias.name, alias.asname) for alias in kept]
    if isinstance(statement, ast.Import):
        return "import " + ", ".join(name if not local else f"{name} as {local}" for name, local in names)
    return from_import("." * statement.level + (statement.module or ""), names, style, indent)


def drop_unused(before: Module, after: Module) -> None:
    """Plans to drop the names that the file used before some rule took their last use away."""
    used_before = {(use.imported.local, use.imported.target) for use in before.every_use if use.imported}
    used_now = {use.imported for use in after.every_use}
    for statement, items in after.outline.imports.items():
        for item in items:
            lost = item not in used_now and (item.local, item.target) in used_before
            handed_on = item.local in (after.all_names or ()) or item.local in after.project.handed_on
            if lost and not handed_on and not after.is_skipped(statement):
                after.plan.drops.add(item)
