"""What the root registries build with: the plain form, and those for runners, models, optimizers, schedulers."""

from __future__ import annotations

import inspect
from typing import Any

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError
from mmmigrate.compat.config import Config, ConfigDict
from mmmigrate.compat.registry import Registry, check_build_arguments, merged_arguments, resolve_type
from mmmigrate.compat.registry.build import unknown_argument
from mmmigrate.runtime_v3.logging.manager import ManagerMixin

_DICT_TYPES = (dict, ConfigDict, Config)


def build_from_cfg(cfg: Any, registry: Any, default_args: Any = None) -> Any:
    """The object that `cfg` describes: the class or function named by its `type`, called with the other keys.

    The lookup happens in the registry of the default scope, or of `_scope_` if `cfg` has it. Classes with shared
    instances (loggers, message hubs, visualizers) give the instance of that name. `default_args` fills in keys
    that `cfg` lacks. An argument that the class doesn't take is a TypeError with the nearest name.
    """
    check_build_arguments(cfg, registry, default_args, _DICT_TYPES)
    args = merged_arguments(cfg, default_args)
    with registry.switch_scope_and_registry(args.pop("_scope_", None)) as scoped_registry:
        factory = resolve_type(args.pop("type"), scoped_registry)
        if inspect.isclass(factory) and issubclass(factory, ManagerMixin):
            return factory.get_instance(**args)
        try:
            return factory(**args)
        except TypeError as error:
            problem = unknown_argument(factory, args)
            if problem is None:
                raise
            name = getattr(factory, "__name__", repr(factory))
            raise TypeError(f"{name}: {problem}") from error


def _check_arguments(cfg: Any, registry: Any) -> None:
    if not isinstance(cfg, _DICT_TYPES):
        raise ArgumentTypeError(f"cfg should be a dict, ConfigDict or Config, but got {type(cfg)}")
    if not isinstance(registry, Registry):
        raise ArgumentTypeError(f"registry should be a mmengine.Registry object, but got {type(registry)}")


def build_runner_from_cfg(cfg: Any, registry: Any) -> Any:
    """The runner that a whole experiment config describes; `runner_type` names another class than `Runner`."""
    _check_arguments(cfg, registry)
    args = cfg.copy()
    with registry.switch_scope_and_registry(args.pop("_scope_", None)) as scoped_registry:
        runner_cls = resolve_type(args.get("runner_type", "Runner"), scoped_registry)
        return runner_cls.from_cfg(args)


def build_model_from_cfg(cfg: Any, registry: Any, default_args: Any = None) -> Any:
    """A module from a dict; from a list of dicts, a `Sequential` of the modules."""
    if not isinstance(cfg, list):
        return build_from_cfg(cfg, registry, default_args)
    from mmmigrate.runtime_v3.model import Sequential

    return Sequential(*[build_from_cfg(item, registry, default_args) for item in cfg])


def build_optimizer_from_cfg(cfg: Any, registry: Any, default_args: Any = None) -> Any:
    """An optimizer; the same as `build_from_cfg`, kept as a name that projects import."""
    return build_from_cfg(cfg, registry, default_args)


def build_scheduler_from_cfg(cfg: Any, registry: Any, default_args: Any = None) -> Any:
    """A parameter scheduler.

    `convert_to_iter_based=True` gives one that is written in epochs and steps in iterations; it needs
    `epoch_length` (iterations per epoch) from `cfg` or `default_args`.
    """
    _check_arguments(cfg, registry)
    args = merged_arguments(cfg, default_args)
    with registry.switch_scope_and_registry(args.pop("_scope_", None)) as scoped_registry:
        if not args.pop("convert_to_iter_based", False):
            args.pop("epoch_length", None)
            return build_from_cfg(args, scoped_registry)
        if "epoch_length" not in args or not args.get("by_epoch", True):
            raise ArgumentValueError(
                "convert_to_iter_based needs a scheduler with by_epoch=True and epoch_length, the iterations per "
                f"epoch; got {dict(args)}"
            )
        return resolve_type(args.pop("type"), scoped_registry).build_iter_from_epoch(**args)
