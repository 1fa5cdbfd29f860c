"""Batch norm over all processes, and back."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import SyncBatchNorm, _BatchNorm


class _BatchNormXd(_BatchNorm):
    """Batch norm for inputs of any number of dimensions, as SyncBatchNorm takes them."""

    def _check_input_dim(self, input: torch.Tensor) -> None:
        return


def revert_sync_batchnorm(module: nn.Module) -> nn.Module:
    """The module with every SyncBatchNorm replaced by a batch norm with the same parameters and statistics."""
    return _replace(module, lambda m: type(m).__name__ == "SyncBatchNorm", _BatchNormXd)


def convert_sync_batchnorm(module: nn.Module, implementation: str = "torch") -> nn.Module:
    """The module with every batch norm replaced by torch's SyncBatchNorm."""
    if implementation != "torch":
        raise ValueError(
            f"sync_bn must be 'torch', got {implementation!r}: mmcv's operators are not part of this runtime"
        )
    return _replace(module, lambda m: isinstance(m, _BatchNorm) and not isinstance(m, SyncBatchNorm), SyncBatchNorm)


def _replace(module: nn.Module, applies: Any, kind: Any) -> nn.Module:
    result: Any = module
    if applies(module):
        old: Any = module
        result = kind(old.num_features, old.eps, old.momentum, old.affine, old.track_running_stats)
        if old.affine:
            with torch.no_grad():
                result.weight = old.weight
                result.bias = old.bias
        result.running_mean = old.running_mean
        result.running_var = old.running_var
        result.num_batches_tracked = old.num_batches_tracked
        result.training = old.training
        if hasattr(old, "qconfig"):
            result.qconfig = old.qconfig
    for name, child in module.named_children():
        replaced = _replace(child, applies, kind)
        if replaced is not child:
            result.add_module(name, replaced)
    made: nn.Module = result
    return made
