"""Samplers that give the order in which a v2 run on one process sees its data."""

from __future__ import annotations

from collections.abc import Sized

from torch.utils.data import RandomSampler


class GlobalRandomSampler(RandomSampler):
    """A new permutation for each pass, seeded by one draw from torch's global generator, as v2's shuffling loader does.

    v3 hands every sampler a `seed`; it is taken and not used, since the order comes from the global generator.
    ValueError for `shuffle=False`: that is `DefaultSampler`.
    """

    def __init__(self, dataset: Sized, shuffle: bool = True, seed: int | None = None) -> None:
        if not shuffle:
            raise ValueError(f"{type(self).__name__} always shuffles: write dict(type='DefaultSampler', shuffle=False)")
        super().__init__(dataset)


class IterLoaderSampler(GlobalRandomSampler):
    """The order of mmcv's IterLoader: whole passes, the last batch of each may be short, then a new permutation.

    It ends after one pass on purpose: v3's iteration loop then makes a new iterator, which draws random numbers as
    mmcv does.
    """
