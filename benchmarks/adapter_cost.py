"""What a call of a v2 hook costs under v3, and of a v3 hook under v2: `python benchmarks/adapter_cost.py`.

Interleaved runs of the same training with many hooks that do nothing, native and adapted; the best of each, in µs per
call. The target is 15.
"""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from adapters.tiny_project import Line, Points

from mmmigrate.compat.adapters import V2Hook, V3Hook
from mmmigrate.compat.adapters.dataset import adapted_dataset
from mmmigrate.compat.adapters.model import adapted_model
from mmmigrate.runtime_v2 import EpochBasedRunner, OptimizerHook
from mmmigrate.runtime_v2 import Hook as HookV2
from mmmigrate.runtime_v2.parallel import MMDataParallel, collate
from mmmigrate.runtime_v3 import Hook as HookV3
from mmmigrate.runtime_v3 import Runner
from mmmigrate.runtime_v3.runner.dataloader import build_dataloader

HOOKS, EPOCHS, ROUNDS = 20, 300, 5
BATCHES = 7
CALLS = 2 * HOOKS * EPOCHS * BATCHES


class Quiet(HookV2):
    """Looks at what hooks look at, and does nothing."""

    def before_train_iter(self, runner: Any) -> None:
        self.at = runner.iter, runner.epoch

    def after_train_iter(self, runner: Any) -> None:
        self.at = runner.iter, runner.inner_iter


class QuietV3(HookV3):
    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        self.at = runner.iter, runner.epoch

    def after_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        self.at = runner.iter, batch_idx


def seconds_v3(hooks: list[Any]) -> float:
    loader = {"batch_size": 1, "num_workers": 0, "sampler": {"type": "DefaultSampler", "shuffle": False}}
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(
            model=adapted_model(Line)(),
            work_dir=folder,
            train_dataloader=build_dataloader({**loader, "dataset": adapted_dataset(Points)()}),
            train_cfg={"by_epoch": True, "max_epochs": EPOCHS},
            optim_wrapper={"optimizer": {"type": "SGD", "lr": 1e-4}},
            default_hooks={"checkpoint": None, "logger": None},
            log_level="ERROR",
        )
        for hook in hooks:
            runner.register_hook(hook)
        began = time.perf_counter()
        runner.train()
        return time.perf_counter() - began


def seconds_v2(hooks: list[Any]) -> float:
    model = Line()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
    logger = logging.getLogger("quiet")
    runner = EpochBasedRunner(MMDataParallel(model), optimizer=optimizer, logger=logger, max_epochs=EPOCHS)
    runner.register_hook(OptimizerHook())
    for hook in hooks:
        runner.register_hook(hook)
    began = time.perf_counter()
    runner.run([DataLoader(Points(), 1, collate_fn=collate)], [("train", 1)])
    return time.perf_counter() - began


def main() -> None:
    torch.set_num_threads(1)
    ways = {
        "v2 hook, native": lambda: seconds_v2([Quiet() for _ in range(HOOKS)]),
        "v2 hook under v3": lambda: seconds_v3([V2Hook(Quiet()) for _ in range(HOOKS)]),
        "v3 hook, native": lambda: seconds_v3([QuietV3() for _ in range(HOOKS)]),
        "v3 hook under v2": lambda: seconds_v2([V3Hook(QuietV3()) for _ in range(HOOKS)]),
        "v2 without": lambda: seconds_v2([]),
        "v3 without": lambda: seconds_v3([]),
    }
    best = {
        name: min(times) for name, times in zip(ways, zip(*([way() for way in ways.values()] for _ in range(ROUNDS))))
    }
    for name, runtime in zip(list(ways)[:4], ("v2", "v3", "v3", "v2")):
        print(f"{name:18} {(best[name] - best[f'{runtime} without']) / CALLS * 1e6:6.2f} µs per call")


if __name__ == "__main__":
    main()
