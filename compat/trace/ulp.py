"""How far apart two floating-point numbers are: absolute, relative, and in units in the last place."""

from __future__ import annotations

import math
import struct
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


class Distance(NamedTuple):
    abs: float
    rel: float
    ulp: int

    def joined(self, other: Distance) -> Distance:
        """The larger of each; APART if either is."""
        return Distance(max(self.abs, other.abs), max(self.rel, other.rel), max(self.ulp, other.ulp))


SAME = Distance(0.0, 0.0, 0)
APART = Distance(math.inf, math.inf, 2**63 - 1)
"""The distance between a number and NaN."""

_INTEGERS: dict[Any, Any] = {2: np.int16, 4: np.int32, 8: np.int64}
_FLOAT32, _FLOAT64 = struct.Struct("<f"), struct.Struct("<d")
_INT32, _INT64 = struct.Struct("<i"), struct.Struct("<q")
_FLOAT32_INF = 0x7F800000


def ordered(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The floats as integers in the same order, so that neighbouring floats differ by one (0.0 and -0.0 are equal)."""
    bits = np.ascontiguousarray(values).view(_INTEGERS[values.dtype.itemsize])
    lowest = np.iinfo(bits.dtype).min
    return np.where(bits < 0, lowest - bits, bits)


def distance(old: float, new: float, *, single: bool = False) -> Distance:
    """The distance of two numbers; `single` counts the ULP in float32, for numbers that came from there.

    >>> distance(1.0, 1.0 + 2**-52)
    Distance(abs=2.220446049250313e-16, rel=2.220446049250313e-16, ulp=1)
    >>> distance(1.0, 1.0 + 2**-23, single=True).ulp
    1
    """
    if math.isnan(old) or math.isnan(new):
        return SAME if math.isnan(old) and math.isnan(new) else APART
    if old == new:
        return SAME
    gap = abs(new - old)
    scale = max(abs(old), abs(new))
    rel = gap / scale if math.isfinite(scale) else math.inf
    return Distance(gap, rel, abs(_ordinal(old, single) - _ordinal(new, single)))


def _ordinal(value: float, single: bool) -> int:
    try:
        bits: int = _INT32.unpack(_FLOAT32.pack(value))[0] if single else _INT64.unpack(_FLOAT64.pack(value))[0]
    except OverflowError:
        return _FLOAT32_INF if value > 0 else -_FLOAT32_INF
    return bits if bits >= 0 else (-(2**31) if single else -(2**63)) - bits


def decode(dtype: str, shape: tuple[int, ...], data: bytes) -> npt.NDArray[Any]:
    """The elements of a stored tensor; bfloat16 widens to float32, which holds each of its values exactly."""
    if dtype == "bfloat16":
        wide = np.frombuffer(data, dtype=np.uint16).astype(np.uint32) << 16
        return wide.view(np.float32).reshape(shape)
    if dtype.startswith("float8"):
        return np.frombuffer(data, dtype=np.uint8).reshape(shape)
    return np.frombuffer(data, dtype=np.dtype(dtype)).reshape(shape)


class ArrayDistance(NamedTuple):
    """Where two arrays first differ (in C order), and the largest distance of any two elements."""

    place: tuple[int, ...]
    old: float
    new: float
    first: Distance
    largest: Distance
    both_nan: bool


def array_distance(old: npt.NDArray[Any], new: npt.NDArray[Any]) -> ArrayDistance | None:
    """How two arrays of one shape and type differ, bit for bit; None when they do not."""
    flat_old, flat_new = np.ascontiguousarray(old).reshape(-1), np.ascontiguousarray(new).reshape(-1)
    size = flat_old.dtype.itemsize
    differs = (flat_old.view(np.uint8).reshape(-1, size) != flat_new.view(np.uint8).reshape(-1, size)).any(axis=1)
    places = np.flatnonzero(differs)
    if not len(places):
        return None
    first = int(places[0])
    index = tuple(int(i) for i in np.unravel_index(first, old.shape))
    a, b = flat_old[places], flat_new[places]
    if flat_old.dtype.kind != "f":
        gap = np.abs(a.astype(np.float64) - b.astype(np.float64))
        whole = Distance(float(gap.max()), 1.0, int(min(gap.max(), 2**62)))
        return ArrayDistance(index, float(a[0]), float(b[0]), Distance(float(gap[0]), 1.0, int(gap[0])), whole, False)
    nan_old, nan_new = np.isnan(a), np.isnan(b)
    single = flat_old.dtype.itemsize <= 4
    here = distance(float(a[0]), float(b[0]), single=single)
    if (nan_old != nan_new).any():
        return ArrayDistance(index, float(a[0]), float(b[0]), here, APART, bool((nan_old & nan_new).any()))
    return ArrayDistance(index, float(a[0]), float(b[0]), here, _largest(a, b), bool(nan_old.any()))


def _largest(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> Distance:
    numbers = ~np.isnan(a)
    a, b = a[numbers], b[numbers]
    if not len(a):
        return SAME
    with np.errstate(over="ignore", invalid="ignore"):
        wide_a, wide_b = a.astype(np.float64), b.astype(np.float64)
        gap = np.abs(wide_a - wide_b)
        scale = np.maximum(np.abs(wide_a), np.abs(wide_b))
        rel = np.divide(gap, scale, out=np.where(scale > 0, np.inf, 0.0), where=(scale > 0) & np.isfinite(scale))
        low, high = np.minimum(ordered(a), ordered(b)), np.maximum(ordered(a), ordered(b))
        unsigned = high.view(f"u{high.dtype.itemsize}") - low.view(f"u{low.dtype.itemsize}")
    return Distance(float(gap.max()), float(rel.max()), int(unsigned.max()))


def series_distance(old: npt.NDArray[np.float64], new: npt.NDArray[np.float64], *, single: bool) -> Distance:
    """The largest distance of the numbers of two courses, place by place; APART for NaN against a number."""
    if (np.isnan(old) != np.isnan(new)).any():
        return APART
    found = _largest(old, new)
    if not single:
        return found
    with np.errstate(over="ignore", under="ignore"):
        return found._replace(ulp=_largest(old.astype(np.float32), new.astype(np.float32)).ulp)


def has_nan(values: npt.NDArray[Any]) -> bool:
    return values.dtype.kind == "f" and bool(np.isnan(values).any())
