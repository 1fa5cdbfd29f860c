"""Runner constructors serve the other generation: both are called alike, and give a runner of their own."""

import logging

import torch

import mmmigrate.compat.adapters  # noqa: F401  # hangs the bridges in
from mmmigrate.runtime_v2 import RUNNER_BUILDERS, EpochBasedRunner
from mmmigrate.runtime_v2.runner.builder import DefaultRunnerConstructor, build_runner
from mmmigrate.runtime_v3 import Runner
from mmmigrate.runtime_v3.registry import RUNNER_CONSTRUCTORS

from .tiny_project import Line


class LongerOfV3:
    """A constructor of a v3 project, which gives a run one epoch more."""

    def __init__(self, runner_cfg, default_args=None):
        self.cfg, self.default_args = dict(runner_cfg), default_args

    def __call__(self):
        kind = self.cfg.pop("type")
        self.cfg["max_epochs"] += 1
        return {"EpochBasedRunner": EpochBasedRunner}[kind](**self.cfg, **(self.default_args or {}))


class NamedByV2(DefaultRunnerConstructor):
    """A constructor of a v2 project, which names the runs."""

    def __call__(self):
        config = dict(self.runner_cfg)
        config.pop("type")
        return Runner(**config, experiment_name="named", **(self.default_args or {}))


def test_v2_builds_its_runner_by_a_v3_constructor(tmp_path):
    RUNNER_CONSTRUCTORS.register_module(name="LongerOfV3", module=LongerOfV3, force=True)
    config = {"type": "EpochBasedRunner", "max_epochs": 3, "constructor": "LongerOfV3"}
    model = Line()
    given = {"model": model, "optimizer": torch.optim.SGD(model.parameters(), lr=0.1), "work_dir": str(tmp_path)}
    runner = build_runner(config, default_args={**given, "logger": logging.getLogger("t")})
    assert (type(runner), runner.max_epochs) == (EpochBasedRunner, 4)
    assert runner.model is model


def test_v3_builds_its_runner_by_a_v2_constructor(tmp_path):
    RUNNER_BUILDERS.register_module(name="NamedByV2", module=NamedByV2, force=True)
    config = {"type": "Runner", "model": Line(), "work_dir": str(tmp_path)}
    runner = RUNNER_CONSTRUCTORS.build({"type": "NamedByV2", "runner_cfg": config})()
    assert type(runner) is Runner
    assert runner.experiment_name.startswith("named_")
