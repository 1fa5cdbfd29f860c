"""VGG (https://arxiv.org/abs/1409.1556)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar

from torch import Tensor, nn

from mmmigrate.compat.argument_errors import ArgumentValueError, MissingKeyError
from mmmigrate.runtime_v2.module import normal_init
from mmmigrate.runtime_v2.networks.starting import freeze, hold_norms, one_or_all, start


def conv3x3(in_planes: int, out_planes: int, dilation: int = 1) -> nn.Conv2d:
    """A 3 x 3 convolution that keeps the size."""
    return nn.Conv2d(in_planes, out_planes, kernel_size=3, padding=dilation, dilation=dilation)


def make_vgg_layer(
    inplanes: int,
    planes: int,
    num_blocks: int,
    dilation: int = 1,
    with_bn: bool = False,
    ceil_mode: bool = False,
) -> list[nn.Module]:
    """The layers of a stage: convolutions (with norms) and activations, then pooling."""
    layers: list[nn.Module] = []
    for inputs in [inplanes, *[planes] * (num_blocks - 1)]:
        layers += [conv3x3(inputs, planes, dilation), *([nn.BatchNorm2d(planes)] if with_bn else []), nn.ReLU(True)]
    return [*layers, nn.MaxPool2d(kernel_size=2, stride=2, ceil_mode=ceil_mode)]


class VGG(nn.Module):
    """The outputs of the stages in `out_indices` (0-based), and the scores if `num_classes` is positive.

    Batch norms use their running statistics in training too (`bn_eval`), without being trained (`bn_frozen`); the
    first `frozen_stages` stages are not trained.
    """

    arch_settings: ClassVar[dict[int, tuple[int, ...]]] = {
        11: (1, 1, 2, 2, 2),
        13: (2, 2, 2, 2, 2),
        16: (2, 2, 3, 3, 3),
        19: (2, 2, 4, 4, 4),
    }

    def __init__(
        self,
        depth: int,
        with_bn: bool = False,
        num_classes: int = -1,
        num_stages: int = 5,
        dilations: Sequence[int] = (1, 1, 1, 1, 1),
        out_indices: Sequence[int] = (0, 1, 2, 3, 4),
        frozen_stages: int = -1,
        bn_eval: bool = True,
        bn_frozen: bool = False,
        ceil_mode: bool = False,
        with_last_pool: bool = True,
    ) -> None:
        super().__init__()
        if depth not in self.arch_settings:
            raise MissingKeyError(f"invalid depth {depth} for vgg; there are {sorted(self.arch_settings)}")
        if not 1 <= num_stages <= 5 or len(dilations) != num_stages or max(out_indices) > num_stages:
            raise ArgumentValueError(
                f"num_stages must be 1 to 5 with as many dilations, and out_indices among them, "
                f"got {num_stages}, {dilations} and {out_indices}"
            )
        self.stage_blocks = self.arch_settings[depth][:num_stages]
        self.num_classes, self.out_indices, self.frozen_stages = num_classes, out_indices, frozen_stages
        self.bn_eval, self.bn_frozen = bn_eval, bn_frozen
        self.inplanes = 3
        self.features: Any
        self.range_sub_modules: list[list[int]] = []
        layers: list[nn.Module] = []
        for i, (blocks, dilation) in enumerate(zip(self.stage_blocks, dilations)):
            first, planes = len(layers), min(64 * 2**i, 512)
            layers += make_vgg_layer(self.inplanes, planes, blocks, dilation, with_bn, ceil_mode)
            self.inplanes = planes
            self.range_sub_modules.append([first, len(layers)])
        if not with_last_pool:
            layers.pop()
            self.range_sub_modules[-1][1] -= 1
        self.module_name = "features"
        self.features = nn.Sequential(*layers)
        if num_classes > 0:
            self.classifier = nn.Sequential(
                nn.Linear(512 * 7 * 7, 4096),
                nn.ReLU(True),
                nn.Dropout(),
                nn.Linear(4096, 4096),
                nn.ReLU(True),
                nn.Dropout(),
                nn.Linear(4096, num_classes),
            )

    def init_weights(self, pretrained: str | None = None) -> None:
        """Load a checkpoint, or draw new weights."""
        start(self, pretrained, partial(normal_init, std=0.01))

    def forward(self, x: Tensor) -> Any:
        outputs: list[object] = []
        for i, (first, end) in enumerate(self.range_sub_modules):
            for layer in self.features[first:end]:
                x = layer(x)
            if i in self.out_indices:
                outputs.append(x)
        if self.num_classes > 0:
            outputs.append(self.classifier(x.flatten(1)))
        return one_or_all(outputs)

    def train(self, mode: bool = True) -> VGG:
        super().train(mode)
        if self.bn_eval:
            hold_norms(self, self.bn_frozen)
        if mode and self.frozen_stages > 0:
            freeze(self.features[: self.range_sub_modules[self.frozen_stages - 1][1]])
        return self
