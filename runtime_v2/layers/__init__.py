"""Layers built from configs: what `mmcv.cnn` hands on of convolutions, norms, activations and their combination."""

from torch.nn import Conv2d, Conv3d, ConvTranspose2d, ConvTranspose3d, Linear, MaxPool2d, MaxPool3d

from mmmigrate.compat.torch_names import is_norm
from mmmigrate.runtime_v2.layers.activations import HSigmoid, HSwish, Swish, build_activation_layer
from mmmigrate.runtime_v2.layers.adaptive_padding import AdaptivePadding, Conv2dAdaptivePadding
from mmmigrate.runtime_v2.layers.context_block import ContextBlock
from mmmigrate.runtime_v2.layers.conv_module import ConvModule, DepthwiseSeparableConvModule
from mmmigrate.runtime_v2.layers.convolutions import build_conv_layer, build_padding_layer
from mmmigrate.runtime_v2.layers.dropout import Dropout, DropPath, build_dropout, drop_path
from mmmigrate.runtime_v2.layers.flops import flops_to_string, get_model_complexity_info, params_to_string
from mmmigrate.runtime_v2.layers.fuse import fuse_conv_bn, revert_sync_batchnorm
from mmmigrate.runtime_v2.layers.generalized_attention import GeneralizedAttention
from mmmigrate.runtime_v2.layers.non_local import NonLocal1d, NonLocal2d, NonLocal3d
from mmmigrate.runtime_v2.layers.norms import build_norm_layer
from mmmigrate.runtime_v2.layers.plugins import build_plugin_layer
from mmmigrate.runtime_v2.layers.registries import (
    ACTIVATION_LAYERS,
    ATTENTION,
    CONV_LAYERS,
    DROPOUT_LAYERS,
    FEEDFORWARD_NETWORK,
    NORM_LAYERS,
    PADDING_LAYERS,
    PLUGIN_LAYERS,
    POSITIONAL_ENCODING,
    TRANSFORMER_LAYER,
    TRANSFORMER_LAYER_SEQUENCE,
    UPSAMPLE_LAYERS,
)
from mmmigrate.runtime_v2.layers.scale import Scale
from mmmigrate.runtime_v2.layers.transformer import (
    FFN,
    BaseTransformerLayer,
    MultiheadAttention,
    PatchEmbed,
    PatchMerging,
    TransformerLayerSequence,
    build_attention,
    build_feedforward_network,
    build_positional_encoding,
    build_transformer_layer,
    build_transformer_layer_sequence,
)
from mmmigrate.runtime_v2.layers.upsampling import PixelShufflePack, build_upsample_layer
from mmmigrate.runtime_v2.layers.weight_standardization import ConvAWS2d, ConvWS2d, conv_ws_2d

__all__ = [
    "ACTIVATION_LAYERS",
    "ATTENTION",
    "CONV_LAYERS",
    "DROPOUT_LAYERS",
    "FEEDFORWARD_NETWORK",
    "FFN",
    "NORM_LAYERS",
    "PADDING_LAYERS",
    "PLUGIN_LAYERS",
    "POSITIONAL_ENCODING",
    "TRANSFORMER_LAYER",
    "TRANSFORMER_LAYER_SEQUENCE",
    "UPSAMPLE_LAYERS",
    "AdaptivePadding",
    "BaseTransformerLayer",
    "ContextBlock",
    "Conv2d",
    "Conv2dAdaptivePadding",
    "Conv3d",
    "ConvAWS2d",
    "ConvModule",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "ConvWS2d",
    "DepthwiseSeparableConvModule",
    "DropPath",
    "Dropout",
    "GeneralizedAttention",
    "HSigmoid",
    "HSwish",
    "Linear",
    "MaxPool2d",
    "MaxPool3d",
    "MultiheadAttention",
    "NonLocal1d",
    "NonLocal2d",
    "NonLocal3d",
    "PatchEmbed",
    "PatchMerging",
    "PixelShufflePack",
    "Scale",
    "Swish",
    "TransformerLayerSequence",
    "build_activation_layer",
    "build_attention",
    "build_conv_layer",
    "build_dropout",
    "build_feedforward_network",
    "build_norm_layer",
    "build_padding_layer",
    "build_plugin_layer",
    "build_positional_encoding",
    "build_transformer_layer",
    "build_transformer_layer_sequence",
    "build_upsample_layer",
    "conv_ws_2d",
    "drop_path",
    "flops_to_string",
    "fuse_conv_bn",
    "get_model_complexity_info",
    "is_norm",
    "params_to_string",
    "revert_sync_batchnorm",
]
