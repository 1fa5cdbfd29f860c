"""v2's collate function, by name, for a v3 data loader."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmmigrate.compat.adapters.batch import V2Batch


def V2Collate(batch: Sequence[Any], samples_per_gpu: int = 1) -> Any:  # configs name it like a class
    """The batch as mmcv collates it: data containers stacked or listed as they say, the rest by torch's default."""
    from mmmigrate.runtime_v2.parallel import collate

    if len(batch) == 1 and isinstance(batch[0], V2Batch):
        return batch[0].data
    return collate(batch, samples_per_gpu=samples_per_gpu)
