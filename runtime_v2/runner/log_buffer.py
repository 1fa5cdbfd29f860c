"""LogBuffer: the values that iterations report, and their averages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError

FOLDED_AT = 4096
"""How many additions may wait: a run without a logger must not pile them up."""


class LogBuffer:
    """Collects values by name since the last `clear`; `average` puts their weighted means into `output`.

    An iteration only notes what it adds. It is sorted by name when somebody looks, which is once in a log interval.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[str | dict[str, Any], Any, int]] = []
        self._values: dict[str, list[Any]] = {}
        self._counts: dict[str, list[int]] = {}
        self.output: dict[str, Any] = {}
        self.ready = False

    @property
    def val_history(self) -> dict[str, list[Any]]:
        """The values by name, in the order they came."""
        self._fold()
        return self._values

    @property
    def n_history(self) -> dict[str, list[int]]:
        """For how many samples each value of `val_history` stands."""
        self._fold()
        return self._counts

    def clear(self) -> None:
        """Forget everything."""
        self._waiting.clear()
        self._values.clear()
        self._counts.clear()
        self.clear_output()

    def clear_output(self) -> None:
        """Forget the averages only."""
        self.output.clear()
        self.ready = False

    def update(self, vars: Mapping[str, Any], count: int = 1) -> None:
        """Add one value per name, each standing for `count` samples."""
        if not isinstance(vars, dict):
            raise ArgumentTypeError(f"a dict of values by name is expected, got {vars!r}")
        # a copy, since a hook may change what the model gave
        self._waiting.append((dict(vars), None, count))
        if len(self._waiting) > FOLDED_AT:
            self._fold()

    def add(self, key: str, value: Any, count: int = 1) -> None:
        """Add one value that stands for `count` samples."""
        self._waiting.append((key, value, count))

    def average(self, n: int = 0) -> None:
        """Put the mean of the latest `n` values of each name (all if 0), weighted by sample counts, into `output`."""
        if n < 0:
            raise ArgumentValueError(f"n must not be negative, got {n}")
        for key, history in self.val_history.items():
            values = np.array(history[-n:])
            counts = np.array(self._counts[key][-n:])
            self.output[key] = np.sum(values * counts) / np.sum(counts)
        self.ready = True

    def _fold(self) -> None:
        """Sort what waits by name."""
        for key, value, count in self._waiting:
            if isinstance(key, str):
                self._note(key, value, count)
            else:
                for name, each in key.items():
                    self._note(name, each, count)
        self._waiting.clear()

    def _note(self, key: str, value: Any, count: int) -> None:
        try:
            self._values[key].append(value)
            self._counts[key].append(count)
        except KeyError:
            self._values[key], self._counts[key] = [value], [count]
