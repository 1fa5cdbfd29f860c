"""Convolution and the batch norm behind it as one convolution, while the batch norm is in evaluation mode.

Trains as before, gradients included, with less memory: https://arxiv.org/abs/2305.11624.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import torch
from torch import fx, nn
from torch.nn.modules.batchnorm import _BatchNorm

_CONVS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)


def efficient_conv_bn_eval_forward(bn: Any, conv: Any, x: torch.Tensor) -> torch.Tensor:
    """What `bn(conv(x))` gives in evaluation mode, by one convolution with scaled weights."""
    scale = torch.rsqrt(bn.running_var + bn.eps)
    if bn.weight is not None:
        scale = scale * bn.weight
    shift = -bn.running_mean if conv.bias is None else conv.bias - bn.running_mean
    bias = shift * scale if bn.bias is None else shift * scale + bn.bias
    # The channels that come out are the first dimension of a convolution's weight, the second of a transposed one's.
    transposed = isinstance(conv, nn.modules.conv._ConvTransposeNd)
    shape = [1] * conv.weight.ndim
    shape[1 if transposed else 0] = -1
    weight = conv.weight * scale.view(shape)
    result: torch.Tensor
    if transposed:
        function = getattr(nn.functional, f"conv_transpose{conv.weight.ndim - 2}d")
        result = function(x, weight, bias, conv.stride, conv.padding, conv.output_padding, conv.groups, conv.dilation)
    else:
        result = conv._conv_forward(x, weight, bias)
    return result


def efficient_conv_bn_eval_control(bn: Any, conv: Any, x: torch.Tensor) -> torch.Tensor:
    """One convolution while `bn` is in evaluation mode, else first the one, then the other."""
    if bn.training:
        result: torch.Tensor = bn(conv(x))
        return result
    return efficient_conv_bn_eval_forward(bn, conv, x)


def efficient_conv_bn_eval_graph_transform(fx_model: fx.GraphModule) -> None:
    """Replaces every batch norm right behind a convolution that nothing else uses."""
    modules = dict(fx_model.named_modules())
    for node in list(fx_model.graph.nodes):
        if node.op != "call_module" or not isinstance(modules[node.target], _BatchNorm):
            continue
        conv: Any = node.args[0]
        if not isinstance(conv, fx.Node) or conv.op != "call_module" or len(conv.users) > 1:
            continue
        if not isinstance(modules[str(conv.target)], _CONVS) or not modules[node.target].track_running_stats:
            continue
        with fx_model.graph.inserting_before(conv):
            parts = tuple(fx_model.graph.create_node("get_attr", str(n.target), name=n.name) for n in (node, conv))
            fused = fx_model.graph.create_node(
                "call_function", efficient_conv_bn_eval_control, (*parts, conv.args[0]), name="efficient_conv_bn_eval"
            )
        node.replace_all_uses_with(fused)
        fx_model.graph.erase_node(node)
        fx_model.graph.erase_node(conv)
    fx_model.graph.lint()
    fx_model.recompile()


def turn_on_efficient_conv_bn_eval_for_single_model(model: Any) -> None:
    """Changes the `forward` of a model that torch.fx can trace."""
    traced = fx.symbolic_trace(model)
    efficient_conv_bn_eval_graph_transform(traced)
    model.forward = traced.forward


def turn_on_efficient_conv_bn_eval(model: nn.Module, modules: list[str] | str) -> None:
    """Does so for the named submodules of `model`."""
    for name in [modules] if isinstance(modules, str) else modules:
        turn_on_efficient_conv_bn_eval_for_single_model(attrgetter(name)(model))
