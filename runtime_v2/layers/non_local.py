"""Non-local blocks (https://arxiv.org/abs/1711.07971): each position gets a weighted mean over all others."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from mmmigrate.compat.argument_errors import ArgumentValueError
from mmmigrate.runtime_v2.layers.conv_module import ConvModule
from mmmigrate.runtime_v2.layers.registries import PLUGIN_LAYERS
from mmmigrate.runtime_v2.module import constant_init, normal_init

MODES = ("gaussian", "embedded_gaussian", "dot_product", "concatenation")


class _NonLocal(nn.Module):
    """The block for any number of dimensions.

    `mode` says how the weight of a pair of positions is computed. Other arguments go to `init_weights`; by default the
    block starts as the identity.
    """

    sub_sample = False

    def __init__(
        self,
        in_channels: int,
        reduction: int = 2,
        use_scale: bool = True,
        conv_cfg: dict[str, Any] | None = None,
        norm_cfg: dict[str, Any] | None = None,
        mode: str = "embedded_gaussian",
        **kwargs: Any,
    ) -> None:
        super().__init__()
        if mode not in MODES:
            raise ArgumentValueError(f"Mode should be one of {', '.join(map(repr, MODES))}, but got {mode!r}")
        self.in_channels, self.reduction, self.use_scale, self.mode = in_channels, reduction, use_scale, mode
        self.inter_channels = max(in_channels // reduction, 1)

        def point_wise(inputs: int, outputs: int, norm: dict[str, Any] | None = None) -> Any:
            return ConvModule(inputs, outputs, 1, conv_cfg=conv_cfg, norm_cfg=norm, act_cfg=None)

        self.g = point_wise(in_channels, self.inter_channels)
        self.conv_out = point_wise(self.inter_channels, in_channels, norm_cfg)
        if mode != "gaussian":
            self.theta = point_wise(in_channels, self.inter_channels)
            self.phi = point_wise(in_channels, self.inter_channels)
        if mode == "concatenation":
            self.concat_project = ConvModule(self.inter_channels * 2, 1, 1, bias=False, act_cfg={"type": "ReLU"})
        self.init_weights(**kwargs)

    def init_weights(self, std: float = 0.01, zeros_init: bool = True) -> None:
        """Draw the projections from a normal distribution; the last layer starts with zeros unless told otherwise."""
        for layer in [self.g, *([] if self.mode == "gaussian" else [self.theta, self.phi])]:
            normal_init(layer.conv, std=std)
        last: Any = self.conv_out.conv if self.conv_out.norm_cfg is None else self.conv_out.norm
        if zeros_init:
            constant_init(last, 0)
        else:
            normal_init(last, std=std)

    def _add_pooling(self, pooling: nn.Module, sub_sample: bool) -> None:
        self.sub_sample = sub_sample
        if sub_sample:
            self.g = nn.Sequential(self.g, pooling)
            self.phi = pooling if self.mode == "gaussian" else nn.Sequential(self.phi, pooling)

    def gaussian(self, theta_x: Tensor, phi_x: Tensor) -> Tensor:
        """Weights by the softmax of the dot products."""
        return torch.matmul(theta_x, phi_x).softmax(dim=-1)

    def embedded_gaussian(self, theta_x: Tensor, phi_x: Tensor) -> Tensor:
        """The same between projections, divided by the root of their length if `use_scale`."""
        weight = torch.matmul(theta_x, phi_x)
        if self.use_scale:
            weight /= theta_x.shape[-1] ** 0.5
        return weight.softmax(dim=-1)

    def dot_product(self, theta_x: Tensor, phi_x: Tensor) -> Tensor:
        """Dot products divided by the number of positions."""
        weight = torch.matmul(theta_x, phi_x)
        return weight / weight.shape[-1]

    def concatenation(self, theta_x: Tensor, phi_x: Tensor) -> Tensor:
        """A projection of each pair, (N, C, positions, 1) and (N, C, 1, positions), divided by their number."""
        rows, columns = theta_x.shape[2], phi_x.shape[3]
        pairs = torch.cat([theta_x.expand(-1, -1, rows, columns), phi_x.expand(-1, -1, rows, columns)], dim=1)
        weight: Tensor = self.concat_project(pairs)[:, 0]
        return weight / weight.shape[-1]

    def forward(self, x: Tensor) -> Tensor:
        values = self.g(x).flatten(2).transpose(1, 2)
        theta = x if self.mode == "gaussian" else self.theta(x)
        phi = self.phi(x) if self.mode != "gaussian" or self.sub_sample else x
        theta, phi = theta.flatten(2), phi.flatten(2)
        if self.mode == "concatenation":
            theta, phi = theta.unsqueeze(3), phi.unsqueeze(2)
        else:
            theta = theta.transpose(1, 2)
        weight = getattr(self, self.mode)(theta, phi)
        mixed = torch.matmul(weight, values).transpose(1, 2).contiguous()
        output: Tensor = x + self.conv_out(mixed.reshape(len(x), self.inter_channels, *x.shape[2:]))
        return output


class NonLocal1d(_NonLocal):
    """The block for (N, C, L); `sub_sample` halves the positions that are looked at."""

    def __init__(
        self,
        in_channels: int,
        sub_sample: bool = False,
        conv_cfg: dict[str, Any] = {"type": "Conv1d"},  # noqa: B006 (mmcv's signature; it is only read)
        **kwargs: Any,
    ) -> None:
        super().__init__(in_channels, conv_cfg=conv_cfg, **kwargs)
        self._add_pooling(nn.MaxPool1d(2), sub_sample)


@PLUGIN_LAYERS.register_module()
class NonLocal2d(_NonLocal):
    """The block for (N, C, H, W); `sub_sample` halves the positions that are looked at, along both sides."""

    _abbr_ = "nonlocal_block"

    def __init__(
        self,
        in_channels: int,
        sub_sample: bool = False,
        conv_cfg: dict[str, Any] = {"type": "Conv2d"},  # noqa: B006 (mmcv's signature; it is only read)
        **kwargs: Any,
    ) -> None:
        super().__init__(in_channels, conv_cfg=conv_cfg, **kwargs)
        self._add_pooling(nn.MaxPool2d((2, 2)), sub_sample)


class NonLocal3d(_NonLocal):
    """The block for (N, C, T, H, W); `sub_sample` halves the positions that are looked at, along H and W."""

    def __init__(
        self,
        in_channels: int,
        sub_sample: bool = False,
        conv_cfg: dict[str, Any] = {"type": "Conv3d"},  # noqa: B006 (mmcv's signature; it is only read)
        **kwargs: Any,
    ) -> None:
        super().__init__(in_channels, conv_cfg=conv_cfg, **kwargs)
        self._add_pooling(nn.MaxPool3d((1, 2, 2)), sub_sample)
