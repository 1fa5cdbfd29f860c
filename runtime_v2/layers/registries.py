"""The registries of layers, and looking a layer's config up in one."""

from __future__ import annotations

from typing import Any

from mmmigrate.compat.argument_errors import ArgumentTypeError, MissingKeyError
from mmmigrate.runtime_v2.registry import Registry

CONV_LAYERS = Registry("conv layer")
NORM_LAYERS = Registry("norm layer")
ACTIVATION_LAYERS = Registry("activation layer")
PADDING_LAYERS = Registry("padding layer")
UPSAMPLE_LAYERS = Registry("upsample layer")
PLUGIN_LAYERS = Registry("plugin layer")
DROPOUT_LAYERS = Registry("drop out layers")
POSITIONAL_ENCODING = Registry("position encoding")
ATTENTION = Registry("attention")
FEEDFORWARD_NETWORK = Registry("feed-forward Network")
TRANSFORMER_LAYER = Registry("transformerLayer")
TRANSFORMER_LAYER_SEQUENCE = Registry("transformer-layers sequence")


def layer_class(cfg: Any, registry: Registry) -> tuple[str, Any, dict[str, Any]]:
    """`(type, class, the other keys)` of a layer's config.

    Raises TypeError unless it is a dict, KeyError without `type` or for one that is not registered.
    """
    if not isinstance(cfg, dict):
        raise ArgumentTypeError(f"cfg must be a dict, but got {type(cfg)}")
    if "type" not in cfg:
        raise MissingKeyError(f'the cfg dict must contain the key "type", but got {cfg}')
    arguments = dict(cfg)
    layer_type = arguments.pop("type")
    found = registry.get(layer_type)
    if found is None:
        raise MissingKeyError(registry.missing_message(layer_type))
    return layer_type, found, arguments
