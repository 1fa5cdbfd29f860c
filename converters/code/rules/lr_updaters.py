"""Learning-rate and momentum updaters: parameter schedulers that keep ``get_lr``, where that is a closed form."""

from __future__ import annotations

import ast

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.classes import Class, Method
from mmmigrate.converters.code.hooks.adapt import BRIDGE, bridged_uses
from mmmigrate.converters.code.hooks.family import Family, family_of
from mmmigrate.converters.code.hooks.redirect import Target, redirect
from mmmigrate.converters.code.module import Module, Use
from mmmigrate.converters.code.rule import CodeRule
from mmmigrate.converters.code.rules.hooks import ADAPTED, UPDATERS

UPDATER = "mmmigrate.compat.adapters.updater"
_VALUES = frozenset({"get_lr", "get_regular_lr", "get_warmup_lr"}) | frozenset(
    {"get_momentum", "get_regular_momentum", "get_warmup_momentum"}
)
_POSITION = frozenset({"epoch", "iter", "inner_iter", "max_epochs", "max_iters"})
_POSITION |= {f"_{name}" for name in _POSITION}
_DRIVEN = frozenset({"before_run", "before_train_epoch", "before_train_iter", "before_epoch", "before_iter"})


def convert(module: Module) -> None:
    stays: list[Class] = []
    moved: dict[Use, Target] = {}
    for cls in module.classes:
        if not cls.derives(*UPDATERS):
            continue
        reason = _open_form(family_of(cls), cls)
        if reason:
            stays.append(cls)
            module.note(ADAPTED, f"{cls.name} stays v2 code behind the bridge: {reason}", cls.node)
        else:
            moved.update(_scheduler_uses(cls))
            module.note(RULE, _MESSAGE.format(name=cls.name), cls.node)
    redirect(module, {**moved, **bridged_uses(module, stays)})


_MESSAGE = (
    "{name} is a parameter scheduler now: in a config, param_scheduler=dict(type='{name}', ..., by_epoch=True, "
    "convert_to_iter_based=True) with runner='epoch' and max_epochs (or runner='iter' and max_iters) beside the "
    "arguments that lr_config gave it; what was by_epoch there is policy_by_epoch"
)


def _scheduler_uses(cls: Class) -> dict[Use, Target]:
    """What a translated updater names of mmcv: its base and registry become those of schedulers."""
    inside = set(ast.walk(cls.node))
    found: dict[Use, Target] = {}
    for use in cls.module.uses:
        symbol = use.symbol
        if use.node not in inside or symbol is None or symbol.path.partition(".")[0] != "mmcv":
            continue
        if symbol.path == "mmcv.runner.HOOKS":
            found[use] = ("mmengine.registry", "PARAM_SCHEDULERS")
        elif symbol.name.endswith("UpdaterHook"):
            found[use] = (UPDATER, symbol.name)
        elif symbol.new is None:
            found[use] = (BRIDGE, symbol.name)
    return found


def _open_form(family: Family, asked: Class) -> str | None:
    """Why the values of an updater are no function of the position in the run; None if they are."""
    for cls in family.members:
        if not cls.derives(*UPDATERS):
            return f"{cls.name}, a relative, is another kind of class"
        for name, method in cls.methods.items():
            reason = _reason(name, method)
            if reason:
                return reason if cls.path == asked.path else f"{reason} (in {cls.name})"
    return None


def _reason(name: str, method: Method) -> str | None:
    if name.startswith(("before_", "after_")):
        return f"it acts at {name} as well"
    arguments = [item.arg for item in method.args.args]
    if name in _VALUES:
        if "runner" in arguments or name in ("get_lr", "get_momentum"):
            runner = arguments[1] if len(arguments) > 1 else ""
            found = _asks_for_more(method, runner)
            if found:
                return found
        return _keeps_state(name, method, arguments[0] if arguments else "self")
    if name != "__init__" and "runner" in arguments:
        return _asks_for_more(method, "runner") or _keeps_state(name, method, arguments[0])
    if name == "__init__" and "runner" in arguments:
        return "its __init__ takes the runner"
    return None


def _asks_for_more(method: Method, runner: str) -> str | None:
    """The first thing that a method asks of the runner beyond the position in the run."""
    parents = {child: node for node in ast.walk(method) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(method):
        if not (isinstance(node, ast.Name) and node.id == runner):
            continue
        use = parents.get(node)
        if isinstance(use, ast.Attribute) and isinstance(use.ctx, ast.Load):
            call = parents.get(use)
            if use.attr in _POSITION:
                continue
            if use.attr == "data_loader" and isinstance(call, ast.Call) and _is_len(call):
                continue
            return f"{method.name} asks for runner.{use.attr}"
        if isinstance(use, ast.Call) and _calls_value(use):
            continue
        if isinstance(use, ast.arg):
            continue
        return f"{method.name} hands the runner on"
    return None


def _is_len(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "len"


def _calls_value(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and (call.func.attr in _VALUES or call.func.attr.startswith("_"))


def _keeps_state(name: str, method: Method, own: str) -> str | None:
    for node in ast.walk(method):
        stored = isinstance(node, ast.Attribute) and isinstance(node.ctx, (ast.Store, ast.Del))
        if stored and isinstance(node.value, ast.Name) and node.value.id == own:  # type: ignore[attr-defined]
            return f"{name} changes self.{node.attr}, so its values depend on the past"  # type: ignore[attr-defined]
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            return f"{name} changes a variable outside, so its values depend on the past"
    return None


RULE = CodeRule(
    code="HKC004",
    title="learning-rate or momentum updater",
    why="mmengine schedules by objects in `param_scheduler`, mmcv by hooks with `get_lr(runner, base_lr)`. An updater "
    "whose values depend on the position in the run alone is built as a scheduler by the base that mmmigrate ships; it "
    "sets after each iteration what the hook set before the next one, bit for bit.",
    before="from mmcv.runner import HOOKS, LrUpdaterHook\n\n\n@HOOKS.register_module()\n"
    "class HalfLrUpdaterHook(LrUpdaterHook):\n\n    def get_lr(self, runner, base_lr):\n"
    "        return base_lr / 2 if runner.epoch >= 8 else base_lr",
    after="from mmengine.registry import PARAM_SCHEDULERS\n"
    "from mmmigrate.compat.adapters.updater import LrUpdaterHook\n\n\n@PARAM_SCHEDULERS.register_module()\n"
    "class HalfLrUpdaterHook(LrUpdaterHook):\n\n    def get_lr(self, runner, base_lr):\n"
    "        return base_lr / 2 if runner.epoch >= 8 else base_lr",
    effect=Effect.EXACT,
    reversible=True,
    words=frozenset({"LrUpdaterHook", "MomentumUpdaterHook", "lr_updater", "hooks", "runner"}),
    convert=convert,
)
