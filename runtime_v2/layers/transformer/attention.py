"""Attention and feed-forward network, each with dropout and the input added."""

from __future__ import annotations

import warnings
from typing import Any

from torch import Tensor, nn

from mmmigrate.compat.argument_errors import ArgumentValueError
from mmmigrate.compat.deprecation import deprecated_api_warning
from mmmigrate.runtime_v2.layers.activations import build_activation_layer
from mmmigrate.runtime_v2.layers.dropout import build_dropout
from mmmigrate.runtime_v2.layers.registries import ATTENTION, FEEDFORWARD_NETWORK
from mmmigrate.runtime_v2.module import BaseModule, Sequential


@ATTENTION.register_module()
class MultiheadAttention(BaseModule):
    """torch's attention between sequences (positions, N, embed_dims), or (N, positions, …) with `batch_first`.

    `attn_drop` acts on the weights, `proj_drop` and `dropout_layer` on the result before `identity` is added. Other
    arguments go to `torch.nn.MultiheadAttention`.
    """

    def __init__(
        self,
        embed_dims: int,
        num_heads: int,
        attn_drop: float = 0.0,
        proj_drop: float = 0.0,
        dropout_layer: dict[str, Any] | None = {"type": "Dropout", "drop_prob": 0.0},  # noqa: B006 (mmcv's signature)
        init_cfg: Any = None,
        batch_first: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(init_cfg)
        if "dropout" in kwargs:
            warnings.warn(
                "The arguments `dropout` in MultiheadAttention has been deprecated, now you can separately set "
                "`attn_drop`(float), proj_drop(float), and `dropout_layer`(dict)",
                DeprecationWarning,
                stacklevel=2,
            )
            attn_drop = kwargs.pop("dropout")
            dropout_layer = {**(dropout_layer or {}), "drop_prob": attn_drop}
        self.embed_dims, self.num_heads, self.batch_first = embed_dims, num_heads, batch_first
        self.attn = nn.MultiheadAttention(embed_dims, num_heads, attn_drop, **kwargs)
        self.proj_drop = nn.Dropout(proj_drop)
        self.dropout_layer = build_dropout(dropout_layer) if dropout_layer else nn.Identity()

    @deprecated_api_warning({"residual": "identity"}, cls_name="MultiheadAttention")
    def forward(
        self,
        query: Tensor,
        key: Tensor | None = None,
        value: Tensor | None = None,
        identity: Tensor | None = None,
        query_pos: Tensor | None = None,
        key_pos: Tensor | None = None,
        attn_mask: Tensor | None = None,
        key_padding_mask: Tensor | None = None,
        **kwargs: Any,
    ) -> Any:
        """`identity` plus what `query` draws from `value`.

        A key that is not given is the query, a value the key, the identity the query; positions of the query serve
        for the key too where the shapes agree.
        """
        key = query if key is None else key
        value = key if value is None else value
        identity = query if identity is None else identity
        if key_pos is None and query_pos is not None:
            if query_pos.shape == key.shape:
                key_pos = query_pos
            else:
                warnings.warn(f"position encoding of key is missing in {type(self).__name__}.", stacklevel=2)
        query = query if query_pos is None else query + query_pos
        key = key if key_pos is None else key + key_pos
        if self.batch_first:
            # by hand, so that one checkpoint and one arithmetic serve both orders
            query, key, value = query.transpose(0, 1), key.transpose(0, 1), value.transpose(0, 1)
        out = self.attn(query=query, key=key, value=value, attn_mask=attn_mask, key_padding_mask=key_padding_mask)[0]
        out = out.transpose(0, 1) if self.batch_first else out
        return identity + self.dropout_layer(self.proj_drop(out))


@FEEDFORWARD_NETWORK.register_module()
class FFN(BaseModule):
    """`num_fcs` linear layers with activations and dropout between; the input is added if `add_identity`."""

    @deprecated_api_warning({"dropout": "ffn_drop", "add_residual": "add_identity"}, cls_name="FFN")
    def __init__(
        self,
        embed_dims: int = 256,
        feedforward_channels: int = 1024,
        num_fcs: int = 2,
        act_cfg: dict[str, Any] = {"type": "ReLU", "inplace": True},  # noqa: B006 (mmcv's signature; it is only read)
        ffn_drop: float = 0.0,
        dropout_layer: dict[str, Any] | None = None,
        add_identity: bool = True,
        init_cfg: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(init_cfg)
        if num_fcs < 2:
            raise ArgumentValueError(f"num_fcs should be no less than 2. got {num_fcs}.")
        self.embed_dims, self.feedforward_channels = embed_dims, feedforward_channels
        self.num_fcs, self.act_cfg, self.add_identity = num_fcs, act_cfg, add_identity
        self.activate = build_activation_layer(act_cfg)
        widths = [embed_dims, *[feedforward_channels] * (num_fcs - 1)]
        self.layers = Sequential(
            *(
                Sequential(nn.Linear(inputs, feedforward_channels), self.activate, nn.Dropout(ffn_drop))
                for inputs in widths[:-1]
            ),
            nn.Linear(feedforward_channels, embed_dims),
            nn.Dropout(ffn_drop),
        )
        self.dropout_layer = build_dropout(dropout_layer) if dropout_layer else nn.Identity()

    @deprecated_api_warning({"residual": "identity"}, cls_name="FFN")
    def forward(self, x: Tensor, identity: Tensor | None = None) -> Any:
        """The network's result, added to `identity`, which is `x` unless given."""
        out = self.dropout_layer(self.layers(x))
        return (x if identity is None else identity) + out if self.add_identity else out
