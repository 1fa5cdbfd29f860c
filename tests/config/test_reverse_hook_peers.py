"""REV001: schedules that no policy of mmcv can follow. The hook that steps v3's schedulers in v2, in real mmcv and in
runtime_v2, gives the rates and momenta of real mmengine at every iteration, also when the run was resumed."""

from __future__ import annotations

import ast
import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from config.test_schedule_peers import EPOCHS, ITERS, ITERS_PER_EPOCH, REAL_MMCV, REAL_MMENGINE, run

from mmmigrate.converters.convert import ConfigConverter
from mmmigrate.converters.read.traced import plain
from mmmigrate.converters.rules.experiment import Options
from mmmigrate.runtime_v2 import EpochBasedRunner, IterBasedRunner

WARMUP = "dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=30), "
CASES = {
    "epoch": [
        f"[{WARMUP}dict(type='CosineAnnealingLR', T_max=8, eta_min=1e-3, end=8)]",
        f"[{WARMUP}dict(type='CosineAnnealingLR', T_max=5, begin=3, end=8, eta_min_ratio=0.1)]",
        "[dict(type='LinearLR', start_factor=0.1, begin=0, end=3), dict(type='PolyLR', eta_min=1e-4, begin=3, end=8)]",
        f"[{WARMUP}dict(type='OneCycleLR', eta_max=0.5, begin=2, end=8, convert_to_iter_based=True)]",
        "[dict(type='ExponentialLR', gamma=0.9, end=3), dict(type='ExponentialLR', gamma=0.7, begin=5, end=8)]",
        "[dict(type='CosineAnnealingLR', eta_min=1e-3, begin=1, end=8, convert_to_iter_based=True),"
        " dict(type='LinearMomentum', start_factor=0.5, end=4), dict(type='PolyMomentum', eta_min=0.3, begin=4)]",
        f"[{WARMUP}dict(type='CosineRestartLR', periods=[3, 5], restart_weights=[1, 0.5], eta_min=1e-3)]",
        "[dict(type='MultiStepLR', milestones=[1, 2], begin=1, end=8), dict(type='StepLR', step_size=2, begin=4)]",
    ],
    "iter": [
        f"[{WARMUP}dict(type='PolyLR', power=0.9, eta_min=1e-4, begin=30, end=200, by_epoch=False)]",
        "[dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=50),"
        " dict(type='CosineAnnealingLR', by_epoch=False, begin=50, end=150, eta_min=0.01)]",
        "[dict(type='StepLR', step_size=40, by_epoch=False, begin=20, gamma=0.5),"
        " dict(type='CosineAnnealingMomentum', by_epoch=False, begin=20, end=120, eta_min=0.2)]",
    ],
}
ALL = [(kind, schedulers) for kind, given in CASES.items() for schedulers in given]
WITH_THE_HOOK = REAL_MMCV.replace(
    "from mmcv.runner", "import mmcv.runner\nimport mmmigrate.compat.adapters\nfrom mmcv.runner", 1
)


@pytest.fixture(scope="module")
def configs(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The `lr_config` that each becomes in v2."""
    folder, made = tmp_path_factory.mktemp("configs"), []
    for index, (kind, schedulers) in enumerate(ALL):
        loop = f"by_epoch=True, max_epochs={EPOCHS}" if kind == "epoch" else f"by_epoch=False, max_iters={ITERS}"
        path = folder / f"c{index}.py"
        path.write_text(
            "optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1, momentum=0.9))\n"
            f"train_cfg = dict({loop})\nparam_scheduler = {schedulers}\n"
        )
        result = ConfigConverter(Options(to="v2")).convert(path)
        assert "REV001" in {finding.code for finding in result.findings}, schedulers
        made.append(plain(result.tree)["lr_config"])
    return made


@pytest.fixture(scope="module")
def expected(peer_v3: Path, tmp_path_factory: pytest.TempPathFactory) -> list[list[list[list[float]]]]:
    """What real mmengine did: [case][iteration][group][rate, momentum]."""
    cases = [{"kind": kind, "param_scheduler": _ended(kind, schedulers)} for kind, schedulers in ALL]
    return run(peer_v3, REAL_MMENGINE, _spec(cases), tmp_path_factory.mktemp("mmengine"), "new")


@pytest.mark.peer
def test_real_mmcv_follows_real_mmengine(
    configs: list[Any], expected: list[Any], peer_v2: Path, tmp_path: Path
) -> None:
    cases = [
        {"kind": kind, "lr_config": repr(config), "momentum_config": "None"}
        for (kind, _), config in zip(ALL, configs, strict=True)
    ]
    got = run(peer_v2, WITH_THE_HOOK, {**_spec(cases), "work_dir": str(tmp_path)}, tmp_path, "old")
    assert [case for case, was, is_now in zip(ALL, expected, got, strict=True) if was != is_now] == []


@pytest.mark.peer
@pytest.mark.parametrize("broken_off_at", [None, 1, 30, 75, 110])
def test_runtime_v2_follows_real_mmengine(
    configs: list[Any], expected: list[Any], broken_off_at: int | None, tmp_path: Path
) -> None:
    for (kind, schedulers), config, wanted in zip(ALL, configs, expected, strict=True):
        got = _trained(kind, config, tmp_path, broken_off_at)
        assert got == wanted, schedulers


class _Model(torch.nn.Module):
    def __init__(self, stop: int | None) -> None:
        super().__init__()
        self.a, self.b = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
        self.rates: list[list[list[float]]] = []
        self.stop = stop

    def train_step(self, data: Any, optimizer: Any) -> dict[str, Any]:
        if len(self.rates) == self.stop:
            raise KeyboardInterrupt
        self.rates.append([[group["lr"], group["momentum"]] for group in optimizer.param_groups])
        return {"loss": self.a.weight.sum() * 0, "log_vars": {}, "num_samples": 1}


def _trained(kind: str, config: Any, folder: Path, broken_off_at: int | None) -> list[list[list[float]]]:
    """Rates of a whole run in runtime_v2; of one that is broken off and resumed by another runner, if asked for."""
    model, runner = _runner(kind, config, folder, broken_off_at)
    loader = torch.utils.data.DataLoader(range(ITERS_PER_EPOCH))
    if broken_off_at is None:
        runner.run([loader], [("train", 1)])
        return model.rates
    with pytest.raises(KeyboardInterrupt):
        runner.run([loader], [("train", 1)])
    runner.save_checkpoint(str(folder), "at.pth")
    epoch = broken_off_at // ITERS_PER_EPOCH if kind == "epoch" else 0
    rest, again = _runner(kind, config, folder, None)
    again.resume(str(folder / "at.pth"))
    first = broken_off_at
    if kind == "epoch":  # v2 goes on at the beginning of an epoch
        first = epoch * ITERS_PER_EPOCH
        again._epoch, again._iter = epoch, first
    else:
        again._iter = first
    again.run([loader], [("train", 1)])
    return [*model.rates[:first], *rest.rates]


def _runner(kind: str, config: Any, folder: Path, stop: int | None) -> tuple[_Model, Any]:
    model = _Model(stop)
    groups = [{"params": model.a.parameters(), "lr": 0.1}, {"params": model.b.parameters(), "lr": 0.003}]
    optimizer = torch.optim.SGD(groups, lr=0.1, momentum=0.9)
    cls, length = (
        (EpochBasedRunner, {"max_epochs": EPOCHS}) if kind == "epoch" else (IterBasedRunner, {"max_iters": ITERS})
    )
    runner = cls(model, optimizer=optimizer, work_dir=str(folder), logger=logging.getLogger("quiet"), meta={}, **length)
    runner.register_lr_hook(dict(config))
    return model, runner


def _spec(cases: list[dict[str, Any]]) -> dict[str, Any]:
    return {"epochs": EPOCHS, "iters": ITERS, "iters_per_epoch": ITERS_PER_EPOCH, "cases": cases}


def _ended(kind: str, schedulers: str) -> str:
    """With the `end` that mmengine's Runner gives to schedulers without one: the length of the run."""
    entries = [
        {key.arg: ast.literal_eval(key.value) for key in call.keywords if key.arg}
        for call in ast.parse(schedulers, mode="eval").body.elts  # type: ignore[attr-defined]
    ]
    for entry in entries:
        entry.setdefault("end", EPOCHS if entry.get("by_epoch", True) else ITERS)
    return repr(entries)
