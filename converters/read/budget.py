"""Bounds on what evaluating a config may cost, so that no file can hang or fill the memory."""

from __future__ import annotations

from collections.abc import Iterable, Sized
from typing import Any

MAX_STEPS = 2_000_000
MAX_ITEMS = 1_000_000
MAX_BITS = 100_000


class LimitError(Exception):
    """The file wants more steps or more memory than a config can need."""


class Budget:
    """Counts evaluation steps; one for each file."""

    def __init__(self) -> None:
        self.steps = 0

    def spend(self, steps: int = 1) -> None:
        self.steps += steps
        if self.steps > MAX_STEPS:
            raise LimitError(f"more than {MAX_STEPS:,} evaluation steps")

    def items(self, iterable: Iterable[Any]) -> list[Any]:
        """The iterable as a list, element by element within the budget."""
        if isinstance(iterable, Sized):
            check_size(len(iterable))
        result = []
        for item in iterable:
            self.spend()
            result.append(item)
        return result


def check_size(count: int) -> None:
    if count > MAX_ITEMS:
        raise LimitError(f"a value of {count:,} elements (at most {MAX_ITEMS:,})")


def check_repeat(left: Any, right: Any) -> None:
    """Refuse ``sequence * n`` and huge integers before they are made."""
    for sequence, times in ((left, right), (right, left)):
        if isinstance(sequence, (str, bytes, list, tuple)) and isinstance(times, int):
            check_size(len(sequence) * max(times, 0))
    if isinstance(left, int) and isinstance(right, int) and left.bit_length() + right.bit_length() > MAX_BITS:
        raise LimitError("an integer of that many digits")


def check_power(base: Any, exponent: Any) -> None:
    if isinstance(base, int) and isinstance(exponent, int) and base.bit_length() * max(exponent, 0) > MAX_BITS:
        raise LimitError("an integer of that many digits")


def check_shift(value: Any, places: Any) -> None:
    if isinstance(value, int) and isinstance(places, int) and value.bit_length() + max(places, 0) > MAX_BITS:
        raise LimitError("an integer of that many digits")
