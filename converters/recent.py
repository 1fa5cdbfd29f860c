"""A cache that forgets what was not asked for in a long time."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """The last ``limit`` values that were put in or asked for, by key: a folder of any size needs bounded memory."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._values: OrderedDict[object, Value] = OrderedDict()

    def get(self, key: object) -> Value | None:
        """The value, which is the most recent one from now on; None if it was never put in, or forgotten."""
        found = self._values.get(key)
        if found is not None:
            self._values.move_to_end(key)
        return found

    def put(self, key: object, value: Value) -> Value:
        """Keep a value, and forget the one that was not asked for for the longest time if there are too many."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self.limit:
            self._values.popitem(last=False)
        return value
