"""Convolutions whose weight is standardized for each output channel."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmmigrate.runtime_v2.layers.registries import CONV_LAYERS

Size = int | tuple[int, int]
EPS = 1e-5


def conv_ws_2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Size = 1,
    padding: Size = 0,
    dilation: Size = 1,
    groups: int = 1,
    eps: float = EPS,
) -> Tensor:
    """`conv2d` with a weight of mean 0 and standard deviation 1 in each output channel."""
    per_channel = weight.flatten(1)
    mean = per_channel.mean(dim=1).view(-1, 1, 1, 1)
    deviation = per_channel.std(dim=1).view(-1, 1, 1, 1)
    return F.conv2d(input, (weight - mean) / (deviation + eps), bias, stride, padding, dilation, groups)


@CONV_LAYERS.register_module("ConvWS")
class ConvWS2d(nn.Conv2d):
    """A convolution by `conv_ws_2d` (https://arxiv.org/abs/1903.10520)."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        eps: float = EPS,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias)
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        padding: Any = self.padding
        stride: Any = self.stride
        dilation: Any = self.dilation
        return conv_ws_2d(x, self.weight, self.bias, stride, padding, dilation, self.groups, self.eps)


@CONV_LAYERS.register_module("ConvAWS")
class ConvAWS2d(nn.Conv2d):
    """A standardized convolution that keeps the weight's own mean and deviation, as DetectoRS trains it.

    Loading a checkpoint of an ordinary convolution takes them from its weight, so that it computes the same.
    """

    weight_gamma: Tensor
    weight_beta: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias)
        self.register_buffer("weight_gamma", torch.ones(out_channels, 1, 1, 1))
        self.register_buffer("weight_beta", torch.zeros(out_channels, 1, 1, 1))

    def _moments(self) -> tuple[Tensor, Tensor]:
        per_channel = self.weight.flatten(1)
        deviation = torch.sqrt(per_channel.var(dim=1) + EPS)
        return per_channel.mean(dim=1).view(-1, 1, 1, 1), deviation.view(-1, 1, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        mean, deviation = self._moments()
        weight = self.weight_gamma * ((self.weight - mean) / deviation) + self.weight_beta
        return F.conv2d(x, weight, self.bias, self.stride, self.padding, self.dilation, self.groups)

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *rest: Any) -> None:
        local_metadata, strict, missing, unexpected, problems = rest
        own_missing: list[str] = []
        super()._load_from_state_dict(state_dict, prefix, local_metadata, strict, own_missing, unexpected, problems)
        moments = (f"{prefix}weight_gamma", f"{prefix}weight_beta")
        if moments[0] not in state_dict or self.weight_gamma.mean() <= 0:
            with torch.no_grad():
                mean, deviation = self._moments()
                self.weight_gamma.copy_(deviation)
                self.weight_beta.copy_(mean)
            own_missing = [name for name in own_missing if name not in moments]
        missing.extend(own_missing)
