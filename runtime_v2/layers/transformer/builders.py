"""Parts of transformers from configs."""

from __future__ import annotations

from typing import Any

from mmmigrate.runtime_v2.layers.registries import (
    ATTENTION,
    FEEDFORWARD_NETWORK,
    POSITIONAL_ENCODING,
    TRANSFORMER_LAYER,
    TRANSFORMER_LAYER_SEQUENCE,
)
from mmmigrate.runtime_v2.registry import build_from_cfg


def build_positional_encoding(cfg: dict[str, Any], default_args: dict[str, Any] | None = None) -> Any:
    """The positional encoding that `cfg` names."""
    return build_from_cfg(cfg, POSITIONAL_ENCODING, default_args)


def build_attention(cfg: dict[str, Any], default_args: dict[str, Any] | None = None) -> Any:
    """The attention that `cfg` names."""
    return build_from_cfg(cfg, ATTENTION, default_args)


def build_feedforward_network(cfg: dict[str, Any], default_args: dict[str, Any] | None = None) -> Any:
    """The feed-forward network that `cfg` names."""
    return build_from_cfg(cfg, FEEDFORWARD_NETWORK, default_args)


def build_transformer_layer(cfg: dict[str, Any], default_args: dict[str, Any] | None = None) -> Any:
    """The transformer layer that `cfg` names."""
    return build_from_cfg(cfg, TRANSFORMER_LAYER, default_args)


def build_transformer_layer_sequence(cfg: dict[str, Any], default_args: dict[str, Any] | None = None) -> Any:
    """The encoder or decoder that `cfg` names."""
    return build_from_cfg(cfg, TRANSFORMER_LAYER_SEQUENCE, default_args)
