"""Hooks that evaluate: heirs of mmcv's EvalHook, and hooks that are given a data loader of their own."""

from __future__ import annotations

import ast

from mmmigrate.converters.code.classes import Class
from mmmigrate.converters.code.hooks.adapt import bridged_uses
from mmmigrate.converters.code.hooks.redirect import Target
from mmmigrate.converters.code.hooks.stages import HOOK
from mmmigrate.converters.code.hooks.translate import drafts_of, is_plain_hook
from mmmigrate.converters.code.module import Use

EVALUATIONS = ("mmcv.runner.EvalHook", "mmcv.runner.DistEvalHook")
LOOP_BASES = "mmmigrate.compat.adapters.evaluation"
_REGISTRY = "mmcv.runner.HOOKS"
_OF_LIBRARY = frozenset({HOOK, *EVALUATIONS})


def evaluates(cls: Class) -> bool:
    """Whether a hook is to be a validation loop: an EvalHook, or one with a loader that v3's stages cannot express."""
    if cls.derives(*EVALUATIONS):
        return {base for base in cls.ancestors if not cls.module.project.owns(base)} <= _OF_LIBRARY
    return is_plain_hook(cls) and _takes_loader(cls) and _tests(cls) and bool(drafts_of(cls)[1])


def _takes_loader(cls: Class) -> bool:
    """``__init__(self, dataloader, …)``, also by ``*args``: v2's training scripts built the loader for the hook."""
    for member in cls.lineage:
        init = member.methods.get("__init__")
        if init is not None and not (len(init.args.args) == 1 and init.args.vararg):
            return [item.arg for item in init.args.args][1:2] == ["dataloader"]
    return False


def _tests(cls: Class) -> bool:
    """Whether the model is switched to evaluation or results are evaluated: a loader alone may be one to train with."""
    nodes = (node for member in cls.lineage for node in ast.walk(member.node))
    return any(isinstance(node, ast.Attribute) and node.attr in ("evaluate", "eval") for node in nodes)


def loop_uses(cls: Class) -> dict[Use, Target]:
    """What such a class names of mmcv: its bases become those of loops, its registry that of loops."""
    bases = set(cls.node.bases)
    found = bridged_uses(cls.module, [cls])
    inside = set(ast.walk(cls.node))
    for use in cls.module.uses:
        if use.node not in inside or use.symbol is None:
            continue
        if use.chain in bases and use.symbol.path in _OF_LIBRARY:
            found[use] = (LOOP_BASES, "EvaluationHook" if use.symbol.path == HOOK else use.symbol.name)
        elif use.symbol.path == _REGISTRY:
            found[use] = ("mmengine.registry", "LOOPS")
    return found


def is_registered(cls: Class) -> bool:
    """Whether a decorator puts a class into mmcv's registry of hooks."""
    for decorator in cls.node.decorator_list:
        func = decorator.func if isinstance(decorator, ast.Call) else decorator
        if cls.module.may_be_of_library(func) and cls.module.resolve(func) == f"{_REGISTRY}.register_module":
            return True
    return False
