"""Which methods of which hooks a stage calls: found once, again whenever the list of hooks changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from mmmigrate.runtime_v2.hooks.hook import Hook, HookMethod, resolve


class StageMethods(dict[str, tuple[HookMethod, ...]]):
    """The bound methods to call, by stage, for a list of hooks; looked up on first use after `clear()`."""

    hooks: list[Hook]

    def __init__(self) -> None:
        super().__init__()
        self.take(())

    def __missing__(self, stage: str) -> tuple[HookMethod, ...]:
        found = self[stage] = resolve(self.hooks, stage)
        return found

    def take(self, hooks: Iterable[Hook]) -> None:
        """Go on with a new list of hooks."""
        self.hooks = _HookList(self, hooks)
        self.clear()


class ThroughCallHook(dict[str, tuple[HookMethod, ...]]):
    """Calls the runner's `call_hook` at every stage."""

    def __missing__(self, stage: str) -> tuple[HookMethod, ...]:
        found = self[stage] = (lambda runner: runner.call_hook(stage),)
        return found


class _HookList(list[Hook]):
    """A list of hooks that says when it changes, since projects insert hooks into a runner's list directly."""

    def __init__(self, methods: StageMethods, hooks: Iterable[Hook]) -> None:
        super().__init__(hooks)
        self.methods = methods


def _telling(name: str) -> Callable[..., Any]:
    change = getattr(list, name)

    def changed(self: _HookList, *args: Any, **kwargs: Any) -> Any:
        self.methods.clear()
        return change(self, *args, **kwargs)

    return changed


for _name in (
    *("append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse"),
    *("__setitem__", "__delitem__", "__iadd__"),
):
    setattr(_HookList, _name, _telling(_name))
