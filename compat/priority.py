"""Priorities of hooks: the order in which hooks are called at one point of the loop (lower comes first)."""

from __future__ import annotations

from enum import Enum

from mmmigrate.compat.suggest import did_you_mean


class UnknownPriorityError(ValueError, KeyError):
    """No priority has this name; mmcv and mmengine raise KeyError."""

    __str__ = ValueError.__str__


class Priority(Enum):
    """Named priorities; the value is the number that hooks are sorted by, 0 (first) to 100 (last)."""

    HIGHEST = 0
    VERY_HIGH = 10
    HIGH = 30
    ABOVE_NORMAL = 40
    NORMAL = 50
    BELOW_NORMAL = 60
    LOW = 70
    VERY_LOW = 90
    LOWEST = 100


def get_priority(priority: int | str | Priority) -> int:
    """Number from 0 to 100 of a priority given as number, name (any case) or member.

    Raises ValueError for a number outside 0..100, UnknownPriorityError for an unknown name, else TypeError.

    >>> get_priority("very_high"), get_priority(Priority.LOW), get_priority(55)
    (10, 70, 55)
    """
    if isinstance(priority, Priority):
        return priority.value
    if isinstance(priority, int):
        if not 0 <= priority <= 100:
            raise ValueError(f"priority must be between 0 and 100, got {priority}")
        return int(priority)
    if isinstance(priority, str):
        member = Priority.__members__.get(priority.upper())
        if member is None:
            known = list(Priority.__members__)
            raise UnknownPriorityError(f"unknown priority {priority!r}{did_you_mean(priority.upper(), known)}")
        return member.value
    raise TypeError(f"priority must be an int, a name or a Priority, got {type(priority).__name__}")
