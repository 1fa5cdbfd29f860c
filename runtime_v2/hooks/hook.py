"""The base of all hooks, and how a runner finds what a hook overrides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from mmmigrate.runtime_v2.registries import HOOKS

if TYPE_CHECKING:
    from mmmigrate.runtime_v2.runner.base import BaseRunner

__all__ = ["HOOKS", "Hook", "HookMethod", "resolve"]

HookMethod = Callable[[Any], Any]

# a stage that a hook leaves alone falls back to the general method of the same kind
FALLBACKS = {
    "before_train_epoch": "before_epoch",
    "before_val_epoch": "before_epoch",
    "after_train_epoch": "after_epoch",
    "after_val_epoch": "after_epoch",
    "before_train_iter": "before_iter",
    "before_val_iter": "before_iter",
    "after_train_iter": "after_iter",
    "after_val_iter": "after_iter",
}


class Hook:
    """Something that acts at fixed points of a run:

        before_run
        per phase:  before_{train,val}_epoch
                        per iteration:  before_{train,val}_iter, the model's step, after_{train,val}_iter
                    after_{train,val}_epoch
        after_run

    Override the methods you need; `before_epoch`, `after_epoch`, `before_iter` and `after_iter` serve both modes.
    """

    stages = (
        "before_run",
        "before_train_epoch",
        "before_train_iter",
        "after_train_iter",
        "after_train_epoch",
        "before_val_epoch",
        "before_val_iter",
        "after_val_iter",
        "after_val_epoch",
        "after_run",
    )

    def before_run(self, runner: BaseRunner) -> None:
        """Called once, before anything else of the run."""

    def after_run(self, runner: BaseRunner) -> None:
        """Called once, after the last phase."""

    def before_epoch(self, runner: BaseRunner) -> None:
        """Called before a train or val epoch."""

    def after_epoch(self, runner: BaseRunner) -> None:
        """Called after a train or val epoch."""

    def before_iter(self, runner: BaseRunner) -> None:
        """Called before a train or val iteration, with its batch at `runner.data_batch`."""

    def after_iter(self, runner: BaseRunner) -> None:
        """Called after a train or val iteration, with its results at `runner.outputs`."""

    def before_train_epoch(self, runner: BaseRunner) -> None:
        """Called before a train epoch."""
        self.before_epoch(runner)

    def before_val_epoch(self, runner: BaseRunner) -> None:
        """Called before a val epoch."""
        self.before_epoch(runner)

    def after_train_epoch(self, runner: BaseRunner) -> None:
        """Called after a train epoch."""
        self.after_epoch(runner)

    def after_val_epoch(self, runner: BaseRunner) -> None:
        """Called after a val epoch."""
        self.after_epoch(runner)

    def before_train_iter(self, runner: BaseRunner) -> None:
        """Called before a train iteration."""
        self.before_iter(runner)

    def before_val_iter(self, runner: BaseRunner) -> None:
        """Called before a val iteration."""
        self.before_iter(runner)

    def after_train_iter(self, runner: BaseRunner) -> None:
        """Called after a train iteration."""
        self.after_iter(runner)

    def after_val_iter(self, runner: BaseRunner) -> None:
        """Called after a val iteration."""
        self.after_iter(runner)

    def every_n_epochs(self, runner: BaseRunner, n: int) -> bool:
        """Whether the current epoch (0-based) is the last of a group of `n`; never for `n` below 1."""
        return n > 0 and (runner.epoch + 1) % n == 0

    def every_n_inner_iters(self, runner: BaseRunner, n: int) -> bool:
        """The same for the iteration within the epoch."""
        return n > 0 and (runner.inner_iter + 1) % n == 0

    def every_n_iters(self, runner: BaseRunner, n: int) -> bool:
        """The same for the iteration of the run."""
        return n > 0 and (runner.iter + 1) % n == 0

    def end_of_epoch(self, runner: BaseRunner) -> bool:
        """Whether this is the last iteration of the epoch."""
        return runner.inner_iter + 1 == len(runner.data_loader)

    def is_last_epoch(self, runner: BaseRunner) -> bool:
        """Whether this is the last epoch of the run."""
        return runner.epoch + 1 == runner._max_epochs

    def is_last_iter(self, runner: BaseRunner) -> bool:
        """Whether this is the last iteration of the run."""
        return runner.iter + 1 == runner._max_iters

    def _idle_at(self, stage: str) -> bool:
        """Whether this hook's settings leave it nothing to do at `stage`, so that it need not be called."""
        return False

    def get_triggered_stages(self) -> list[str]:
        """The stages at which this hook's class does something, in the order of a run."""
        return [stage for stage in Hook.stages if _class_overrides(type(self), stage)]


def resolve(hooks: Sequence[Hook], stage: str) -> tuple[HookMethod, ...]:
    """The bound methods to call at `stage`, in order, without those that are known to do nothing.

    A method set on the hook itself, as ClosureHook does, counts as an override. (It is not looked for in the hook's
    `__dict__`: asking for that makes every attribute of the hook slower from then on.)
    """
    found = []
    for hook in hooks:
        if hook._idle_at(stage):
            continue
        for name in (stage, FALLBACKS.get(stage)):
            if name is None:
                break
            method = getattr(hook, name)
            if getattr(method, "__func__", None) is not getattr(Hook, name, None):
                found.append(method)
                break
    return tuple(found)


def _class_overrides(cls: type[Hook], stage: str) -> bool:
    names = (stage, FALLBACKS.get(stage, stage))
    return any(getattr(cls, name) is not getattr(Hook, name) for name in names)
