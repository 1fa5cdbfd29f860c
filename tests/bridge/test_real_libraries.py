"""Real mmcv begins and real mmengine goes on, and the other way: equal to all in one, bit for bit."""

import json
import pprint
import subprocess
from pathlib import Path

import pytest

from mmmigrate.compat.checkpoint import Options, convert_path
from mmmigrate.compat.pipeline import convert_to

PEERS = Path(__file__).parent / "peers"
BY_EPOCH = {
    "optimizer": {"type": "Adam", "lr": 0.1, "paramwise_cfg": {"bias_lr_mult": 2.0}},
    "optimizer_config": {"grad_clip": {"max_norm": 1.0}},
    "lr_config": {"policy": "step", "step": [2], "warmup": "linear", "warmup_iters": 4},
    "checkpoint_config": {"interval": 1},
    "runner": {"type": "EpochBasedRunner", "max_epochs": 3},
}
BY_ITERATION = {
    **BY_EPOCH,
    "optimizer": {"type": "SGD", "lr": 0.1, "momentum": 0.9},
    "lr_config": {"policy": "poly", "power": 0.9, "min_lr": 0.001, "by_epoch": False},
    "checkpoint_config": {"interval": 2, "by_epoch": False},
    "runner": {"type": "IterBasedRunner", "max_iters": 9},
}
CASES = {"epochs": (BY_EPOCH, "epoch_2.pth", 6), "iterations": (BY_ITERATION, "iter_6.pth", 6)}


@pytest.fixture(params=CASES)
def case(request, tmp_path, peer_v2, peer_v3):
    """The settings, the config of v3, and a way to train in either library."""
    settings, saved, done = CASES[request.param]
    old = tmp_path / "config.py"
    whole = {"model": {"type": "Net"}, "data": {"samples_per_gpu": 4, "train": {"type": "Points"}}, **settings}
    old.write_text("".join(f"{key} = {pprint.pformat(value)}\n" for key, value in whole.items()))
    new = convert_to(old, tmp_path / "new").path

    def train(library, folder, checkpoint=None):
        python, first = (peer_v2, json.dumps(settings)) if library == "mmcv" else (peer_v3, str(new))
        notes = tmp_path / f"{folder}.json"
        command = [str(python), str(PEERS / f"train_{library}.py"), first, str(tmp_path / folder), str(notes)]
        done = subprocess.run(command + ([str(checkpoint)] if checkpoint else []), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(notes.read_text())

    return train, new, saved, done


@pytest.mark.peer
@pytest.mark.parametrize(("first", "second", "to"), [("mmcv", "mmengine", "v3"), ("mmengine", "mmcv", "v2")])
def test_the_other_library_goes_on_with_the_same_bits(case, first, second, to, tmp_path):
    train, config, saved, done = case
    whole = train(first, "whole")
    target = tmp_path / "converted" / saved
    (result,) = convert_path(
        tmp_path / "whole" / saved, target, Options(to, config if to == "v3" else None, iters_per_epoch=3)
    )
    assert result.error is None
    assert train(second, "rest", target) == whole[done:]
