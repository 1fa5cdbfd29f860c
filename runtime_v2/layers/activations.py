"""Activations from configs."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from mmmigrate.compat.argument_errors import ArgumentValueError
from mmmigrate.runtime_v2.layers.registries import ACTIVATION_LAYERS
from mmmigrate.runtime_v2.registry import build_from_cfg

for _layer in (nn.ReLU, nn.LeakyReLU, nn.PReLU, nn.RReLU, nn.ReLU6, nn.ELU, nn.Sigmoid, nn.Tanh, nn.SiLU, nn.GELU):
    ACTIVATION_LAYERS.register_module(module=_layer)
ACTIVATION_LAYERS.register_module(name="HSwish", module=nn.Hardswish)


@ACTIVATION_LAYERS.register_module(name=["Clamp", "Clip"])
class Clamp(nn.Module):
    """Values limited to the range from `min` to `max`."""

    def __init__(self, min: float = -1.0, max: float = 1.0) -> None:
        super().__init__()
        self.min, self.max = min, max

    def forward(self, x: Tensor) -> Tensor:
        return torch.clamp(x, min=self.min, max=self.max)


@ACTIVATION_LAYERS.register_module()
class HSigmoid(nn.Module):
    """`(x + bias) / divisor`, limited to the range from `min_value` to `max_value`."""

    def __init__(self, bias: float = 3.0, divisor: float = 6.0, min_value: float = 0.0, max_value: float = 1.0) -> None:
        super().__init__()
        if divisor == 0:
            raise ArgumentValueError("divisor must not be 0")
        self.bias, self.divisor, self.min_value, self.max_value = bias, divisor, min_value, max_value

    def forward(self, x: Tensor) -> Tensor:
        return ((x + self.bias) / self.divisor).clamp_(self.min_value, self.max_value)


class HSwish(nn.Module):
    """`x * relu6(x + 3) / 6`. Configs that say "HSwish" get torch's `Hardswish`, as in mmcv on current PyTorch."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.act = nn.ReLU6(inplace)

    def forward(self, x: Tensor) -> Tensor:
        gate: Tensor = self.act(x + 3)
        return x * gate / 6


@ACTIVATION_LAYERS.register_module()
class Swish(nn.Module):
    """`x * sigmoid(x)`."""

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(x)


def build_activation_layer(cfg: dict[str, Any]) -> Any:
    """The activation that `cfg` names."""
    return build_from_cfg(cfg, ACTIVATION_LAYERS)
