"""LogBuffer: the values that iterations report, and their averages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError


class LogBuffer:
    """Collects values by name since the last `clear`; `average` puts their weighted means into `output`."""

    def __init__(self) -> None:
        self.val_history: dict[str, list[Any]] = {}
        self.n_history: dict[str, list[int]] = {}
        self.output: dict[str, Any] = {}
        self.ready = False

    def clear(self) -> None:
        """Forget everything."""
        self.val_history.clear()
        self.n_history.clear()
        self.clear_output()

    def clear_output(self) -> None:
        """Forget the averages only."""
        self.output.clear()
        self.ready = False

    def update(self, vars: Mapping[str, Any], count: int = 1) -> None:
        """Add one value per name, each standing for `count` samples."""
        values, counts = self.val_history, self.n_history
        try:
            items = vars.items()
        except AttributeError:
            raise ArgumentTypeError(f"values by name are expected, got {vars!r}") from None
        for key, value in items:
            if key in values:
                values[key].append(value)
                counts[key].append(count)
            else:
                values[key], counts[key] = [value], [count]

    def add(self, key: str, value: Any, count: int = 1) -> None:
        """Add one value that stands for `count` samples."""
        try:
            self.val_history[key].append(value)
            self.n_history[key].append(count)
        except KeyError:
            self.val_history[key] = [value]
            self.n_history[key] = [count]

    def average(self, n: int = 0) -> None:
        """Put the mean of the latest `n` values of each name (all if 0), weighted by sample counts, into `output`."""
        if n < 0:
            raise ArgumentValueError(f"n must not be negative, got {n}")
        for key, history in self.val_history.items():
            values = np.array(history[-n:])
            counts = np.array(self.n_history[key][-n:])
            self.output[key] = np.sum(values * counts) / np.sum(counts)
        self.ready = True
