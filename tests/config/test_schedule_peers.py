"""Converted schedules give mmcv's rate at every iteration: real mmcv hooks against real mmengine schedulers."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from mmmigrate.converters.convert import ConfigConverter
from mmmigrate.converters.read.traced import plain

ITERS_PER_EPOCH = 25
EPOCHS, ITERS = 8, 200

# lr_config text and the runner it runs in; all are schedules that conversion calls equal to stock schedulers
WARMUPS = [
    "",
    ", warmup='linear', warmup_iters=30, warmup_ratio=0.001",
    ", warmup='constant', warmup_iters=30, warmup_ratio=1.0 / 3",
    ", warmup='exp', warmup_iters=30, warmup_ratio=0.1",
    ", warmup='linear', warmup_iters=1, warmup_ratio=0.5",
    ", warmup='linear', warmup_iters=170, warmup_ratio=0.1",
]
MAIN = {
    "epoch": [
        "policy='step', step=[3, 6]",
        "policy='step', step=[3, 3, 7], gamma=0.5",
        "policy='step', step=2",
        "policy='step', step=[60, 110], by_epoch=False",
        "policy='CosineAnnealing', min_lr=0",
        "policy='CosineAnnealing', min_lr=0, by_epoch=False",
        "policy='poly', power=0.9, min_lr=0",
        "policy='poly'",
        "policy='exp', gamma=0.9",
        "policy='fixed'",
    ],
    "iter": [
        "policy='step', step=[60, 110], by_epoch=False",
        "policy='step', step=50",
        "policy='CosineAnnealing', min_lr_ratio=0.0",
        "policy='poly', power=0.9, min_lr=0.0, by_epoch=False",
        "policy='step', step=[1, 2], by_epoch=True",
    ],
}
FLOORS = {
    "epoch": [
        "policy='CosineAnnealing', min_lr=1e-3",
        "policy='CosineAnnealing', min_lr_ratio=0.05, by_epoch=False",
        "policy='poly', power=2.0, min_lr=1e-3",
    ],
    "iter": ["policy='poly', power=0.9, min_lr=1e-4, by_epoch=False", "policy='CosineAnnealing', min_lr_ratio=0.01"],
}
CASES = [
    *[(kind, main + warmup) for kind, mains in MAIN.items() for main in mains for warmup in WARMUPS],
    *[(kind, main) for kind, mains in FLOORS.items() for main in mains],
]

REAL_MMCV = """
import json, sys, warnings
warnings.filterwarnings("ignore")
import logging, torch
from mmcv.runner import EpochBasedRunner, IterBasedRunner, build_optimizer
import mmcv.runner.epoch_based_runner as module
module.time.sleep = lambda seconds: None

class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
    def train_step(self, data, optimizer):
        rates.append([group["lr"] for group in optimizer.param_groups])
        return dict(loss=self.a.weight.sum() * 0, log_vars={}, num_samples=1)

spec, results = json.load(open(sys.argv[1])), []
for case in spec["cases"]:
    rates, model = [], Model()
    groups = [dict(params=model.a.parameters(), lr=0.1), dict(params=model.b.parameters(), lr=0.003)]
    cls, length = (EpochBasedRunner, dict(max_epochs=spec["epochs"])) if case["kind"] == "epoch" else (
        IterBasedRunner, dict(max_iters=spec["iters"]))
    runner = cls(model, optimizer=torch.optim.SGD(groups, lr=0.1), work_dir=spec["work_dir"],
                 logger=logging.getLogger("quiet"), **length)
    runner.register_training_hooks(case["lr_config"])
    runner.run([torch.utils.data.DataLoader(range(spec["iters_per_epoch"]))], [("train", 1)])
    results.append(rates)
json.dump(results, open(sys.argv[2], "w"))
"""
REAL_MMENGINE = """
import json, sys, warnings
warnings.filterwarnings("ignore")
import torch
from mmengine.registry import PARAM_SCHEDULERS
from mmengine.hooks import ParamSchedulerHook

spec, results = json.load(open(sys.argv[1])), []
for case in spec["cases"]:
    a, b = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD([dict(params=a.parameters(), lr=0.1), dict(params=b.parameters(), lr=0.003)], lr=0.1)
    schedulers = []
    for cfg in case["param_scheduler"]:
        cfg = dict(cfg, optimizer=optimizer)
        if cfg.pop("convert_to_iter_based", False):
            cls = PARAM_SCHEDULERS.get(cfg.pop("type"))
            schedulers.append(cls.build_iter_from_epoch(epoch_length=spec["iters_per_epoch"], **cfg))
        else:
            schedulers.append(PARAM_SCHEDULERS.build(cfg))
    rates, total = [], spec["iters"]
    for iteration in range(total):
        rates.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        for scheduler in schedulers:
            if not scheduler.by_epoch:
                scheduler.step()
        if case["kind"] == "epoch" and (iteration + 1) % spec["iters_per_epoch"] == 0:
            for scheduler in schedulers:
                if scheduler.by_epoch:
                    scheduler.step()
    results.append(rates)
json.dump(results, open(sys.argv[2], "w"))
"""


def run(python: Path, script: str, spec: dict, folder: Path, name: str) -> list[list[list[float]]]:
    (folder / f"{name}.py").write_text(script)
    (folder / f"{name}.json").write_text(json.dumps(spec))
    subprocess.run(
        [python, folder / f"{name}.py", folder / f"{name}.json", folder / "out.json"], check=True, cwd=folder
    )
    return json.loads((folder / "out.json").read_text())


@pytest.mark.peer
def test_stock_schedulers_give_mmcvs_rate_at_every_iteration(peer_v2: Path, peer_v3: Path, tmp_path: Path) -> None:
    old, new = [], []
    for index, (kind, config) in enumerate(CASES):
        runner = f"max_epochs={EPOCHS}" if kind == "epoch" else f"max_iters={ITERS}"
        cls = "EpochBasedRunner" if kind == "epoch" else "IterBasedRunner"
        path = tmp_path / f"c{index}.py"
        path.write_text(f"lr_config = dict({config})\nrunner = dict(type='{cls}', {runner})\n")
        old.append({"kind": kind, "lr_config": eval(f"dict({config})")})
        tree = plain(ConfigConverter().convert(path).tree)
        assert not any("ClosedForm" in scheduler["type"] for scheduler in tree["param_scheduler"]), config
        new.append({"kind": kind, "param_scheduler": tree["param_scheduler"]})
    spec = {"epochs": EPOCHS, "iters": ITERS, "iters_per_epoch": ITERS_PER_EPOCH, "work_dir": str(tmp_path)}
    expected = run(peer_v2, REAL_MMCV, {**spec, "cases": old}, tmp_path, "old")
    rates = run(peer_v3, REAL_MMENGINE, {**spec, "cases": new}, tmp_path, "new")
    for (kind, config), want, got in zip(CASES, expected, rates, strict=True):
        assert len(want) == len(got) == ITERS
        for group in (0, 1):
            peak = max(rate[group] for rate in want)
            worst = max(abs(a[group] - b[group]) for a, b in zip(want, got, strict=True))
            assert worst <= 1e-12 * peak, (kind, config, group, worst / peak)
