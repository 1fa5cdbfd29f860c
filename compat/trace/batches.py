"""Which samples a batch is made of: the sampler of a loader, seen while the loader draws from it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from torch.utils.data import BatchSampler


class IndexWatch:
    """Stands between the batch sampler of a loader and its sampler. Loaders with batch samplers of another class
    are left as they are, and `taken` gives None for them.
    """

    def __init__(self, loader: Any) -> None:
        self._batches: deque[list[int]] = deque()
        batch_sampler: Any = getattr(loader, "batch_sampler", None)
        self.works = type(batch_sampler) is BatchSampler
        # without workers a batch is drawn when it is asked for: it is the last one, whatever was skipped before
        self._draws_ahead = getattr(loader, "num_workers", 0) > 0
        if self.works and not isinstance(batch_sampler.sampler, _Watched):
            batch_sampler.sampler = _Watched(batch_sampler.sampler, batch_sampler, self._batches)

    def taken(self) -> list[int] | None:
        """The indices of the next batch that training gets; workers may have drawn further ones already."""
        if not self._batches:
            return None
        batch = self._batches.popleft() if self._draws_ahead else self._batches[-1]
        if not self._draws_ahead:
            self._batches.clear()
        return batch


class _Watched:
    """A sampler that notes what it gives, batch by batch; everything else is the sampler's own."""

    def __init__(self, sampler: Any, batch_sampler: BatchSampler, batches: deque[list[int]]) -> None:
        self._sampler, self._batch_sampler, self._batches = sampler, batch_sampler, batches

    def __iter__(self) -> Iterator[Any]:
        self._batches.clear()  # what an abandoned pass had drawn ahead is never trained
        batch: list[int] = []
        for index in self._sampler:
            batch.append(index if isinstance(index, int) else int(index))
            if len(batch) == self._batch_sampler.batch_size:
                self._batches.append(batch)
                batch = []
            yield index
        if batch and not self._batch_sampler.drop_last:
            self._batches.append(batch)

    def __len__(self) -> int:
        return len(self._sampler)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_sampler":
            raise AttributeError(name)
        return getattr(self._sampler, name)
