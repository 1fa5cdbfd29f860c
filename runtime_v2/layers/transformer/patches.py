"""Images to sequences of patches, and patches to fewer, wider ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError
from mmmigrate.compat.sequences import to_2tuple
from mmmigrate.runtime_v2.layers.adaptive_padding import AdaptivePadding
from mmmigrate.runtime_v2.layers.convolutions import build_conv_layer
from mmmigrate.runtime_v2.layers.norms import build_norm_layer
from mmmigrate.runtime_v2.module import BaseModule

Size = int | tuple[int, int]


def _output_size(size: Sequence[int], kernel: Any, stride: Any, padding: Any, dilation: Any) -> tuple[int, ...]:
    """(height, width) of what a filter gives for an image of this size."""
    return tuple(
        (length + 2 * pad - spread * (width - 1) - 1) // step + 1
        for length, width, step, pad, spread in zip(size, kernel, stride, padding, dilation)
    )


class _Patches(BaseModule):
    """Takes the geometry of the patches apart; a padding given as a word is adaptive."""

    def _set_geometry(self, kernel_size: Size, stride: Size | None, padding: Any, dilation: Size) -> None:
        self._kernel = to_2tuple(kernel_size)
        self._stride = to_2tuple(kernel_size if stride is None else stride)
        self._dilation = to_2tuple(dilation)
        self.adaptive_padding: AdaptivePadding | None = None
        if isinstance(padding, str):
            self.adaptive_padding = AdaptivePadding(self._kernel, self._stride, self._dilation, padding)
            padding = 0
        self._padding = to_2tuple(padding)

    def _size_after(self, size: Sequence[int]) -> tuple[int, ...]:
        return _output_size(size, self._kernel, self._stride, self._padding, self._dilation)


class PatchEmbed(_Patches):
    """An image (N, C, H, W) as a sequence (N, patches, embed_dims), by a convolution.

    `padding` is a number, or 'corner' or 'same' as for AdaptivePadding. `init_out_size` is the grid of patches of an
    image of `input_size`.
    """

    def __init__(
        self,
        in_channels: int = 3,
        embed_dims: int = 768,
        conv_type: str = "Conv2d",
        kernel_size: Size = 16,
        stride: Size | None = 16,
        padding: Size | str = "corner",
        dilation: Size = 1,
        bias: bool = True,
        norm_cfg: dict[str, Any] | None = None,
        input_size: Size | None = None,
        init_cfg: Any = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.embed_dims = embed_dims
        self._set_geometry(kernel_size, stride, padding, dilation)
        self.projection = build_conv_layer(
            {"type": conv_type},
            in_channels=in_channels,
            out_channels=embed_dims,
            kernel_size=self._kernel,
            stride=self._stride,
            padding=self._padding,
            dilation=self._dilation,
            bias=bias,
        )
        self.norm = None if norm_cfg is None else build_norm_layer(norm_cfg, embed_dims)[1]
        self.init_input_size: Any = to_2tuple(input_size) if input_size else None
        self.init_out_size: Any = None
        if self.init_input_size:
            padding_layer = self.adaptive_padding
            added = (0, 0) if padding_layer is None else padding_layer.get_pad_shape(self.init_input_size)
            self.init_out_size = self._size_after([size + more for size, more in zip(self.init_input_size, added)])

    def forward(self, x: Tensor) -> tuple[Tensor, tuple[int, int]]:
        """The sequence, and the (height, width) of the grid of patches."""
        if self.adaptive_padding is not None:
            x = self.adaptive_padding(x)
        x = self.projection(x)
        grid = (x.shape[2], x.shape[3])
        x = x.flatten(2).transpose(1, 2)
        return (x if self.norm is None else self.norm(x)), grid


class PatchMerging(_Patches):
    """Joins neighbouring patches of a sequence (N, patches, in_channels): norm, then a linear map to `out_channels`."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size = 2,
        stride: Size | None = None,
        padding: Size | str = "corner",
        dilation: Size = 1,
        bias: bool = False,
        norm_cfg: dict[str, Any] | None = {"type": "LN"},  # noqa: B006 (mmcv's signature; it is only read)
        init_cfg: Any = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.in_channels, self.out_channels = in_channels, out_channels
        self._set_geometry(kernel_size, stride or None, padding, dilation)
        self.sampler = nn.Unfold(self._kernel, self._dilation, self._padding, self._stride)
        width = self._kernel[0] * self._kernel[1] * in_channels
        self.norm = None if norm_cfg is None else build_norm_layer(norm_cfg, width)[1]
        self.reduction = nn.Linear(width, out_channels, bias=bias)

    def forward(self, x: Tensor, input_size: Sequence[int]) -> tuple[Tensor, tuple[int, ...]]:
        """The shorter sequence and its grid; `input_size` is the (height, width) of the grid of `x`."""
        if not isinstance(input_size, Sequence):
            raise ArgumentTypeError(f"input_size must be (height, width), got {input_size!r}")
        height, width = input_size
        if x.shape[1] != height * width:
            raise ArgumentValueError(f"input feature has wrong size: {x.shape[1]} patches, not {height} times {width}")
        image = x.view(len(x), height, width, x.shape[2]).permute(0, 3, 1, 2)
        if self.adaptive_padding is not None:
            image = self.adaptive_padding(image)
        grid = self._size_after(image.shape[-2:])
        x = self.sampler(image).transpose(1, 2)
        if self.norm is not None:
            x = self.norm(x)
        return self.reduction(x), grid
