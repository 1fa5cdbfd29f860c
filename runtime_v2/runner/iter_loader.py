"""IterLoader: a data loader without end."""

from __future__ import annotations

from typing import Any

from mmmigrate.compat.tracked_pass import TrackedPass
from mmmigrate.runtime_v2.runner.rng import rng_state, set_rng_state


class IterLoader:
    """A data loader that begins again when it runs out, telling its sampler the epoch.

    With `tracked`, it notes where it is, so that a resumed run can go on at the same sample.
    """

    iter_loader: Any

    def __init__(self, dataloader: Any, tracked: bool = False) -> None:
        self._dataloader = dataloader
        self._epoch = 0
        self._tracked = tracked
        self._begin_pass()

    @property
    def epoch(self) -> int:
        """How many times the loader has run out."""
        return self._epoch

    def __next__(self) -> Any:
        try:
            batch = next(self.iter_loader)
        except StopIteration:
            self._epoch += 1
            self._tell_sampler()
            self._begin_pass()
            batch = next(self.iter_loader)
        return batch

    def __len__(self) -> int:
        return len(self._dataloader)

    def state(self) -> dict[str, Any]:
        """Where the loader is: the pass, the random state that it began with, and the batches served since."""
        return {"epoch": self._epoch, **self.iter_loader.state()}

    def take_up(self, state: dict[str, Any]) -> None:
        """Go to where `state` was taken, by serving the pass again up to there: workers draw random numbers too."""
        self._epoch = state["epoch"]
        if self._epoch:
            self._tell_sampler()
        self._begin_pass(state)

    def _tell_sampler(self) -> None:
        if hasattr(self._dataloader.sampler, "set_epoch"):
            self._dataloader.sampler.set_epoch(self._epoch)

    def _begin_pass(self, state: dict[str, Any] | None = None) -> None:
        if self._tracked:
            self.iter_loader = TrackedPass(self._dataloader, rng_state, set_rng_state, state)
        else:
            self.iter_loader = iter(self._dataloader)
