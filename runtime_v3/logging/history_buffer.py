"""A scalar's history, and statistics over its last entries."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError, MissingKeyError


class HistoryBuffer:
    """Keeps the last `max_length` values of one scalar and the count each stands for.

    An update costs the same after a million entries as after one: entries are appended to a typed array and old ones
    are dropped in blocks, while mmengine copies the whole history at each update.
    """

    _statistics_methods: ClassVar[dict[str, Callable[..., Any]]] = {}

    def __init__(
        self, log_history: Sequence[float] = (), count_history: Sequence[float] = (), max_length: int = 1_000_000
    ) -> None:
        if len(log_history) != len(count_history):
            raise ArgumentValueError(
                f"log_history has {len(log_history)} entries and count_history {len(count_history)}: they must agree"
            )
        self.max_length = max_length
        # Dropping entries moves all others: it pays once in many updates.
        self._limit = max_length + max(1024, max_length // 8)
        self._logs = array("d")
        self._counts = array("d")
        self._only_ints = True
        self._only_int_counts = True
        if len(log_history):
            self._fill(_as_list(log_history[-max_length:]), _as_list(count_history[-max_length:]))

    def _fill(self, logs: list[Any], counts: list[Any]) -> None:
        self._logs, self._counts = array("d", logs), array("d", counts)
        self._only_ints = all(isinstance(value, int) for value in logs)
        self._only_int_counts = all(isinstance(count, int) for count in counts)

    def update(self, log_val: int | float, count: int | float = 1) -> None:
        """Appends a value that stands for `count` entries (`log_val` is their sum)."""
        if type(log_val) is not float:
            if not isinstance(log_val, (int, float)):
                raise TypeError(f"log_val must be int or float, got {type(log_val).__name__}")
            self._only_ints = self._only_ints and isinstance(log_val, int)
        elif self._only_ints:
            self._only_ints = False
        if type(count) is not int:
            if not isinstance(count, (int, float)):
                raise TypeError(f"count must be int or float, got {type(count).__name__}")
            self._only_int_counts = self._only_int_counts and isinstance(count, int)
        self._logs.append(log_val)
        self._counts.append(count)
        if len(self._logs) > self._limit:
            del self._logs[: -self.max_length]
            del self._counts[: -self.max_length]

    def __setstate__(self, state: dict[str, Any]) -> None:
        if "_log_history" in state:  # saved by mmengine
            HistoryBuffer.__init__(self, state["_log_history"], state["_count_history"], state["max_length"])
        else:
            self.__dict__.update(state)

    def _window(self, size: int | None) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        if size is None:
            size = self.max_length
        elif not isinstance(size, int):
            raise ArgumentTypeError(f"window_size must be an int, got {type(size).__name__}")
        start = max(0, len(self._logs) - min(size, self.max_length)) if size > 0 else -size
        # A view would pin the arrays and make the next append fail, so the window is copied.
        logs = np.array(self._logs[start:], dtype=np.int64 if self._only_ints and self._logs else np.float64)
        counts = np.array(self._counts[start:], dtype=np.int64 if self._only_int_counts and self._logs else np.float64)
        return logs, counts

    @property
    def data(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Values and counts, oldest first."""
        return self._window(None)

    @property
    def _log_history(self) -> np.ndarray[Any, Any]:
        return self._window(None)[0]

    @property
    def _count_history(self) -> np.ndarray[Any, Any]:
        return self._window(None)[1]

    def __len__(self) -> int:
        return min(len(self._logs), self.max_length)

    @classmethod
    def register_statistics(cls, method: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator: makes a method available to `statistics` and to `custom_cfg` of the log processor."""
        name = method.__name__
        if name in cls._statistics_methods:
            raise MissingKeyError(f"the statistic {name!r} is registered already")
        cls._statistics_methods[name] = method
        return method

    def statistics(self, method_name: str, *args: Any, **kwargs: Any) -> Any:
        if method_name not in self._statistics_methods:
            raise KeyError(f"{method_name!r} is not a statistic; there are {sorted(self._statistics_methods)}")
        return self._statistics_methods[method_name](self, *args, **kwargs)

    def mean(self, window_size: int | None = None) -> Any:
        """Sum of the values over sum of the counts in the window."""
        logs, counts = self._window(window_size)
        return logs.sum() / counts.sum()

    def max(self, window_size: int | None = None) -> Any:
        return self._window(window_size)[0].max()

    def min(self, window_size: int | None = None) -> Any:
        return self._window(window_size)[0].min()

    def current(self) -> Any:
        if not self._logs:
            raise ValueError("the history is empty: call update first")
        return np.int64(self._logs[-1]) if self._only_ints else np.float64(self._logs[-1])


def _as_list(values: Any) -> list[Any]:
    """The entries of an array, a tensor or a list, as Python's own numbers."""
    if hasattr(values, "tolist"):
        return list(values.tolist())
    return [value.item() if isinstance(value, np.generic) else value for value in values]


HistoryBuffer._statistics_methods.update(
    min=HistoryBuffer.min, max=HistoryBuffer.max, current=HistoryBuffer.current, mean=HistoryBuffer.mean
)
