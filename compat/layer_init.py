"""Filling one layer's weight and bias: the functions that mmcv calls `xavier_init`, `kaiming_init` and so on."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from mmmigrate.compat.argument_errors import ArgumentValueError


def _fill(module: nn.Module, fill_weight: Callable[[torch.Tensor], object], bias: float) -> None:
    weight, bias_tensor = getattr(module, "weight", None), getattr(module, "bias", None)
    if isinstance(weight, torch.Tensor):
        fill_weight(weight)
    if isinstance(bias_tensor, torch.Tensor):
        nn.init.constant_(bias_tensor, bias)


def constant_init(module: nn.Module, val: float, bias: float = 0) -> None:
    """Weight `val`, bias `bias`."""
    _fill(module, lambda weight: nn.init.constant_(weight, val), bias)


def xavier_init(module: nn.Module, gain: float = 1, bias: float = 0, distribution: str = "normal") -> None:
    """Weight by Glorot's rule, 'normal' or 'uniform'."""
    check_distribution(distribution)
    draw = nn.init.xavier_uniform_ if distribution == "uniform" else nn.init.xavier_normal_
    _fill(module, lambda weight: draw(weight, gain=gain), bias)


def normal_init(module: nn.Module, mean: float = 0, std: float = 1, bias: float = 0) -> None:
    """Weight from a normal distribution."""
    _fill(module, lambda weight: nn.init.normal_(weight, mean, std), bias)


def trunc_normal_init(
    module: nn.Module, mean: float = 0, std: float = 1, a: float = -2, b: float = 2, bias: float = 0
) -> None:
    """Weight from a normal distribution cut off at `a` and `b`."""
    _fill(module, lambda weight: trunc_normal_(weight, mean, std, a, b), bias)


def uniform_init(module: nn.Module, a: float = 0, b: float = 1, bias: float = 0) -> None:
    """Weight from a uniform distribution."""
    _fill(module, lambda weight: nn.init.uniform_(weight, a, b), bias)


def kaiming_init(
    module: nn.Module,
    a: float = 0,
    mode: str = "fan_out",
    nonlinearity: str = "relu",
    bias: float = 0,
    distribution: str = "normal",
) -> None:
    """Weight by He's rule, 'normal' or 'uniform'."""
    check_distribution(distribution)
    draw = nn.init.kaiming_uniform_ if distribution == "uniform" else nn.init.kaiming_normal_
    _fill(module, lambda weight: draw(weight, a=a, mode=mode, nonlinearity=nonlinearity), bias)  # type: ignore[arg-type]


def caffe2_xavier_init(module: nn.Module, bias: float = 0) -> None:
    """Weight as Caffe2's XavierFill, which is He's uniform rule with a slope of 1 over the inputs."""
    kaiming_init(module, a=1, mode="fan_in", nonlinearity="leaky_relu", bias=bias, distribution="uniform")


def bias_init_with_prob(prior_prob: float) -> float:
    """The bias at which a sigmoid gives `prior_prob`."""
    return float(-np.log((1 - prior_prob) / prior_prob))


def trunc_normal_(
    tensor: torch.Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0
) -> torch.Tensor:
    """Fill `tensor` from a normal distribution cut off at `a` and `b`, by inverting its distribution function.

    One uniform draw per element, so the values for a seed are those of mmcv whatever torch does in its own function.
    """

    def below(value: float) -> float:
        return (1.0 + math.erf((value - mean) / std / math.sqrt(2.0))) / 2.0

    with torch.no_grad():
        tensor.uniform_(2 * below(a) - 1, 2 * below(b) - 1)
        return tensor.erfinv_().mul_(std * math.sqrt(2.0)).add_(mean).clamp_(min=a, max=b)


def check_distribution(distribution: str) -> None:
    """Raise unless `distribution` is 'uniform' or 'normal'."""
    if distribution not in ("uniform", "normal"):
        raise ArgumentValueError(f"distribution must be 'uniform' or 'normal', got {distribution!r}")
