"""A run that is killed at any iteration and resumed ends with the weights of one that never was."""

import hashlib
import multiprocessing
import os
import random
import signal

import numpy as np
import pytest
import torch
from torch import nn

from mmmigrate.runtime_v2 import DATASETS, MODELS, Config, Hook
from mmmigrate.runtime_v2.train import build_training


@DATASETS.register_module()
class NoisyPoints:
    def __init__(self, count=22):
        generator = np.random.RandomState(3)
        self.points = generator.randn(count, 4).astype(np.float32)

    def __len__(self):
        return len(self.points)

    def __getitem__(self, index):
        noise = np.float32(np.random.rand() + random.random() + torch.rand(()).item())
        return {"x": torch.from_numpy(self.points[index] * noise), "y": torch.tensor(index % 2)}

    def evaluate(self, results, logger=None):
        return {"accuracy": float(np.mean([np.argmax(scores) == i % 2 for i, scores in enumerate(results)]))}


@MODELS.register_module()
class NoisyNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Dropout(0.3), nn.Linear(6, 2))

    def forward(self, x, y=None, return_loss=True):
        scores = self.net(x)
        return nn.functional.cross_entropy(scores, y) if return_loss else list(scores.numpy())

    def train_step(self, data, optimizer=None):
        loss = self(**data)
        return {"loss": loss, "log_vars": {"loss": loss.item()}, "num_samples": len(data["x"])}

    val_step = train_step


CASES = {
    "epochs": {},
    "iterations": {"runner": {"type": "IterBasedRunner", "max_iters": 13}, "checkpoint_config": {"interval": 2}},
    "val phases": {"workflow": [("train", 2), ("val", 1)]},
    "moving average": {"custom_hooks": [{"type": "EMAHook", "momentum": 0.2, "priority": "ABOVE_NORMAL"}]},
    "moving average after the checkpoint": {"custom_hooks": [{"type": "EMAHook", "momentum": 0.2, "priority": "LOW"}]},
    "in the middle of an epoch": {
        "checkpoint_config": {"interval": 1, "by_epoch": False},
        "custom_hooks": [{"type": "EMAHook", "momentum": 0.2, "priority": "ABOVE_NORMAL"}],
        "optimizer_config": {"type": "GradientCumulativeOptimizerHook", "cumulative_iters": 2},
        "lr_config": {"policy": "exp", "gamma": 0.5, "warmup": "constant", "warmup_iters": 8},
    },
    "twice in an epoch, then at its end": {"checkpoint_config": {"interval": 2, "by_epoch": False}},
    "accumulation": {"optimizer_config": {"type": "GradientCumulativeOptimizerHook", "cumulative_iters": 4}},
    "one cycle": {
        "lr_config": {"policy": "OneCycle", "max_lr": 0.3},
        "momentum_config": {"policy": "OneCycle"},
        "optimizer": {"type": "Adam", "lr": 0.1},
    },
    "one checkpoint kept": {"checkpoint_config": {"interval": 1, "max_keep_ckpts": 1}},
    "iterations with worker processes": {
        "runner": {"type": "IterBasedRunner", "max_iters": 7},
        "checkpoint_config": {"interval": 2},
        "data": {
            "samples_per_gpu": 8,
            "workers_per_gpu": 1,
            "train": {"type": "NoisyPoints"},
            "val": {"type": "NoisyPoints"},
        },
    },
}
BASE = {
    "model": {"type": "NoisyNet"},
    "data": {"samples_per_gpu": 8, "train": {"type": "NoisyPoints"}, "val": {"type": "NoisyPoints", "count": 5}},
    "optimizer": {"type": "SGD", "lr": 0.1, "momentum": 0.9},
    "optimizer_config": {"grad_clip": {"max_norm": 1.0}},
    "lr_config": {"policy": "step", "step": [2], "warmup": "linear", "warmup_iters": 3},
    "checkpoint_config": {"interval": 1},
    "log_config": {"interval": 2, "hooks": [{"type": "TextLoggerHook"}]},
    "evaluation": {"interval": 1, "save_best": "accuracy"},
    "runner": {"type": "EpochBasedRunner", "max_epochs": 4},
    "log_level": "ERROR",
}


class KillHook(Hook):
    """Kills the process after the train iteration `at`, or before the evaluation that follows it."""

    def __init__(self, at):
        self.at = at

    def after_train_iter(self, runner):
        if runner.iter == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def train(settings, work_dir, kill_at, priority, answer):
    torch.set_num_threads(1)
    training = build_training(Config({**BASE, **settings}), work_dir=str(work_dir), seed=7, auto_resume=True)
    training.runner.register_hook(KillHook(kill_at), priority=priority)
    training.run()
    state = training.model.state_dict()
    sha = hashlib.sha256(b"".join(value.numpy().tobytes() for value in state.values()))
    answer.send([sha.hexdigest(), sorted(path.name for path in work_dir.glob("*.pth"))])


def run(settings, work_dir, kill_at=None, priority="NORMAL"):
    """What a process that trains says at its end; None if it was killed."""
    context = multiprocessing.get_context("fork")
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=train, args=(settings, work_dir, kill_at, priority, send))
    process.start()
    send.close()
    try:
        said = receive.recv()
    except EOFError:
        said = None
    process.join()
    assert process.exitcode == (0 if said else -signal.SIGKILL)
    return said


@pytest.fixture(scope="module", autouse=True)
def torch_loaded():
    """torch imports much of itself when the first optimizer is made: do it here, once for all forked processes."""
    torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)


@pytest.mark.parametrize("name", CASES)
def test_killed_twice_and_resumed_it_ends_as_if_uninterrupted(name, tmp_path):
    settings = CASES[name]
    expected = run(settings, tmp_path / "whole")
    for kill_at, priority in ((4, "VERY_HIGH"), (5, "LOWEST"), (6, "LOWEST")):
        run(settings, tmp_path / "killed", kill_at, priority)
    assert run(settings, tmp_path / "killed") == expected
