"""A v2 project in real mmengine by the names it registered, with nothing adapted by hand: WORK_DIR. Prints what ran."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / ".typing"), str(HERE.parent)]

import mmengine.hooks  # noqa: E402
import mmengine.runner  # noqa: E402

import mmmigrate.compat.adapters as bridges  # noqa: E402
from adapters.tiny_project import Line, Points  # noqa: E402
from mmmigrate.runtime_v2 import DATASETS, HOOKS, MODELS, OPTIMIZER_BUILDERS, Hook  # noqa: E402
from mmmigrate.runtime_v2.optim import DefaultOptimizerConstructor  # noqa: E402

CALLS = []


class Counts(Hook):
    def after_train_iter(self, runner):
        CALLS.append(runner.iter)


def main(work_dir):
    MODELS.register_module(name="TinyLine", module=Line)
    DATASETS.register_module(name="TinyPoints", module=Points)
    HOOKS.register_module(name="Counts", module=Counts)
    OPTIMIZER_BUILDERS.register_module(name="OwnConstructor", module=DefaultOptimizerConstructor)
    bridges.install()
    sampler = {"type": "DefaultSampler", "shuffle": False}
    loader = {"batch_size": 3, "num_workers": 0, "sampler": sampler, "dataset": {"type": "TinyPoints"}}
    runner = mmengine.runner.Runner(
        model={"type": "TinyLine"},
        work_dir=work_dir,
        train_dataloader=loader,
        train_cfg={"by_epoch": True, "max_epochs": 2},
        optim_wrapper={"constructor": "OwnConstructor", "optimizer": {"type": "SGD", "lr": 0.1}},
        val_dataloader=loader,
        val_cfg={},
        val_evaluator={"type": "DatasetEvaluate", "scale": 2},
        custom_hooks=[{"type": "Counts", "priority": "HIGH"}],
        log_level="ERROR",
    )
    runner.train()
    print("ran", CALLS, runner.message_hub.get_scalar("val/count").current())


main(*sys.argv[1:])
