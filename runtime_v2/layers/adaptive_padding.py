"""Padding that depends on the input's size, so that every position counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from mmmigrate.compat.argument_errors import ArgumentValueError
from mmmigrate.compat.sequences import to_2tuple
from mmmigrate.runtime_v2.layers.registries import CONV_LAYERS

Size = int | tuple[int, int]


def missing_pixels(shape: Sequence[int], kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]) -> Any:
    """How many (rows, columns) an image of `shape` lacks for `ceil(size / stride)` outputs along each side."""
    return tuple(
        max((math.ceil(size / step) - 1) * step + (width - 1) * spread + 1 - size, 0)
        for size, width, step, spread in zip(shape, kernel, stride, dilation)
    )


def padded(x: Tensor, lacking: tuple[int, int], around: bool) -> Tensor:
    """`x` with `lacking` (rows, columns) of zeros at its bottom and right, or `around` it, the larger half there."""
    rows, columns = lacking
    if rows == 0 and columns == 0:
        return x
    top, left = (rows // 2, columns // 2) if around else (0, 0)
    return F.pad(x, [left, columns - left, top, rows - top])


class AdaptivePadding(nn.Module):
    """Pads its input (N, C, H, W) so that a filter covers all of it: `padding` is 'corner' (bottom right) or 'same'."""

    def __init__(self, kernel_size: Size = 1, stride: Size = 1, dilation: Size = 1, padding: str = "corner") -> None:
        super().__init__()
        if padding not in ("same", "corner"):
            raise ArgumentValueError(f"padding must be 'same' or 'corner', got {padding!r}")
        self.padding = padding
        self.kernel_size = to_2tuple(kernel_size)
        self.stride = to_2tuple(stride)
        self.dilation = to_2tuple(dilation)

    def get_pad_shape(self, input_shape: Sequence[int]) -> Any:
        """How many (rows, columns) are added to an image of this (height, width)."""
        return missing_pixels(input_shape, self.kernel_size, self.stride, self.dilation)

    def forward(self, x: Tensor) -> Tensor:
        return padded(x, self.get_pad_shape(x.shape[-2:]), around=self.padding == "same")


@CONV_LAYERS.register_module()
class Conv2dAdaptivePadding(nn.Conv2d):
    """A convolution with TensorFlow's "same" padding; its own `padding` argument has no effect."""

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
        super().__init__(in_channels, out_channels, kernel_size, stride, 0, dilation, groups, bias)

    def forward(self, x: Tensor) -> Tensor:
        lacking = missing_pixels(x.shape[-2:], self.kernel_size, self.stride, self.dilation)
        return super().forward(padded(x, lacking, around=True))
