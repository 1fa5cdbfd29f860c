"""Measures how long data and iterations take, and estimates the rest."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mmmigrate.runtime_v3.hooks.hook import DATA_BATCH, Hook
from mmmigrate.runtime_v3.registry import HOOKS

if TYPE_CHECKING:
    from mmmigrate.runtime_v3.runner import Runner


@HOOKS.register_module()
class IterTimerHook(Hook):
    """Records `data_time`, `time` and `eta`, in seconds, at every iteration."""

    priority = "NORMAL"

    def __init__(self) -> None:
        self.time_sec_tot = 0.0
        self.time_sec_test_val = 0.0
        self.start_iter = 0
        self.t = time.time()

    def before_train(self, runner: Runner) -> None:
        self.start_iter = runner.iter

    def _before_epoch(self, runner: Runner, mode: str = "train") -> None:
        self.t = time.time()

    def _after_epoch(self, runner: Runner, mode: str = "train") -> None:
        self.time_sec_test_val = 0.0

    # The training stages are written out, since going through `_before_iter` costs as much as what is done here.
    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: DATA_BATCH = None) -> None:
        runner.message_hub.update_scalar("train/data_time", time.time() - self.t)

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: DATA_BATCH = None, outputs: dict[str, Any] | None = None
    ) -> None:
        now = time.time()
        spent = now - self.t
        self.t = now
        hub = runner.message_hub
        hub.update_scalar("train/time", spent)
        self.time_sec_tot += spent
        done = runner.iter + 1
        hub.update_info("eta", self.time_sec_tot / (done - self.start_iter) * (runner.max_iters - done))

    def _before_iter(self, runner: Runner, batch_idx: int, data_batch: DATA_BATCH = None, mode: str = "train") -> None:
        runner.message_hub.update_scalar(f"{mode}/data_time", time.time() - self.t)

    def _after_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: DATA_BATCH = None,
        outputs: Sequence[Any] | None = None,
        mode: str = "val",
    ) -> None:
        now = time.time()
        spent = now - self.t
        self.t = now
        runner.message_hub.update_scalar(f"{mode}/time", spent)
        self.time_sec_test_val += spent
        batches = len(runner.val_dataloader if mode == "val" else runner.test_dataloader)
        done = batch_idx + 1
        runner.message_hub.update_info("eta", self.time_sec_test_val / done * (batches - done))
