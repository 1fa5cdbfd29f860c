"""Numbers in steps: arrays quantized and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from mmmigrate.compat.argument_errors import ArgumentValueError

__all__ = ["dequantize", "quantize"]


def quantize(arr: Any, min_val: float, max_val: float, levels: int, dtype: Any = np.int64) -> Any:
    """In which of `levels` equal steps from `min_val` to `max_val` each value lies, 0-based; beyond them it is cut."""
    _check(min_val, max_val, levels)
    above = np.clip(arr, min_val, max_val) - min_val
    return np.minimum(np.floor(levels * above / (max_val - min_val)).astype(dtype), levels - 1)


def dequantize(arr: Any, min_val: float, max_val: float, levels: int, dtype: Any = np.float64) -> Any:
    """The middle of each value's step."""
    _check(min_val, max_val, levels)
    return (arr + 0.5).astype(dtype) * (max_val - min_val) / levels + min_val


def _check(min_val: float, max_val: float, levels: int) -> None:
    if not isinstance(levels, int) or levels <= 1:
        raise ArgumentValueError(f"levels must be a positive integer above 1, but got {levels}")
    if min_val >= max_val:
        raise ArgumentValueError(f"min_val ({min_val}) must be smaller than max_val ({max_val})")
