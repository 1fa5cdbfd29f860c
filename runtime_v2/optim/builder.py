"""Optimizers from configs: every class of torch.optim is registered."""

from __future__ import annotations

import copy
import inspect
from typing import Any

import torch
from torch import nn

from mmmigrate.runtime_v2.registries import OPTIMIZER_BUILDERS, OPTIMIZERS
from mmmigrate.runtime_v2.registry import build_from_cfg


def register_torch_optimizers() -> list[str]:
    """Register torch's optimizers in OPTIMIZERS; gives their names."""
    names = []
    for name, value in vars(torch.optim).items():
        if inspect.isclass(value) and issubclass(value, torch.optim.Optimizer) and not name.startswith("__"):
            OPTIMIZERS.register_module(module=value)
            names.append(name)
    return sorted(names)


TORCH_OPTIMIZERS = register_torch_optimizers()


def build_optimizer_constructor(cfg: dict[str, Any]) -> Any:
    """The optimizer constructor that `cfg['type']` names."""
    return build_from_cfg(cfg, OPTIMIZER_BUILDERS)


def build_optimizer(model: nn.Module, cfg: dict[str, Any]) -> Any:
    """The optimizer that `cfg` describes for `model`, with its `paramwise_cfg`, by the `constructor` it may name."""
    optimizer_cfg = copy.deepcopy(cfg)
    constructor = build_optimizer_constructor(
        {
            "type": optimizer_cfg.pop("constructor", "DefaultOptimizerConstructor"),
            "paramwise_cfg": optimizer_cfg.pop("paramwise_cfg", None),
            "optimizer_cfg": optimizer_cfg,
        }
    )
    return constructor(model)


def build_optimizers(model: nn.Module, cfg: dict[str, Any]) -> Any:
    """One optimizer, or a dict of them if `cfg` holds a config for each of several parts of the model by name.

    The parts are attributes of the model, as in a GAN: `dict(generator=dict(type='Adam', ...), discriminator=...)`.
    """
    inner: Any = getattr(model, "module", model)
    if "type" not in cfg and cfg and all(isinstance(part, dict) for part in cfg.values()):
        return {name: build_optimizer(getattr(inner, name), part) for name, part in cfg.items()}
    return build_optimizer(model, cfg)
