"""AlexNet (https://arxiv.org/abs/1404.5997)."""

from __future__ import annotations

from torch import Tensor, nn

from mmmigrate.runtime_v2.networks.starting import start

# (channels, kernel, stride, padding, pooling after it)
CONVOLUTIONS = [
    (64, 11, 4, 2, True),
    (192, 5, 1, 2, True),
    (384, 3, 1, 1, False),
    (256, 3, 1, 1, False),
    (256, 3, 1, 1, True),
]


class AlexNet(nn.Module):
    """Features of an image (N, 3, 224, 224), or scores (N, num_classes) if `num_classes` is positive."""

    def __init__(self, num_classes: int = -1) -> None:
        super().__init__()
        self.num_classes = num_classes
        layers: list[nn.Module] = []
        inputs = 3
        for channels, kernel, stride, padding, pooled in CONVOLUTIONS:
            layers += [nn.Conv2d(inputs, channels, kernel, stride, padding), nn.ReLU(inplace=True)]
            layers += [nn.MaxPool2d(kernel_size=3, stride=2)] if pooled else []
            inputs = channels
        self.features = nn.Sequential(*layers)
        if num_classes > 0:
            self.classifier = nn.Sequential(
                nn.Dropout(),
                nn.Linear(256 * 6 * 6, 4096),
                nn.ReLU(inplace=True),
                nn.Dropout(),
                nn.Linear(4096, 4096),
                nn.ReLU(inplace=True),
                nn.Linear(4096, num_classes),
            )

    def init_weights(self, pretrained: str | None = None) -> None:
        """Load a checkpoint; without one, torch's own first weights stay."""
        if pretrained is not None:
            start(self, pretrained)

    def forward(self, x: Tensor) -> Tensor:
        features: Tensor = self.features(x)
        return self.classifier(features.flatten(1)) if self.num_classes > 0 else features
