"""Names that moved: imports, attribute chains and aliases are pointed to where the new generation has them."""

from __future__ import annotations

import ast
from collections import defaultdict

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.imports import free_name
from mmmigrate.converters.code.module import Module, Use
from mmmigrate.converters.code.remarks import BRIDGED, DIFFERS, GONE
from mmmigrate.converters.code.rule import CodeRule
from mmmigrate.converters.code.scopes import Imported
from mmmigrate.converters.code.symbols import Symbol, v2_symbols


def convert(module: Module) -> None:
    uses: dict[Imported | None, list[Use]] = defaultdict(list)
    for use in module.every_use:
        uses[use.imported].append(use)
    for statement, items in module.outline.imports.items():
        if module.is_skipped(statement):
            continue
        for item in items:
            if (
                item in module.plan.drops
                or module.project.owns(item.target)
                or item.target.partition(".")[0] not in module.symbols.roots
            ):
                continue
            if isinstance(statement, ast.ImportFrom):
                _name(module, item, uses[item])
            else:
                _chain(module, item, uses[item])


def _name(module: Module, item: Imported, uses: list[Use]) -> None:
    """``from a import b``: the import moves, the uses follow if the name is another one now."""
    symbol = module.symbols.get(item.target)
    if symbol is None:
        _chain(module, item, uses)
        return
    target = _target(module, symbol, item.target)
    if target is None:
        module.note(GONE, f"{item.target} is gone: {symbol.note}", item.statement, marker=True)
        return
    if target == item.target:
        return
    _say(module, symbol, item.statement, target)
    home, _, name = target.rpartition(".")
    local = item.local
    if item.alias.asname is None and name != item.local and _may_rename(module, item, uses):
        local = module.plan.chosen.get(target) or free_name(module, name, home)
        module.plan.chosen[target] = local
        for use in uses:
            module.replace(use.root, local)
    module.plan.moves[item] = (home, name, local)


def _may_rename(module: Module, item: Imported, uses: list[Use]) -> bool:
    """Whether nobody outside can ask for the local name: it is used here, alone, and not handed on."""
    if (
        module.is_package
        or not uses
        or item.local in (module.all_names or ())
        or item.local in module.project.handed_on
    ):
        return False
    return all(use.sole and not module.is_skipped(use.node) for use in uses)


def _chain(module: Module, item: Imported, uses: list[Use]) -> None:
    """``import a``, ``import a.b as c``, ``from a import b`` with a module b: each chain moves by itself."""
    left = 0
    for use in uses:
        target = _target(module, use.symbol, _written(use)) if use.symbol else None
        if use.symbol is None or target is None or module.is_skipped(use.node):
            left += 1
            if use.symbol is not None and not module.is_skipped(use.node):
                module.note(GONE, f"{use.symbol.path} is gone: {use.symbol.note}", use.node, marker=True)
            continue
        if target == _written(use):
            left += 1
            continue
        home, _, name = target.rpartition(".")
        home = module.symbols.shortcuts.get(home, home)
        _say(module, use.symbol, use.node, target)
        module.replace(use.node, f"{module.need(home)}.{name}")
    if uses and not left:
        module.plan.drops.add(item)


def _written(use: Use) -> str:
    """The full name as the code has it, without the attributes behind the symbol."""
    parts = use.path.split(".")
    return ".".join(parts[: len(parts) - len(use.rest)])


def _target(module: Module, symbol: Symbol, path: str) -> str | None:
    """Where to take a symbol from that the code names ``path``; the same path where mmcv 2 still has it there."""
    if symbol.new != symbol.path:
        return symbol.new or (symbol.bridge if module.bridge else None)
    home, old_home = path.rpartition(".")[0], symbol.path.rpartition(".")[0]
    below = module.symbols.modules.get(home) == home and home.startswith(f"{old_home}.")
    if home == old_home or below or module.symbols.shortcuts.get(old_home) == home:
        return path
    return symbol.path


def _say(module: Module, symbol: Symbol, node: ast.AST, target: str) -> None:
    if symbol.new is None:
        module.note(BRIDGED, f"{symbol.path} is gone; {target} does the same. In v3: {symbol.note}", node)
    elif symbol.note:
        module.note(DIFFERS, f"{symbol.path} is {target}: {symbol.note}", node)
    else:
        module.note(RULE, f"{symbol.path} is {target}", node)


RULE = CodeRule(
    code="SYM001",
    title="name that moved to mmengine",
    why="mmcv 2 keeps operators, layers and images; registries, hooks, runners, files, configs and tools went to "
    "mmengine.",
    before="from mmcv.runner import HOOKS, Hook",
    after="from mmengine.hooks import Hook\nfrom mmengine.registry import HOOKS",
    effect=Effect.EXACT,
    reversible=True,
    words=v2_symbols().roots,
    convert=convert,
    structural=False,
)
