"""A moving average of many tensors, kept in one buffer per type: an update is three calls, not two per tensor."""

from __future__ import annotations

from collections.abc import Sequence

import torch


class FlatAverage:
    """Moving averages of `sources`, each a view of a common buffer: `averages[i]` belongs to `sources[i]`.

    An update computes `average * (1 - momentum) + momentum * source` as `mul_` and `add_`, element by element the
    same operations as a loop over the tensors, so the result is the same to the last bit.
    """

    def __init__(self, sources: Sequence[torch.Tensor]) -> None:
        kinds: dict[tuple[torch.dtype, torch.device], list[int]] = {}
        for index, source in enumerate(sources):
            kinds.setdefault((source.dtype, source.device), []).append(index)
        self._groups: list[_Group] = []
        averages: dict[int, torch.Tensor] = {}
        for indices in kinds.values():
            group = _Group([sources[index] for index in indices])
            self._groups.append(group)
            averages.update(zip(indices, group.averages))
        self.averages = [averages[index] for index in range(len(sources))]

    @torch.no_grad()
    def update(self, momentum: float) -> None:
        """Move every floating-point average by `momentum` (0 to 1) towards its source."""
        for group in self._groups:
            if group.average.is_floating_point():
                group.gather()
                group.average.mul_(1 - momentum).add_(group.current, alpha=momentum)

    @torch.no_grad()
    def swap(self) -> None:
        """Exchange averages and sources."""
        for group in self._groups:
            group.gather()
            for source, average in zip(group.sources, group.averages):
                source.data.copy_(average)
            group.average.copy_(group.current)


class _Group:
    """The tensors of one type on one device."""

    def __init__(self, sources: list[torch.Tensor]) -> None:
        self.sources = sources
        self._places: list[int] = []
        self._flat: list[torch.Tensor] = []
        self._contiguous = False
        self.average = torch.cat([source.detach().reshape(-1) for source in sources])
        self.current = torch.empty_like(self.average)
        ends = [source.numel() for source in sources]
        parts = torch.split(self.average, ends)
        self.averages = [part.view(source.shape) for part, source in zip(parts, sources)]

    def gather(self) -> None:
        """Copy the sources into `current`."""
        # a parameter's storage may be replaced (`param.data = ...`), so the cached views are checked each time
        places = [source.data_ptr() for source in self.sources]
        if places != self._places or not self._contiguous:
            self._flat = [source.detach().reshape(-1) for source in self.sources]
            self._places = places
            self._contiguous = all(source.is_contiguous() for source in self.sources)
        torch.cat(self._flat, out=self.current)
