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

_INTEGERS: dict[Any, Any] = {1: np.int8, 2: np.int16, 4: np.int32, 8: np.int64}
_FLOAT64, _INT64 = struct.Struct("<d"), struct.Struct("<q")
_FLOATS: dict[str, Any] = {"f8": np.float64, "f4": np.float32, "f2": np.float16, "b2": np.float32}
"""Where the numbers of a kind of column lie. `b2` is bfloat16: the upper half of a float32."""
_COARSENESS = {"i8": 0, "f8": 0, "f4": 1, "b2": 2, "f2": 3}
_BFLOAT16_STEP = 1 << 16


def coarser(old: str, new: str) -> str:
    """Of two kinds of columns the one with the larger unit in the last place.

    >>> coarser("f8", "f4")
    'f4'
    """
    return max(old, new, key=lambda kind: _COARSENESS.get(kind, 0))


def ordered(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The floats as integers in the same order, so that neighbouring floats differ by one (0.0 and -0.0 are equal)."""
    bits = np.ascontiguousarray(values).view(_INTEGERS[values.dtype.itemsize])
    lowest = np.iinfo(bits.dtype).min
    return np.where(bits < 0, lowest - bits, bits)


def distance(old: float, new: float, kind: str = "f8") -> Distance:
    """The distance of two numbers; `kind` says of which precision they came, in which the ULP is counted.

    >>> distance(1.0, 1.0 + 2**-52)
    Distance(abs=2.220446049250313e-16, rel=2.220446049250313e-16, ulp=1)
    >>> [distance(1.0, 1.0 + 2**-bits, kind).ulp for bits, kind in ((23, "f4"), (10, "f2"), (7, "b2"))]
    [1, 1, 1]
    """
    if math.isnan(old) or math.isnan(new):
        return SAME if math.isnan(old) and math.isnan(new) else APART
    if old == new:
        return SAME
    gap = abs(new - old)
    scale = max(abs(old), abs(new))
    rel = gap / scale if math.isfinite(scale) else math.inf
    if kind in ("f8", "i8"):
        return Distance(gap, rel, abs(_ordinal(old) - _ordinal(new)))
    return Distance(gap, rel, series_distance(np.array([old]), np.array([new]), kind).ulp)


def _ordinal(value: float) -> int:
    bits: int = _INT64.unpack(_FLOAT64.pack(value))[0]
    return bits if bits >= 0 else -(2**63) - bits


def decode(dtype: str, shape: tuple[int, ...], data: bytes) -> npt.NDArray[Any]:
    """The elements of a stored tensor; bfloat16 widens to float32, which holds each of its values exactly.

    Complex numbers become pairs in a last dimension; float8, which numpy has not, the integers of its bits. Raises
    ValueError or TypeError for a type that is unknown and data of another length.
    """
    if dtype == "bfloat16":
        wide = np.frombuffer(data, dtype=np.uint16).astype(np.uint32) << 16
        return wide.view(np.float32).reshape(shape)
    if dtype.startswith("float8"):
        return np.frombuffer(data, dtype=np.uint8).reshape(shape)
    array = np.frombuffer(data, dtype=np.dtype(dtype)).reshape(shape)
    if array.dtype.kind == "c":
        return array.reshape(-1).view(array.real.dtype).reshape(*shape, 2)
    return array


def stored_bytes(dtype: str, shape: tuple[int, ...]) -> int:
    """How many bytes a stored tensor has. Raises ValueError or TypeError for what is no type or no shape."""
    if not all(isinstance(size, int) and size >= 0 for size in shape):
        raise ValueError(f"no shape: {shape}")
    size = {"bfloat16": 2}.get(dtype) or (1 if dtype.startswith("float8") else np.dtype(dtype).itemsize)
    return size * math.prod(shape)


class ArrayDistance(NamedTuple):
    """Where two arrays first differ (in C order), and the largest distance of any two elements."""

    place: tuple[int, ...]
    old: float
    new: float
    first: Distance
    largest: Distance
    both_nan: bool


def tensor_distance(dtype: str, shape: tuple[int, ...], old: bytes, new: bytes) -> ArrayDistance | None:
    """How two stored tensors of one type and shape differ; the ULP is counted in their type."""
    found = array_distance(decode(dtype, shape, old), decode(dtype, shape, new))
    if found is None or dtype != "bfloat16":
        return found
    first, largest = (
        one if one == APART else one._replace(ulp=one.ulp // _BFLOAT16_STEP) for one in (found.first, found.largest)
    )
    return found._replace(first=first, largest=largest)


def array_distance(old: npt.NDArray[Any], new: npt.NDArray[Any]) -> ArrayDistance | None:
    """How two arrays of one shape and type differ, bit for bit; None when they do not."""
    flat_old, flat_new = np.ascontiguousarray(old).reshape(-1), np.ascontiguousarray(new).reshape(-1)
    size = flat_old.dtype.itemsize
    differs = (flat_old.view(np.uint8).reshape(-1, size) != flat_new.view(np.uint8).reshape(-1, size)).any(axis=1)
    places = np.flatnonzero(differs)
    if not len(places):
        return None
    index = tuple(int(i) for i in np.unravel_index(int(places[0]), old.shape))
    a, b = flat_old[places], flat_new[places]
    values = a[0].item(), b[0].item()
    if flat_old.dtype.kind != "f":
        return ArrayDistance(index, *values, _integers_apart(a[:1], b[:1]), _integers_apart(a, b), False)
    nan_old, nan_new = np.isnan(a), np.isnan(b)
    here = APART if nan_old[0] != nan_new[0] else _largest(a[:1], b[:1])
    if (nan_old != nan_new).any():
        return ArrayDistance(index, *values, here, APART, bool((nan_old & nan_new).any()))
    return ArrayDistance(index, *values, here, _largest(a, b), bool(nan_old.any()))


def _integers_apart(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> Distance:
    """The largest distance of integers, exactly; their ULP is 1."""
    if a.dtype.kind == "b":
        a, b = a.view(np.uint8), b.view(np.uint8)
    gap = _unsigned_gap(a, b)
    rel = gap.astype(np.float64) / np.maximum(np.abs(a.astype(np.float64)), np.abs(b.astype(np.float64)))
    most = int(gap.max())
    return Distance(float(most), float(rel.max()), min(most, APART.ulp - 1))


def _unsigned_gap(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The distances of integers, which a signed type of the same size could not hold."""
    low, high = np.minimum(a, b), np.maximum(a, b)
    unsigned = f"u{high.dtype.itemsize}"
    with np.errstate(over="ignore"):
        gap: npt.NDArray[Any] = high.view(unsigned) - low.view(unsigned)
    return gap


def _largest(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> Distance:
    numbers = ~np.isnan(a)
    a, b = a[numbers], b[numbers]
    if not len(a):
        return SAME
    with np.errstate(over="ignore", invalid="ignore"):
        wide_a, wide_b = a.astype(np.float64), b.astype(np.float64)
        gap = np.where(wide_a == wide_b, 0.0, np.abs(wide_a - wide_b))
        scale = np.maximum(np.abs(wide_a), np.abs(wide_b))
        rel = np.divide(gap, scale, out=np.where(gap > 0, np.inf, 0.0), where=(scale > 0) & np.isfinite(scale))
    return Distance(float(gap.max()), float(rel.max()), int(_unsigned_gap(ordered(a), ordered(b)).max()))


def series_distance(old: npt.NDArray[np.float64], new: npt.NDArray[np.float64], kind: str) -> Distance:
    """The largest distance of the numbers of two courses, place by place; APART for NaN against a number."""
    if (np.isnan(old) != np.isnan(new)).any():
        return APART
    found = _largest(old, new)
    if kind in ("f8", "i8"):
        return found
    with np.errstate(over="ignore", under="ignore"):
        ulp = _largest(old.astype(_FLOATS[kind]), new.astype(_FLOATS[kind])).ulp
    return found._replace(ulp=ulp // _BFLOAT16_STEP if kind == "b2" else ulp)
