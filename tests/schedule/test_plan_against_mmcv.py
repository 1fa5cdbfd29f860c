"""Every policy and warm-up, at every iteration, against the hooks of real mmcv 1.7.2: equal to the last bit."""

import itertools

import pytest

from mmmigrate.compat.schedule import plan

EPOCHS, ITERS_PER_EPOCH = 6, 7
INITIAL = [0.02, 0.003]
MOMENTUM = [0.9, 0.95]

RATE_POLICIES = {
    "fixed": {"policy": "fixed"},
    "step list": {"policy": "step", "step": [2, 5]},
    "step list not sorted": {"policy": "step", "step": [5, 2], "gamma": 0.3},
    "step int": {"policy": "step", "step": 3, "gamma": 0.7},
    "step floor": {"policy": "Step", "step": [1, 2, 3], "min_lr": 1e-4},
    "exp": {"policy": "exp", "gamma": 0.93},
    "poly": {"policy": "poly", "power": 0.9, "min_lr": 1e-4},
    "poly defaults": {"policy": "poly"},
    "inv": {"policy": "inv", "gamma": 0.37, "power": 0.8},
    "inv defaults": {"policy": "inv", "gamma": 0.37},
    "cosine": {"policy": "CosineAnnealing", "min_lr": 1e-5},
    "cosine ratio": {"policy": "CosineAnnealing", "min_lr_ratio": 0.013},
    "flat cosine": {"policy": "FlatCosineAnnealing", "start_percent": 0.41, "min_lr_ratio": 0.05},
    "flat cosine floor": {"policy": "FlatCosineAnnealing", "min_lr": 1e-6},
    "flat cosine that rounds where it begins": {
        "policy": "FlatCosineAnnealing",
        "start_percent": 0.5,
        "min_lr": 0.0037,
    },
    "linear": {"policy": "LinearAnnealing", "min_lr": 1e-5},
    "linear ratio": {"policy": "LinearAnnealing", "min_lr_ratio": 0.1},
}
BY_ITERATION_ONLY = {
    "cyclic": {"policy": "cyclic", "target_ratio": (7, 1e-3), "cyclic_times": 3, "step_ratio_up": 0.35, "gamma": 0.8},
    "cyclic linear": {"policy": "cyclic", "anneal_strategy": "linear", "target_ratio": 5.0},
    "cyclic of odd length": {"policy": "cyclic", "target_ratio": (6.0,), "cyclic_times": 4, "gamma": 0.9},
    "cyclic without rise": {"policy": "cyclic", "step_ratio_up": 0.0, "cyclic_times": 2, "gamma": 0.5},
    "one cycle": {"policy": "OneCycle", "max_lr": 0.1},
    "one cycle longer": {"policy": "OneCycle", "max_lr": 0.1, "total_steps": 60, "anneal_strategy": "linear"},
    "one cycle three": {"policy": "OneCycle", "max_lr": [0.1, 0.3], "three_phase": True, "pct_start": 0.37},
    "restart once": {"policy": "CosineRestart", "periods": [42], "min_lr_ratio": 0.1},
    "restart": {"policy": "CosineRestart", "periods": [12, 30], "restart_weights": [1, 0.6], "min_lr": 1e-5},
}
MOMENTUM_POLICIES = {
    "step": {"policy": "step", "step": [2, 4], "min_momentum": 0.3},
    "cosine": {"policy": "CosineAnnealing", "min_momentum_ratio": 0.7},
    "linear": {"policy": "LinearAnnealing", "min_momentum": 0.5},
}
MOMENTUM_BY_ITERATION_ONLY = {
    "cyclic": {"policy": "cyclic", "cyclic_times": 3, "gamma": 0.9},
    "one cycle": {"policy": "OneCycle", "pct_start": 0.33},
    "one cycle of halves": {"policy": "OneCycle", "pct_start": 0.5, "base_momentum": 0.01, "max_momentum": 0.97},
    "one cycle three": {"policy": "OneCycle", "three_phase": True, "base_momentum": 0.8, "max_momentum": [0.9, 0.99]},
}
WARMUPS = {
    "": {},
    "linear": {"warmup": "linear", "warmup_iters": 11, "warmup_ratio": 0.001},
    "constant": {"warmup": "constant", "warmup_iters": 5, "warmup_ratio": 1.0 / 3},
    "exp": {"warmup": "exp", "warmup_iters": 9, "warmup_ratio": 0.1},
    "long": {"warmup": "linear", "warmup_iters": 1000},
}
BY_EPOCH_WARMUP = {"warmup": "linear", "warmup_iters": 2, "warmup_ratio": 0.1, "warmup_by_epoch": True}


def cases():
    for (name, policy), (warmup_name, warmup) in itertools.product(RATE_POLICIES.items(), WARMUPS.items()):
        for by_epoch in (True, False):
            yield f"lr {name} {warmup_name} {by_epoch}", "lr", "epoch", {**policy, **warmup, "by_epoch": by_epoch}
        yield f"lr {name} {warmup_name} iter runner", "lr", "iter", {**policy, **warmup, "by_epoch": False}
        yield f"lr {name} {warmup_name} iter runner by epoch", "lr", "iter", {**policy, **warmup, "by_epoch": True}
    for name, policy in RATE_POLICIES.items():
        yield f"lr {name} warm-up by epoch", "lr", "epoch", {**policy, **BY_EPOCH_WARMUP}
        yield f"lr {name} by iter, warm-up by epoch", "lr", "epoch", {**policy, **BY_EPOCH_WARMUP, "by_epoch": False}
    for (name, policy), (warmup_name, warmup) in itertools.product(BY_ITERATION_ONLY.items(), WARMUPS.items()):
        for runner in ("epoch", "iter"):
            yield f"lr {name} {warmup_name} {runner}", "lr", runner, {**policy, **warmup, "by_epoch": False}
    for name, policy in {**RATE_POLICIES, **BY_ITERATION_ONLY}.items():
        for runner in ("epoch", "iter"):
            if name != "restart" or runner == "iter":  # by epoch its periods are long enough for any run
                yield f"lr {name} that does not say by what it goes, {runner}", "lr", runner, policy
    for name, policy in {**MOMENTUM_POLICIES, **MOMENTUM_BY_ITERATION_ONLY}.items():
        for runner in ("epoch", "iter"):
            yield f"momentum {name} that does not say by what it goes, {runner}", "momentum", runner, policy
    for (name, policy), (warmup_name, warmup) in itertools.product(MOMENTUM_POLICIES.items(), WARMUPS.items()):
        for by_epoch in (True, False):
            config = {**policy, **warmup, "by_epoch": by_epoch}
            yield f"momentum {name} {warmup_name} {by_epoch}", "momentum", "epoch", config
    for name, warmup in itertools.product(MOMENTUM_BY_ITERATION_ONLY, WARMUPS):
        config = {**MOMENTUM_BY_ITERATION_ONLY[name], **WARMUPS[warmup]}
        yield f"momentum {name} {warmup}", "momentum", "iter", config


CASES = {name: (quantity, runner, config) for name, quantity, runner, config in cases()}


def predicted(quantity, runner, config, schedule=plan):
    total = EPOCHS * ITERS_PER_EPOCH
    if runner == "epoch":
        run = schedule.RunLength("epoch", max_epochs=EPOCHS, iters_per_epoch=ITERS_PER_EPOCH)
    else:
        run = schedule.RunLength("iter", max_iters=total)
    course = schedule.Plan.from_config(config, run, quantity)
    initial = INITIAL if quantity == "lr" else MOMENTUM
    bases = initial if course.never_set else course.policy.bases(initial, "SGD")
    return [[float(value).hex() for value in course.values(bases, i)] for i in range(total)]


@pytest.mark.peer
def test_every_policy_and_warm_up_gives_mmcvs_value_at_every_iteration(mmcv_values):
    assert len(mmcv_values) == len(CASES)
    different = [name for name, case in CASES.items() if predicted(*case) != mmcv_values[name]]
    assert different == []
