"""Networks made ready for inference: norms folded into convolutions, synchronized norms made ordinary."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmmigrate.compat.argument_errors import ArgumentValueError


def fuse_conv_bn(module: nn.Module) -> nn.Module:
    """The module with every batch norm that directly follows a Conv2d folded into it, in place.

    The norm becomes an identity. Only right for inference: it uses the norm's running statistics.
    """
    last_conv: tuple[str, nn.Conv2d] | None = None
    for name, child in module.named_children():
        if isinstance(child, (_BatchNorm, nn.SyncBatchNorm)):
            if last_conv is not None:
                setattr(module, last_conv[0], _fused(last_conv[1], child))
                setattr(module, name, nn.Identity())
                last_conv = None
        elif isinstance(child, nn.Conv2d):
            last_conv = (name, child)
        else:
            fuse_conv_bn(child)
    return module


def _fused(conv: nn.Conv2d, norm: Any) -> nn.Conv2d:
    factor = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    bias = conv.bias if conv.bias is not None else torch.zeros_like(norm.running_mean)
    conv.weight = nn.Parameter(conv.weight * factor.reshape(-1, 1, 1, 1))
    conv.bias = nn.Parameter((bias - norm.running_mean) * factor + norm.bias)
    return conv


class _AnyDimensionBatchNorm(_BatchNorm):
    """A batch norm for inputs of any shape, as SyncBatchNorm takes them."""

    def _check_input_dim(self, input: torch.Tensor) -> None:
        if input.dim() < 2:
            raise ArgumentValueError(f"a batch norm needs an input of at least 2 dimensions, got {input.dim()}")


def revert_sync_batchnorm(module: nn.Module) -> nn.Module:
    """The module with each SyncBatchNorm replaced by a batch norm that has the same parameters and statistics."""
    if isinstance(module, nn.SyncBatchNorm):
        plain = _AnyDimensionBatchNorm(
            module.num_features, module.eps, module.momentum, module.affine, module.track_running_stats
        )
        plain.load_state_dict(module.state_dict())
        for ours, theirs in zip(plain.parameters(), module.parameters()):
            ours.requires_grad = theirs.requires_grad
        return plain.train(module.training)
    for name, child in module.named_children():
        module.add_module(name, revert_sync_batchnorm(child))
    return module
