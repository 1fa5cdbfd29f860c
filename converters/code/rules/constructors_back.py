"""Optimizer constructors back to v2: they get the optimizer's config alone, and give an optimizer."""

from __future__ import annotations

import ast

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.classes import Class
from mmmigrate.converters.code.hooks.adapt import uses_that_stay_v3
from mmmigrate.converters.code.hooks.draft import Draft
from mmmigrate.converters.code.hooks.redirect import redirect
from mmmigrate.converters.code.module import Module
from mmmigrate.converters.code.rule import CodeRule
from mmmigrate.converters.code.rules.constructors import (
    comes_from_super,
    goes_to_super,
    is_plain,
    names_from_super,
    returns_of,
)

_DEFAULT = "mmengine.optim.DefaultOptimWrapperConstructor"
_REGISTER = "mmengine.registry.OPTIM_WRAPPER_CONSTRUCTORS.register_module"
_OLD, _NEW = "optimizer_cfg", "optim_wrapper_cfg"


def convert(module: Module) -> None:
    stays: list[Class] = []
    for cls in module.classes:
        if not cls.derives(_DEFAULT) and not any(map(_is_registered, cls.lineage)):
            continue
        draft = Draft(cls)
        for member in cls.lineage:  # what one of its bases cannot be, it is not either
            _take_back(member, draft if member is cls else Draft(member), draft)
        _take_default_name(draft)
        if not draft.blockers:
            draft.apply()
            continue
        stays.append(cls)
        why = "; ".join(dict.fromkeys(blocker.reason for blocker in draft.blockers))
        module.note(BRIDGED, f"{cls.name} stays v3 code behind the bridge: {why}", cls.node)
    redirect(module, uses_that_stay_v3(module, stays))


def _is_registered(cls: Class) -> bool:
    functions = (item.func if isinstance(item, ast.Call) else item for item in cls.node.decorator_list)
    return any(cls.module.may_be_of_library(func) and cls.module.resolve(func) == _REGISTER for func in functions)


def _take_back(cls: Class, draft: Draft, asked: Draft) -> None:
    """Drafts one class; what speaks against it is told to the class that is ``asked`` for."""
    init, call = cls.methods.get("__init__"), cls.methods.get("__call__")
    gone: set[ast.AST] = set()  # parts of what is taken out
    if init is not None and len(init.args.args) > 1 and init.args.args[1].arg == _NEW:
        at = draft.start(init.args.args[1])
        draft.put(at, at + len(_NEW), _OLD)
        for statement in init.body:
            if _only_unpacks(statement, init.args.args[0].arg):
                draft.deleted.append(statement)
                gone.update(ast.walk(statement))
        for node in ast.walk(init):
            if isinstance(node, ast.Name) and node.id == _NEW and node not in gone:
                if goes_to_super(draft, node, _NEW, _OLD):
                    draft.replace(node, _OLD)
                else:
                    draft.block(node, f"{_NEW} is used for more than the optimizer's config")
    if call is not None:
        base_gives = names_from_super(call)
        for node in returns_of(call):
            given = isinstance(node.value, ast.Name) and node.value.id in base_gives
            if node.value is not None and (given or comes_from_super(node.value)):
                if not is_plain(draft, node.value, base_gives, call):
                    draft.block(node, "it changes the wrapper that its base class gives")
                continue
            wrapped = _wrapped(draft, node.value)
            if wrapped is None:
                draft.block(node, "__call__ gives an optim wrapper, which v2 does not have")
                continue
            build, optimizer = wrapped
            gone.update(set(ast.walk(build)) - set(ast.walk(optimizer)))
            draft.put(draft.start(build), draft.start(optimizer), "")
            draft.put(draft.end(optimizer), draft.end(build), "")
    for node in ast.walk(cls.node):
        if isinstance(node, ast.Attribute) and node.attr == _NEW and node not in gone:
            draft.block(node, f"self.{_NEW} does not exist in v2")
    if draft is not asked:
        asked.blockers += draft.blockers


def _only_unpacks(node: ast.stmt, own: str) -> bool:
    """What a conversion to v3 puts first: lines that take the optimizer's config out of the wrapper's."""
    text = ast.unparse(node)
    kept = f"{own}.{_NEW}"
    return text in (
        f"{kept} = dict({_NEW})",
        f"{kept}.setdefault('type', 'OptimWrapper')",
        f"{_OLD} = {kept}.pop('optimizer')",
        f"{_OLD} = {_NEW}['optimizer']",
    )


def _wrapped(draft: Draft, value: ast.expr | None) -> tuple[ast.Call, ast.expr] | None:
    """``OPTIM_WRAPPERS.build(self.optim_wrapper_cfg, default_args=dict(optimizer=x))`` with its ``x``."""
    if not isinstance(value, ast.Call) or draft.module.resolve(value.func) != "mmengine.registry.OPTIM_WRAPPERS.build":
        return None
    given = {item.arg: item.value for item in value.keywords}
    made = given.get("default_args")
    if len(value.args) != 1 or not isinstance(made, ast.Call) or len(made.keywords) != 1:
        return None
    return (value, made.keywords[0].value) if made.keywords[0].arg == "optimizer" else None


def _take_default_name(draft: Draft) -> None:
    """A class that takes the place of v3's default takes that of mmcv's."""
    for decorator in draft.cls.node.decorator_list:
        for node in ast.walk(decorator):
            if isinstance(node, ast.Constant) and node.value == _DEFAULT.rpartition(".")[2]:
                draft.replace(node, repr("DefaultOptimizerConstructor"))


RULE = CodeRule(
    code="OWC101",
    title="constructor of optim wrappers",
    why="mmcv gives a constructor the optimizer's config alone, and takes an optimizer back.",
    before="from mmengine.optim import DefaultOptimWrapperConstructor\n\n\n"
    "class Constructor(DefaultOptimWrapperConstructor):\n\n"
    "    def __init__(self, optim_wrapper_cfg, paramwise_cfg=None):\n"
    "        super().__init__(optim_wrapper_cfg, paramwise_cfg)",
    after="from mmcv.runner import DefaultOptimizerConstructor\n\n\n"
    "class Constructor(DefaultOptimizerConstructor):\n\n    def __init__(self, optimizer_cfg, paramwise_cfg=None):\n"
    "        super().__init__(optimizer_cfg, paramwise_cfg)",
    effect=Effect.EXACT,
    reversible=True,
    words=frozenset({"DefaultOptimWrapperConstructor", "OPTIM_WRAPPER_CONSTRUCTORS"}),
    convert=convert,
    to="v2",
)
BRIDGED = CodeRule(
    code="OWC102",
    title="constructor of optim wrappers that stays v3 code and runs through the bridge",
    why="It does more with the wrapper than to put an optimizer into it. mmcv's `build_optimizer` finds it by name, "
    "and gets the optimizer out of the wrapper that it gives.",
    before="from mmengine.optim import DefaultOptimWrapperConstructor\n\n\n"
    "class Own(DefaultOptimWrapperConstructor):\n\n    def __call__(self, model):\n"
    "        wrapper = super().__call__(model)\n        wrapper.seen = True\n        return wrapper",
    after="from mmmigrate.compat.adapters.v3 import DefaultOptimWrapperConstructor\n\n\n"
    "class Own(DefaultOptimWrapperConstructor):\n\n    def __call__(self, model):\n"
    "        wrapper = super().__call__(model)\n        wrapper.seen = True\n        return wrapper",
    effect=Effect.EXACT,
    reversible=True,
    words=frozenset({"DefaultOptimWrapperConstructor"}),
    convert=lambda module: None,
    to="v2",
)
