"""Runs in two processes: the same training under each model wrapper. Argument: the work folder."""

import json
import sys
from pathlib import Path
from typing import ClassVar

import torch
from torch import nn

from mmmigrate.runtime_v3 import (
    DATASETS,
    HOOKS,
    MODELS,
    OPTIM_WRAPPER_CONSTRUCTORS,
    BaseModel,
    Hook,
    OptimWrapper,
    OptimWrapperDict,
    Runner,
)

FOLDER = Path(sys.argv[1])


@DATASETS.register_module()
class Rows(torch.utils.data.Dataset):
    metainfo: ClassVar[dict] = {}

    def __len__(self):
        return 16

    def __getitem__(self, index):
        return {"inputs": torch.sin(torch.arange(3.0) + index)}


@MODELS.register_module()
class Net(BaseModel):
    def __init__(self):
        super().__init__(init_cfg={"type": "Constant", "val": 0.3, "bias": 0.1, "layer": "Linear"})
        self.first, self.second = nn.Linear(3, 4), nn.Linear(4, 1)

    def forward(self, inputs, mode="tensor"):
        return {"loss": self.second(self.first(inputs).relu()).pow(2).mean()}


@MODELS.register_module()
class Pair(BaseModel):
    """Generator and discriminator, trained in turn."""

    def __init__(self):
        super().__init__()
        self.generator, self.discriminator = nn.Linear(3, 3), nn.Linear(3, 1)

    def train_step(self, data, optim_wrapper):
        inputs = self.data_preprocessor(data, True)["inputs"]
        with torch.no_grad():
            made = self.generator(inputs)
        loss = self.discriminator(made).mean() - self.discriminator(inputs).mean()
        optim_wrapper["discriminator"].update_params(loss)
        optim_wrapper["generator"].update_params(-self.discriminator(self.generator(inputs)).mean())
        return {"loss": loss.detach()}

    def forward(self, inputs, mode="tensor"):
        return inputs


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class InTurn:
    def __init__(self, optim_wrapper_cfg, paramwise_cfg=None):
        self.lr = optim_wrapper_cfg["optimizer"]["lr"]

    def __call__(self, model):
        parts = {name: getattr(model.module, name) for name in ("generator", "discriminator")}
        return OptimWrapperDict(
            **{name: OptimWrapper(torch.optim.SGD(part.parameters(), lr=self.lr)) for name, part in parts.items()}
        )


@HOOKS.register_module()
class Keep(Hook):
    priority = "LOWEST"

    def after_train(self, runner):
        parts = [p.to_local() if hasattr(p, "to_local") else p for p in runner.model.parameters()]
        found = {"held": sum(part.numel() for part in parts), "sum": float(sum(part.double().sum() for part in parts))}
        name = f"{Path(runner.work_dir).name}_{runner.rank}.json"
        (FOLDER / name).write_text(json.dumps(found))


def train(name, wrapper, **changes):
    own = {"optim_wrapper": {"optimizer": {"type": "SGD", "lr": 0.1, "momentum": 0.9}, "clip_grad": {"max_norm": 0.5}}}
    Runner.from_cfg(
        {
            "model": {"type": "Net"},
            "work_dir": str(FOLDER / name),
            "model_wrapper_cfg": wrapper,
            "train_dataloader": {
                "batch_size": 2,
                "dataset": {"type": "Rows"},
                "sampler": {"type": "DefaultSampler", "shuffle": True},
                "collate_fn": {"type": "default_collate"},
            },
            "train_cfg": {"by_epoch": True, "max_epochs": 2},
            "launcher": "pytorch",
            "env_cfg": {"dist_cfg": {"backend": "gloo"}},
            "randomness": {"seed": 1},
            "custom_hooks": [{"type": "Keep"}],
            **own,
            **changes,
        }
    ).train()


SEPARATE = {"constructor": "InTurn", "optimizer": {"type": "SGD", "lr": 0.1}}
SHARDED = {"type": "MMFullyShardedDataParallel"}
ACCUMULATED = {"optimizer": {"type": "SGD", "lr": 0.1}, "accumulative_counts": 2}
train("replicated", None)
train("sharded", SHARDED)
AVERAGED = [{"type": "Keep"}, {"type": "EMAHook", "momentum": 0.1, "update_buffers": True}]
train("averaged_replicated", None, custom_hooks=AVERAGED)
train("averaged_sharded", SHARDED, custom_hooks=AVERAGED)
train(
    "averaged_resumed",
    SHARDED,
    custom_hooks=AVERAGED,
    resume=True,
    load_from=str(FOLDER / "averaged_sharded" / "epoch_1.pth"),
)
train("resumed", SHARDED, resume=True, load_from=str(FOLDER / "sharded" / "epoch_1.pth"))
train("replicated_accumulated", None, optim_wrapper=ACCUMULATED)
train("sharded_accumulated", {**SHARDED, "shard_modules": ["Linear"]}, optim_wrapper=ACCUMULATED)

train("separate", {"type": "MMSeparateDistributedDataParallel"}, model={"type": "Pair"}, optim_wrapper=SEPARATE)
