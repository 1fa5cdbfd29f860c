"""Initializes one layer: its weight by a distribution, its bias by a constant."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import nn


def _fill(module: nn.Module, bias: float, weight: Callable[[torch.Tensor], object]) -> None:
    if getattr(module, "weight", None) is not None:
        weight(module.weight)  # type: ignore[arg-type]
    if getattr(module, "bias", None) is not None:
        nn.init.constant_(module.bias, bias)  # type: ignore[arg-type]


def _of(family: str, distribution: str) -> Callable[..., object]:
    if distribution not in ("uniform", "normal"):
        raise ValueError(f"distribution must be 'uniform' or 'normal', got {distribution!r}")
    function: Callable[..., object] = getattr(nn.init, f"{family}_{distribution}_")
    return function


@torch.no_grad()
def trunc_normal_(tensor: torch.Tensor, mean: float = 0, std: float = 1, a: float = -2, b: float = 2) -> torch.Tensor:
    """Fills with a normal distribution cut off at `a` and `b`, by inverting its distribution function.

    torch's own function draws differently since 2.13, so that weights would differ from mmengine's.
    """
    # 2 * share - 1 is erf again but for its rounding, which the weights would show.
    low, high = (2 * ((1.0 + math.erf((bound - mean) / std / math.sqrt(2.0))) / 2.0) - 1 for bound in (a, b))
    tensor.uniform_(low, high).erfinv_().mul_(std * math.sqrt(2.0)).add_(mean)
    return tensor.clamp_(min=a, max=b)


def constant_init(module: nn.Module, val: float, bias: float = 0) -> None:
    _fill(module, bias, lambda w: nn.init.constant_(w, val))


def xavier_init(module: nn.Module, gain: float = 1, bias: float = 0, distribution: str = "normal") -> None:
    fill = _of("xavier", distribution)
    _fill(module, bias, lambda w: fill(w, gain=gain))


def normal_init(module: nn.Module, mean: float = 0, std: float = 1, bias: float = 0) -> None:
    _fill(module, bias, lambda w: nn.init.normal_(w, mean, std))


def trunc_normal_init(
    module: nn.Module, mean: float = 0, std: float = 1, a: float = -2, b: float = 2, bias: float = 0
) -> None:
    _fill(module, bias, lambda w: trunc_normal_(w, mean, std, a, b))


def uniform_init(module: nn.Module, a: float = 0, b: float = 1, bias: float = 0) -> None:
    _fill(module, bias, lambda w: nn.init.uniform_(w, a, b))


def kaiming_init(
    module: nn.Module,
    a: float = 0,
    mode: str = "fan_out",
    nonlinearity: str = "relu",
    bias: float = 0,
    distribution: str = "normal",
) -> None:
    fill = _of("kaiming", distribution)
    _fill(module, bias, lambda w: fill(w, a=a, mode=mode, nonlinearity=nonlinearity))


def caffe2_xavier_init(module: nn.Module, bias: float = 0) -> None:
    """What Caffe2 calls xavier: uniform, of the fan-in alone."""
    kaiming_init(module, a=1, mode="fan_in", nonlinearity="leaky_relu", bias=bias, distribution="uniform")


def bias_init_with_prob(prior_prob: float) -> float:
    """The bias with which a sigmoid starts at `prior_prob`."""
    return float(-np.log((1 - prior_prob) / prior_prob))
