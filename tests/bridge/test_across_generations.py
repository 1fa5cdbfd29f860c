"""k iterations in one generation, the checkpoint converted, the rest in the other: equal to all in one, bit for bit."""

import pytest

from mmmigrate.compat.checkpoint import Options, convert_path

from .across import apart, train_v2, train_v3, write_configs

BY_ITERATION = {
    "runner": {"type": "IterBasedRunner", "max_iters": 7},
    "evaluation": {"interval": 4, "save_best": "accuracy"},
    "checkpoint_config": {"interval": 1},
    "lr_config": {
        "policy": "poly",
        "power": 0.9,
        "min_lr": 1e-3,
        "by_epoch": False,
        "warmup": "exp",
        "warmup_iters": 5,
    },
}
INSIDE = {
    "checkpoint_config": {"interval": 1, "by_epoch": False},
    "runner": {"type": "EpochBasedRunner", "max_epochs": 2},
}
CASES = {
    "epochs": {},
    "inside epochs": INSIDE,
    "iterations": BY_ITERATION,
    "Adam, one cycle": {
        "optimizer": {"type": "Adam", "lr": 0.1},
        "lr_config": {"policy": "OneCycle", "max_lr": 0.3},
    },
    "AdamW, several groups": {
        **BY_ITERATION,
        "optimizer": {
            "type": "AdamW",
            "lr": 0.01,
            "weight_decay": 0.1,
            "paramwise_cfg": {"bias_lr_mult": 2.0, "norm_decay_mult": 0.0},
        },
    },
    "several groups inside epochs": {
        **INSIDE,
        "optimizer": {"type": "SGD", "lr": 0.1, "momentum": 0.9, "paramwise_cfg": {"bias_lr_mult": 2.0}},
        "lr_config": {"policy": "CosineAnnealing", "min_lr": 0.001, "warmup": "constant", "warmup_iters": 5},
    },
    "accumulation": {
        **INSIDE,
        "optimizer_config": {"type": "GradientCumulativeOptimizerHook", "cumulative_iters": 4},
    },
    "averages": {"custom_hooks": [{"type": "EMAHook", "momentum": 0.2, "warm_up": 2, "priority": "ABOVE_NORMAL"}]},
    "averages after the checkpoint": {"custom_hooks": [{"type": "EMAHook", "momentum": 0.2, "interval": 2}]},
    "averages inside epochs": {**INSIDE, "custom_hooks": [{"type": "EMAHook", "momentum": 0.2, "warm_up": 2}]},
    "averages over iterations": {**BY_ITERATION, "custom_hooks": [{"type": "EMAHook", "momentum": 0.2, "warm_up": 2}]},
    "val phases": {"workflow": [("train", 2), ("val", 1)]},
    "val phases of iterations": {**BY_ITERATION, "workflow": [("train", 3), ("val", 2)]},
    "momentum": {"momentum_config": {"policy": "CosineAnnealing", "min_momentum": 0.5, "by_epoch": False}},
    "evaluation from the second epoch": {"evaluation": {"interval": 1, "start": 2}},
    "accumulation over iterations": {
        **BY_ITERATION,
        "optimizer_config": {"type": "GradientCumulativeOptimizerHook", "cumulative_iters": 3},
    },
}


def continued(source, folder, name, train, config, to, v3_config):
    """The notes of the other generation that goes on from every checkpoint below `source`."""
    found = {}
    for copy in sorted(source.iterdir(), key=lambda path: int(path.name)):
        (checkpoint,) = copy.glob("*.pth")
        target = folder / copy.name / checkpoint.name
        (result,) = convert_path(checkpoint, target, Options(to, v3_config))
        assert result.error is None
        found[int(copy.name)] = apart(train, config, folder / f"{name}_{copy.name}", target, None)
    return found


@pytest.mark.parametrize("name", CASES)
def test_from_v2_to_v3(name, tmp_path):
    old, new = write_configs(tmp_path / "configs", CASES[name])
    whole = apart(train_v2, old, tmp_path / "whole", None, tmp_path / "copies")
    for done, notes in continued(tmp_path / "copies", tmp_path / "to", "v3", train_v3, new, "v3", new).items():
        assert notes == whole[done:], done


@pytest.mark.parametrize("name", CASES)
def test_from_v3_to_v2(name, tmp_path):
    old, new = write_configs(tmp_path / "configs", CASES[name])
    whole = apart(train_v3, new, tmp_path / "whole", None, tmp_path / "copies")
    for done, notes in continued(tmp_path / "copies", tmp_path / "to", "v2", train_v2, old, "v2", None).items():
        assert notes == whole[done:], done
