"""mmengine's own schedulers: their states computed from the config are those of a run that came there."""

import pytest
import torch

from mmmigrate.compat.checkpoint.convert import Options, convert
from mmmigrate.compat.checkpoint.patch import same

from .across import apart, train_v3, write_configs

GROUPS = {"type": "SGD", "lr": 0.1, "momentum": 0.9, "paramwise_cfg": {"bias_lr_mult": 2.0}}
CASES = {
    "step after a warm-up": {},
    "cosine by iteration": {"lr_config": {"policy": "CosineAnnealing", "min_lr": 0.0, "by_epoch": False}},
    "poly by epoch, several groups": {"lr_config": {"policy": "poly", "min_lr": 0.001}, "optimizer": GROUPS},
    "one cycle": {"optimizer": {"type": "Adam", "lr": 0.1}, "lr_config": {"policy": "OneCycle", "max_lr": 0.3}},
    "iterations": {
        "runner": {"type": "IterBasedRunner", "max_iters": 7},
        "evaluation": {"interval": 10},
        "optimizer": GROUPS,
        "lr_config": {"policy": "step", "step": [3, 5], "by_epoch": False, "warmup": "constant", "warmup_iters": 2},
    },
}


@pytest.mark.parametrize("name", CASES)
def test_the_position_is_that_of_a_run_that_came_there(name, tmp_path):
    _, config = write_configs(tmp_path / "configs", CASES[name], schedule="stock")
    assert "ClosedForm" not in config.read_text()
    apart(train_v3, config, tmp_path / "run", None, tmp_path / "copies")
    copies = sorted((tmp_path / "copies").glob("*/*.pth"))
    assert len(copies) >= 3
    for path in copies:
        saved = torch.load(path, weights_only=True)
        there = convert({"checkpoint": saved}, path.name, Options("v2", config)).files
        del there["checkpoint"]["mmmigrate"]  # as after training in v2, where the states of schedulers are gone
        again = convert(there, path.name, Options("v3", config, iters_per_epoch=3)).files["checkpoint"]
        assert [_steps(state) for state in again["param_schedulers"]] == [
            _steps(state) for state in saved["param_schedulers"]
        ]
        assert same(again["optimizer"], saved["optimizer"])


def _steps(state):
    return {key: value for key, value in state.items() if isinstance(value, (int, float, list))}
