"""Which hooks act, in which order: each distinct sequence of calls of an iteration, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# What a hook may define instead of a stage of its own name, in either generation.
_GENERAL = {
    "before_train_iter": ("before_iter", "_before_iter"),
    "after_train_iter": ("after_iter", "_after_iter"),
    "before_train_epoch": ("before_epoch", "_before_epoch"),
    "after_train_epoch": ("after_epoch", "_after_epoch"),
    "before_val_iter": ("before_iter", "_before_iter"),
    "after_val_iter": ("after_iter", "_after_iter"),
    "before_val_epoch": ("before_epoch", "_before_epoch"),
    "after_val_epoch": ("after_epoch", "_after_epoch"),
}


def acting(hooks: list[Any], stage: str) -> list[str]:
    """The class names of the hooks that do something at `stage`, in calling order."""
    return [type(getattr(hook, "v2_hook", hook)).__name__ for hook in hooks if _acts(hook, stage)]


def _acts(hook: Any, stage: str) -> bool:
    own = getattr(hook, "v2_hook", hook)  # an adapter forwards every stage, the hook inside decides
    base = next((kind for kind in type(own).__mro__ if kind.__name__ == "Hook"), object)
    names = (stage, *_GENERAL.get(stage, ()))
    return any(getattr(type(own), name, None) is not getattr(base, name, None) for name in names)


class HookCalls:
    """Listens to `call_hook` of a runner; `taken()` gives the calls since it was asked last, if they are news."""

    def __init__(self, runner: Any) -> None:
        self._runner = runner
        self._stages: list[str] = []
        self._known: set[tuple[str, ...]] = set()
        runner.call_hook = self._listening(runner.call_hook)

    def _listening(self, call_hook: Callable[..., Any]) -> Callable[..., Any]:
        noted = self._stages.append

        def called(fn_name: str, *args: Any, **kwargs: Any) -> Any:
            noted(fn_name)
            return call_hook(fn_name, *args, **kwargs)

        return called

    def taken(self) -> list[list[Any]]:
        """`[[stage, [hook, …]], …]` of the calls since the last time; empty if the same sequence was given before."""
        stages = tuple(_without_repeats(self._stages))
        self._stages.clear()
        if stages in self._known:
            return []
        self._known.add(stages)
        hooks = list(self._runner.hooks)
        return [[stage, acting(hooks, stage)] for stage in stages]


def _without_repeats(stages: list[str]) -> list[str]:
    """A validation calls the same two stages for each batch: once is enough."""
    kept: list[str] = []
    for stage in stages:
        if stage not in kept[-2:]:
            kept.append(stage)
    return kept
