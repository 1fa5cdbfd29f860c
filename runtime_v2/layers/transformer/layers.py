"""A transformer's layer from the order of its operations, and a sequence of layers."""

from __future__ import annotations

import copy
import warnings
from typing import Any

from torch import Tensor

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError
from mmmigrate.runtime_v2.config import ConfigDict
from mmmigrate.runtime_v2.layers.norms import build_norm_layer
from mmmigrate.runtime_v2.layers.registries import TRANSFORMER_LAYER, TRANSFORMER_LAYER_SEQUENCE
from mmmigrate.runtime_v2.layers.transformer.builders import (
    build_attention,
    build_feedforward_network,
    build_transformer_layer,
)
from mmmigrate.runtime_v2.module import BaseModule, ModuleList

ATTENTIONS = ("self_attn", "cross_attn")
OPERATIONS = (*ATTENTIONS, "norm", "ffn")
RENAMED = {"feedforward_channels": "feedforward_channels", "ffn_dropout": "ffn_drop", "ffn_num_fcs": "num_fcs"}
_FFN = {
    "type": "FFN",
    "embed_dims": 256,
    "feedforward_channels": 1024,
    "num_fcs": 2,
    "ffn_drop": 0.0,
    "act_cfg": {"type": "ReLU", "inplace": True},
}


@TRANSFORMER_LAYER.register_module()
class BaseTransformerLayer(BaseModule):
    """Attentions, norms and feed-forward networks in the order of `operation_order`.

    Its words are 'self_attn', 'cross_attn', 'norm' and 'ffn'; if it begins with 'norm', the inputs of the norms are
    what later operations add to. `attn_cfgs` and `ffn_cfgs` are one config for all, or a list with one for each.
    """

    def __init__(
        self,
        attn_cfgs: Any = None,
        ffn_cfgs: Any = _FFN,
        operation_order: tuple[str, ...] | None = None,
        norm_cfg: dict[str, Any] = {"type": "LN"},  # noqa: B006 (mmcv's signature; it is only read)
        init_cfg: Any = None,
        batch_first: bool = False,
        **kwargs: Any,
    ) -> None:
        for old, new in RENAMED.items():
            if old in kwargs:
                warnings.warn(
                    f"The arguments `{old}` in BaseTransformerLayer has been deprecated, now you should set `{new}` "
                    "and other FFN related arguments to a dict named `ffn_cfgs`.",
                    DeprecationWarning,
                    stacklevel=2,
                )
                ffn_cfgs = {**ffn_cfgs, new: kwargs[old]}
        super().__init__(init_cfg)
        order = tuple(operation_order or ())
        if not order or set(order) - set(OPERATIONS):
            raise ArgumentValueError(
                f"operation_order of {type(self).__name__} must be of {OPERATIONS}, got {operation_order}"
            )
        self.batch_first, self.operation_order, self.norm_cfg = batch_first, operation_order, norm_cfg
        self.num_attn = sum(order.count(name) for name in ATTENTIONS)
        self.pre_norm = order[0] == "norm"
        self.attentions = ModuleList()
        kinds = [name for name in order if name in ATTENTIONS]
        for kind, cfg in zip(kinds, _one_for_each(attn_cfgs, self.num_attn, "attn_cfgs")):
            if cfg.setdefault("batch_first", batch_first) != batch_first:
                raise ArgumentValueError(f"batch_first is {batch_first} for the layer, but not for {cfg}")
            attention = build_attention(cfg)
            attention.operation_name = kind
            self.attentions.append(attention)
        self.embed_dims: Any = self.attentions[0].embed_dims
        self.ffns = ModuleList()
        for cfg in _one_for_each(ffn_cfgs, order.count("ffn"), "ffn_cfgs"):
            if cfg.setdefault("embed_dims", self.embed_dims) != self.embed_dims:
                raise ArgumentValueError(f"the attention has embed_dims={self.embed_dims}, the ffn {cfg['embed_dims']}")
            self.ffns.append(build_feedforward_network(cfg, {"type": "FFN"}))
        width: Any = self.embed_dims
        self.norms = ModuleList(build_norm_layer(norm_cfg, width)[1] for _ in range(order.count("norm")))

    def forward(
        self,
        query: Tensor,
        key: Tensor | None = None,
        value: Tensor | None = None,
        query_pos: Tensor | None = None,
        key_pos: Tensor | None = None,
        attn_masks: Any = None,
        query_key_padding_mask: Tensor | None = None,
        key_padding_mask: Tensor | None = None,
        **kwargs: Any,
    ) -> Any:
        """The query after all operations; `attn_masks` is one mask for every attention, or a list with one for each."""
        masks = iter(self._masks(attn_masks))
        attentions, norms, ffns = iter(self.attentions), iter(self.norms), iter(self.ffns)
        identity = query
        for operation in self.operation_order or ():
            base = identity if self.pre_norm else None
            if operation == "norm":
                query = next(norms)(query)
            elif operation == "ffn":
                query = next(ffns)(query, base)
            else:
                own = operation == "self_attn"
                query = next(attentions)(
                    query,
                    query if own else key,
                    query if own else value,
                    base,
                    query_pos=query_pos,
                    key_pos=query_pos if own else key_pos,
                    attn_mask=next(masks),
                    key_padding_mask=query_key_padding_mask if own else key_padding_mask,
                    **kwargs,
                )
                identity = query
        return query

    def _masks(self, attn_masks: Any) -> list[Any]:
        if attn_masks is None:
            return [None] * self.num_attn
        if isinstance(attn_masks, Tensor):
            warnings.warn(f"Use same attn_mask in all attentions in {type(self).__name__} ", stacklevel=3)
            return [attn_masks.clone() for _ in range(self.num_attn)]
        if len(attn_masks) != self.num_attn:
            raise ArgumentValueError(f"{len(attn_masks)} attn_masks for {self.num_attn} attentions")
        return list(attn_masks)


@TRANSFORMER_LAYER_SEQUENCE.register_module()
class TransformerLayerSequence(BaseModule):
    """`num_layers` transformer layers one after the other: all of one config, or of a list with one for each."""

    def __init__(self, transformerlayers: Any = None, num_layers: int | None = None, init_cfg: Any = None) -> None:
        super().__init__(init_cfg)
        if not isinstance(transformerlayers, (dict, list)) or num_layers is None:
            raise ArgumentTypeError("transformerlayers must be a dict or a list, with num_layers, to make layers of")
        self.num_layers = num_layers
        configs = _one_for_each(transformerlayers, num_layers, "transformerlayers")
        self.layers = ModuleList(build_transformer_layer(cfg) for cfg in configs)
        self.embed_dims = self.layers[0].embed_dims
        self.pre_norm = self.layers[0].pre_norm

    def forward(
        self,
        query: Tensor,
        key: Tensor | None,
        value: Tensor | None,
        query_pos: Tensor | None = None,
        key_pos: Tensor | None = None,
        attn_masks: Any = None,
        query_key_padding_mask: Tensor | None = None,
        key_padding_mask: Tensor | None = None,
        **kwargs: Any,
    ) -> Any:
        """The query after all layers; the other arguments go to each."""
        for layer in self.layers:
            query = layer(
                query,
                key,
                value,
                query_pos=query_pos,
                key_pos=key_pos,
                attn_masks=attn_masks,
                query_key_padding_mask=query_key_padding_mask,
                key_padding_mask=key_padding_mask,
                **kwargs,
            )
        return query


def _one_for_each(configs: Any, count: int, name: str) -> list[Any]:
    if isinstance(configs, dict):
        return [ConfigDict(copy.deepcopy(dict(configs))) for _ in range(count)]
    if len(configs) != count:
        raise ArgumentValueError(f"{name} has {len(configs)} entries for {count} operations or layers")
    return list(configs)
