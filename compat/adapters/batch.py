"""A batch that is collated already, passed through a loader that would collate again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(slots=True)
class V2Batch:
    """Holds a batch as mmcv collates it; v3's `pseudo_collate` passes on what it does not know."""

    is_whole_batch: ClassVar[bool] = True
    data: Any

    def pin_memory(self) -> V2Batch:
        """What torch calls with `pin_memory=True`."""
        from torch.utils.data._utils import pin_memory

        pinned: Any = pin_memory
        return V2Batch(pinned.pin_memory(self.data))


def opened(batch: Any) -> Any:
    """The mmcv batch inside, or `batch` itself if it is none of ours."""
    if isinstance(batch, (list, tuple)) and len(batch) == 1:
        (batch,) = batch if isinstance(batch[0], V2Batch) else (batch,)
    return batch.data if isinstance(batch, V2Batch) else batch
