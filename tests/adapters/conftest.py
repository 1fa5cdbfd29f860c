"""A tiny v2 project: a model, a data set and a hook, as mmcv 1.x code has them, and a run of it in either runtime."""

import copy
import logging
from functools import partial

import pytest
import torch
from torch.utils.data import DataLoader

import mmmigrate.compat.adapters  # noqa: F401  # hangs the bridges in
from mmmigrate.compat.adapters.dataset import adapted_dataset
from mmmigrate.compat.adapters.model import adapted_model
from mmmigrate.runtime_v2 import EpochBasedRunner, IterBasedRunner, OptimizerHook
from mmmigrate.runtime_v2.parallel import MMDataParallel, collate

from .tiny_project import Line, Points


@pytest.fixture
def project():
    return Points, Line


@pytest.fixture
def train_v2(tmp_path):
    """Trains the line in runtime_v2 with these v2 hooks; gives the runner."""

    def train(hooks, by_epoch=True, optimizer_hook=None):
        torch.manual_seed(0)
        model = Line()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        loader = DataLoader(Points(), 3, shuffle=True, collate_fn=partial(collate, samples_per_gpu=3))
        kind, length = (EpochBasedRunner, {"max_epochs": 2}) if by_epoch else (IterBasedRunner, {"max_iters": 5})
        runner = kind(
            MMDataParallel(model),
            optimizer=optimizer,
            work_dir=str(tmp_path / "v2"),
            logger=logging.getLogger("t"),
            **length,
        )
        runner.register_hook(optimizer_hook or OptimizerHook(), priority="ABOVE_NORMAL")
        for hook in hooks:
            runner.register_hook(hook)
        torch.manual_seed(1)
        runner.run([loader], [("train", 1)])
        return runner

    return train


@pytest.fixture
def train_v3(tmp_path):
    """Trains the same in runtime_v3 through the adapters, with these entries as `custom_hooks`; gives the runner.

    `validate` is True, or a validation loop; `loop` is another train loop.
    """

    def train(custom_hooks, by_epoch=True, validate=False, loop=None):
        from mmmigrate.runtime_v3 import Runner
        from mmmigrate.runtime_v3.runner.dataloader import build_dataloader

        torch.manual_seed(0)
        dataset = adapted_dataset(Points)()
        sampler = {"type": "GlobalRandomSampler" if by_epoch else "IterLoaderSampler"}
        loader = {"batch_size": 3, "num_workers": 0, "sampler": sampler, "dataset": dataset}
        validation = {
            "val_dataloader": {**loader, "sampler": {"type": "DefaultSampler", "shuffle": False}},
            "val_cfg": validate if isinstance(validate, dict) else {},
            "val_evaluator": {"type": "DatasetEvaluate", "scale": 2},
        }
        runner = Runner(
            model=adapted_model(Line)(),
            work_dir=str(tmp_path / "v3"),
            train_dataloader=build_dataloader(loader),
            train_cfg=loop
            or ({"by_epoch": True, "max_epochs": 2} if by_epoch else {"by_epoch": False, "max_iters": 5}),
            optim_wrapper={"optimizer": {"type": "SGD", "lr": 0.1, "momentum": 0.9}},
            custom_hooks=copy.deepcopy(custom_hooks),
            randomness={"seed": 0},
            experiment_name=tmp_path.name,
            **(validation if validate else {}),
        )

        from mmmigrate.compat.proof.start import restart_loader, starting_hook
        from mmmigrate.runtime_v3.hooks import Hook

        def start(runner):
            torch.manual_seed(1)
            restart_loader(runner.train_loop)

        runner.register_hook(starting_hook(Hook, "before_train", start), priority="HIGHEST")
        runner.train()
        return runner

    return train
