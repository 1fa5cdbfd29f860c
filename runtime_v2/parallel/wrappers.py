"""The modules that only wrap another: which they are, and what lies inside."""

from __future__ import annotations

from torch import nn
from torch.nn.parallel import DataParallel, DistributedDataParallel

from mmmigrate.compat.argument_errors import ArgumentTypeError
from mmmigrate.runtime_v2.registries import MODULE_WRAPPERS
from mmmigrate.runtime_v2.registry import Registry

MODULE_WRAPPERS.register_module(module=DataParallel)
MODULE_WRAPPERS.register_module(module=DistributedDataParallel)


def is_module_wrapper(module: nn.Module) -> bool:
    """Whether `module` is of a class registered in MODULE_WRAPPERS or one of its children registries."""
    return _registered_in(module, MODULE_WRAPPERS)


def unwrapped(module: nn.Module) -> nn.Module:
    """The module inside `module` if that is a wrapper, else `module` itself."""
    inner = module.module if is_module_wrapper(module) else module
    if not isinstance(inner, nn.Module):
        raise ArgumentTypeError(f"{type(module).__name__}.module is no module but a {type(inner).__name__}")
    return inner


def _registered_in(module: nn.Module, registry: Registry) -> bool:
    if isinstance(module, tuple(registry.module_dict.values())):
        return True
    return any(_registered_in(module, child) for child in registry.children.values())
