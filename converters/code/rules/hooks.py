"""Custom hooks: v3's stages and what they are given where that is provably the same, else run through the bridge.

mmengine 0.10's `Hook` hands batch, index and outputs to its methods; mmcv 1.x's hooks asked the runner for them.
"""

from __future__ import annotations

from collections.abc import Sequence

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.classes import Class
from mmmigrate.converters.code.hooks.adapt import bridged_uses
from mmmigrate.converters.code.hooks.draft import Blocker
from mmmigrate.converters.code.hooks.evaluation import evaluates, is_registered
from mmmigrate.converters.code.hooks.redirect import Target, redirect
from mmmigrate.converters.code.hooks.stages import HOOK, STAGES
from mmmigrate.converters.code.hooks.step import is_optimizer_hook, wrapper_blockers
from mmmigrate.converters.code.hooks.translate import drafts_of, reasons
from mmmigrate.converters.code.module import Module, Use
from mmmigrate.converters.code.remarks import UNKNOWN_BASE
from mmmigrate.converters.code.rule import CodeRule

UPDATERS = ("mmcv.runner.LrUpdaterHook", "mmcv.runner.MomentumUpdaterHook")


def convert(module: Module) -> None:
    """Both rules at once: a family of hooks is translated as a whole, or stays as a whole."""
    stays: list[Class] = []
    elsewhere: dict[Use, Target] = {}
    for cls in module.classes:
        if cls.derives(*UPDATERS) or (cls.derives(HOOK) and evaluates(cls)):
            continue
        if is_optimizer_hook(cls) and not wrapper_blockers(cls):
            continue
        if cls.derives(HOOK):
            drafts, blockers = drafts_of(cls)
            if is_optimizer_hook(cls):
                blockers = wrapper_blockers(cls)
            if blockers:
                stays.append(cls)
                _note_adapted(cls, blockers)
                continue
            draft = drafts[cls.path]
            draft.apply()
            elsewhere.update(draft.redirected)
            for remark in draft.remarks:
                module.note(TRANSLATED, f"{cls.name}: {remark.message}", remark.node, remark.effect)
        elif is_registered(cls) and not stays_v3(cls):
            _note_unknown_base(cls)
    redirect(module, {**elsewhere, **bridged_uses(module, stays)})


def _note_adapted(cls: Class, blockers: Sequence[tuple[Class, Blocker]]) -> None:
    doubtful = any(not blocker.bridged for _, blocker in blockers)
    message = f"{cls.name} stays v2 code behind the bridge: {reasons(blockers, cls)}"
    cls.module.note(ADAPTED, message, cls.node, Effect.MANUAL if doubtful else Effect.EXACT)


def stays_v3(cls: Class) -> bool:
    """Whether no method of a class has the signature of a v2 stage."""
    return not any(
        name in STAGES and len(method.args.args) == 2 and not method.args.vararg for name, method in cls.methods.items()
    )


def _note_unknown_base(cls: Class) -> None:
    bases = ", ".join(cls.module.source.segment(base) for base in cls.node.bases) or "no class"
    message = (
        f"{cls.name} is a hook that derives from {bases}, which is not among the files that are converted: give its "
        "stages v3's parameters (batch_idx, data_batch, outputs) once that class is v3"
    )
    cls.module.note(UNKNOWN_BASE, message, cls.node, marker=True)


TRANSLATED = CodeRule(
    code="HKC001",
    title="hook that asks the runner for batch, outputs and loader",
    why="mmengine passes `batch_idx`, `data_batch` and `outputs` to the methods of a hook, calls `before_train` when "
    "the weights are ready as mmcv called `before_run`, keeps the optimizer in `optim_wrapper` and logs through the "
    "message hub. A hook is translated if every place that touches the runner has an equal.",
    before="from mmcv.runner import Hook\n\n\nclass CheckLoss(Hook):\n\n    def after_train_iter(self, runner):\n"
    "        if self.every_n_iters(runner, 50):\n            assert runner.outputs['loss'] < 100",
    after="from mmengine.hooks import Hook\n\n\nclass CheckLoss(Hook):\n\n"
    "    def after_train_iter(self, runner, batch_idx, data_batch=None,\n                         outputs=None):\n"
    "        if self.every_n_train_iters(runner, 50):\n            assert outputs['loss'] < 100",
    effect=Effect.EXACT,
    reversible=True,
    words=frozenset({"mmcv", "runner", *STAGES}),
    convert=convert,
)
ADAPTED = CodeRule(
    code="HKC002",
    title="hook that stays v2 code and runs through the bridge",
    why="Something that it does has no certain equal in v3: it is a logger hook, it scales the loss of half precision, "
    "steps the optimizer, reads gradients, walks through the other hooks … `mmmigrate.compat.adapters` runs it "
    "unchanged; its base and registry come from there, so it needs no mmcv.",
    before="from mmcv.runner import HOOKS, Hook\n\n\n@HOOKS.register_module()\n"
    "class LargestGradient(Hook):\n\n    def after_train_iter(self, runner):\n"
    "        print(max(p.grad.max() for p in runner.model.parameters()))",
    after="from mmmigrate.compat.adapters.v2 import HOOKS, Hook\n\n\n@HOOKS.register_module()\n"
    "class LargestGradient(Hook):\n\n    def after_train_iter(self, runner):\n"
    "        print(max(p.grad.max() for p in runner.model.parameters()))",
    effect=Effect.EXACT,
    reversible=True,
    words=frozenset({"Hook"}),
    convert=lambda module: None,
)
