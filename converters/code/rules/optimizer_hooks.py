"""Optimizer hooks: optim wrappers whose `update_params(loss)` is what `after_train_iter(runner)` was."""

from __future__ import annotations

import ast

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.classes import Class
from mmmigrate.converters.code.hooks.evaluation import is_registered
from mmmigrate.converters.code.hooks.redirect import Target, redirect
from mmmigrate.converters.code.hooks.step import OPTIMIZER_HOOK, is_optimizer_hook, wrapper_blockers, wrapper_draft
from mmmigrate.converters.code.module import Module, Use
from mmmigrate.converters.code.rule import CodeRule

_HOMES = {
    OPTIMIZER_HOOK: ("mmengine.optim", "OptimWrapper"),
    "mmcv.runner.HOOKS": ("mmengine.registry", "OPTIM_WRAPPERS"),
}


def convert(module: Module) -> None:
    moved: dict[Use, Target] = {}
    for cls in module.classes:
        if not is_optimizer_hook(cls) or wrapper_blockers(cls):
            continue
        draft = wrapper_draft(cls)
        draft.apply()
        moved.update(_uses(cls))
        for remark in draft.remarks:
            module.note(RULE, f"{cls.name}: {remark.message}", remark.node, remark.effect)
        if draft.by_epoch:
            asked = ", ".join(sorted(draft.by_epoch))
            message = f"{cls.name}: exact by epoch; {asked} counted passes over the data in mmcv's IterBasedRunner"
            module.note(RULE, message, cls.node, Effect.MEASURED)
        name = cls.name if is_registered(cls) else cls.path
        module.note(RULE, _MESSAGE.format(cls=cls.name, name=name), cls.node)
    redirect(module, moved)


_MESSAGE = (
    "{cls} is an optim wrapper now, and steps as it did: in a config, optim_wrapper=dict(type='{name}', optimizer=..., "
    "clip_grad=...) with its other arguments; named among custom_hooks, the bridge puts it in the wrapper's place"
)


def _uses(cls: Class) -> dict[Use, Target]:
    inside = set(ast.walk(cls.node))
    return {
        use: _HOMES[use.symbol.path]
        for use in cls.module.uses
        if use.node in inside and use.symbol is not None and use.symbol.path in _HOMES
    }


RULE = CodeRule(
    code="HKC006",
    title="optimizer hook",
    why="mmengine's models hand their loss to `optim_wrapper.update_params(loss)`, which makes the step; in mmcv a "
    "hook made it after the iteration from `runner.outputs['loss']`. A hook is translated if every place that touches "
    "the runner has an equal in the wrapper: the same operations in the same order.",
    before="from mmcv.runner import HOOKS, OptimizerHook\n\n\n@HOOKS.register_module()\n"
    "class Twice(OptimizerHook):\n\n    def after_train_iter(self, runner):\n"
    "        runner.optimizer.zero_grad()\n        (2 * runner.outputs['loss']).backward()\n"
    "        runner.optimizer.step()",
    after="from mmengine.optim import OptimWrapper\nfrom mmengine.registry import OPTIM_WRAPPERS\n\n\n"
    "@OPTIM_WRAPPERS.register_module()\n"
    "class Twice(OptimWrapper):\n\n"
    "    def update_params(self, loss, step_kwargs=None, zero_kwargs=None):\n"
    "        self._inner_count += 1\n"
    "        self.optimizer.zero_grad()\n        (2 * loss).backward()\n"
    "        self.optimizer.step()",
    effect=Effect.EXACT,
    reversible=False,
    words=frozenset({"mmcv", "runner"}),
    convert=convert,
)
