"""``from mmcv.runner import *``: the names that the file uses are imported by name from where they are now."""

from __future__ import annotations

import ast
from collections import defaultdict

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.imports import free_name
from mmmigrate.converters.code.module import Module, Use
from mmmigrate.converters.code.remarks import GONE
from mmmigrate.converters.code.rule import CodeRule
from mmmigrate.converters.code.symbols import Symbol, v2_symbols


def convert(module: Module) -> None:
    for statement, home in module.outline.stars:
        module.symbols.load(home)
        if module.project.owns(home) or home not in module.symbols.modules or module.is_skipped(statement):
            continue
        names = set(module.symbols.public(home))
        uses: dict[str, list[Use]] = defaultdict(list)
        for use in module.every_use:
            if use.imported is None and use.root.id in names:
                uses[use.root.id].append(use)
        listed = [name for name in module.all_names or () if name in names]
        wanted = sorted({*uses, *listed})
        if wanted:
            _import_by_name(module, statement, home, wanted, uses)
        elif not module.symbols.stays(home) and module.symbols.modules[home]:
            _import_all(module, statement, home)
        elif not module.symbols.stays(home):
            module.note(GONE, f"the module {home} is gone, and no name of it is used here", statement, marker=True)


def _import_all(module: Module, statement: ast.ImportFrom, home: str) -> None:
    """For what importing does by itself, such as registering classes."""
    start, end = module.source.span(statement)
    text = module.source.utf8[start:end].decode()
    new = module.symbols.modules[home]
    module.edits.replace(start, end, text.replace(home, new or "", 1))
    module.note(RULE, f"the module {home} is {new}", statement)


def _import_by_name(
    module: Module, statement: ast.ImportFrom, home: str, wanted: list[str], uses: dict[str, list[Use]]
) -> None:
    symbols = [symbol for symbol in (module.symbols.get(f"{home}.{name}") for name in wanted) if symbol]
    stay = [symbol for symbol in symbols if symbol.status == "kept"]
    for symbol in symbols:
        target = symbol.new or (symbol.bridge if module.bridge else None)
        if target is None:
            module.note(GONE, f"{symbol.path} is gone: {symbol.note}", statement, marker=True)
        elif not (symbol in stay and module.symbols.stays(home)):
            _import(module, symbol, target, uses[symbol.name])
    module.note(RULE, f"names of {home} are imported one by one: {', '.join(wanted)}", statement)
    if not module.symbols.stays(home) or not stay:
        module.delete(statement)


def _import(module: Module, symbol: Symbol, target: str, uses: list[Use]) -> None:
    home, _, name = target.rpartition(".")
    handed_on = symbol.name in (module.all_names or ()) or symbol.name in module.project.handed_on
    if name == symbol.name or handed_on or module.is_package:
        module.needed[home, name] = symbol.name
        return
    local = free_name(module, name, home)
    module.needed[home, name] = local
    for use in uses:
        module.replace(use.root, local)


RULE = CodeRule(
    code="SYM005",
    title="star import from a module whose names moved",
    why="The names of the old module are in several new ones. Those that are used or in __all__ are imported.",
    before="from mmcv.runner import *\n\nprint(get_dist_info())",
    after="from mmengine.dist import get_dist_info\n\nprint(get_dist_info())",
    effect=Effect.EXACT,
    reversible=True,
    words=v2_symbols().roots,
    convert=convert,
    structural=False,
)
