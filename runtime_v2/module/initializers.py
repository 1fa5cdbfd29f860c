"""mmcv's registry of initializers, and what applies an `init_cfg` with it."""

from __future__ import annotations

from typing import Any

from torch import nn

from mmmigrate.compat.init_notes import update_init_info
from mmmigrate.compat.initializers import (
    BY_NAME,
    BaseInit,
    Caffe2XavierInit,
    ConstantInit,
    KaimingInit,
    NormalInit,
    TruncNormalInit,
    UniformInit,
    XavierInit,
    apply_init_cfg,
)
from mmmigrate.runtime_v2.checkpoint.loading import _load_checkpoint_with_prefix, load_checkpoint, load_state_dict
from mmmigrate.runtime_v2.logs import get_logger
from mmmigrate.runtime_v2.registries import INITIALIZERS
from mmmigrate.runtime_v2.registry import build_from_cfg

__all__ = [
    "BaseInit",
    "Caffe2XavierInit",
    "ConstantInit",
    "KaimingInit",
    "NormalInit",
    "PretrainedInit",
    "TruncNormalInit",
    "UniformInit",
    "XavierInit",
    "initialize",
]

for _name, _class in BY_NAME.items():
    INITIALIZERS.register_module(name=_name, module=_class)


@INITIALIZERS.register_module(name="Pretrained")
class PretrainedInit:
    """Weights from a checkpoint, or from the part of it whose names begin with `prefix`."""

    def __init__(self, checkpoint: str, prefix: str | None = None, map_location: str | None = None) -> None:
        self.checkpoint, self.prefix, self.map_location = checkpoint, prefix, map_location

    def __call__(self, module: nn.Module) -> None:
        logger = get_logger("mmcv")
        if self.prefix is None:
            logger.info(f"load model from: {self.checkpoint}")
            load_checkpoint(module, self.checkpoint, map_location=self.map_location, strict=False, logger=logger)
        else:
            logger.info(f"load {self.prefix} in model from: {self.checkpoint}")
            weights = _load_checkpoint_with_prefix(self.prefix, self.checkpoint, map_location=self.map_location)
            load_state_dict(module, weights, strict=False, logger=logger)
        update_init_info(module, f"{type(self).__name__}: load from {self.checkpoint}")


def initialize(module: nn.Module, init_cfg: dict[str, Any] | list[dict[str, Any]]) -> None:
    """Apply one or several initializers to `module`."""
    apply_init_cfg(module, init_cfg, lambda cfg: build_from_cfg(cfg, INITIALIZERS))
