"""Updaters that v3 builds as schedulers, back to v2: hooks again, in v2's registry of hooks."""

from __future__ import annotations

import ast

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.hooks.redirect import Target, redirect
from mmmigrate.converters.code.module import Module, Use
from mmmigrate.converters.code.rule import CodeRule
from mmmigrate.converters.code.rules.lr_updaters import UPDATER

_SCHEDULERS = "mmengine.registry.PARAM_SCHEDULERS"


def convert(module: Module) -> None:
    moved: dict[Use, Target] = {}
    for cls in module.classes:
        if not any(base.startswith(f"{UPDATER}.") for base in cls.ancestors):
            continue
        inside = set(ast.walk(cls.node))
        for use in module.uses_of(_SCHEDULERS):
            if use.node in inside:
                moved[use] = ("mmcv.runner", "HOOKS")
        module.note(
            RULE, f"{cls.name} is a hook again: in a config, lr_config or momentum_config names its policy", cls.node
        )
    redirect(module, moved)


RULE = CodeRule(
    code="HKC104",
    title="learning-rate or momentum updater that v3 builds as a scheduler",
    why="mmcv schedules by hooks with `get_lr(runner, base_lr)`, which it finds in HOOKS by the name of their policy.",
    before="from mmengine.registry import PARAM_SCHEDULERS\n"
    "from mmmigrate.compat.adapters.updater import LrUpdaterHook\n\n\n@PARAM_SCHEDULERS.register_module()\n"
    "class HalfLrUpdaterHook(LrUpdaterHook):\n\n    def get_lr(self, runner, base_lr):\n"
    "        return base_lr / 2 if runner.epoch >= 8 else base_lr",
    after="from mmcv.runner import HOOKS, LrUpdaterHook\n\n\n@HOOKS.register_module()\n"
    "class HalfLrUpdaterHook(LrUpdaterHook):\n\n    def get_lr(self, runner, base_lr):\n"
    "        return base_lr / 2 if runner.epoch >= 8 else base_lr",
    effect=Effect.EXACT,
    reversible=True,
    words=frozenset({"updater"}),
    convert=convert,
    to="v2",
)
