"""Global context blocks (https://arxiv.org/abs/1904.11492): one summary of the whole image, added to every position."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from mmmigrate.compat.argument_errors import ArgumentValueError
from mmmigrate.runtime_v2.layers.registries import PLUGIN_LAYERS
from mmmigrate.runtime_v2.module import constant_init, kaiming_init

FUSIONS = ("channel_add", "channel_mul")


def last_zero_init(m: nn.Module) -> None:
    """Let a module, or the last one of a sequence, start with zeros."""
    constant_init(m[-1] if isinstance(m, nn.Sequential) else m, val=0)


@PLUGIN_LAYERS.register_module()
class ContextBlock(nn.Module):
    """Sums up an image (N, C, H, W) by attention ('att') or its mean ('avg'), and joins the result to each position.

    `ratio` times the channels are between the two convolutions. `fusion_types` are 'channel_add' and 'channel_mul'.
    """

    _abbr_ = "context_block"

    def __init__(
        self,
        in_channels: int,
        ratio: float,
        pooling_type: str = "att",
        fusion_types: tuple[str, ...] = ("channel_add",),
    ) -> None:
        super().__init__()
        if pooling_type not in ("avg", "att"):
            raise ArgumentValueError(f"pooling_type must be 'avg' or 'att', got {pooling_type!r}")
        if not isinstance(fusion_types, (list, tuple)) or not fusion_types or set(fusion_types) - set(FUSIONS):
            raise ArgumentValueError(f"fusion_types must be at least one of {FUSIONS}, got {fusion_types!r}")
        self.in_channels, self.ratio, self.planes = in_channels, ratio, int(in_channels * ratio)
        self.pooling_type, self.fusion_types = pooling_type, fusion_types
        if pooling_type == "att":
            self.conv_mask = nn.Conv2d(in_channels, 1, kernel_size=1)
            self.softmax = nn.Softmax(dim=2)
        else:
            self.avg_pool = nn.AdaptiveAvgPool2d(1)
        self.channel_add_conv = self._transform("channel_add")
        self.channel_mul_conv = self._transform("channel_mul")
        self.reset_parameters()

    def _transform(self, fusion: str) -> nn.Sequential | None:
        if fusion not in self.fusion_types:
            return None
        return nn.Sequential(
            nn.Conv2d(self.in_channels, self.planes, kernel_size=1),
            nn.LayerNorm([self.planes, 1, 1]),
            nn.ReLU(inplace=True),
            nn.Conv2d(self.planes, self.in_channels, kernel_size=1),
        )

    def reset_parameters(self) -> None:
        """Start as the identity (for 'channel_add')."""
        if self.pooling_type == "att":
            kaiming_init(self.conv_mask, mode="fan_in")
            self.conv_mask.inited = True  # type: ignore[assignment]
        for transform in (self.channel_add_conv, self.channel_mul_conv):
            if transform is not None:
                last_zero_init(transform)

    def spatial_pool(self, x: Tensor) -> Any:
        """The summary (N, C, 1, 1)."""
        if self.pooling_type == "avg":
            return self.avg_pool(x)
        attention = self.softmax(self.conv_mask(x).flatten(2))
        return torch.matmul(x.flatten(2).unsqueeze(1), attention.unsqueeze(-1)).view(*x.shape[:2], 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        context = self.spatial_pool(x)
        out = x
        if self.channel_mul_conv is not None:
            out = out * torch.sigmoid(self.channel_mul_conv(context))
        if self.channel_add_conv is not None:
            out = out + self.channel_add_conv(context)
        return out
