"""A test case with a small experiment that a runner can run."""

from __future__ import annotations

import copy
import itertools
import logging
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, ClassVar
from unittest import TestCase

import torch
from torch import nn
from torch.utils.data import Dataset

from mmmigrate.runtime_v3.config import Config
from mmmigrate.runtime_v3.dist import is_distributed
from mmmigrate.runtime_v3.evaluator import BaseMetric
from mmmigrate.runtime_v3.logging import MessageHub, MMLogger
from mmmigrate.runtime_v3.model import BaseModel
from mmmigrate.runtime_v3.registry import DATASETS, METRICS, MODELS, DefaultScope
from mmmigrate.runtime_v3.runner import Runner
from mmmigrate.runtime_v3.visualization import Visualizer

_numbers = itertools.count()


class ToyModel(BaseModel):
    """Two linear layers, from two numbers to one."""

    def __init__(self, data_preprocessor: Any = None) -> None:
        super().__init__(data_preprocessor=data_preprocessor)
        self.linear1 = nn.Linear(2, 2)
        self.linear2 = nn.Linear(2, 1)

    def forward(self, inputs: Any, data_samples: Any = None, mode: str = "tensor") -> Any:
        batch = torch.stack(inputs) if isinstance(inputs, list) else inputs
        outputs = self.linear2(self.linear1(batch))
        if mode != "loss":
            return outputs
        labels = torch.stack(data_samples) if isinstance(data_samples, list) else data_samples
        return {"loss": (labels - outputs).sum()}


class ToyDataset(Dataset[Any]):
    """Twelve samples of two numbers, labelled 1."""

    METAINFO: ClassVar[dict[str, Any]] = {}
    data = torch.randn(12, 2, generator=torch.Generator().manual_seed(0))
    label = torch.ones(12)

    @property
    def metainfo(self) -> dict[str, Any]:
        return self.METAINFO

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        return {"inputs": self.data[index], "data_samples": self.label[index]}


class ToyMetric(BaseMetric):
    """Always `acc=1`."""

    def __init__(self, collect_device: str = "cpu", dummy_metrics: Any = None) -> None:
        super().__init__(collect_device=collect_device)
        self.dummy_metrics = dummy_metrics

    def process(self, data_batch: Any, predictions: Any) -> None:
        self.results.append({"acc": 1})

    def compute_metrics(self, results: list[Any]) -> dict[str, Any]:
        return {"acc": 1}


def _loader(sampler: str, shuffle: bool) -> dict[str, Any]:
    return {
        "dataset": {"type": "ToyDataset"},
        "sampler": {"type": sampler, "shuffle": shuffle},
        "batch_size": 3,
        "num_workers": 0,
    }


class RunnerTestCase(TestCase):
    """Registers a toy model, data set and metric, gives configs that train them, and cleans up after each test.

    `epoch_based_cfg` trains 2 epochs of 4 iterations, `iter_based_cfg` 12 iterations; `temp_dir` is the work folder.
    """

    dist_cfg: ClassVar[dict[str, Any]] = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": 29600,
        "RANK": "0",
        "WORLD_SIZE": "1",
        "LOCAL_RANK": "0",
    }

    def setUp(self) -> None:
        self.temp_dir = tempfile.TemporaryDirectory()
        MODELS.register_module(module=ToyModel, force=True)
        METRICS.register_module(module=ToyMetric, force=True)
        DATASETS.register_module(module=ToyDataset, force=True)
        self.epoch_based_cfg = Config(
            {
                "work_dir": self.temp_dir.name,
                "model": {"type": "ToyModel"},
                "train_dataloader": _loader("DefaultSampler", shuffle=True),
                "val_dataloader": _loader("DefaultSampler", shuffle=False),
                "val_evaluator": [{"type": "ToyMetric"}],
                "test_dataloader": _loader("DefaultSampler", shuffle=False),
                "test_evaluator": [{"type": "ToyMetric"}],
                "optim_wrapper": {"optimizer": {"type": "SGD", "lr": 0.1}},
                "train_cfg": {"by_epoch": True, "max_epochs": 2, "val_interval": 1},
                "val_cfg": {},
                "test_cfg": {},
                "default_hooks": {"logger": {"type": "LoggerHook", "interval": 1}},
                "custom_hooks": [],
                "env_cfg": {"dist_cfg": {"backend": "nccl"}},
                "experiment_name": "test1",
            }
        )
        self.iter_based_cfg = copy.deepcopy(self.epoch_based_cfg)
        self.iter_based_cfg.train_dataloader = _loader("InfiniteSampler", shuffle=True)
        self.iter_based_cfg.log_processor = {"by_epoch": False}
        self.iter_based_cfg.train_cfg = {"by_epoch": False, "max_iters": 12}
        self.iter_based_cfg.default_hooks = {
            "logger": {"type": "LoggerHook", "interval": 1},
            "checkpoint": {"type": "CheckpointHook", "interval": 12, "by_epoch": False},
        }

    def tearDown(self) -> None:
        # Closes the log files, which Windows would not remove while they are open.
        logging.shutdown()
        for shared in (MMLogger, Visualizer, DefaultScope, MessageHub):
            shared._instance_dict.clear()
        for registry, name in ((MODELS, "ToyModel"), (METRICS, "ToyMetric"), (DATASETS, "ToyDataset")):
            registry.module_dict.pop(name, None)
        self.temp_dir.cleanup()
        if is_distributed():
            torch.distributed.destroy_process_group()

    def build_runner(self, cfg: Config) -> Runner:
        """The runner for a config, under a name that no other of this process has."""
        cfg.experiment_name = self.experiment_name
        return Runner.from_cfg(cfg)

    @property
    def experiment_name(self) -> str:
        return f"{self._testMethodName}_{os.getpid()}_{next(_numbers)}"

    def setup_dist_env(self) -> None:
        """Sets the environment as torchrun would for a single process, on a port that the last test did not use."""
        self.dist_cfg["MASTER_PORT"] += 1
        os.environ.update({name: str(value) for name, value in self.dist_cfg.items()})

    def clear_work_dir(self) -> None:
        """Empties the work folder."""
        logging.shutdown()
        for entry in Path(self.temp_dir.name).iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
