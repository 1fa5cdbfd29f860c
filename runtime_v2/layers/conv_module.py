"""Convolution, norm and activation as one module."""

from __future__ import annotations

import warnings
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.instancenorm import _InstanceNorm

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError
from mmmigrate.runtime_v2.layers.activations import build_activation_layer
from mmmigrate.runtime_v2.layers.convolutions import build_conv_layer, build_padding_layer
from mmmigrate.runtime_v2.layers.norms import build_norm_layer
from mmmigrate.runtime_v2.layers.registries import PLUGIN_LAYERS
from mmmigrate.runtime_v2.module import constant_init, kaiming_init

_NEVER_INPLACE = ("Tanh", "PReLU", "Sigmoid", "HSigmoid", "Swish", "GELU")
_OWN_PADDING = ("zeros", "circular")
_RELU = {"type": "ReLU"}


@PLUGIN_LAYERS.register_module()
class ConvModule(nn.Module):
    """A convolution with a norm and an activation, in the given `order`.

    Norm or activation are left out with None for their config. `bias="auto"` gives the convolution a bias if there
    is no norm. `padding_mode` may name a padding layer too ("reflect"), which then comes before the convolution.
    The convolution starts from Kaiming's normal distribution, the norm from 1 and 0.
    """

    _abbr_ = "conv_block"

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] = 0,
        dilation: int | tuple[int, ...] = 1,
        groups: int = 1,
        bias: bool | str = "auto",
        conv_cfg: dict[str, Any] | None = None,
        norm_cfg: dict[str, Any] | None = None,
        act_cfg: dict[str, Any] | None = _RELU,
        inplace: bool = True,
        with_spectral_norm: bool = False,
        padding_mode: str = "zeros",
        order: tuple[str, str, str] = ("conv", "norm", "act"),
    ) -> None:
        super().__init__()
        if not isinstance(order, tuple) or sorted(order) != ["act", "conv", "norm"]:
            raise ArgumentValueError(f"order must be a tuple of 'conv', 'norm' and 'act', got {order}")
        self.conv_cfg, self.norm_cfg, self.act_cfg = conv_cfg, norm_cfg, act_cfg
        self.inplace, self.order = inplace, order
        self.with_spectral_norm = with_spectral_norm
        self.with_explicit_padding = padding_mode not in _OWN_PADDING
        self.with_norm, self.with_activation = norm_cfg is not None, act_cfg is not None
        self.with_bias = not self.with_norm if bias == "auto" else bias
        if self.with_explicit_padding:
            self.padding_layer = build_padding_layer({"type": padding_mode}, padding)
        own_padding = 0 if self.with_explicit_padding else padding
        self._add_conv(in_channels, out_channels, kernel_size, stride, own_padding, dilation, groups)
        self.padding = padding
        self._add_norm(out_channels if order.index("norm") > order.index("conv") else in_channels)
        self._add_activation()
        self.init_weights()

    def _add_conv(self, in_channels: int, out_channels: int, kernel_size: Any, *geometry: Any) -> None:
        options = dict(zip(("stride", "padding", "dilation", "groups"), geometry))
        conv = build_conv_layer(self.conv_cfg, in_channels, out_channels, kernel_size, bias=self.with_bias, **options)
        for name in (
            "in_channels",
            "out_channels",
            "kernel_size",
            "stride",
            "dilation",
            "transposed",
            "output_padding",
            "groups",
        ):
            setattr(self, name, getattr(conv, name))
        self.conv = nn.utils.spectral_norm(conv) if self.with_spectral_norm else conv

    def _add_norm(self, num_features: int) -> None:
        self.norm_name: str | None = None
        if self.norm_cfg is None:
            return
        self.norm_name, norm = build_norm_layer(self.norm_cfg, num_features)
        self.add_module(self.norm_name, norm)
        if self.with_bias and isinstance(norm, (_BatchNorm, _InstanceNorm)):
            warnings.warn("Unnecessary conv bias before batch/instance norm", stacklevel=3)

    def _add_activation(self) -> None:
        if self.act_cfg is None:
            return
        if not isinstance(self.act_cfg, dict):
            raise ArgumentTypeError(f"act_cfg must be a dict or None, got {self.act_cfg!r}")
        cfg = dict(self.act_cfg)
        if cfg["type"] not in _NEVER_INPLACE:
            cfg.setdefault("inplace", self.inplace)
        self.activate = build_activation_layer(cfg)

    @property
    def norm(self) -> Any:
        """The norm, or None."""
        return getattr(self, self.norm_name) if self.norm_name else None

    def init_weights(self) -> None:
        """Sets the initial weights; a convolution with `init_weights` of its own keeps what it set."""
        if not hasattr(self.conv, "init_weights"):
            is_leaky = self.act_cfg is not None and self.act_cfg["type"] == "LeakyReLU"
            slope = (self.act_cfg or {}).get("negative_slope", 0.01) if is_leaky else 0
            kaiming_init(self.conv, a=slope, nonlinearity="leaky_relu" if is_leaky else "relu")
        if self.with_norm:
            constant_init(self.norm, 1, bias=0)

    def forward(self, x: Tensor, activate: bool = True, norm: bool = True) -> Tensor:
        for layer in self.order:
            if layer == "conv":
                if self.with_explicit_padding:
                    x = self.padding_layer(x)
                x = self.conv(x)
            elif layer == "norm" and norm and self.with_norm:
                x = self.norm(x)
            elif layer == "act" and activate and self.with_activation:
                x = self.activate(x)
        return x


class DepthwiseSeparableConvModule(nn.Module):
    """A convolution of each channel by itself, then one of kernel size 1 over the channels.

    `dw_` and `pw_` configs hold for the first and the second; "default" means `norm_cfg` and `act_cfg`.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] = 0,
        dilation: int | tuple[int, ...] = 1,
        norm_cfg: dict[str, Any] | None = None,
        act_cfg: dict[str, Any] | None = _RELU,
        dw_norm_cfg: Any = "default",
        dw_act_cfg: Any = "default",
        pw_norm_cfg: Any = "default",
        pw_act_cfg: Any = "default",
        **kwargs: Any,
    ) -> None:
        super().__init__()
        if "groups" in kwargs:
            raise ArgumentTypeError("groups follows from the channels and can't be given")
        self.depthwise_conv = ConvModule(
            in_channels,
            in_channels,
            kernel_size,
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=in_channels,
            norm_cfg=norm_cfg if dw_norm_cfg == "default" else dw_norm_cfg,
            act_cfg=act_cfg if dw_act_cfg == "default" else dw_act_cfg,
            **kwargs,
        )
        self.pointwise_conv = ConvModule(
            in_channels,
            out_channels,
            1,
            norm_cfg=norm_cfg if pw_norm_cfg == "default" else pw_norm_cfg,
            act_cfg=act_cfg if pw_act_cfg == "default" else pw_act_cfg,
            **kwargs,
        )

    def forward(self, x: Tensor) -> Tensor:
        mixed: Tensor = self.pointwise_conv(self.depthwise_conv(x))
        return mixed
