"""Calls that build an optimizer: through an optim wrapper, as v3's constructors and registries are."""

from __future__ import annotations

import ast

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.hooks.redirect import Target, redirect
from mmmigrate.converters.code.module import Module, Use
from mmmigrate.converters.code.rule import CodeRule

_BUILD = "mmcv.runner.build_optimizer"
_REGISTRY = "mmcv.runner.OPTIMIZER_BUILDERS"
_WRAPPER: Target = ("mmengine.optim", "build_optim_wrapper")
_BESIDE = frozenset({"constructor", "paramwise_cfg", "paramwise_options"})
_OLD_DEFAULT, _NEW_DEFAULT = "DefaultOptimizerConstructor", "DefaultOptimWrapperConstructor"


def convert(module: Module) -> None:
    moved: dict[Use, Target] = {}
    for use in module.uses_of(_BUILD):
        call = module.parents[use.chain]
        if isinstance(call, ast.Call) and call.func is use.chain and _rewrite(module, call):
            moved[use] = _WRAPPER
            module.note(RULE, "builds an optim wrapper and takes the optimizer out of it", call)
    redirect(module, moved)
    if module.uses_of(_REGISTRY):
        for function in ast.walk(module.tree):
            if isinstance(function, ast.FunctionDef):
                _constructor_call(module, function)


def _rewrite(module: Module, call: ast.Call) -> bool:
    """``build_optimizer(model, cfg.optimizer)``, or with a dict that names neither constructor nor groups."""
    if len(call.args) != 2 or call.keywords:
        return False
    cfg = call.args[1]
    if isinstance(cfg, ast.Attribute) and cfg.attr == "optimizer":
        end = module.source.span(cfg)[1]
        module.edits.replace(end - len("optimizer"), end, "optim_wrapper")
    elif isinstance(cfg, (ast.Dict, ast.Call)) and _names_a_plain_optimizer(cfg):
        start, end = module.source.span(cfg)
        module.edits.insert(start, "dict(type='OptimWrapper', optimizer=")
        module.edits.insert(end, ")")
    else:
        return False
    module.edits.insert(module.source.span(call)[1], ".optimizer")
    return True


def _names_a_plain_optimizer(cfg: ast.Dict | ast.Call) -> bool:
    if isinstance(cfg, ast.Dict):
        keys = [key.value if isinstance(key, ast.Constant) else None for key in cfg.keys]
    elif isinstance(cfg.func, ast.Name) and cfg.func.id == "dict" and not cfg.args:
        keys = [keyword.arg for keyword in cfg.keywords]
    else:
        return False
    return "type" in keys and None not in keys and _BESIDE.isdisjoint(map(str, keys))


def _constructor_call(module: Module, function: ast.FunctionDef) -> None:
    """A project's own `build_optimizer`: the constructor gets a wrapper's config, the optimizer comes out of it."""
    for node in ast.walk(function):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict"):
            continue
        given = {keyword.arg: keyword for keyword in node.keywords}
        if not {"type", "optimizer_cfg"} <= given.keys():
            continue
        calls = calls_of_what_is_built(module, function, node)
        if not calls:
            continue
        keyword = given["optimizer_cfg"]
        start, end = module.source.span(keyword)
        module.edits.replace(start, start + len("optimizer_cfg"), "optim_wrapper_cfg")
        module.edits.insert(module.source.span(keyword.value)[0], "dict(type='OptimWrapper', optimizer=")
        module.edits.insert(end, ")")
        for call in calls:
            module.edits.insert(module.source.span(call)[1], ".optimizer")
        for text in ast.walk(function):
            if isinstance(text, ast.Constant) and text.value == _OLD_DEFAULT:
                module.replace(text, module.source.segment(text).replace(_OLD_DEFAULT, _NEW_DEFAULT))
        module.note(RULE, "the constructor builds an optim wrapper; the optimizer is taken out of it", node)


def calls_of_what_is_built(module: Module, function: ast.FunctionDef, config: ast.Call) -> list[ast.Call]:
    """``built(model)`` for ``built = build(config)``; empty if it is used in any other way."""
    build = module.parents[config]
    assign = module.parents.get(build)
    if not (isinstance(build, ast.Call) and isinstance(assign, ast.Assign) and isinstance(assign.targets[0], ast.Name)):
        return []
    calls = []
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and node.id == assign.targets[0].id and isinstance(node.ctx, ast.Load):
            call = module.parents[node]
            if not (isinstance(call, ast.Call) and call.func is node):
                return []
            calls.append(call)
    return calls


RULE = CodeRule(
    code="OWC003",
    title="optimizer built by hand",
    why="Optimizers and constructors of a converted project are registered with mmengine, whose constructors take the "
    "config of an optim wrapper and give one; the optimizer inside it is the same.",
    before="from mmcv.runner import build_optimizer\n\n\ndef build(model, cfg):\n"
    "    return build_optimizer(model, cfg.optimizer)",
    after="from mmengine.optim import build_optim_wrapper\n\n\ndef build(model, cfg):\n"
    "    return build_optim_wrapper(model, cfg.optim_wrapper).optimizer",
    effect=Effect.EXACT,
    reversible=True,
    words=frozenset({"build_optimizer", "OPTIMIZER_BUILDERS"}),
    convert=convert,
)
