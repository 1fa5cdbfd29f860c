"""Upsampling from configs."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from mmmigrate.runtime_v2.layers.registries import UPSAMPLE_LAYERS, layer_class
from mmmigrate.runtime_v2.module import xavier_init

UPSAMPLE_LAYERS.register_module(["nearest", "bilinear"], module=nn.Upsample)
UPSAMPLE_LAYERS.register_module("deconv", module=nn.ConvTranspose2d)
UPSAMPLE_LAYERS.register_module("deconv3d", module=nn.ConvTranspose3d)


@UPSAMPLE_LAYERS.register_module(name="pixel_shuffle")
class PixelShufflePack(nn.Module):
    """A convolution to `scale_factor ** 2` times the channels, whose values become pixels."""

    def __init__(self, in_channels: int, out_channels: int, scale_factor: int, upsample_kernel: int) -> None:
        super().__init__()
        self.in_channels, self.out_channels = in_channels, out_channels
        self.scale_factor, self.upsample_kernel = scale_factor, upsample_kernel
        padding = (upsample_kernel - 1) // 2
        self.upsample_conv = nn.Conv2d(in_channels, out_channels * scale_factor**2, upsample_kernel, padding=padding)
        self.init_weights()

    def init_weights(self) -> None:
        xavier_init(self.upsample_conv, distribution="uniform")

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(self.upsample_conv(x), self.scale_factor)


def build_upsample_layer(cfg: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
    """The upsampling that `cfg` names: "nearest", "bilinear", "deconv", "pixel_shuffle" or one that was registered."""
    layer_type, layer, options = layer_class(cfg, UPSAMPLE_LAYERS)
    if layer is nn.Upsample:
        options["mode"] = layer_type
    return layer(*args, **kwargs, **options)
