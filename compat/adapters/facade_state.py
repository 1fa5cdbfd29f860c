"""Where a run stands, by v2's names, read from a v3 runner and written back to it."""

from __future__ import annotations

from typing import Any


class RunnerState:
    """The counters and lengths of a v2 runner. v2 hooks also set them: to end a run early, to go back."""

    def __init__(self, runner: Any) -> None:
        self.v3 = runner
        self.inner_iter = 0
        self.data_batch: Any = None
        self.by_epoch = not hasattr(runner.train_loop, "dataloader_iterator")
        self._passes, self._passes_next, self._begun = 0, 0, -1

    def begins(self, batch_idx: int, data_batch: Any) -> None:
        """Notes the iteration that begins; v2's iteration runner counts passes before it fetches the batch."""
        self.data_batch = data_batch
        if self.by_epoch:
            self.inner_iter = batch_idx
        elif self.iter != self._begun:
            batches = self.v3.train_loop.dataloader_iterator
            if self._begun == -1 and self.iter:  # resumed; a pass with one batch fetched has only begun
                fresh = getattr(getattr(batches, "_iterator", None), "served", 0) == 1
                self._passes_next = int(batches._epoch) - (1 if fresh and batches._epoch else 0)
            self._begun, self._passes = self.iter, self._passes_next
            self._passes_next = int(getattr(batches, "_epoch", 0))

    @property
    def epoch(self) -> int:
        """Finished epochs; in an iteration loop, as in v2, finished passes over the data."""
        return int(self.v3.epoch) if self.by_epoch else self._passes

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        if self.by_epoch:
            self.v3.train_loop._epoch = epoch
        else:
            self._passes = self._passes_next = epoch

    @property
    def iter(self) -> int:
        return int(self.v3.iter)

    @iter.setter
    def iter(self, iteration: int) -> None:
        self.v3.train_loop._iter = iteration

    @property
    def max_epochs(self) -> int | None:
        return int(self.v3.max_epochs) if self.by_epoch else None

    @max_epochs.setter
    def max_epochs(self, number: int) -> None:
        self.v3.train_loop._max_epochs = number

    @property
    def max_iters(self) -> int:
        return int(self.v3.max_iters)

    @max_iters.setter
    def max_iters(self, number: int) -> None:
        self.v3.train_loop._max_iters = number

    _epoch, _iter, _max_epochs, _max_iters = epoch, iter, max_epochs, max_iters

    @property
    def _inner_iter(self) -> int:
        return self.inner_iter

    @_inner_iter.setter
    def _inner_iter(self, number: int) -> None:
        self.inner_iter = number

    @property
    def data_loader(self) -> Any:
        return self.v3.train_dataloader
