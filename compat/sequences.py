"""Questions about lists and tuples, and making them: small functions that both libraries export."""

from __future__ import annotations

import collections.abc
import functools
import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError

__all__ = [
    "concat_list",
    "has_method",
    "is_list_of",
    "is_method_overridden",
    "is_seq_of",
    "is_str",
    "is_tuple_of",
    "iter_cast",
    "list_cast",
    "slice_list",
    "to_1tuple",
    "to_2tuple",
    "to_3tuple",
    "to_4tuple",
    "to_ntuple",
    "tuple_cast",
]


def is_str(x: Any) -> bool:
    return isinstance(x, str)


def is_seq_of(seq: Any, expected_type: type | tuple[type, ...], seq_type: type | None = None) -> bool:
    """Whether `seq` is a sequence (of type `seq_type`, if given) with all elements of a type.

    >>> is_seq_of((1, 2), int), is_seq_of((1, "a"), int), is_seq_of((1, 2), int, list)
    (True, False, False)
    """
    if seq_type is not None and not isinstance(seq_type, type):
        raise ArgumentTypeError(f"seq_type must be a type, got {seq_type!r}")
    if not isinstance(seq, seq_type or collections.abc.Sequence):
        return False
    items = cast("Iterable[Any]", seq)
    return all(isinstance(item, expected_type) for item in items)


def is_list_of(seq: Any, expected_type: type | tuple[type, ...]) -> bool:
    return is_seq_of(seq, expected_type, seq_type=list)


def is_tuple_of(seq: Any, expected_type: type | tuple[type, ...]) -> bool:
    return is_seq_of(seq, expected_type, seq_type=tuple)


def iter_cast(inputs: Iterable[Any], dst_type: type, return_type: type | None = None) -> Any:
    """The elements turned into `dst_type`: an iterator, or a `return_type` of them."""
    if not isinstance(inputs, collections.abc.Iterable):
        raise TypeError("inputs must be an iterable object")
    if not isinstance(dst_type, type):
        raise TypeError('"dst_type" must be a valid type')
    converted = map(dst_type, inputs)
    return converted if return_type is None else return_type(converted)


def list_cast(inputs: Iterable[Any], dst_type: type) -> list[Any]:
    return iter_cast(inputs, dst_type, list)  # type: ignore[no-any-return]


def tuple_cast(inputs: Iterable[Any], dst_type: type) -> tuple[Any, ...]:
    return iter_cast(inputs, dst_type, tuple)  # type: ignore[no-any-return]


def slice_list(in_list: Sequence[Any], lens: int | Sequence[int]) -> list[Any]:
    """The list cut into parts of the given lengths; one int means parts of that length.

    >>> slice_list([1, 2, 3, 4], 2), slice_list([1, 2, 3], [1, 2])
    ([[1, 2], [3, 4]], [[1], [2, 3]])
    """
    if isinstance(lens, int):
        if lens <= 0 or len(in_list) % lens:
            raise ArgumentValueError(f"a list of {len(in_list)} elements can't be cut into parts of {lens}")
        lens = [lens] * (len(in_list) // lens)
    if not is_list_of(lens, int):
        raise TypeError('"indices" must be an integer or a list of integers')
    if sum(lens) != len(in_list):
        raise ValueError(f"sum of lens and list length does not match: {sum(lens)} != {len(in_list)}")
    ends = list(itertools.accumulate(lens))
    return [in_list[end - length : end] for end, length in zip(ends, lens)]


def concat_list(in_list: Iterable[Iterable[Any]]) -> list[Any]:
    """One list of the elements of all lists."""
    return list(itertools.chain(*in_list))


def _to_ntuple(count: int, x: Any) -> Any:
    return x if isinstance(x, collections.abc.Iterable) else (x,) * count


def to_ntuple(n: int) -> Callable[[Any], Any]:
    """A function that repeats a single value `n` times as a tuple, and gives anything iterable back as it is."""
    return functools.partial(_to_ntuple, n)


to_1tuple = to_ntuple(1)
to_2tuple = to_ntuple(2)
to_3tuple = to_ntuple(3)
to_4tuple = to_ntuple(4)


def has_method(obj: object, method: str) -> bool:
    """Whether the object has a callable attribute of that name."""
    return callable(getattr(obj, method, None))


def is_method_overridden(method: str, base_class: type, derived_class: Any) -> bool:
    """Whether a class, or the class of an object, has a method of its own in place of the base class's."""
    if not isinstance(base_class, type):
        raise ArgumentTypeError("base_class doesn't accept instance, Please pass class instead.")
    derived = derived_class if isinstance(derived_class, type) else type(derived_class)
    return bool(getattr(derived, method) != getattr(base_class, method))
