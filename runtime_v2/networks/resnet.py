"""ResNet (https://arxiv.org/abs/1512.03385)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from torch import Tensor, nn
from torch.utils import checkpoint

from mmmigrate.compat.argument_errors import ArgumentValueError, MissingKeyError
from mmmigrate.runtime_v2.networks.starting import freeze, hold_norms, one_or_all, start


def conv3x3(in_planes: int, out_planes: int, stride: int = 1, dilation: int = 1) -> nn.Conv2d:
    """A 3 x 3 convolution without bias."""
    return nn.Conv2d(in_planes, out_planes, 3, stride, padding=dilation, dilation=dilation, bias=False)


class _Block(nn.Module):
    """Two or three convolutions beside a shortcut; `style` says which of a bottleneck's takes the stride."""

    expansion: ClassVar[int]

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        dilation: int = 1,
        downsample: nn.Module | None = None,
        style: str = "pytorch",
        with_cp: bool = False,
    ) -> None:
        super().__init__()
        if style not in ("pytorch", "caffe"):
            raise ArgumentValueError(f"style must be 'pytorch' or 'caffe', got {style!r}")
        self.stride, self.dilation, self.with_cp = stride, dilation, with_cp
        self._add_layers(inplanes, planes, style)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample

    def _add_layers(self, inplanes: int, planes: int, style: str) -> None:
        raise NotImplementedError

    def _convolved(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def _beside_shortcut(self, x: Tensor) -> Tensor:
        out = self._convolved(x)
        out += x if self.downsample is None else self.downsample(x)
        return out

    def forward(self, x: Tensor) -> Any:
        if self.with_cp and x.requires_grad:
            return self.relu(checkpoint.checkpoint(self._beside_shortcut, x, use_reentrant=False))
        return self.relu(self._beside_shortcut(x))


class BasicBlock(_Block):
    """Two 3 x 3 convolutions."""

    expansion = 1

    def _add_layers(self, inplanes: int, planes: int, style: str) -> None:
        if self.with_cp:
            raise ArgumentValueError("with_cp is for bottlenecks only")
        self.conv1 = conv3x3(inplanes, planes, self.stride, self.dilation)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = conv3x3(planes, planes)
        self.bn2 = nn.BatchNorm2d(planes)

    def _convolved(self, x: Tensor) -> Tensor:
        return self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))  # type: ignore[no-any-return]


class Bottleneck(_Block):
    """A 3 x 3 convolution between two of 1 x 1; 'caffe' has the stride in the first, 'pytorch' in the second."""

    expansion = 4

    def _add_layers(self, inplanes: int, planes: int, style: str) -> None:
        first, second = (1, self.stride) if style == "pytorch" else (self.stride, 1)
        self.conv1 = nn.Conv2d(inplanes, planes, kernel_size=1, stride=first, bias=False)
        self.conv2 = conv3x3(planes, planes, second, self.dilation)
        self.bn1 = nn.BatchNorm2d(planes)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, planes * self.expansion, kernel_size=1, bias=False)
        self.bn3 = nn.BatchNorm2d(planes * self.expansion)

    def _convolved(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        return self.bn3(self.conv3(out))  # type: ignore[no-any-return]


def make_res_layer(
    block: Any,
    inplanes: int,
    planes: int,
    blocks: int,
    stride: int = 1,
    dilation: int = 1,
    style: str = "pytorch",
    with_cp: bool = False,
) -> nn.Sequential:
    """A stage: the first block has the stride, and a projection in its shortcut where the shape changes."""
    outputs = planes * block.expansion
    downsample = None
    if stride != 1 or inplanes != outputs:
        projection = nn.Conv2d(inplanes, outputs, kernel_size=1, stride=stride, bias=False)
        downsample = nn.Sequential(projection, nn.BatchNorm2d(outputs))
    first = block(inplanes, planes, stride, dilation, downsample, style=style, with_cp=with_cp)
    rest = [block(outputs, planes, 1, dilation, style=style, with_cp=with_cp) for _ in range(1, blocks)]
    return nn.Sequential(first, *rest)


class ResNet(nn.Module):
    """The outputs of the stages in `out_indices` (0-based).

    Batch norms use their running statistics in training too (`bn_eval`), without being trained (`bn_frozen`); the stem
    and the first `frozen_stages` stages are not trained if that is not negative. `with_cp` saves memory by computing
    the bottlenecks again in the backward pass.
    """

    arch_settings: ClassVar[dict[int, tuple[type[_Block], tuple[int, ...]]]] = {
        18: (BasicBlock, (2, 2, 2, 2)),
        34: (BasicBlock, (3, 4, 6, 3)),
        50: (Bottleneck, (3, 4, 6, 3)),
        101: (Bottleneck, (3, 4, 23, 3)),
        152: (Bottleneck, (3, 8, 36, 3)),
    }

    def __init__(
        self,
        depth: int,
        num_stages: int = 4,
        strides: Sequence[int] = (1, 2, 2, 2),
        dilations: Sequence[int] = (1, 1, 1, 1),
        out_indices: Sequence[int] = (0, 1, 2, 3),
        style: str = "pytorch",
        frozen_stages: int = -1,
        bn_eval: bool = True,
        bn_frozen: bool = False,
        with_cp: bool = False,
    ) -> None:
        super().__init__()
        if depth not in self.arch_settings:
            raise MissingKeyError(f"invalid depth {depth} for resnet; there are {sorted(self.arch_settings)}")
        if not 1 <= num_stages <= 4 or not len(strides) == len(dilations) == num_stages:
            raise ArgumentValueError(
                f"num_stages must be 1 to 4 with as many strides and dilations: {num_stages}, {strides}, {dilations}"
            )
        if max(out_indices) >= num_stages:
            raise ArgumentValueError(f"out_indices must be below num_stages={num_stages}, got {out_indices}")
        block, stage_blocks = self.arch_settings[depth]
        self.out_indices, self.style, self.frozen_stages = out_indices, style, frozen_stages
        self.bn_eval, self.bn_frozen, self.with_cp = bn_eval, bn_frozen, with_cp
        self.inplanes = 64
        self.conv1 = nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.res_layers: list[str] = []
        for i, (blocks, stride, dilation) in enumerate(zip(stage_blocks[:num_stages], strides, dilations)):
            planes, name = 64 * 2**i, f"layer{i + 1}"
            self.add_module(
                name, make_res_layer(block, self.inplanes, planes, blocks, stride, dilation, style, with_cp)
            )
            self.inplanes = planes * block.expansion
            self.res_layers.append(name)
        self.feat_dim = self.inplanes

    def init_weights(self, pretrained: str | None = None) -> None:
        """Load a checkpoint, or draw new weights."""
        start(self, pretrained)

    def forward(self, x: Tensor) -> Any:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        outputs: list[object] = []
        for i, name in enumerate(self.res_layers):
            x = getattr(self, name)(x)
            if i in self.out_indices:
                outputs.append(x)
        return one_or_all(outputs)

    def train(self, mode: bool = True) -> ResNet:
        super().train(mode)
        if self.bn_eval:
            hold_norms(self, self.bn_frozen)
        if mode and self.frozen_stages >= 0:
            stages = self.res_layers[: self.frozen_stages]
            freeze([self.conv1, self.bn1, *(getattr(self, name) for name in stages)])
        return self
