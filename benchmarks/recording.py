"""What recording a training step costs: `python benchmarks/recording.py [STEPS]`.

A ResNet-18 with momentum, weight decay and clipped gradients trains in both runtimes on one thread, with and without
the recorder, in turn. Everything is recorded but full tensors: digests of the batch, of every gradient, weight, buffer
and momentum, norms before and after the clip. The cost is the median CPU time of a step with it against that without.
The target is 10 % at most.
"""

from __future__ import annotations

import logging
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from mmmigrate.compat.trace.recorder import recorder_class
from mmmigrate.runtime_v2 import EpochBasedRunner, OptimizerHook
from mmmigrate.runtime_v2 import Hook as HookV2
from mmmigrate.runtime_v2.networks.resnet import ResNet
from mmmigrate.runtime_v2.parallel import MMDataParallel
from mmmigrate.runtime_v3 import Hook as HookV3
from mmmigrate.runtime_v3 import Runner
from mmmigrate.runtime_v3.model import BaseModel

ROUNDS = 3
SIZES = ((16, 224), (32, 64), (128, 32))
CLASSES = 100


class Pictures(Dataset[tuple[torch.Tensor, int]]):
    """The same noise again and again: reading data is not what is measured."""

    def __init__(self, count: int, side: int) -> None:
        self.count, self.image = count, torch.randn(3, side, side)

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        if index >= self.count:
            raise IndexError(index)
        return self.image, index % CLASSES


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.backbone = ResNet(18)
        self.head = nn.Linear(512, CLASSES)

    def loss(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        features: Any = self.backbone(images)
        last = features[-1] if isinstance(features, (list, tuple)) else features
        return nn.functional.cross_entropy(self.head(last.mean((2, 3))), labels)


class NetV2(Net):
    def train_step(self, data: Any, optimizer: Any) -> dict[str, Any]:
        loss = self.loss(*data)
        return {"loss": loss, "log_vars": {"loss": loss.item()}, "num_samples": len(data[0])}


class NetV3(BaseModel):
    def __init__(self) -> None:
        super().__init__()
        self.net = Net()

    def forward(self, images: torch.Tensor, labels: torch.Tensor, mode: str = "loss") -> dict[str, torch.Tensor]:
        return {"loss": self.net.loss(images, labels)}


class Clock:
    """Notes the CPU time at the start of every iteration."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def before_train_iter(self, runner: Any, *_: Any, **__: Any) -> None:
        self.times.append(time.process_time())

    def seconds(self) -> float:
        """Of a step; the first one also builds what later ones use."""
        return statistics.median(b - a for a, b in zip(self.times[1:], self.times[2:]))


def clocked(base: type) -> Any:
    return type("Clocked", (Clock, base), {})()


def train_v2(data: Pictures, batch: int, hooks: list[Any]) -> float:
    model = NetV2()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9, weight_decay=1e-4)
    runner = EpochBasedRunner(MMDataParallel(model), optimizer=optimizer, logger=logging.getLogger("q"), max_epochs=1)
    runner.register_hook(OptimizerHook(grad_clip={"max_norm": 35}))
    clock = clocked(HookV2)
    runner.register_hook(clock, priority="HIGHEST")
    for hook in hooks:
        runner.register_hook(hook, priority="LOWEST")
    runner.run([DataLoader(data, batch)], [("train", 1)])
    return float(clock.seconds())


def train_v3(data: Pictures, batch: int, hooks: list[Any]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        sgd = {"type": "SGD", "lr": 1e-3, "momentum": 0.9, "weight_decay": 1e-4}
        runner = Runner(
            model=NetV3(),
            work_dir=folder,
            train_dataloader=DataLoader(data, batch),
            train_cfg={"by_epoch": True, "max_epochs": 1},
            optim_wrapper={"optimizer": sgd, "clip_grad": {"max_norm": 35}},
            default_hooks={"checkpoint": None, "logger": None},
            log_level="ERROR",
        )
        clock = clocked(HookV3)
        runner.register_hook(clock, priority="HIGHEST")
        for hook in hooks:
            runner.register_hook(hook, priority="LOWEST")
        runner.train()
    return float(clock.seconds())


def main() -> None:
    torch.set_num_threads(1)
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    for batch, side in SIZES:
        data = Pictures(steps * batch, side)
        for name, train, base in (("runtime_v2", train_v2, HookV2), ("runtime_v3", train_v3, HookV3)):
            bare, recorded = [], []
            for _ in range(ROUNDS):
                with tempfile.TemporaryDirectory() as folder:
                    bare.append(train(data, batch, []))
                    recorder = recorder_class(base)(Path(folder) / "trace")
                    recorded.append(train(data, batch, [recorder]))
                    recorder.finish("complete")
            cost = min(recorded) - min(bare)
            print(
                f"{name}, {batch} x 3 x {side} x {side}: {min(bare) * 1e3:.0f} ms a step, recorded "
                f"{min(recorded) * 1e3:.0f} ms: {cost / min(bare):+.1%}", flush=True,
            )  # fmt: skip


if __name__ == "__main__":
    main()
