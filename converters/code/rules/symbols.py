"""Names that moved: imports, attribute chains and aliases are pointed to where the new generation has them."""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import cached_property

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.imports import free_name
from mmmigrate.converters.code.module import Module, Use
from mmmigrate.converters.code.remarks import BRIDGED, BRIDGED_BACK, DIFFERS, GONE
from mmmigrate.converters.code.rule import CodeRule
from mmmigrate.converters.code.scopes import Imported
from mmmigrate.converters.code.symbols import Symbol, v2_symbols

_TRANSFORMS = "mmcv.transforms."


class _Uses:
    """The uses of each import; a file whose imports all stay is not searched for them."""

    def __init__(self, module: Module) -> None:
        self.module = module

    @cached_property
    def _by_import(self) -> dict[Imported | None, list[Use]]:
        found: dict[Imported | None, list[Use]] = defaultdict(list)
        for use in self.module.every_use:
            found[use.imported].append(use)
        return found

    def __getitem__(self, item: Imported) -> list[Use]:
        return self._by_import.get(item, [])


def convert(module: Module) -> None:
    uses = _Uses(module)
    plain: dict[tuple[str, int], list[Imported]] = defaultdict(list)
    for statement, items in module.outline.imports.items():
        if module.is_skipped(statement):
            continue
        for item in items:
            if item in module.plan.drops or item in module.shims or module.project.owns(item.target):
                continue
            if item.target.partition(".")[0] not in module.symbols.roots:
                continue
            if isinstance(statement, ast.ImportFrom):
                _name(module, item, uses)
            else:
                plain[item.local, id(item.scope)].append(item)
    for items in plain.values():
        _modules(module, items, [use for item in items for use in uses[item]])
    if module.symbols.backwards:
        _say_mmcv_2(module)


def _say_mmcv_2(module: Module) -> None:
    """To v2: what mmcv 2 has under its own name, and mmcv 1.x has not."""
    for statement, items in module.outline.imports.items():
        names = sorted({item.target for item in items if f"{item.target}.".startswith(_TRANSFORMS)})
        if names and not module.is_skipped(statement) and not module.project.owns("mmcv"):
            message = (
                f"{', '.join(names)}: mmcv 1.x has no transforms; there a step of a pipeline is a class of the codebase"
            )
            module.note(GONE, message, statement, marker=True)


def _name(module: Module, item: Imported, found: _Uses) -> None:
    """``from a import b``: the import moves, the uses follow if the name is another one now."""
    symbol = module.symbols.get(item.target)
    if symbol is None:
        if item.target in module.symbols.modules:
            _modules(module, [item], found[item])
        else:
            _unknown(module, item)
        return
    target = _target(module, symbol, item.target)
    if target is None:
        module.note(GONE, f"{item.target} is gone: {symbol.note}", item.statement, marker=True)
        return
    if target == item.target:
        return
    uses = found[item]
    if symbol.is_builder:
        _builder(module, item, symbol, uses)
        return
    _say(module, symbol, item.statement, target)
    home, _, name = target.rpartition(".")
    local = item.local
    if item.alias.asname is None and name != item.local and _may_rename(module, item, uses):
        local = free_name(module, name, home)
        for use in uses:
            module.replace(use.root, local)
    module.plan.moves[item] = (home, name, local)
    _rename_keywords(module, symbol, uses)


def _builder(module: Module, item: Imported, symbol: Symbol, uses: list[Use]) -> None:
    """``build_detector(cfg)`` is ``MODELS.build(cfg)``, if nothing but the config is given anywhere."""
    registry, _, method = (symbol.new or "").rpartition(".")
    home, _, name = registry.rpartition(".")
    if not uses or not all(use.sole and _takes_a_config(module, use) for use in uses) or module.is_package:
        message = f"{item.target} is {name}.{method} of {home}, which takes the config and nothing else"
        module.note(GONE, message, item.statement, marker=True)
        return
    _say(module, symbol, item.statement, symbol.new or "")
    local = module.need(home, name)
    for use in uses:
        module.replace(use.root, f"{local}.{method}")
    module.plan.drops.add(item)


def _takes_a_config(module: Module, use: Use) -> bool:
    call = module.parents.get(use.chain)
    plain = isinstance(call, ast.Call) and call.func is use.chain and len(call.args) == 1 and not call.keywords
    return plain and not module.is_skipped(use.node)


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


def _unknown(module: Module, item: Imported) -> None:
    """A name that no pack has: private ones of modules that stay are left alone in silence."""
    if module.symbols.backwards:
        if item.target.partition(".")[0] == "mmengine":
            module.note(GONE, f"{item.target} has no counterpart in v2", item.statement, marker=True)
        return
    home = module.symbols.home(item.target)
    if not module.symbols.stays(home) or (home == "mmcv.utils" and item.target.count(".") == 2):
        where = module.symbols.modules.get(home)
        hint = f"; look in {where}" if where and where != home else ""
        module.note(GONE, f"{item.target} is no public name, and its module is gone{hint}", item.statement, marker=True)


def _modules(module: Module, items: list[Imported], uses: list[Use]) -> None:
    """Import statements that bind a module to one name: each chain moves by itself, then the imports that must."""
    left: list[str] = []
    for use in uses:
        target = _target(module, use.symbol, _written(use)) if use.symbol else None
        skipped = module.is_skipped(use.node)
        if use.symbol is not None and use.symbol.is_builder and not _takes_a_config(module, use):
            target = None
        if use.symbol is None and not skipped and _asked_by_string(module, use):
            continue
        if use.symbol is None or target is None or skipped or target == _written(use):
            left.append(use.path)
            if target is None and not skipped:
                _say_left(module, use)
            continue
        home, _, name = target.rpartition(".")
        _say(module, use.symbol, use.node, target)
        if isinstance(use.node.ctx, (ast.Store, ast.Del)):
            _patch(module, use, home, name)
        elif use.symbol.is_builder:
            above, _, registry = home.rpartition(".")
            module.replace(use.node, f"{module.need(above, registry)}.{name}")
        else:
            module.replace(use.node, f"{module.need(module.symbols.shortcuts.get(home, home))}.{name}")
        _rename_keywords(module, use.symbol, [use])
    bound = {item.alias.name for item in items}
    for item in items:
        _import_of_module(module, item, bool(uses), left, bound)


def _patch(module: Module, use: Use, home: str, name: str) -> None:
    """``mmcv.runner.get_dist_info = …``: others see it where the new module has the name."""
    module.replace(use.node, f"{module.need(home)}.{name}")
    message = f"this puts another {name} into {home}: modules that have imported the old one keep it"
    module.note(DIFFERS, message, use.node)


_BY_STRING = frozenset({"getattr", "hasattr", "setattr", "delattr", "object"})  # patch.object too


def _asked_by_string(module: Module, use: Use) -> bool:
    """``getattr(mmcv, 'Config')`` goes where the name is; a name that only a variable knows is told."""
    call = module.parents.get(use.chain)
    if not isinstance(call, ast.Call) or not call.args or call.args[0] is not use.chain or len(call.args) < 2:
        return False
    func = call.func
    asks = (
        func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
    ) in _BY_STRING
    if not asks or use.path not in module.symbols.modules:
        return False
    name = call.args[1]
    if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
        names = [module.symbols.get(f"{use.path}.{public}") for public in module.symbols.public(use.path)]
        if (
            sum(symbol is not None and symbol.status != "kept" for symbol in names) > len(names) / 4
        ):  # of mmcv.ops a few are gone
            message = f"a name of {use.path} is asked for by a variable: what moved is not found there"
            module.note(DIFFERS, message, use.node, marker=True)
        return False
    symbol = module.symbols.get(f"{use.path}.{name.value}")
    target = _target(module, symbol, f"{use.path}.{name.value}") if symbol and not symbol.is_builder else None
    if symbol is None or target is None or target == f"{use.path}.{name.value}":
        return False
    home, _, new = target.rpartition(".")
    _say(module, symbol, use.node, target)
    module.replace(use.node, module.need(home))
    if new != name.value:
        module.replace(name, repr(new))
    return True


def _import_of_module(module: Module, item: Imported, used: bool, left: list[str], bound: set[str]) -> None:
    """``left`` are the chains that keep their name, ``bound`` the modules imported under the same local name."""
    name = item.alias.name if isinstance(item.statement, ast.Import) else item.target
    new = module.symbols.modules.get(name, name)
    if used and not left:
        module.plan.drops.add(item)
    elif new == name:
        return
    elif left and not item.alias.asname and isinstance(item.statement, ast.Import):
        if item.local in bound:
            module.plan.drops.add(item)
        else:
            module.plan.moves[item] = (item.local, None, item.local)  # it also binds the library, which is still used
    elif new is not None and not left:
        _say_module(module, item, name, new)
    elif not left:
        module.note(GONE, f"the module {name} is gone; its names went to several places", item.statement, marker=True)


def _say_module(module: Module, item: Imported, name: str, new: str) -> None:
    module.note(_rule(module), f"the module {name} is {new}", item.statement)
    if isinstance(item.statement, ast.ImportFrom):
        home, _, last = new.rpartition(".")
        module.plan.moves[item] = (home, last, item.local)
    else:
        module.plan.moves[item] = (new, None, item.local if item.alias.asname else new.partition(".")[0])


def _say_left(module: Module, use: Use) -> None:
    if use.symbol is not None:
        module.note(GONE, f"{use.symbol.path} is gone: {use.symbol.note}", use.node, marker=True)
    elif module.symbols.backwards:
        if use.path.startswith("mmengine."):
            module.note(GONE, f"{use.path} has no counterpart in v2", use.node, marker=True)
    elif not module.symbols.stays(module.symbols.home(use.path)):
        module.note(GONE, f"{use.path} is no public name, and its module is gone", use.node, marker=True)


def _rename_keywords(module: Module, symbol: Symbol, uses: list[Use]) -> None:
    for use in uses if symbol.keywords else ():
        call = module.parents.get(use.chain)
        if not isinstance(call, ast.Call) or call.func is not use.chain or module.is_skipped(call):
            continue
        for keyword in call.keywords:
            new = symbol.keywords.get(keyword.arg or "")
            if new:
                start = module.source.span(keyword)[0]
                module.edits.replace(start, start + len((keyword.arg or "").encode()), new)


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
    if symbol.new is None and module.symbols.backwards:
        module.note(BRIDGED_BACK, f"{symbol.path} is v3's alone; {target} does the same", node)
    elif symbol.new is None:
        module.note(BRIDGED, f"{symbol.path} is gone; {target} does the same. In v3: {symbol.note}", node)
    elif symbol.note:
        module.note(DIFFERS, f"{symbol.path} is {target}: {symbol.note}", node)
    else:
        module.note(_rule(module), f"{symbol.path} is {target}", node)


def _rule(module: Module) -> CodeRule:
    return BACK if module.symbols.backwards else RULE


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
BACK = CodeRule(
    code="SYM101",
    title="name that has another place in mmcv 1.x",
    why="Names that moved to mmengine, and mmmigrate's own stand-ins for those that are gone, get their old place.",
    before="from mmengine.hooks import IterTimerHook\nfrom mmengine.registry import HOOKS",
    after="from mmcv.runner import HOOKS, IterTimerHook",
    effect=Effect.EXACT,
    reversible=True,
    words=frozenset({"mmengine", "mmmigrate", "transforms"}),
    convert=convert,
    structural=False,
    to="v2",
)
