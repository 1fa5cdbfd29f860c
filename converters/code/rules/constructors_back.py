"""Optimizer constructors back to v2: they get the optimizer's config alone, where they only hand it to their base."""

from __future__ import annotations

import ast

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.classes import Class
from mmmigrate.converters.code.hooks.draft import Draft
from mmmigrate.converters.code.module import Module
from mmmigrate.converters.code.remarks import UNKNOWN_CONSTRUCTOR
from mmmigrate.converters.code.rule import CodeRule
from mmmigrate.converters.code.rules.constructors import goes_to_super

_DEFAULT = "mmengine.optim.DefaultOptimWrapperConstructor"
_OLD, _NEW = "optimizer_cfg", "optim_wrapper_cfg"


def convert(module: Module) -> None:
    for cls in module.classes:
        if not cls.derives(_DEFAULT):
            continue
        draft = Draft(cls)
        _take_back(cls, draft)
        for blocker in draft.blockers:
            module.note(UNKNOWN_CONSTRUCTOR, f"{cls.name}: {blocker.reason}", blocker.node, marker=True)
        if not draft.blockers:
            draft.apply()


def _take_back(cls: Class, draft: Draft) -> None:
    init, call = cls.methods.get("__init__"), cls.methods.get("__call__")
    if call is not None:
        draft.block(call, "__call__ gives an optim wrapper, which v2 does not have")
    for node in ast.walk(cls.node):
        if isinstance(node, ast.Attribute) and node.attr == _NEW:
            draft.block(node, f"self.{_NEW} does not exist in v2")
    if init is None or len(init.args.args) < 2 or init.args.args[1].arg != _NEW:
        return
    for node in ast.walk(init):
        if isinstance(node, ast.Name) and node.id == _NEW:
            if goes_to_super(draft, node, _NEW, _OLD):
                draft.replace(node, _OLD)
            else:
                draft.block(node, f"{_NEW} is used for more than to hand it to the base class")
    at = draft.start(init.args.args[1])
    draft.put(at, at + len(_NEW), _OLD)


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
    words=frozenset({"DefaultOptimWrapperConstructor"}),
    convert=convert,
    to="v2",
)
