"""Models from configs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from mmmigrate.runtime_v2.module.base_module import Sequential
from mmmigrate.runtime_v2.registries import MODELS
from mmmigrate.runtime_v2.registry import Registry, build_from_cfg


def build_model_from_cfg(cfg: Any, registry: Registry, default_args: dict[str, Any] | None = None) -> nn.Module:
    """The module that `cfg` describes; a list gives them in sequence."""
    if isinstance(cfg, list):
        return Sequential(*(build_from_cfg(each, registry, default_args) for each in cfg))
    module: nn.Module = build_from_cfg(cfg, registry, default_args)
    return module


MODELS.build_func = build_model_from_cfg


def build_model(cfg: Mapping[str, Any]) -> nn.Module:
    """A new model from a config, its weights as its constructor left them."""
    return build_model_from_cfg(dict(cfg), MODELS)
