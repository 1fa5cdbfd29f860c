"""The exact schedule sets what mmcv's hooks set, bit for bit, in runtime_v3 and in real mmengine."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from mmmigrate.compat.adapters.closed_form import ClosedFormLR, ClosedFormMomentum
from mmmigrate.compat.schedule import ScheduleError
from mmmigrate.runtime_v2 import HOOKS as V2_HOOKS
from mmmigrate.runtime_v3 import PARAM_SCHEDULERS

HERE = Path(__file__).parent
EPOCHS, LENGTH = 6, 7
WARMUP = {"warmup": "linear", "warmup_iters": 11, "warmup_ratio": 0.001}

# Name → (quantity, kind of v2 runner, v2 config).
CASES = {
    "step with warm-up": ("lr", "epoch", {"policy": "step", "step": [2, 4], **WARMUP}),
    "step with floor": ("lr", "epoch", {"policy": "step", "step": [1, 2, 3], "min_lr": 1e-3, **WARMUP}),
    "poly by iteration": ("lr", "iter", {"policy": "poly", "power": 0.9, "min_lr": 1e-4, "by_epoch": False, **WARMUP}),
    "poly by iteration in epochs": ("lr", "epoch", {"policy": "poly", "by_epoch": False, "min_lr": 1e-4}),
    "cosine": ("lr", "epoch", {"policy": "CosineAnnealing", "min_lr_ratio": 0.01}),
    "warm-up counted in epochs": (
        "lr",
        "epoch",
        {"policy": "CosineAnnealing", "min_lr": 0, "warmup": "exp", "warmup_iters": 2, "warmup_by_epoch": True},
    ),
    "exponential warm-up": ("lr", "epoch", {"policy": "exp", "gamma": 0.9, "warmup": "exp", "warmup_iters": 9}),
    "cyclic": ("lr", "iter", {"policy": "cyclic", "target_ratio": [7, 1e-3], "cyclic_times": 2}),
    "one cycle": ("lr", "epoch", {"policy": "OneCycle", "max_lr": [0.1, 0.3]}),
    "restarts": (
        "lr",
        "iter",
        {
            "policy": "CosineRestart",
            "periods": [12, 30],
            "restart_weights": [1, 0.6],
            "min_lr": 1e-5,
            "by_epoch": False,
        },
    ),
    "by epoch under an iteration runner": ("lr", "iter", {"policy": "step", "step": [1], "by_epoch": True}),
    "momentum with warm-up": ("momentum", "epoch", {"policy": "CosineAnnealing", "min_momentum": 0.5, **WARMUP}),
    "momentum, one cycle": ("momentum", "epoch", {"policy": "OneCycle", "pct_start": 0.33}),
    "momentum, cyclic": ("momentum", "iter", {"policy": "cyclic", "cyclic_times": 3, "gamma": 0.9}),
}


def v3_config(kind: str, config: dict) -> dict:
    """What the converter makes of a v2 schedule."""
    converted = {("policy_by_epoch" if key == "by_epoch" else key): value for key, value in config.items()}
    length = {"max_epochs": EPOCHS} if kind == "epoch" else {"max_iters": EPOCHS * LENGTH}
    return {**converted, "runner": kind, **length}


def v2_values(quantity: str, kind: str, config: dict) -> list[list[str]]:
    """What the hook of runtime_v2 sets before every iteration."""
    arguments = {key: tuple(v) if key == "target_ratio" else v for key, v in config.items()}
    policy = arguments.pop("policy")
    suffix = "LrUpdaterHook" if quantity == "lr" else "MomentumUpdaterHook"
    name = policy.title() if policy == policy.lower() else policy
    hook = V2_HOOKS.build({"type": name + suffix, **arguments})
    groups = [
        {"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr, "momentum": momentum}
        for lr, momentum in ((0.02, 0.9), (0.003, 0.95))
    ]
    length = {"max_epochs": EPOCHS if kind == "epoch" else None, "max_iters": EPOCHS * LENGTH}
    runner = SimpleNamespace(
        optimizer=torch.optim.SGD(groups, lr=1.0, momentum=0.5),
        data_loader=range(LENGTH),
        **length,
        **{f"_{name}": value for name, value in length.items()},
    )
    hook.before_run(_at(runner, 0, 0))
    values = []
    for iteration in range(EPOCHS * LENGTH):
        _at(runner, iteration // LENGTH, iteration)
        if kind == "epoch" and iteration % LENGTH == 0:
            hook.before_train_epoch(runner)
        hook.before_train_iter(runner)
        values.append([float(group[quantity]).hex() for group in runner.optimizer.param_groups])
    return values


def _at(runner: SimpleNamespace, epoch: int, iteration: int) -> SimpleNamespace:
    runner.epoch = runner._epoch = epoch
    runner.iter = runner._iter = iteration
    return runner


def courses(python: str | Path, root: str) -> dict[str, list[list[str]]]:
    cases = {name: [quantity, v3_config(kind, config)] for name, (quantity, kind, config) in CASES.items()}
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1] / ".typing"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [str(python), str(HERE / "v3_closed_form.py"), root],
        input=json.dumps({"cases": cases, "steps": EPOCHS * LENGTH}),
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def ours() -> dict[str, list[list[str]]]:
    return courses(sys.executable, "mmmigrate.runtime_v3")


@pytest.fixture(scope="module")
def real(peer_v3: Path) -> dict[str, list[list[str]]]:
    return courses(peer_v3, "mmengine")


@pytest.mark.parametrize("name", CASES)
def test_sets_what_the_v2_hook_sets_at_every_iteration(name, ours):
    assert ours[name] == v2_values(*CASES[name])


@pytest.mark.parametrize("name", CASES)
def test_goes_on_after_its_state_was_saved_and_loaded(name, ours):
    assert ours[f"{name}, resumed"] == ours[name]


@pytest.mark.peer
@pytest.mark.parametrize("name", CASES)
def test_sets_the_same_in_real_mmengine(name, ours, real):
    assert real[name] == ours[name]
    assert real[f"{name}, resumed"] == ours[name]


def sgd(**arguments) -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1, **arguments)


def test_leaves_the_value_alone_after_the_end_of_the_run():
    optimizer = sgd()
    scheduler = ClosedFormLR(optimizer, "poly", runner="iter", max_iters=3, policy_by_epoch=False)
    for _ in range(5):
        scheduler.step()
    assert optimizer.param_groups[0]["lr"] == 0.1 * (1 - 2 / 3)


def test_moves_the_first_beta_and_adds_no_momentum_to_adam():
    optimizer = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], betas=(0.9, 0.99))
    ClosedFormMomentum(optimizer, "step", step=[1], gamma=0.5, runner="epoch", max_epochs=4, epoch_length=1).step()
    assert optimizer.param_groups[0]["betas"] == (0.45, 0.99)
    assert "momentum" not in optimizer.param_groups[0]


def test_refuses_to_go_by_epoch():
    with pytest.raises(ScheduleError, match="convert_to_iter_based=True"):
        ClosedFormLR(sgd(), "fixed", by_epoch=True)


def test_refuses_an_unknown_policy_naming_the_nearest():
    cfg = {"type": "ClosedFormLR", "policy": "CosineAnealing", "runner": "iter", "max_iters": 5}
    with pytest.raises(ScheduleError, match="CosineAnnealing"):
        PARAM_SCHEDULERS.build(cfg, default_args={"optimizer": sgd()})


def test_refuses_an_optimizer_without_momentum():
    optimizer = torch.optim.Adagrad([torch.nn.Parameter(torch.zeros(1))])
    with pytest.raises(ScheduleError, match="neither momentum nor betas"):
        ClosedFormMomentum(optimizer, "step", step=[1], runner="epoch", max_epochs=2, epoch_length=1)
