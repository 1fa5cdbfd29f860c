"""mmengine's registry of initializers, and what applies an `init_cfg` with it."""

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
from mmmigrate.compat.layer_init import trunc_normal_
from mmmigrate.runtime_v3.logging import print_log
from mmmigrate.runtime_v3.registry import WEIGHT_INITIALIZERS

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
    "trunc_normal_",
    "update_init_info",
]

for _name, _class in BY_NAME.items():
    WEIGHT_INITIALIZERS.register_module(name=_name, module=_class)


@WEIGHT_INITIALIZERS.register_module(name="Pretrained")
class PretrainedInit:
    """Loads a checkpoint, or the part of it under `prefix`."""

    def __init__(self, checkpoint: str, prefix: str | None = None, map_location: str = "cpu") -> None:
        self.checkpoint = checkpoint
        self.prefix = prefix
        self.map_location = map_location

    def __call__(self, module: nn.Module) -> None:
        from mmmigrate.runtime_v3.runner.checkpoint import load_checkpoint, load_part, load_state_dict

        if self.prefix is None:
            print_log(f"load model from: {self.checkpoint}", logger="current")
            load_checkpoint(module, self.checkpoint, map_location=self.map_location, logger="current")
        else:
            print_log(f"load {self.prefix} in model from: {self.checkpoint}", logger="current")
            part = load_part(self.prefix, self.checkpoint, map_location=self.map_location)
            load_state_dict(module, part, strict=False, logger="current")
        update_init_info(module, self._get_init_info())

    def _get_init_info(self) -> str:
        return f"{type(self).__name__}: load from {self.checkpoint}"


def initialize(module: nn.Module, init_cfg: dict[str, Any] | list[dict[str, Any]]) -> None:
    """Applies one or several initializers to `module`, in their order."""
    apply_init_cfg(module, init_cfg, WEIGHT_INITIALIZERS.build)
