"""Names of PyTorch that both libraries hand on, and their questions about the PyTorch that is installed."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.hub import load_state_dict_from_url as load_url
from torch.nn import SyncBatchNorm
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd
from torch.nn.modules.instancenorm import _InstanceNorm
from torch.nn.modules.pooling import _AdaptiveAvgPoolNd, _AdaptiveMaxPoolNd, _AvgPoolNd, _MaxPoolNd
from torch.utils.data import DataLoader

__all__ = [
    "IS_CUDA_AVAILABLE",
    "IS_IPU_AVAILABLE",
    "IS_MLU_AVAILABLE",
    "IS_MPS_AVAILABLE",
    "IS_NPU_AVAILABLE",
    "TORCH_VERSION",
    "DataLoader",
    "PoolDataLoader",
    "SyncBatchNorm",
    "_AdaptiveAvgPoolNd",
    "_AdaptiveMaxPoolNd",
    "_AvgPoolNd",
    "_BatchNorm",
    "_ConvNd",
    "_ConvTransposeMixin",
    "_InstanceNorm",
    "_MaxPoolNd",
    "get_build_config",
    "has_batch_norm",
    "is_jit_tracing",
    "is_norm",
    "is_rocm_pytorch",
    "jit",
    "load_url",
    "mmcv_full_available",
    "skip_no_elena",
    "torch_meshgrid",
    "worker_init_fn",
]

TORCH_VERSION = torch.__version__
IS_CUDA_AVAILABLE = torch.cuda.is_available()
IS_MPS_AVAILABLE = torch.backends.mps.is_available()
# Devices of vendors' own builds of PyTorch, which these runtimes reach through torch's own device names.
IS_IPU_AVAILABLE = False
IS_MLU_AVAILABLE = False
IS_NPU_AVAILABLE = False

PoolDataLoader = DataLoader
_ConvTransposeMixin = _ConvTransposeNd


def is_rocm_pytorch() -> bool:
    """Whether this PyTorch was built for AMD GPUs."""
    return torch.version.hip is not None


def get_build_config() -> str:
    """How this PyTorch was built."""
    return torch.__config__.show()


def is_jit_tracing() -> bool:
    """Whether torch.jit.trace is running the code right now."""
    return torch._C._get_tracing_state() is not None


def torch_meshgrid(*tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """`torch.meshgrid` with matrix indexing, its default when mmcv was written."""
    return torch.meshgrid(*tensors, indexing="ij")


def worker_init_fn(worker_id: int, num_workers: int, rank: int, seed: int) -> None:
    """Seeds the generators of a data loader's worker: `num_workers * rank + worker_id + seed`."""
    worker_seed = num_workers * rank + worker_id + seed
    np.random.seed(worker_seed)
    random.seed(worker_seed)
    torch.manual_seed(worker_seed)


def jit(func: Any = None, *args: Any, **kwargs: Any) -> Any:
    """A decorator that changes nothing: it marked code for a compiler of another framework."""
    return func if func is not None else lambda function: function


def skip_no_elena(func: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator that changes nothing outside that framework's own tests."""
    return func


def is_norm(layer: nn.Module, exclude: type | tuple[type, ...] | None = None) -> bool:
    """Whether a module is a batch, instance, group or layer norm, and none of the classes in `exclude`."""
    excluded = exclude if isinstance(exclude, tuple) else () if exclude is None else (exclude,)
    if not all(isinstance(item, type) for item in excluded):
        raise TypeError(f'"exclude" must be either None or type or a tuple of types, but got {exclude}')
    is_one = isinstance(layer, (_BatchNorm, _InstanceNorm, nn.GroupNorm, nn.LayerNorm))
    return is_one and not isinstance(layer, excluded)


def has_batch_norm(model: nn.Module) -> bool:
    """Whether any part of the model is a batch norm."""
    return any(isinstance(module, _BatchNorm) for module in model.modules())


def mmcv_full_available() -> bool:
    """Whether mmcv's compiled operators are installed: never with these runtimes."""
    return False
