"""Plain values and tensors, which torch reads back with `weights_only=True`, of whatever a checkpoint holds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from mmmigrate.runtime_v3.logging import HistoryBuffer

_LEAVES = (str, int, float, bool, complex, bytes, torch.dtype, torch.device, torch.Size)
_GONE = object()


def plain_content(content: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The same content without objects of libraries, and where one was left out.

    numpy's numbers become Python's and its arrays tensors; mmengine's histories become their values; configs, dicts.
    """
    notes: list[str] = []
    return {key: _plain(value, str(key), notes) for key, value in content.items()}, notes


def _plain(value: Any, place: str, notes: list[str]) -> Any:
    if value is None or type(value) in _LEAVES or isinstance(value, torch.Tensor):
        return value
    if isinstance(value, HistoryBuffer):
        logs, counts = value.data
        return {
            "log_history": torch.from_numpy(logs),
            "count_history": torch.from_numpy(counts),
            "max_length": value.max_length,
        }
    if isinstance(value, Mapping):
        entries = ((key, _plain(entry, f"{place}.{key}", notes)) for key, entry in value.items())
        kept = {key: entry for key, entry in entries if entry is not _GONE}
        return _ordered(value, kept) if type(value) is OrderedDict else kept
    if isinstance(value, (list, tuple, set, frozenset)):
        kind: Any = next(each for each in (list, tuple, set, frozenset) if isinstance(value, each))
        return kind(entry for entry in (_plain(entry, place, notes) for entry in value) if entry is not _GONE)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) and value.dtype != object:
        return torch.from_numpy(value.copy())
    for leaf in (bool, int, float, str):
        if isinstance(value, leaf):  # of a subclass, such as an enum
            return leaf(value)
    notes.append(f"{place} is an object of a library, not data: it is left out")
    return _GONE


def _ordered(value: Any, kept: dict[Any, Any]) -> OrderedDict[Any, Any]:
    made = OrderedDict(kept)
    if hasattr(value, "_metadata"):
        made._metadata = value._metadata  # type: ignore[attr-defined]
    return made
