"""Plugins: modules that a config puts into the blocks of a network."""

from __future__ import annotations

import re
from typing import Any

from mmmigrate.compat.argument_errors import ArgumentTypeError
from mmmigrate.runtime_v2.layers.registries import PLUGIN_LAYERS, layer_class


def infer_abbr(class_type: type) -> str:
    """The name of a plugin class in checkpoints: its `_abbr_`, or its own name in snake case."""
    if not isinstance(class_type, type):
        raise ArgumentTypeError(f"class_type must be a type, but got {type(class_type)}")
    if hasattr(class_type, "_abbr_"):
        return str(class_type._abbr_)
    split = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", class_type.__name__)
    return re.sub(r"([a-z\d])([A-Z])", r"\1_\2", split).lower()


def build_plugin_layer(cfg: dict[str, Any], postfix: int | str = "", **kwargs: Any) -> tuple[str, Any]:
    """`(name with postfix, module)` of the plugin that `cfg` names."""
    if not isinstance(postfix, int | str):
        raise ArgumentTypeError(f"postfix must be an int or a str, got {postfix!r}")
    _, layer, options = layer_class(cfg, PLUGIN_LAYERS)
    return f"{infer_abbr(layer)}{postfix}", layer(**kwargs, **options)
