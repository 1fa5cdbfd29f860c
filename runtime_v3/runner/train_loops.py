"""Training by epoch and by iteration."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from torch.utils.data import DataLoader

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError
from mmmigrate.compat.tracked_pass import TrackedPass
from mmmigrate.runtime_v3.hooks.sampler_seed_hook import set_sampler_epoch
from mmmigrate.runtime_v3.logging import print_log
from mmmigrate.runtime_v3.registry import LOOPS
from mmmigrate.runtime_v3.runner.base_loop import BaseLoop
from mmmigrate.runtime_v3.runner.rng_state import capture_rng_state, restore_rng_state
from mmmigrate.runtime_v3.runner.train_mode import TrainMode

if TYPE_CHECKING:
    from mmmigrate.runtime_v3.runner.runner import Runner

Intervals = Sequence[tuple[int, int]] | None


def calc_dynamic_intervals(start_interval: int, dynamic_interval_list: Intervals = None) -> tuple[list[int], list[int]]:
    """Milestones and the interval from each on, the first being from 0.

    >>> calc_dynamic_intervals(10, [(90, 1)])
    ([0, 90], [10, 1])
    """
    changes = list(dynamic_interval_list or [])
    if not all(isinstance(change, (tuple, list)) and len(change) == 2 for change in changes):
        raise ArgumentTypeError(
            f"dynamic_intervals must be a list of (milestone, interval), got {dynamic_interval_list!r}"
        )
    return [0, *(change[0] for change in changes)], [start_interval, *(change[1] for change in changes)]


class _TrainLoop(BaseLoop):
    """What both ways of training share: where the run stands, and when to validate."""

    unit = ""

    def __init__(
        self,
        runner: Runner,
        dataloader: DataLoader[Any] | dict[str, Any],
        val_begin: int,
        val_interval: int,
        dynamic_intervals: Intervals,
    ) -> None:
        super().__init__(runner, dataloader)
        self._max_epochs = 1
        self._max_iters = 0
        self._epoch = 0
        self._iter = 0
        self.val_begin = val_begin
        self.val_interval = val_interval
        self.stop_training = False
        meta = self._dataset_meta("visualizer")
        if meta is not None:
            runner.visualizer.dataset_meta = meta
        self.dynamic_milestones, self.dynamic_intervals = calc_dynamic_intervals(val_interval, dynamic_intervals)

    @property
    def max_epochs(self) -> int:
        return self._max_epochs

    @property
    def max_iters(self) -> int:
        return self._max_iters

    @property
    def epoch(self) -> int:
        """Finished epochs."""
        return self._epoch

    @property
    def iter(self) -> int:
        """Finished iterations."""
        return self._iter

    def _run_train_iter(self, batch_idx: int, data_batch: Any) -> None:
        runner = self._runner
        runner.call_hook("before_train_iter", batch_idx=batch_idx, data_batch=data_batch)
        outputs = runner.model.train_step(data_batch, optim_wrapper=runner.optim_wrapper)
        runner.call_hook("after_train_iter", batch_idx=batch_idx, data_batch=data_batch, outputs=outputs)
        self._iter += 1

    def _validate_if_due(self, done: int, last: int) -> None:
        if len(self.dynamic_intervals) > 1:
            index = bisect.bisect(self.dynamic_milestones, done + 1) - 1
            self.val_interval = self.dynamic_intervals[index]
        loop = self._runner.val_loop
        if loop is not None and done >= self.val_begin and (done % self.val_interval == 0 or done == last):
            loop.run()


def _whole(name: str, value: Any) -> int:
    if int(value) != value:
        raise ArgumentValueError(f"train_cfg: {name} must be a whole number, got {value!r}")
    return int(value)


@LOOPS.register_module()
class EpochBasedTrainLoop(_TrainLoop):
    """Trains `max_epochs` epochs; validates every `val_interval` of them from `val_begin` on, and after the last.

    `dynamic_intervals`: `[(milestone, interval), …]`: from that epoch on, another interval.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: DataLoader[Any] | dict[str, Any],
        max_epochs: int,
        val_begin: int = 1,
        val_interval: int = 1,
        dynamic_intervals: Intervals = None,
    ) -> None:
        super().__init__(runner, dataloader, val_begin, val_interval, dynamic_intervals)
        self._max_epochs = _whole("max_epochs", max_epochs)
        self._max_iters = self._max_epochs * len(self.dataloader)
        self._pass: TrackedPass | None = None
        self._resumed_pass: dict[str, Any] | None = None

    def data_position(self) -> dict[str, Any] | None:
        """Where the epoch stands, see `TrackedPass.state`; None between epochs."""
        return None if self._pass is None else self._pass.state()

    def run(self) -> Any:
        self._runner.call_hook("before_train")
        self._resumed_pass = self._runner.resumed_pass()
        between = self._resumed_pass is None and self._iter == self._epoch * len(self.dataloader)
        if between and self._runner.continue_random_numbers():
            self._validate_if_due(self._epoch, self._max_epochs)
        while self._epoch < self._max_epochs and not self.stop_training:
            self.run_epoch()
            self._validate_if_due(self._epoch, self._max_epochs)
        self._runner.call_hook("after_train")
        return self._runner.model

    def run_epoch(self) -> None:
        runner = self._runner
        runner.call_hook("before_train_epoch")
        runner.model.train()
        for batch_idx, data_batch in self._batches():
            self.run_iter(batch_idx, data_batch)
        runner.call_hook("after_train_epoch")
        self._epoch += 1

    def _batches(self) -> Iterator[tuple[int, Any]]:
        """The batches of an epoch, or of the rest of that in which the run was resumed, with their index."""
        batches = self._pass = _tracked(self.dataloader, self._resumed_pass)
        if self._resumed_pass is not None:
            self._resumed_pass = None
            self._runner.continue_random_numbers()
        yield from enumerate(batches, batches.served)
        self._pass = None

    def run_iter(self, idx: int, data_batch: Any) -> None:
        self._run_train_iter(idx, data_batch)


def _tracked(dataloader: DataLoader[Any], state: dict[str, Any] | None = None) -> TrackedPass:
    return TrackedPass(dataloader, capture_rng_state, restore_rng_state, state)


class _InfiniteDataloaderIterator:
    """Batches without end: starts the loader again, as the next epoch of its sampler, where it ends."""

    def __init__(self, dataloader: DataLoader[Any]) -> None:
        self._dataloader = dataloader
        self._iterator = _tracked(dataloader)
        self._epoch = 0

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        try:
            return next(self._iterator)
        except StopIteration:
            print_log(
                "The data loader came to its end and is started again; with sampler=dict(type='InfiniteSampler') its "
                "workers would go on without a pause.",
                logger="current",
            )
            self._epoch += 1
            set_sampler_epoch(self._dataloader, self._epoch)
            self._iterator = _tracked(self._dataloader)
            return next(self._iterator)

    def state(self) -> dict[str, Any]:
        """Which pass this is (`epoch`), and where it stands, see `TrackedPass.state`."""
        return {"epoch": self._epoch, **self._iterator.state()}

    def take_up(self, state: dict[str, Any]) -> None:
        """Goes to where `state` was taken, by serving only that pass again."""
        self._epoch = state["epoch"]
        if self._epoch:
            set_sampler_epoch(self._dataloader, self._epoch)
        self._iterator = _tracked(self._dataloader, state)


@LOOPS.register_module()
class IterBasedTrainLoop(_TrainLoop):
    """Trains `max_iters` iterations; validates every `val_interval` of them from `val_begin` on, and after the last."""

    def __init__(
        self,
        runner: Runner,
        dataloader: DataLoader[Any] | dict[str, Any],
        max_iters: int,
        val_begin: int = 1,
        val_interval: int = 1000,
        dynamic_intervals: Intervals = None,
    ) -> None:
        super().__init__(runner, dataloader, val_begin, val_interval, dynamic_intervals)
        self._max_iters = _whole("max_iters", max_iters)
        self.dataloader_iterator = _InfiniteDataloaderIterator(self.dataloader)

    def data_position(self) -> dict[str, Any]:
        """Where the data stand, see `_InfiniteDataloaderIterator.state`."""
        return self.dataloader_iterator.state()

    def run(self) -> Any:
        runner = self._runner
        runner.call_hook("before_train")
        runner.call_hook("before_train_epoch")
        position = runner.resumed_pass()
        if position is not None:
            self.dataloader_iterator.take_up(position)
        elif self._iter > 0:
            runner.logger.warning(f"Advance dataloader {self._iter} steps to skip data that has already been trained")
            for _ in range(self._iter):
                next(self.dataloader_iterator)
        if runner.continue_random_numbers():
            self._validate_if_due(self._iter, self._max_iters)
        mode = TrainMode(runner.model)
        while self._iter < self._max_iters and not self.stop_training:
            mode.enter()
            self.run_iter(next(self.dataloader_iterator))
            self._validate_if_due(self._iter, self._max_iters)
        runner.call_hook("after_train_epoch")
        runner.call_hook("after_train")
        return runner.model

    def run_iter(self, data_batch: Any) -> None:
        self._run_train_iter(self._iter, data_batch)
