"""Many small records in two arrays, which workers share instead of copying."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def pack(records: Sequence[Any]) -> tuple[Array, Array]:
    """All records pickled into one array of bytes, and where each ends in it."""
    parts = [np.frombuffer(pickle.dumps(record, protocol=4), dtype=np.uint8) for record in records]
    ends = np.cumsum(np.asarray([len(part) for part in parts], dtype=np.int64))
    return (np.concatenate(parts) if parts else np.empty(0, dtype=np.uint8)), ends


def unpack(content: Array, ends: Array, index: int) -> Any:
    """Record number `index`; negative ones count from the end."""
    if not -len(ends) <= index < len(ends):
        raise IndexError(f"there is no record {index}, only {len(ends)}")
    index %= len(ends)
    start = ends[index - 1].item() if index else 0
    return pickle.loads(content[start : ends[index].item()].data)


def subset(content: Array, ends: Array, indices: Sequence[int]) -> tuple[Array, Array]:
    """The packed list of these records only, in this order."""
    spans = []
    for index in indices:
        if not -len(ends) <= index < len(ends):
            raise IndexError(f"there is no record {index}, only {len(ends)}")
        index %= len(ends)
        spans.append((ends[index - 1].item() if index else 0, ends[index].item()))
    parts = [content[start:end] for start, end in spans]
    lengths = np.asarray([end - start for start, end in spans], dtype=np.int64)
    return (np.concatenate(parts) if parts else np.empty(0, dtype=np.uint8)), np.cumsum(lengths)
