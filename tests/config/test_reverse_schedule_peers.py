"""Schedules converted to v2: real mmcv hooks follow the real mmengine schedulers at every iteration."""

from __future__ import annotations

from pathlib import Path

import pytest
from config.test_schedule_peers import EPOCHS, ITERS, ITERS_PER_EPOCH, REAL_MMCV, REAL_MMENGINE, run, worst

from mmmigrate.converters.convert import ConfigConverter
from mmmigrate.converters.read.traced import plain
from mmmigrate.converters.rules.experiment import Options

WARMUPS = [
    "",
    "dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=30), ",
    "dict(type='LinearLR', by_epoch=False, end=170), ",
    "dict(type='ConstantLR', factor=0.25, by_epoch=False, end=30), ",
    "dict(type='ConstantLR', factor=0.1, by_epoch=False, end=10**9), "
    "dict(type='ExponentialLR', gamma=0.1 ** (-1 / 30), by_epoch=False, end=31), ",
]
MAIN = {
    "epoch": [
        "",
        "dict(type='MultiStepLR', begin=0, end=8, milestones=[3, 6])",
        "dict(type='MultiStepLR', begin=2, end=8, milestones=[3, 1, 1], gamma=0.5)",
        "dict(type='MultiStepLR', begin=0, end=5, milestones=[3, 6], convert_to_iter_based=True)",
        "dict(type='MultiStepLR', by_epoch=False, milestones=[60, 110])",
        "dict(type='StepLR', step_size=2, gamma=0.3)",
        "dict(type='ExponentialLR', gamma=0.9)",
        "dict(type='ExponentialLR', gamma=0.99, by_epoch=False)",
        "dict(type='PolyLR', power=0.9, begin=0, end=9)",
        "dict(type='CosineAnnealingLR', T_max=8, begin=0, end=8)",
        "dict(type='CosineAnnealingLR', begin=0, end=8, convert_to_iter_based=True)",
        "dict(type='CosineAnnealingLR', T_max=5, begin=3, end=8)",
        "dict(type='LinearLR', start_factor=1.0, end_factor=0.1, end=9)",
    ],
    "iter": [
        "dict(type='MultiStepLR', by_epoch=False, milestones=[60, 110], begin=0, end=200)",
        "dict(type='PolyLR', power=0.9, by_epoch=False, begin=0, end=201)",
        "dict(type='CosineAnnealingLR', T_max=200, by_epoch=False, begin=0, end=200)",
        "dict(type='CosineAnnealingLR', T_max=134, by_epoch=False, begin=66, end=200)",
        "dict(type='LinearLR', start_factor=1.0, end_factor=0.1, by_epoch=False, end=201)",
    ],
}
ALONE = {
    "epoch": [
        "dict(type='PolyLR', power=2.0, eta_min=1e-3, end=9)",
        "dict(type='CosineAnnealingLR', T_max=8, eta_min=1e-3, end=8)",
        "dict(type='CosineAnnealingLR', eta_min_ratio=0.1, end=8, convert_to_iter_based=True)",
        "dict(type='CosineAnnealingLR', T_max=6, begin=2, end=8, eta_min=1e-3)",
        "dict(type='OneCycleLR', eta_max=0.5, begin=0, end=8, convert_to_iter_based=True)",
        "dict(type='CosineRestartLR', periods=[3, 5], restart_weights=[1, 0.5], eta_min=0, begin=0, end=8)",
        "dict(type='MultiStepMomentum', milestones=[2, 5], gamma=0.5, end=8)",
        "dict(type='CosineAnnealingMomentum', eta_min=0.8, end=8)",
        "dict(type='PolyMomentum', eta_min=0.8, power=1.0, end=9)",
    ],
    "iter": [
        "dict(type='CosineRestartLR', periods=[60, 140], restart_weights=[1, 0.5], eta_min_ratio=0.1, by_epoch=False)",
        "dict(type='OneCycleLR', eta_max=0.5, total_steps=200, by_epoch=False, end=200)",
        "dict(type='StepMomentum', step_size=50, gamma=0.9, by_epoch=False)",
    ],
}
CASES = [
    *[(kind, f"[{warmup}{main}]") for kind, mains in MAIN.items() for main in mains for warmup in WARMUPS],
    *[(kind, f"[{main}]") for kind, mains in ALONE.items() for main in mains],
]


@pytest.mark.peer
def test_mmcv_follows_what_mmengine_did(peer_v2: Path, peer_v3: Path, tmp_path: Path) -> None:
    old, new = [], []
    for index, (kind, schedulers) in enumerate(CASES):
        loop = f"by_epoch=True, max_epochs={EPOCHS}" if kind == "epoch" else f"by_epoch=False, max_iters={ITERS}"
        path = tmp_path / f"c{index}.py"
        path.write_text(
            "optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1, momentum=0.9))\n"
            f"train_cfg = dict({loop})\nparam_scheduler = {schedulers}\n"
        )
        tree = plain(ConfigConverter(Options(to="v2")).convert(path).tree)
        assert "V3" not in str(tree["lr_config"]), schedulers
        configs = {key: repr(tree.get(key)) for key in ("lr_config", "momentum_config")}
        new.append({"kind": kind, **configs})
        old.append({"kind": kind, "param_scheduler": schedulers})
    spec = {"epochs": EPOCHS, "iters": ITERS, "iters_per_epoch": ITERS_PER_EPOCH, "work_dir": str(tmp_path)}
    want = run(peer_v3, REAL_MMENGINE, {**spec, "cases": old}, tmp_path, "old")
    got = run(peer_v2, REAL_MMCV, {**spec, "cases": new}, tmp_path, "new")
    found = {
        (*case, group, what): worst(was, is_now, group, what)
        for case, was, is_now in zip(CASES, want, got, strict=True)
        for group in (0, 1)
        for what in (0, 1)
    }
    assert {case: deviation for case, deviation in found.items() if not deviation <= 1e-12} == {}
