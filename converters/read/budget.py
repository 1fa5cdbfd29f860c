"""Bounds on what evaluating a config may cost, so that no file can hang or fill the memory."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sized
from typing import Any

MAX_STEPS = 500_000  # the largest published config takes 5,300
MAX_ITEMS = 400_000
MAX_BITS = 100_000
MAX_DEPTH = 100
MAX_WIDTH = 10_000
MAX_CALLS = 60


class LimitError(Exception):
    """The file wants more steps or more memory than a config can need."""


class Budget:
    """Counts evaluation steps; one for each file."""

    def __init__(self) -> None:
        self.steps = 0
        self.calls = 0  # functions that are running, one inside the other

    def spend(self, steps: int = 1) -> None:
        self.steps += steps
        if self.steps > MAX_STEPS:
            raise LimitError(f"more than {MAX_STEPS:,} evaluation steps")

    def items(self, iterable: Iterable[Any]) -> list[Any]:
        """The iterable as a list, element by element within the budget."""
        if isinstance(iterable, Sized):
            self.make(len(iterable))
            return list(iterable)
        result = []
        for item in iterable:
            self.spend()
            result.append(item)
        return result

    def make(self, count: int) -> None:
        """Pay for a value of ``count`` elements or characters before it is made."""
        check_size(count)
        self.spend(count)

    def key(self, value: Any) -> Any:
        """A value that is about to be hashed, paid for to its leaves."""
        if isinstance(value, (tuple, frozenset)):
            self.weigh(value)
        return value

    def weigh(self, *values: Any) -> None:
        """Pay for going through values to their leaves, as printing or comparing them does."""
        for value in values:
            if isinstance(value, (dict, list, tuple, set, frozenset)):
                self.spend(weight(value))


def weight(value: Any) -> int:
    """How many leaves and containers a value has when written out, what is shared counted each time.

    Takes time by distinct containers only, so a value that doubles at each level is measured without being written
    out. Raises LimitError above MAX_ITEMS, for a value that holds itself, and beyond a depth of a hundred.
    """
    return _weight(value, {}, 0)


def _weight(value: Any, known: dict[int, int], depth: int) -> int:
    if not isinstance(value, (dict, list, tuple, set, frozenset)):
        return 1
    if id(value) in known:
        found = known[id(value)]
        if not found:
            raise LimitError("a value that holds itself")
        return found
    if depth > MAX_DEPTH:
        raise LimitError(f"values nested deeper than {MAX_DEPTH}")
    known[id(value)] = 0
    total = 1
    for item in value.values() if isinstance(value, dict) else value:
        total += _weight(item, known, depth + 1)
    if total > MAX_ITEMS:
        raise LimitError(f"a value of more than {MAX_ITEMS:,} elements when written out")
    known[id(value)] = total
    return total


def check_size(count: int) -> None:
    if count > MAX_ITEMS:
        raise LimitError(f"a value of {count:,} elements (at most {MAX_ITEMS:,})")


def repeated(left: Any, right: Any) -> int:
    """The length that ``left * right`` would have; 0 for numbers. Refuses huge integers before they are made."""
    for sequence, times in ((left, right), (right, left)):
        if isinstance(sequence, (str, bytes, list, tuple)) and isinstance(times, int):
            return len(sequence) * max(times, 0)
    if isinstance(left, int) and isinstance(right, int) and left.bit_length() + right.bit_length() > MAX_BITS:
        raise LimitError("an integer of that many digits")
    return 0


def check_power(base: Any, exponent: Any) -> None:
    if isinstance(base, int) and isinstance(exponent, int) and base.bit_length() * max(exponent, 0) > MAX_BITS:
        raise LimitError("an integer of that many digits")


def check_shift(value: Any, places: Any) -> None:
    if isinstance(value, int) and isinstance(places, int) and value.bit_length() + max(places, 0) > MAX_BITS:
        raise LimitError("an integer of that many digits")


def check_width(width: Any) -> None:
    """Refuse padding and rounding to more places than a config can need."""
    if isinstance(width, int) and abs(width) > MAX_WIDTH:
        raise LimitError(f"a width of {width:,} (at most {MAX_WIDTH:,})")


def check_format(spec: str) -> None:
    """Refuse a format whose width or precision is above the bound."""
    for digits in re.findall(r"\d+", spec):
        check_width(int(digits[:12]))
