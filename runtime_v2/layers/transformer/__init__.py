"""Transformers: patches, attention, feed-forward networks, layers."""

from mmmigrate.runtime_v2.layers.adaptive_padding import AdaptivePadding
from mmmigrate.runtime_v2.layers.transformer.attention import FFN, MultiheadAttention
from mmmigrate.runtime_v2.layers.transformer.builders import (
    build_attention,
    build_feedforward_network,
    build_positional_encoding,
    build_transformer_layer,
    build_transformer_layer_sequence,
)
from mmmigrate.runtime_v2.layers.transformer.layers import BaseTransformerLayer, TransformerLayerSequence
from mmmigrate.runtime_v2.layers.transformer.patches import PatchEmbed, PatchMerging

__all__ = [
    "FFN",
    "AdaptivePadding",
    "BaseTransformerLayer",
    "MultiheadAttention",
    "PatchEmbed",
    "PatchMerging",
    "TransformerLayerSequence",
    "build_attention",
    "build_feedforward_network",
    "build_positional_encoding",
    "build_transformer_layer",
    "build_transformer_layer_sequence",
]
