"""v3 hooks in real mmcv: WORK_DIR. Prints what they saw and did."""

import logging
import sys
import time
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / ".typing"), str(HERE.parent)]
time.sleep = lambda seconds: None  # real mmcv sleeps two seconds at the start of every epoch

import torch  # noqa: E402
from mmcv.parallel import DataContainer, MMDataParallel, collate  # noqa: E402
from mmcv.runner import EpochBasedRunner, EvalHook, OptimizerHook  # noqa: E402
from torch.utils.data import DataLoader  # noqa: E402

from adapters import tiny_project  # noqa: E402
from mmmigrate.compat.adapters import V3Hook  # noqa: E402
from mmmigrate.runtime_v3.hooks import EarlyStoppingHook, EMAHook, Hook  # noqa: E402

tiny_project.DataContainer = DataContainer


class Spy(Hook):
    def __init__(self):
        self.seen = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.seen.append((runner.epoch, runner.iter, batch_idx, sorted(outputs)))

    def after_val_epoch(self, runner, metrics=None):
        self.seen.append(metrics["count"])


def main(work_dir):
    model = tiny_project.Line()
    loader = DataLoader(tiny_project.Points(), 3, collate_fn=partial(collate, samples_per_gpu=3))
    runner = EpochBasedRunner(
        MMDataParallel(model, device_ids=[]),
        optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
        work_dir=work_dir,
        logger=logging.getLogger("x"),
        meta={},
        max_epochs=9,
    )
    runner.register_hook(OptimizerHook(), priority="ABOVE_NORMAL")
    runner.register_hook(EvalHook(loader, interval=1), priority="LOW")
    spy, averages = Spy(), EMAHook(momentum=0.2)
    stop = EarlyStoppingHook(monitor="count", patience=1, min_delta=1, rule="greater")
    for hook in (spy, averages, stop):
        runner.register_hook(V3Hook(hook))
    runner.run([loader], [("train", 1)])
    print("\nsaw", spy.seen[2:5], runner.epoch, int(averages.ema_model.steps))


main(*sys.argv[1:])
