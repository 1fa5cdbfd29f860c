"""Evaluation hooks: validation loops that keep `_do_evaluate` and `evaluate`, built from `val_cfg`."""

from __future__ import annotations

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.hooks.evaluation import evaluates, is_registered, loop_uses
from mmmigrate.converters.code.hooks.redirect import Target, redirect
from mmmigrate.converters.code.hooks.stages import HOOK
from mmmigrate.converters.code.module import Module, Use
from mmmigrate.converters.code.rule import CodeRule


def convert(module: Module) -> None:
    moved: dict[Use, Target] = {}
    for cls in module.classes:
        if cls.derives(HOOK) and evaluates(cls):
            moved.update(loop_uses(cls))
            name = cls.name if is_registered(cls) else cls.path
            module.note(RULE, _MESSAGE.format(cls=cls.name, name=name), cls.node)
    redirect(module, moved)


_MESSAGE = (
    "{cls} is a validation loop now, and evaluates when it did: in a config, val_cfg=dict(type='{name}', ...) with the "
    "arguments that the script or `evaluation` gave it; the loader is built from val_dataloader"
)

RULE = CodeRule(
    code="HKC005",
    title="evaluation hook",
    why="mmengine's Runner validates by a loop that it builds from `val_cfg` and gives the loader; mmcv's training "
    "scripts built the loader and registered an EvalHook with it. On the base that mmmigrate ships the same class is "
    "such a loop: it evaluates where the hook did, and v3's stages of validation come around it. What it computes "
    "stays; where nothing but mmcv's own EvalHook is meant, the stock ValLoop with a metric does as well.",
    before="from mmcv.runner import EvalHook as BaseEvalHook\n\n\nclass EvalHook(BaseEvalHook):\n"
    "    greater_keys = ['mIoU']\n\n    def _do_evaluate(self, runner):\n"
    "        results = self.test_fn(runner.model, self.dataloader)\n        self.evaluate(runner, results)",
    after="from mmmigrate.compat.adapters.evaluation import EvalHook as BaseEvalHook\n\n\n"
    "class EvalHook(BaseEvalHook):\n"
    "    greater_keys = ['mIoU']\n\n    def _do_evaluate(self, runner):\n"
    "        results = self.test_fn(runner.model, self.dataloader)\n        self.evaluate(runner, results)",
    effect=Effect.EXACT,
    reversible=True,
    words=frozenset({"mmcv", "runner"}),
    convert=convert,
)
