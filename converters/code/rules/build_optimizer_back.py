"""Optimizers taken out of an optim wrapper, back to v2: built by themselves."""

from __future__ import annotations

import ast

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.hooks.redirect import Target, redirect
from mmmigrate.converters.code.module import Module, Use
from mmmigrate.converters.code.rule import CodeRule
from mmmigrate.converters.code.rules.build_optimizer import calls_of_what_is_built

_BUILD = "mmengine.optim.build_optim_wrapper"
_NEW_DEFAULT, _OLD_DEFAULT = "DefaultOptimWrapperConstructor", "DefaultOptimizerConstructor"


def convert(module: Module) -> None:
    moved: dict[Use, Target] = {}
    for use in module.uses_of(_BUILD):
        call = module.parents[use.chain]
        taken = module.parents.get(call)
        if isinstance(call, ast.Call) and call.func is use.chain and _is_optimizer_of(taken) and _config(module, call):
            assert taken is not None
            module.edits.replace(module.source.span(call)[1], module.source.span(taken)[1], "")
            moved[use] = ("mmcv.runner", "build_optimizer")
            module.note(RULE, "builds the optimizer itself", call)
    redirect(module, moved)
    if b"optim_wrapper_cfg" in module.source.utf8:
        for function in ast.walk(module.tree):
            if isinstance(function, ast.FunctionDef):
                _constructor_call(module, function)


def _is_optimizer_of(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "optimizer"


def _config(module: Module, call: ast.Call) -> bool:
    """``cfg.optim_wrapper``, or a plain wrapper with nothing but its optimizer."""
    if len(call.args) != 2 or call.keywords:
        return False
    cfg = call.args[1]
    if isinstance(cfg, ast.Attribute) and cfg.attr == "optim_wrapper":
        end = module.source.span(cfg)[1]
        module.edits.replace(end - len("optim_wrapper"), end, "optimizer")
        return True
    return _unwrap(module, cfg)


def _unwrap(module: Module, cfg: ast.expr) -> bool:
    """``dict(type='OptimWrapper', optimizer=x)`` becomes ``x``."""
    if not (isinstance(cfg, ast.Call) and isinstance(cfg.func, ast.Name) and cfg.func.id == "dict") or cfg.args:
        return False
    given = {item.arg: item.value for item in cfg.keywords}
    kind = given.get("type")
    if set(given) != {"type", "optimizer"} or not isinstance(kind, ast.Constant) or kind.value != "OptimWrapper":
        return False
    start, end = module.source.span(cfg)
    inner_start, inner_end = module.source.span(given["optimizer"])
    module.edits.replace(start, inner_start, "")
    module.edits.replace(inner_end, end, "")
    return True


def _constructor_call(module: Module, function: ast.FunctionDef) -> None:
    """A project's own `build_optimizer`, whose constructor gets the optimizer's config and gives the optimizer."""
    for node in ast.walk(function):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict"):
            continue
        given = {keyword.arg: keyword for keyword in node.keywords}
        calls = calls_of_what_is_built(module, function, node)
        taken = [module.parents.get(call) for call in calls]
        if not {"type", "optim_wrapper_cfg"} <= given.keys() or not calls or not all(map(_is_optimizer_of, taken)):
            continue
        keyword = given["optim_wrapper_cfg"]
        if not _unwrap(module, keyword.value):
            continue
        start = module.source.span(keyword)[0]
        module.edits.replace(start, start + len("optim_wrapper_cfg"), "optimizer_cfg")
        for call, attribute in zip(calls, taken):
            assert attribute is not None
            module.edits.replace(module.source.span(call)[1], module.source.span(attribute)[1], "")
        for text in ast.walk(function):
            if isinstance(text, ast.Constant) and text.value == _NEW_DEFAULT:
                module.replace(text, module.source.segment(text).replace(_NEW_DEFAULT, _OLD_DEFAULT))
        module.note(RULE, "the constructor gives the optimizer itself", node)


RULE = CodeRule(
    code="OWC103",
    title="optimizer taken out of an optim wrapper",
    why="mmcv has no optim wrappers: `build_optimizer` and its constructors take the optimizer's config and give it.",
    before="from mmengine.optim import build_optim_wrapper\n\n\ndef build(model, cfg):\n"
    "    return build_optim_wrapper(model, cfg.optim_wrapper).optimizer",
    after="from mmcv.runner import build_optimizer\n\n\ndef build(model, cfg):\n"
    "    return build_optimizer(model, cfg.optimizer)",
    effect=Effect.EXACT,
    reversible=True,
    words=frozenset({"build_optim_wrapper", "optim_wrapper_cfg"}),
    convert=convert,
    to="v2",
)
