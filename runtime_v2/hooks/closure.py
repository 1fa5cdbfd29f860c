"""ClosureHook: a function as a hook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mmmigrate.compat.argument_errors import ArgumentTypeError, MissingMethodError
from mmmigrate.runtime_v2.hooks.hook import HOOKS, Hook


@HOOKS.register_module()
class ClosureHook(Hook):
    """Calls `fn(runner)` at the stage named `fn_name`."""

    def __init__(self, fn_name: str, fn: Callable[[Any], Any]) -> None:
        if not hasattr(self, fn_name):
            raise MissingMethodError(f"hooks have no stage {fn_name!r}; they have {', '.join(Hook.stages)}")
        if not callable(fn):
            raise ArgumentTypeError(f"fn must be callable, got {type(fn).__name__}")
        setattr(self, fn_name, fn)
