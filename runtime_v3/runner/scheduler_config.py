"""Checks `param_scheduler` before anything is built."""

from __future__ import annotations

from typing import Any

from mmmigrate.compat.argument_errors import ArgumentTypeError, MissingKeyError
from mmmigrate.runtime_v3.optim import _ParamScheduler


def check_scheduler_config(given: Any) -> None:
    """Raises TypeError or KeyError unless `given` is None, a scheduler, a config of one, a list of these, or a dict of
    such by the name of the optimizer."""
    if given is None or isinstance(given, _ParamScheduler):
        return
    if isinstance(given, dict):
        if "type" not in given:
            for name, entry in given.items():
                if not isinstance(entry, (dict, list, tuple, _ParamScheduler)):
                    raise ArgumentTypeError(
                        f"param_scheduler: {name} should be a scheduler or a list of them, got {entry!r}"
                    )
        return
    if not isinstance(given, (list, tuple)):
        raise TypeError(f"param_scheduler should be a scheduler, a dict or a list, got {type(given).__name__}")
    for entry in given:
        if isinstance(entry, dict) and "type" not in entry:
            raise MissingKeyError(f"param_scheduler: {dict(entry)} has no 'type'")
        if not isinstance(entry, (dict, _ParamScheduler)):
            raise TypeError(f"param_scheduler: {entry!r} is neither a scheduler nor a dict")
