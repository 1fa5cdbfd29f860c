"""Values that `torch.load(weights_only=True)` reads back."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import numpy as np
import torch

from mmmigrate.runtime_v3.logging import print_log

_LEAVES = (str, int, float, bool, complex, bytes, bytearray, torch.Tensor, torch.dtype, torch.device, torch.Size)


def as_plain(value: Any, place: str = "") -> Any:
    """The same value in built-in containers; numpy's scalars and arrays become numbers and lists.

    An entry of a mapping that is anything else is left out with a warning that names its place, since a checkpoint
    that holds it could not be read back without running code.
    """
    if value is None or type(value) in _LEAVES or isinstance(value, torch.Tensor):
        return value
    if isinstance(value, Mapping):
        plain = {}
        for key, entry in value.items():
            try:
                plain[key] = as_plain(entry, f"{place}.{key}")
            except TypeError as error:
                print_log(f"{error}; it is not saved", "current", logging.WARNING)
        return plain
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    if isinstance(value, (list, tuple, set, frozenset)):
        kind: Any = {list: list, set: set}.get(type(value), tuple if isinstance(value, tuple) else list)
        return kind(as_plain(entry, place) for entry in value)
    if isinstance(value, PurePath):
        return str(value)
    for leaf in (bool, int, float, str):
        if isinstance(value, leaf):  # of a subclass, such as an enum
            return leaf(value)
    raise TypeError(f"{place} is a {type(value).__name__}, which a checkpoint cannot hold")
