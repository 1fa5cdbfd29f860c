"""Norms from configs, with the names that their parameters have in checkpoints."""

from __future__ import annotations

import inspect
from typing import Any

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.instancenorm import _InstanceNorm

from mmmigrate.compat.argument_errors import ArgumentTypeError, MissingKeyError
from mmmigrate.runtime_v2.layers.registries import NORM_LAYERS, layer_class

_BASES: dict[str, Any] = {"in": _InstanceNorm, "bn": _BatchNorm, "gn": nn.GroupNorm, "ln": nn.LayerNorm}
_WORDS = {"batch": "bn", "group": "gn", "layer": "ln", "instance": "in"}

for _name, _layer in {
    "BN": nn.BatchNorm2d,
    "BN1d": nn.BatchNorm1d,
    "BN2d": nn.BatchNorm2d,
    "BN3d": nn.BatchNorm3d,
    "SyncBN": nn.SyncBatchNorm,
    "GN": nn.GroupNorm,
    "LN": nn.LayerNorm,
    "IN": nn.InstanceNorm2d,
    "IN1d": nn.InstanceNorm1d,
    "IN2d": nn.InstanceNorm2d,
    "IN3d": nn.InstanceNorm3d,
}.items():
    NORM_LAYERS.register_module(_name, module=_layer)


def infer_abbr(class_type: type) -> str:
    """The short name of a norm class ("bn", "gn", "ln", "in"): its `_abbr_`, its base class, or a word in its name."""
    if not inspect.isclass(class_type):
        raise ArgumentTypeError(f"class_type must be a type, but got {type(class_type)}")
    if hasattr(class_type, "_abbr_"):
        return str(class_type._abbr_)
    by_base = (short for short, base in _BASES.items() if issubclass(class_type, base))
    by_word = (short for word, short in _WORDS.items() if word in class_type.__name__.lower())
    return next(by_base, None) or next(by_word, "norm_layer")


def build_norm_layer(cfg: dict[str, Any], num_features: int, postfix: int | str = "") -> tuple[str, Any]:
    """`(name, norm)`: the name is the short name with `postfix`, as in checkpoints ("bn1").

    `requires_grad` of the config holds for its parameters; `eps` is 1e-5 unless given.
    """
    if not isinstance(postfix, int | str):
        raise ArgumentTypeError(f"postfix must be an int or a str, got {postfix!r}")
    layer_type, layer, options = layer_class(cfg, NORM_LAYERS)
    requires_grad = options.pop("requires_grad", True)
    options.setdefault("eps", 1e-5)
    if layer_type == "GN":
        if "num_groups" not in options:
            raise MissingKeyError(f"the config of a group norm needs num_groups, got {cfg}")
        norm = layer(num_channels=num_features, **options)
    else:
        norm = layer(num_features, **options)
    for parameter in norm.parameters():
        parameter.requires_grad = requires_grad
    return f"{infer_abbr(layer)}{postfix}", norm
