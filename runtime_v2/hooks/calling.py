"""Which methods of which hooks a stage calls: found once, again whenever the list of hooks changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mmmigrate.runtime_v2.hooks.hook import Hook, HookMethod, resolve


class StageMethods(dict[str, tuple[HookMethod, ...]]):
    """The bound methods to call, by stage; looked up on first use after `clear()`."""

    def __init__(self, hooks: list[Hook]) -> None:
        super().__init__()
        self._hooks = hooks

    def __missing__(self, stage: str) -> tuple[HookMethod, ...]:
        found = self[stage] = resolve(self._hooks, stage)
        return found


class HookList(list[Hook]):
    """A list of hooks that says when it changes, since projects insert hooks into a runner's list directly."""

    def __init__(self) -> None:
        super().__init__()
        self.methods = StageMethods(self)


def _telling(name: str) -> Callable[..., Any]:
    change = getattr(list, name)

    def changed(self: HookList, *args: Any, **kwargs: Any) -> Any:
        self.methods.clear()
        return change(self, *args, **kwargs)

    return changed


for _name in (
    *("append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse"),
    *("__setitem__", "__delitem__", "__iadd__"),
):
    setattr(HookList, _name, _telling(_name))
