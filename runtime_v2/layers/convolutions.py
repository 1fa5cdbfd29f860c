"""Convolutions and paddings from configs."""

from __future__ import annotations

from typing import Any

from torch import nn

from mmmigrate.runtime_v2.layers.registries import CONV_LAYERS, PADDING_LAYERS, layer_class

for _name, _layer in {
    "Conv1d": nn.Conv1d,
    "Conv2d": nn.Conv2d,
    "Conv3d": nn.Conv3d,
    "Conv": nn.Conv2d,
    "ConvTranspose2d": nn.ConvTranspose2d,
    "deconv": nn.ConvTranspose2d,
    "ConvTranspose3d": nn.ConvTranspose3d,
    "deconv3d": nn.ConvTranspose3d,
}.items():
    CONV_LAYERS.register_module(_name, module=_layer)

for _name, _layer in {
    "zero": nn.ZeroPad2d,
    "reflect": nn.ReflectionPad2d,
    "replicate": nn.ReplicationPad2d,
}.items():
    PADDING_LAYERS.register_module(_name, module=_layer)


def build_conv_layer(cfg: dict[str, Any] | None, *args: Any, **kwargs: Any) -> Any:
    """The convolution that `cfg` names, `Conv2d` for None; the other arguments go to it."""
    _, layer, options = layer_class({"type": "Conv2d"} if cfg is None else cfg, CONV_LAYERS)
    return layer(*args, **kwargs, **options)


def build_padding_layer(cfg: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
    """The padding that `cfg` names: "zero", "reflect" or "replicate"."""
    _, layer, options = layer_class(cfg, PADDING_LAYERS)
    return layer(*args, **kwargs, **options)
