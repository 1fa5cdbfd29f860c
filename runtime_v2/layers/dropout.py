"""Dropout of values and of whole paths, from configs."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from mmmigrate.runtime_v2.layers.registries import DROPOUT_LAYERS
from mmmigrate.runtime_v2.registry import build_from_cfg


def drop_path(x: Tensor, drop_prob: float = 0.0, training: bool = False) -> Tensor:
    """In training, each sample is set to zero with probability `drop_prob`, and the others are scaled up for it."""
    if drop_prob == 0.0 or not training:
        return x
    keep_prob = 1 - drop_prob
    # One draw per sample; the order of operations is mmcv's, which decides the last bit.
    draws = torch.rand((x.shape[0],) + (1,) * (x.ndim - 1), dtype=x.dtype, device=x.device)
    return x.div(keep_prob) * (keep_prob + draws).floor()


@DROPOUT_LAYERS.register_module()
class DropPath(nn.Module):
    """`drop_path` as a module."""

    def __init__(self, drop_prob: float = 0.1) -> None:
        super().__init__()
        self.drop_prob = drop_prob

    def forward(self, x: Tensor) -> Tensor:
        return drop_path(x, self.drop_prob, self.training)


@DROPOUT_LAYERS.register_module()
class Dropout(nn.Dropout):
    """torch's dropout, with its probability called `drop_prob`."""

    def __init__(self, drop_prob: float = 0.5, inplace: bool = False) -> None:
        super().__init__(p=drop_prob, inplace=inplace)


def build_dropout(cfg: dict[str, Any], default_args: dict[str, Any] | None = None) -> Any:
    """The dropout that `cfg` names."""
    return build_from_cfg(cfg, DROPOUT_LAYERS, default_args)
