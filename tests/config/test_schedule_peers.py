"""Converted schedules give mmcv's rate at every iteration: real mmcv hooks against real mmengine schedulers."""

from __future__ import annotations

import json
import os
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
        "policy='OneCycle', max_lr=0.5",
        "policy='OneCycle', max_lr=0.5, pct_start=0.2, anneal_strategy='linear', three_phase=True, div_factor=10",
        "policy='FlatCosineAnnealing', start_percent=0.6, min_lr_ratio=0.1",
        "policy='FlatCosineAnnealing', min_lr=1e-3",
        "policy='LinearAnnealing', min_lr=1e-3",
        "policy='LinearAnnealing', min_lr_ratio=0.1",
        "policy='LinearAnnealing', min_lr_ratio=0.1, warmup='linear', warmup_iters=60, warmup_ratio=0.01",
        "policy='CosineRestart', periods=[3, 5], restart_weights=[1, 0.4], min_lr=0",
        "policy='CosineRestart', periods=[3, 5], restart_weights=[1, 0.4], min_lr_ratio=0.2",
        "policy='CosineRestart', periods=[70, 130], restart_weights=[1, 1], min_lr=1e-3, by_epoch=False",
        "policy='CosineAnnealing', min_lr=1e-3",
        "policy='CosineAnnealing', min_lr_ratio=0.05, by_epoch=False",
        "policy='poly', power=2.0, min_lr=1e-3",
    ],
    "iter": [
        "policy='poly', power=0.9, min_lr=1e-4, by_epoch=False",
        "policy='CosineAnnealing', min_lr_ratio=0.01",
        "policy='OneCycle', max_lr=0.5, total_steps=200",
        "policy='FlatCosineAnnealing', start_percent=0.33, min_lr=0.",
        "policy='LinearAnnealing', min_lr=0.",
        "policy='CosineRestart', periods=[60, 140], restart_weights=[1, 0.5], min_lr=0",
    ],
}
# momentum_config text: those that stock schedulers give, and those that need the closed form
MOMENTUM = {
    "epoch": [
        "policy='step', step=[3, 6]",
        "policy='step', step=3, gamma=0.9",
        "policy='CosineAnnealing', min_momentum=0.8",
        "policy='CosineAnnealing', min_momentum_ratio=0.9, by_epoch=False",
        "policy='LinearAnnealing', min_momentum=0.8",
        "policy='LinearAnnealing', min_momentum_ratio=0.9",
    ],
    "iter": [
        "policy='step', step=[60, 110], by_epoch=False",
        "policy='CosineAnnealing', min_momentum=0.8, by_epoch=False",
        "policy='step', step=[1, 2]",
    ],
}
CLOSED = {
    "epoch": [
        ("policy='cyclic', target_ratio=(10, 1e-4), cyclic_times=2", "policy='cyclic', cyclic_times=2"),
        ("policy='OneCycle', max_lr=[0.1, 0.2], total_steps=300", "policy='OneCycle', pct_start=0.33"),
        ("policy='inv', gamma=0.1", "policy='step', step=[3], warmup='linear', warmup_iters=40"),
        ("policy='fixed', warmup='linear', warmup_iters=2, warmup_by_epoch=True", "policy='CosineAnnealing', "
         "min_momentum=0.8, warmup='exp', warmup_iters=30, warmup_ratio=0.5"),
        ("policy='step', step=[6, 3]", "policy='step', step=[2], min_momentum=0.5"),
        ("policy='CosineRestart', periods=[3, 5], restart_weights=[1, 0.5], min_lr=1e-3",
         "policy='OneCycle', base_momentum=[0.8, 0.7], max_momentum=0.9"),
    ],
    "iter": [
        ("policy='cyclic', by_epoch=False, gamma=0.5, cyclic_times=4", "policy='cyclic', step_ratio_up=0.0"),
        ("policy='poly', min_lr=1e-3, warmup='constant', warmup_iters=20", "policy='OneCycle', three_phase=True"),
    ],
}  # fmt: skip
FIXED = "policy='fixed'"
STOCK = [
    *[(kind, main + warmup, "") for kind, mains in MAIN.items() for main in mains for warmup in WARMUPS],
    *[(kind, main, "") for kind, mains in FLOORS.items() for main in mains],
    *[(kind, FIXED, momentum) for kind, momenta in MOMENTUM.items() for momentum in momenta],
]
CASES = [*STOCK, *[(kind, *pair) for kind, pairs in CLOSED.items() for pair in pairs]]

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
        rates.append([[group["lr"], group["momentum"]] for group in optimizer.param_groups])
        return dict(loss=self.a.weight.sum() * 0, log_vars={}, num_samples=1)

spec, results = json.load(open(sys.argv[1])), []
for case in spec["cases"]:
    rates, model = [], Model()
    groups = [dict(params=model.a.parameters(), lr=0.1), dict(params=model.b.parameters(), lr=0.003)]
    cls, length = (EpochBasedRunner, dict(max_epochs=spec["epochs"])) if case["kind"] == "epoch" else (
        IterBasedRunner, dict(max_iters=spec["iters"]))
    runner = cls(model, optimizer=torch.optim.SGD(groups, lr=0.1, momentum=0.9), work_dir=spec["work_dir"],
                 logger=logging.getLogger("quiet"), **length)
    runner.register_training_hooks(eval(case["lr_config"]), momentum_config=eval(case["momentum_config"]))
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
    groups = [dict(params=a.parameters(), lr=0.1), dict(params=b.parameters(), lr=0.003)]
    optimizer = torch.optim.SGD(groups, lr=0.1, momentum=0.9)
    schedulers = []
    for cfg in eval(case["param_scheduler"]):  # JSON has no tuples
        cfg = dict(cfg, optimizer=optimizer)
        if cfg.pop("convert_to_iter_based", False):
            cls = PARAM_SCHEDULERS.get(cfg.pop("type"))
            schedulers.append(cls.build_iter_from_epoch(epoch_length=spec["iters_per_epoch"], **cfg))
        else:
            schedulers.append(PARAM_SCHEDULERS.build(cfg))
    rates, total = [], spec["iters"]
    for iteration in range(total):
        rates.append([[group["lr"], group["momentum"]] for group in optimizer.param_groups])
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


def run(python: Path, script: str, spec: dict, folder: Path, name: str) -> list[list[list[list[float]]]]:
    """[case][iteration][group][rate, momentum]"""
    (folder / f"{name}.py").write_text(script)
    (folder / f"{name}.json").write_text(json.dumps(spec))
    subprocess.run(
        [python, folder / f"{name}.py", folder / f"{name}.json", folder / "out.json"],
        check=True, cwd=folder, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / ".typing")},
    )  # fmt: skip
    return json.loads((folder / "out.json").read_text())


@pytest.fixture(scope="module")
def courses(peer_v2: Path, peer_v3: Path, tmp_path_factory) -> list[tuple[tuple[str, str, str], list, list]]:
    """Each case, what real mmcv set at every iteration, and what real mmengine did."""
    folder = tmp_path_factory.mktemp("schedules")
    old, new = [], []
    for index, (kind, rate, momentum) in enumerate(CASES):
        runner = f"max_epochs={EPOCHS}" if kind == "epoch" else f"max_iters={ITERS}"
        cls = "EpochBasedRunner" if kind == "epoch" else "IterBasedRunner"
        rate, momentum = f"dict({rate})", f"dict({momentum})" if momentum else "None"
        path = folder / f"c{index}.py"
        path.write_text(
            f"optimizer = dict(type='SGD', lr=0.1, momentum=0.9)\nlr_config = {rate}\n"
            f"momentum_config = {momentum}\nrunner = dict(type='{cls}', {runner})\n"
        )
        old.append({"kind": kind, "lr_config": rate, "momentum_config": momentum})
        tree = plain(ConfigConverter().convert(path).tree)
        closed = any("ClosedForm" in scheduler["type"] for scheduler in tree["param_scheduler"])
        assert closed == (index >= len(STOCK)), CASES[index]
        new.append({"kind": kind, "param_scheduler": repr(tree["param_scheduler"])})
    spec = {"epochs": EPOCHS, "iters": ITERS, "iters_per_epoch": ITERS_PER_EPOCH, "work_dir": str(folder)}
    expected = run(peer_v2, REAL_MMCV, {**spec, "cases": old}, folder, "old")
    got = run(peer_v3, REAL_MMENGINE, {**spec, "cases": new}, folder, "new")
    return list(zip(CASES, expected, got, strict=True))


def worst(want: list, got: list, group: int, what: int) -> float:
    """The largest deviation relative to the peak of one group's rates (0) or momenta (1)."""
    assert len(want) == len(got) == ITERS
    peak = max(values[group][what] for values in want)
    return max(abs(a[group][what] - b[group][what]) for a, b in zip(want, got, strict=True)) / peak


@pytest.mark.peer
def test_schedulers_give_mmcvs_rate_and_momentum_at_every_iteration(courses) -> None:
    found = {
        (*case, group, what): worst(want, got, group, what)
        for case, want, got in courses
        for group in (0, 1)
        for what in (0, 1)
    }
    assert {case: deviation for case, deviation in found.items() if not deviation <= 1e-12} == {}


@pytest.mark.peer
def test_the_closed_form_is_equal_bit_for_bit(courses) -> None:
    closed = courses[len(STOCK) :]
    # where only one of the two needs it, the other may be stock
    assert sum(want == got for _, want, got in closed) >= len(closed) - 2
