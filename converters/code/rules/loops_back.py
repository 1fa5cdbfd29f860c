"""Evaluation hooks and runners that v3 builds as loops, back to v2: in v2's registries again."""

from __future__ import annotations

import ast

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.hooks.evaluation import LOOP_BASES
from mmmigrate.converters.code.hooks.redirect import Target, redirect
from mmmigrate.converters.code.module import Module, Use
from mmmigrate.converters.code.rule import CodeRule
from mmmigrate.converters.code.rules.runners import RUNNER_BASES

_LOOPS = "mmengine.registry.LOOPS"
_KINDS = {
    LOOP_BASES: ("HOOKS", "an evaluation hook again: `evaluation` has its arguments, the training script registers it"),
    RUNNER_BASES: ("RUNNERS", "a runner again: in a config, runner=dict(type=...)"),
}


def convert(module: Module) -> None:
    moved: dict[Use, Target] = {}
    for cls in module.classes:
        for home, (registry, what) in _KINDS.items():
            if not any(base.startswith(f"{home}.") for base in cls.ancestors):
                continue
            inside = set(ast.walk(cls.node))
            for use in module.uses_of(_LOOPS):
                if use.node in inside:
                    moved[use] = ("mmcv.runner", registry)
            module.note(RULE, f"{cls.name} is {what}", cls.node)
    redirect(module, moved)


RULE = CodeRule(
    code="HKC105",
    title="evaluation hook or runner that v3 builds as a loop",
    why="mmcv builds runners from RUNNERS, and its training scripts register evaluation hooks with their loader.",
    before="from mmengine.registry import LOOPS\n"
    "from mmmigrate.compat.adapters.runner_loop import EpochBasedRunner\n\n\n@LOOPS.register_module()\n"
    "class TwiceRunner(EpochBasedRunner):\n\n    def run_iter(self, data_batch, train_mode, **kwargs):\n"
    "        for _ in range(2):\n            super().run_iter(data_batch, train_mode, **kwargs)",
    after="from mmcv.runner import RUNNERS, EpochBasedRunner\n\n\n@RUNNERS.register_module()\n"
    "class TwiceRunner(EpochBasedRunner):\n\n    def run_iter(self, data_batch, train_mode, **kwargs):\n"
    "        for _ in range(2):\n            super().run_iter(data_batch, train_mode, **kwargs)",
    effect=Effect.EXACT,
    reversible=True,
    words=frozenset({"evaluation", "runner_loop"}),
    convert=convert,
    to="v2",
)
