"""Layers built from configs: what `mmcv.cnn` hands on of convolutions, norms, activations and their combination."""

from torch.nn import Conv2d, Conv3d, ConvTranspose2d, ConvTranspose3d, Linear, MaxPool2d, MaxPool3d

from mmmigrate.compat.torch_names import is_norm
from mmmigrate.runtime_v2.layers.activations import HSigmoid, HSwish, Swish, build_activation_layer
from mmmigrate.runtime_v2.layers.conv_module import ConvModule, DepthwiseSeparableConvModule
from mmmigrate.runtime_v2.layers.convolutions import build_conv_layer, build_padding_layer
from mmmigrate.runtime_v2.layers.dropout import Dropout, DropPath, build_dropout, drop_path
from mmmigrate.runtime_v2.layers.fuse import fuse_conv_bn, revert_sync_batchnorm
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
from mmmigrate.runtime_v2.layers.upsampling import PixelShufflePack, build_upsample_layer

__all__ = [
    "ACTIVATION_LAYERS",
    "ATTENTION",
    "CONV_LAYERS",
    "DROPOUT_LAYERS",
    "FEEDFORWARD_NETWORK",
    "NORM_LAYERS",
    "PADDING_LAYERS",
    "PLUGIN_LAYERS",
    "POSITIONAL_ENCODING",
    "TRANSFORMER_LAYER",
    "TRANSFORMER_LAYER_SEQUENCE",
    "UPSAMPLE_LAYERS",
    "Conv2d",
    "Conv3d",
    "ConvModule",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "DepthwiseSeparableConvModule",
    "DropPath",
    "Dropout",
    "HSigmoid",
    "HSwish",
    "Linear",
    "MaxPool2d",
    "MaxPool3d",
    "PixelShufflePack",
    "Scale",
    "Swish",
    "build_activation_layer",
    "build_conv_layer",
    "build_dropout",
    "build_norm_layer",
    "build_padding_layer",
    "build_plugin_layer",
    "build_upsample_layer",
    "drop_path",
    "fuse_conv_bn",
    "is_norm",
    "revert_sync_batchnorm",
]
