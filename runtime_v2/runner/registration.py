"""How a runner takes hooks: objects or configs, each kind at its own priority."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from contextlib import suppress
from inspect import signature
from typing import Any

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError
from mmmigrate.compat.priority import Priority, get_priority
from mmmigrate.compat.schedule import POLICIES, ScheduleError, policy_name
from mmmigrate.compat.suggest import did_you_mean
from mmmigrate.runtime_v2.hooks.calling import StageMethods, ThroughCallHook
from mmmigrate.runtime_v2.hooks.checkpoint import CheckpointHook
from mmmigrate.runtime_v2.hooks.hook import HOOKS, Hook, HookMethod
from mmmigrate.runtime_v2.registry import build_from_cfg

HookConfig = dict[str, Any] | Hook | None


class HookRegistration:
    """The part of a runner that holds its hooks in calling order: by priority, then by registration."""

    _stages: StageMethods

    @property
    def _hooks(self) -> list[Hook]:
        return self._stages.hooks

    @_hooks.setter
    def _hooks(self, hooks: Iterable[Hook]) -> None:
        self._stages.take(hooks)

    @property
    def hooks(self) -> list[Hook]:
        """The hooks in calling order."""
        return self._stages.hooks

    def call_hook(self, fn_name: str) -> None:
        """Call every hook's method of that name, in order, leaving out those that do nothing."""
        for method in self._stages[fn_name]:
            method(self)

    def _calls(self) -> Mapping[str, tuple[HookMethod, ...]]:
        """What to call at each stage: the hooks' methods, or `call_hook` itself where a project has its own."""
        own = getattr(self.call_hook, "__func__", None) is not HookRegistration.call_hook
        return ThroughCallHook() if own else self._stages

    def register_hook(self, hook: Hook, priority: int | str | Priority = "NORMAL") -> None:
        """Insert `hook` behind all hooks of the same or a higher priority (a lower number)."""
        if not isinstance(hook, Hook):
            raise ArgumentTypeError(f"a hook must be a Hook, got {type(hook).__name__}")
        if hasattr(hook, "priority"):
            raise ArgumentValueError('"priority" is a reserved attribute for hooks')
        level = get_priority(priority)
        hook.priority = level  # type: ignore[attr-defined]
        position = len(self._hooks)
        while position and level < self._hooks[position - 1].priority:  # type: ignore[attr-defined]
            position -= 1
        self._hooks.insert(position, hook)

    def register_hook_from_cfg(self, hook_cfg: dict[str, Any]) -> None:
        """Build a hook from its config, whose `priority` (default NORMAL) is taken out first, and register it."""
        config = hook_cfg.copy()
        priority = config.pop("priority", "NORMAL")
        self.register_hook(build_from_cfg(config, HOOKS), priority)

    def register_lr_hook(self, lr_config: HookConfig) -> None:
        """Register the learning-rate updater that a hook or an `lr_config` with its `policy` stands for."""
        self._register_policy(lr_config, "lr", "LrUpdaterHook", "VERY_HIGH")

    def register_momentum_hook(self, momentum_config: HookConfig) -> None:
        """Register the momentum updater that a hook or a `momentum_config` with its `policy` stands for."""
        self._register_policy(momentum_config, "momentum", "MomentumUpdaterHook", "HIGH")

    def register_optimizer_hook(self, optimizer_config: HookConfig) -> None:
        """Register the hook that steps the optimizer; a config without `type` means OptimizerHook."""
        self._register_typed(optimizer_config, "OptimizerHook", "ABOVE_NORMAL")

    def register_checkpoint_hook(self, checkpoint_config: HookConfig) -> None:
        """Register the hook that saves checkpoints; a config without `type` means CheckpointHook."""
        self._register_typed(checkpoint_config, "CheckpointHook", "NORMAL")
        for hook in self._hooks:
            if isinstance(hook, CheckpointHook):
                hook.check_arguments(self)

    def register_profiler_hook(self, profiler_config: HookConfig) -> None:
        """Register a profiler; a config without `type` means ProfilerHook."""
        self._register_typed(profiler_config, "ProfilerHook", "NORMAL")

    def register_timer_hook(self, timer_config: HookConfig) -> None:
        """Register the hook that times iterations."""
        self._register_typed(copy.deepcopy(timer_config), None, "LOW")

    def register_logger_hooks(self, log_config: dict[str, Any] | None) -> None:
        """Register every logger of `log_config['hooks']`, its `interval` being their default."""
        if log_config is None:
            return
        for info in log_config["hooks"]:
            logger = build_from_cfg(info, HOOKS, default_args={"interval": log_config["interval"]})
            self.register_hook(logger, "VERY_LOW")

    def register_custom_hooks(self, custom_config: list[Any] | HookConfig) -> None:
        """Register a hook, a config (with its own priority), or a list of these."""
        if custom_config is None:
            return
        for item in custom_config if isinstance(custom_config, list) else [custom_config]:
            if isinstance(item, dict):
                self.register_hook_from_cfg(item)
            else:
                self.register_hook(item, "NORMAL")

    def register_training_hooks(
        self,
        lr_config: HookConfig,
        optimizer_config: HookConfig = None,
        checkpoint_config: HookConfig = None,
        log_config: dict[str, Any] | None = None,
        momentum_config: HookConfig = None,
        timer_config: HookConfig = {"type": "IterTimerHook"},  # noqa: B006 (mmcv's signature; it is copied)
        custom_hooks_config: list[Any] | HookConfig = None,
    ) -> None:
        """Register all default and custom hooks: the order here breaks ties between equal priorities."""
        self.register_lr_hook(lr_config)
        self.register_momentum_hook(momentum_config)
        self.register_optimizer_hook(optimizer_config)
        self.register_checkpoint_hook(checkpoint_config)
        self.register_timer_hook(timer_config)
        self.register_logger_hooks(log_config)
        self.register_custom_hooks(custom_hooks_config)

    def get_hook_info(self) -> str:
        """A table of which hooks act at which stage, in calling order."""
        blocks = []
        triggered = [(hook, set(hook.get_triggered_stages())) for hook in self._hooks]
        for stage in Hook.stages:
            lines = [_described(hook) for hook, stages in triggered if stage in stages]
            if lines:
                blocks.append("\n".join([f"{stage}:", *lines, " -------------------- "]))
        return "\n".join(blocks)

    def _register_typed(self, config: HookConfig, default_type: str | None, priority: str) -> None:
        if config is None:
            return
        if isinstance(config, dict):
            if default_type is not None:
                config.setdefault("type", default_type)
            config = build_from_cfg(config, HOOKS)
        self.register_hook(config, priority)  # type: ignore[arg-type]

    def _register_policy(self, config: HookConfig, quantity: Any, suffix: str, priority: str) -> None:
        if isinstance(config, dict):
            if "policy" not in config:
                raise ScheduleError(f"{quantity}_config needs a 'policy', got only {sorted(config)}")
            policy = config.pop("policy")
            config["type"] = policy_name(policy) + suffix
            hook_class = HOOKS.get(config["type"])
            if hook_class is None:
                known = {name.removesuffix(suffix) for name in HOOKS.module_dict if name.endswith(suffix)}
                hint = did_you_mean(policy, known | set(POLICIES[quantity]))
                raise ScheduleError(
                    f"{quantity}_config has policy={policy!r}, but no hook {config['type']} is registered{hint}"
                )
            _check_schedule_arguments(f"{quantity}_config", policy, config, hook_class)
        self._register_typed(config, None, priority)


def _check_schedule_arguments(where: str, policy: str, config: dict[str, Any], hook_class: type) -> None:
    """Raise for an argument that no class of the hook takes; their `**kwargs` would make the error name a wrong one."""
    if not hook_class.__module__.startswith(__name__.partition(".")[0]):
        return
    classes = [cls for cls in hook_class.__mro__ if "__init__" in vars(cls) and cls is not object]
    known = {name for cls in classes for name in signature(cls).parameters} - {"kwargs", "floor", "floor_ratio"}
    for name in config:
        if name != "type" and name not in known:
            raise ScheduleError(f"{where} with policy={policy!r} has no argument {name!r}{did_you_mean(name, known)}")


def _described(hook: Hook) -> str:
    level: Any = hook.priority  # type: ignore[attr-defined]
    with suppress(ValueError):
        level = Priority(level).name
    return f"({level:<12}) {type(hook).__name__:<35}"
