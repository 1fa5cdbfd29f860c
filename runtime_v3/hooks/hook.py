"""The base of every hook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from torch.utils.data import DataLoader

    from mmmigrate.runtime_v3.runner import Runner

DATA_BATCH = Any

# Stages that a hook also takes part in by overriding the method they hand on to.
SHARED_METHODS = {
    "_before_epoch": ("before_train_epoch", "before_val_epoch", "before_test_epoch"),
    "_after_epoch": ("after_train_epoch", "after_val_epoch", "after_test_epoch"),
    "_before_iter": ("before_train_iter", "before_val_iter", "before_test_iter"),
    "_after_iter": ("after_train_iter", "after_val_iter", "after_test_iter"),
}


class Hook:
    """Acts at the stages of a run whose methods it overrides. The runner does, in essence:

        before_run(); before_train()
        for each epoch:  before_train_epoch()
            for each batch:  before_train_iter(); model.train_step(); after_train_iter()
            after_train_epoch();  and the same with `val` where an evaluation is due
        after_train(); after_run()

    Hooks act in the order of `priority` (a name, a number 0-100, or a Priority; the lowest number first), then in
    that of registration.
    """

    priority: Any = "NORMAL"
    stages: ClassVar[tuple[str, ...]] = (
        "before_run",
        "after_load_checkpoint",
        "before_train",
        "before_train_epoch",
        "before_train_iter",
        "after_train_iter",
        "after_train_epoch",
        "before_val",
        "before_val_epoch",
        "before_val_iter",
        "after_val_iter",
        "after_val_epoch",
        "after_val",
        "before_save_checkpoint",
        "after_train",
        "before_test",
        "before_test_epoch",
        "before_test_iter",
        "after_test_iter",
        "after_test_epoch",
        "after_test",
        "after_run",
    )

    def before_run(self, runner: Runner) -> None:
        """Once, before anything is loaded or trained."""

    def after_run(self, runner: Runner) -> None:
        """Once, at the very end."""

    def before_train(self, runner: Runner) -> None: ...

    def after_train(self, runner: Runner) -> None: ...

    def before_val(self, runner: Runner) -> None: ...

    def after_val(self, runner: Runner) -> None: ...

    def before_test(self, runner: Runner) -> None: ...

    def after_test(self, runner: Runner) -> None: ...

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """May change what is about to be written."""

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """May change what is about to be loaded into the model."""

    def before_train_epoch(self, runner: Runner) -> None:
        self._before_epoch(runner, mode="train")

    def before_val_epoch(self, runner: Runner) -> None:
        self._before_epoch(runner, mode="val")

    def before_test_epoch(self, runner: Runner) -> None:
        self._before_epoch(runner, mode="test")

    def after_train_epoch(self, runner: Runner) -> None:
        self._after_epoch(runner, mode="train")

    def after_val_epoch(self, runner: Runner, metrics: dict[str, Any] | None = None) -> None:
        self._after_epoch(runner, mode="val")

    def after_test_epoch(self, runner: Runner, metrics: dict[str, Any] | None = None) -> None:
        self._after_epoch(runner, mode="test")

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: DATA_BATCH = None) -> None:
        self._before_iter(runner, batch_idx=batch_idx, data_batch=data_batch, mode="train")

    def before_val_iter(self, runner: Runner, batch_idx: int, data_batch: DATA_BATCH = None) -> None:
        self._before_iter(runner, batch_idx=batch_idx, data_batch=data_batch, mode="val")

    def before_test_iter(self, runner: Runner, batch_idx: int, data_batch: DATA_BATCH = None) -> None:
        self._before_iter(runner, batch_idx=batch_idx, data_batch=data_batch, mode="test")

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: DATA_BATCH = None, outputs: dict[str, Any] | None = None
    ) -> None:
        self._after_iter(runner, batch_idx=batch_idx, data_batch=data_batch, outputs=outputs, mode="train")

    def after_val_iter(
        self, runner: Runner, batch_idx: int, data_batch: DATA_BATCH = None, outputs: Sequence[Any] | None = None
    ) -> None:
        self._after_iter(runner, batch_idx=batch_idx, data_batch=data_batch, outputs=outputs, mode="val")

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: DATA_BATCH = None, outputs: Sequence[Any] | None = None
    ) -> None:
        self._after_iter(runner, batch_idx=batch_idx, data_batch=data_batch, outputs=outputs, mode="test")

    def _before_epoch(self, runner: Runner, mode: str = "train") -> None: ...

    def _after_epoch(self, runner: Runner, mode: str = "train") -> None: ...

    def _before_iter(
        self, runner: Runner, batch_idx: int, data_batch: DATA_BATCH = None, mode: str = "train"
    ) -> None: ...

    def _after_iter(
        self, runner: Runner, batch_idx: int, data_batch: DATA_BATCH = None, outputs: Any = None, mode: str = "train"
    ) -> None: ...

    def every_n_epochs(self, runner: Runner, n: int, start: int = 0) -> bool:
        """Whether this epoch, counted from 1 and from `start`, is a multiple of `n`; never for n <= 0."""
        done = runner.epoch + 1 - start
        return n > 0 and done >= 0 and done % n == 0

    def every_n_inner_iters(self, batch_idx: int, n: int) -> bool:
        return n > 0 and (batch_idx + 1) % n == 0

    def every_n_train_iters(self, runner: Runner, n: int, start: int = 0) -> bool:
        done = runner.iter + 1 - start
        return n > 0 and done >= 0 and done % n == 0

    def end_of_epoch(self, dataloader: DataLoader[Any], batch_idx: int) -> bool:
        return batch_idx + 1 == len(dataloader)

    def is_last_train_epoch(self, runner: Runner) -> bool:
        return runner.epoch + 1 == runner.max_epochs

    def is_last_train_iter(self, runner: Runner) -> bool:
        return runner.iter + 1 == runner.max_iters

    def get_triggered_stages(self) -> list[str]:
        """The stages at which this hook does something, in the order of a run."""
        return [stage for stage in Hook.stages if takes_part(self, stage)]


def takes_part(hook: Any, stage: str) -> bool:
    """Whether `hook` overrides `stage`, or the shared method that the stage hands on to."""
    if not isinstance(hook, Hook):
        return hasattr(hook, stage)
    if stage not in Hook.stages:
        return hasattr(hook, stage)
    names = [stage, *(shared for shared, stages in SHARED_METHODS.items() if stage in stages)]
    return any(name in vars(hook) or getattr(type(hook), name, None) is not getattr(Hook, name) for name in names)
