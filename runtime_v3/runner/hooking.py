"""The runner's hooks: registering, ordering, calling."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from mmmigrate.compat.priority import Priority, get_priority
from mmmigrate.runtime_v3.hooks import Hook
from mmmigrate.runtime_v3.hooks.hook import takes_part
from mmmigrate.runtime_v3.registry import HOOKS

DEFAULT_HOOKS: dict[str, dict[str, Any]] = {
    "runtime_info": {"type": "RuntimeInfoHook"},
    "timer": {"type": "IterTimerHook"},
    "sampler_seed": {"type": "DistSamplerSeedHook"},
    "logger": {"type": "LoggerHook"},
    "param_scheduler": {"type": "ParamSchedulerHook"},
    "checkpoint": {"type": "CheckpointHook", "interval": 1},
}


class HookRegister:
    """Holds hooks in the order in which they act.

    For every stage the methods that do anything there are looked up once; an iteration then calls just those.
    """

    def __init__(self) -> None:
        self._hooks: list[Any] = []
        self._known_hooks: list[Any] = []
        self._methods: dict[str, tuple[Callable[..., Any], ...]] = {}

    @property
    def hooks(self) -> list[Any]:
        return self._hooks

    def call_hook(self, fn_name: str, **kwargs: Any) -> None:
        """Calls the method `fn_name` of all hooks in their order; `kwargs` are handed on."""
        if self._hooks != self._known_hooks:  # compares by identity first: about 0.1 µs
            self._known_hooks = list(self._hooks)
            self._methods.clear()
        methods = self._methods.get(fn_name)
        if methods is None:
            methods = tuple(getattr(hook, fn_name) for hook in self._hooks if takes_part(hook, fn_name))
            self._methods[fn_name] = methods
        for method in methods:
            method(self, **kwargs)

    def register_hook(self, hook: Hook | dict[str, Any], priority: str | int | Priority | None = None) -> None:
        """Puts a hook behind all that act before or as early as it; `priority` overrides its own."""
        if isinstance(hook, dict):
            arguments = copy.copy(hook)
            own = arguments.pop("priority", None)
            priority = own if priority is None else priority
            made = HOOKS.build(arguments)
        elif isinstance(hook, Hook):
            made = hook
        else:
            raise TypeError(f"hook should be an instance of Hook or dict with its type, got {hook!r}")
        if priority is not None:
            made.priority = priority
        place = len(self._hooks)
        level = get_priority(made.priority)
        while place and get_priority(self._hooks[place - 1].priority) > level:
            place -= 1
        self._hooks.insert(place, made)

    def register_default_hooks(self, hooks: dict[str, Any] | None = None) -> None:
        """Registers the standard hooks, as changed by `hooks`: name to config, or to None to leave one out."""
        chosen: dict[str, Any] = {name: dict(cfg) for name, cfg in DEFAULT_HOOKS.items()}
        for name, hook in (hooks or {}).items():
            if hook is not None:
                chosen[name] = hook
            elif chosen.pop(name, None) is None:
                raise ValueError(f"default_hooks: {name}=None, but there is no such hook; there are {sorted(chosen)}")
        for hook in chosen.values():
            self.register_hook(hook)

    def register_custom_hooks(self, hooks: list[Any]) -> None:
        for hook in hooks:
            self.register_hook(hook)

    def register_hooks(
        self, default_hooks: dict[str, Any] | None = None, custom_hooks: list[Any] | None = None
    ) -> None:
        self.register_default_hooks(default_hooks)
        self.register_custom_hooks(custom_hooks or [])

    def get_hooks_info(self) -> str:
        """Which hooks act at which stage, in their order."""
        paragraphs = []
        for stage in Hook.stages:
            lines = [_line(hook) for hook in self._hooks if takes_part(hook, stage)]
            if lines:
                paragraphs.append("\n".join([f"{stage}:", *lines, " -------------------- "]))
        return "\n".join(paragraphs)


def _line(hook: Any) -> str:
    level = get_priority(hook.priority)
    names = [priority.name for priority in Priority if priority.value == level]
    return f"({names[0] if names else level:<12}) {type(hook).__name__:<35}"
