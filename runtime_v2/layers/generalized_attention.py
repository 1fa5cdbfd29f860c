"""Attention over an image by content and by relative position (https://arxiv.org/abs/1711.07971, 1904.05873)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmmigrate.compat.argument_errors import ArgumentValueError
from mmmigrate.runtime_v2.layers.registries import PLUGIN_LAYERS
from mmmigrate.runtime_v2.module import kaiming_init

LARGEST_SIDE = {256: 84, 512: 42}
"""The largest side of a feature map, by its channels, that a limited `spatial_range` is made for."""


@PLUGIN_LAYERS.register_module()
class GeneralizedAttention(nn.Module):
    """Adds to an image (N, C, H, W) what each position draws from the others; starts as the identity.

    The four digits of `attention_type` switch the terms of the energy: content of query and key, content of query and
    relative position, content of the key alone, relative position alone. `spatial_range` limits how far a position
    looks (-1: not at all); `q_stride` and `kv_stride` thin out queries and keys.
    """

    _abbr_ = "gen_attention_block"

    def __init__(
        self,
        in_channels: int,
        spatial_range: int = -1,
        num_heads: int = 9,
        position_embedding_dim: int = -1,
        position_magnitude: int = 1,
        kv_stride: int = 2,
        q_stride: int = 1,
        attention_type: str = "1111",
    ) -> None:
        super().__init__()
        self.in_channels, self.num_heads, self.spatial_range = in_channels, num_heads, spatial_range
        self.position_embedding_dim = position_embedding_dim if position_embedding_dim > 0 else in_channels
        self.position_magnitude, self.kv_stride, self.q_stride = position_magnitude, kv_stride, q_stride
        self.attention_type = [bool(int(digit)) for digit in attention_type]
        self.qk_embed_dim = self.v_dim = in_channels // num_heads
        self._add_projections(self.qk_embed_dim * num_heads)
        self.gamma = nn.Parameter(torch.zeros(1))
        if spatial_range >= 0:
            self.local_constraint_map = nn.Parameter(self._out_of_range(), requires_grad=False)
        self.q_downsample = nn.AvgPool2d(1, stride=q_stride) if q_stride > 1 else None
        self.kv_downsample = nn.AvgPool2d(1, stride=kv_stride) if kv_stride > 1 else None
        self.init_weights()

    def _add_projections(self, width: int) -> None:
        both, by_query, by_key, by_place = self.attention_type
        if both or by_query:
            self.query_conv = nn.Conv2d(self.in_channels, width, kernel_size=1, bias=False)
        if both or by_key:
            self.key_conv = nn.Conv2d(self.in_channels, width, kernel_size=1, bias=False)
        self.value_conv = nn.Conv2d(self.in_channels, width, kernel_size=1, bias=False)
        if by_query or by_place:
            self.appr_geom_fc_x = nn.Linear(self.position_embedding_dim // 2, width, bias=False)
            self.appr_geom_fc_y = nn.Linear(self.position_embedding_dim // 2, width, bias=False)
        limit = 1.0 / math.sqrt(self.qk_embed_dim * 2)
        if by_key:
            self.appr_bias = nn.Parameter(-2 * limit * torch.rand(width) + limit)
        if by_place:
            self.geom_bias = nn.Parameter(-2 * limit * torch.rand(width) + limit)
        self.proj_conv = nn.Conv2d(width, self.in_channels, kernel_size=1)

    def init_weights(self) -> None:
        """Draw every projection by Caffe2's Xavier rule."""
        for layer in self.modules():
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                kaiming_init(layer, a=1, mode="fan_in", nonlinearity="leaky_relu", distribution="uniform")

    def _out_of_range(self) -> Tensor:
        """1 where a query (y, x) must not look at a key (y, x), for the largest feature map."""
        if self.in_channels not in LARGEST_SIDE:
            raise ArgumentValueError(
                f"spatial_range needs in_channels of {sorted(LARGEST_SIDE)}, got {self.in_channels}"
            )
        side, reach, stride = LARGEST_SIDE[self.in_channels], self.spatial_range, self.kv_stride
        keys = int((side - 1.0) / stride + 1)
        near = np.zeros((side, keys), dtype=bool)
        for i in range(side):
            near[i, max((i - reach) // stride, 0) : (i + reach + 1) // stride + 1] = True
        return torch.from_numpy(~(near[:, None, :, None] & near[None, :, None, :])).byte()

    def get_position_embedding(
        self,
        h: int,
        w: int,
        h_kv: int,
        w_kv: int,
        q_stride: int,
        kv_stride: int,
        device: Any,
        dtype: Any,
        feat_dim: int,
        wave_length: int = 1000,
    ) -> tuple[Tensor, Tensor]:
        """Sines and cosines of the distances along x and y, (queries, keys, feat_dim / 2) each."""
        powers = torch.arange(0, feat_dim / 4).to(device=device, dtype=dtype)
        scale = torch.tensor([float(wave_length)], device=device, dtype=dtype) ** ((4.0 / feat_dim) * powers)

        def along(queries: int, keys: int) -> Tensor:
            query_at = torch.linspace(0, queries - 1, queries).to(device=device, dtype=dtype).view(-1, 1) * q_stride
            key_at = torch.linspace(0, keys - 1, keys).to(device=device, dtype=dtype).view(-1, 1) * kv_stride
            distance = (query_at.unsqueeze(1) - key_at.unsqueeze(0)) * self.position_magnitude
            return torch.cat(((distance / scale).sin(), (distance / scale).cos()), dim=2)

        return along(w, w_kv), along(h, h_kv)

    def _position_energy(self, query: Any, x: Tensor, grid: tuple[int, int], keys: tuple[int, int]) -> Tensor:
        """The energy by relative position, (N, heads, H, W, H of keys, W of keys) or what broadcasts to it."""
        _, by_query, _, by_place = self.attention_type
        places = self.get_position_embedding(
            *grid, *keys, self.q_stride, self.kv_stride, x.device, x.dtype, self.position_embedding_dim
        )
        split = (self.num_heads, self.qk_embed_dim)
        # (heads, positions of queries, positions of keys, dimensions)
        columns = self.appr_geom_fc_x(places[0]).unflatten(-1, split).permute(2, 0, 1, 3) / math.sqrt(2)
        rows = self.appr_geom_fc_y(places[1]).unflatten(-1, split).permute(2, 0, 1, 3) / math.sqrt(2)
        if by_query:
            content = query + self.geom_bias.view(1, self.num_heads, 1, -1) if by_place else query
            content = content.unflatten(2, grid)
            along_x = torch.matmul(content.transpose(2, 3), columns.transpose(2, 3)).transpose(2, 3).unsqueeze(4)
            # mmcv looks the rows up by the query's columns here, unless the place alone counts too
            content = content if by_place else content.transpose(2, 3)
            return along_x + torch.matmul(content, rows.transpose(2, 3)).unsqueeze(5)
        bias = self.geom_bias.view(self.num_heads, self.qk_embed_dim, 1)
        along_x = torch.matmul(columns.flatten(1, 2), bias).view(1, self.num_heads, 1, grid[1], 1, keys[1])
        along_y = torch.matmul(rows.flatten(1, 2), bias).view(1, self.num_heads, grid[0], 1, keys[0], 1)
        return along_x + along_y

    def _energy(self, x: Tensor, x_q: Tensor, x_kv: Tensor) -> Any:
        """(N, heads, queries, keys); one query stands for all if only the content of keys counts."""
        both, by_query, by_key, by_place = self.attention_type
        grid, keys = (x_q.shape[2], x_q.shape[3]), (x_kv.shape[2], x_kv.shape[3])
        split = (self.num_heads, self.qk_embed_dim)
        query: Any = None
        key: Any = None
        if both or by_query:
            query = self.query_conv(x_q).flatten(2).unflatten(1, split).transpose(2, 3)
        if both or by_key:
            key = self.key_conv(x_kv).flatten(2).unflatten(1, split)
        if by_key:
            bias = self.appr_bias.view(1, self.num_heads, 1, self.qk_embed_dim)
        if by_key and not (both or by_query or by_place):
            return torch.matmul(bias, key)
        energy: Any = x.new_zeros(len(x), self.num_heads, *grid, *keys)
        if both:
            content: Any = query + bias if by_key else query
            energy = torch.matmul(content, key).view_as(energy)
        elif by_key:
            energy = energy + torch.matmul(bias, key).view(len(x), self.num_heads, 1, 1, *keys)
        if by_query or by_place:
            energy = energy + self._position_energy(query, x, grid, keys)
        return energy.flatten(4).flatten(2, 3)

    def forward(self, x_input: Tensor) -> Tensor:
        x_q = x_input if self.q_downsample is None else self.q_downsample(x_input)
        x_kv = x_input if self.kv_downsample is None else self.kv_downsample(x_input)
        energy = self._energy(x_input, x_q, x_kv)
        grid = (x_q.shape[2], x_q.shape[3]) if energy.shape[2] > 1 else (1, 1)
        if self.spatial_range >= 0:
            limits = self.local_constraint_map[: grid[0], : grid[1], : x_kv.shape[2], : x_kv.shape[3]]
            energy = energy.masked_fill(limits.reshape(1, 1, *energy.shape[2:]).bool(), float("-inf"))
        values = self.value_conv(x_kv).flatten(2).unflatten(1, (self.num_heads, self.v_dim)).transpose(2, 3)
        drawn = torch.matmul(F.softmax(energy, 3), values).transpose(2, 3).contiguous()
        out = self.proj_conv(drawn.view(len(x_input), self.v_dim * self.num_heads, *grid))
        if self.q_downsample is not None:
            out = F.interpolate(out, size=x_input.shape[2:], mode="bilinear", align_corners=False)
        return self.gamma * out + x_input  # type: ignore[no-any-return]
