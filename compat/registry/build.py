"""Building an object from a config dict whose `type` names a registered class or function."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmmigrate.compat.registry.core import Registry


def check_build_arguments(cfg: Any, registry: Any, default_args: Any, dict_types: tuple[type, ...] = (dict,)) -> None:
    """Raises TypeError or KeyError, saying what was given, unless an object can be built from these arguments."""
    from mmmigrate.compat.registry.core import Registry

    kinds = ", ".join(kind.__name__ for kind in dict_types)
    if not isinstance(cfg, dict_types):
        raise TypeError(f"cfg should be a {kinds}, but got {type(cfg)}")
    if "type" not in cfg and (default_args is None or "type" not in default_args):  # type: ignore[operator]
        raise KeyError(f'`cfg` or `default_args` must contain the key "type", but got {cfg}\n{default_args}')
    if not isinstance(registry, Registry):
        raise TypeError(f"registry must be a mmengine.Registry object or one of mmcv, but got {type(registry)}")
    if default_args is not None and not isinstance(default_args, dict_types):
        raise TypeError(f"default_args should be a {kinds} or None, but got {type(default_args)}")


def merged_arguments(cfg: Any, default_args: Any) -> Any:
    """A shallow copy of `cfg` with the keys of `default_args` that it lacks."""
    args = cfg.copy()
    if default_args is not None:
        for name, value in default_args.items():
            args.setdefault(name, value)
    return args


def resolve_type(obj_type: Any, registry: Registry) -> Any:
    """The class or callable that a config's `type` stands for: a registered name, or the object itself."""
    if isinstance(obj_type, str):
        found = registry.get(obj_type)
        if found is None:
            raise KeyError(registry.missing_message(obj_type))
        return found
    if callable(obj_type):
        return obj_type
    raise TypeError(f"type must be a str or valid type, but got {type(obj_type)}")


def call_with_context(factory: Any, args: Any) -> Any:
    """`factory(**args)`; an error keeps its type and its message starts with the name of the class or function."""
    try:
        return factory(**args)
    except Exception as error:
        name = getattr(factory, "__name__", repr(factory))
        if isinstance(error, TypeError):
            problem = unknown_argument(factory, args) or _handed_on(factory, args, error)
            if problem is not None:
                raise TypeError(f"{name}: {problem}") from error
        try:
            renamed = type(error)(f"{name}: {error}")
        except Exception:  # some exception classes take other arguments than a message
            raise error from None
        raise renamed from error


def unknown_argument(factory: Any, args: Any) -> str | None:
    """Which keys of `args` the callable does not take, with the nearest parameter names; None if it takes them all."""
    from mmmigrate.compat.suggest import did_you_mean

    try:
        parameters = inspect.signature(factory).parameters
    except (TypeError, ValueError):
        return None
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return None
    unknown = [key for key in args if key not in parameters]
    if not unknown:
        return None
    parts = [f"unexpected keyword argument {key!r}{did_you_mean(str(key), parameters)}" for key in unknown]
    return ", ".join(parts)


def _handed_on(factory: Any, args: Any, error: TypeError) -> str | None:
    """The same for an argument that went through `**kwargs` to a base class, whose name says nothing to the reader."""
    from mmmigrate.compat.suggest import did_you_mean

    found = re.search(r"unexpected keyword argument '(\w+)'", str(error))
    if found is None or found[1] not in args or not inspect.isclass(factory):
        return None
    makers = (vars(cls)["__init__"] for cls in factory.__mro__[:-1] if "__init__" in vars(cls))
    known = {
        name
        for maker in makers
        for name, parameter in inspect.signature(maker).parameters.items()
        if name != "self" and parameter.kind is not parameter.VAR_KEYWORD
    }
    return None if found[1] in known else f"unexpected keyword argument {found[1]!r}{did_you_mean(found[1], known)}"


def build_from_cfg(cfg: Any, registry: Registry, default_args: Any = None) -> Any:
    """The object that `cfg` describes: the class or function named by its `type`, called with the other keys.

    `default_args` fills in keys that `cfg` lacks. A failing constructor's error names the class.
    """
    check_build_arguments(cfg, registry, default_args)
    args = merged_arguments(cfg, default_args)
    factory = resolve_type(args.pop("type"), registry)
    return call_with_context(factory, args)
