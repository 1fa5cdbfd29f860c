"""A run that was killed and resumed ends as the uninterrupted one; checkpoints go both ways between us and mmengine."""

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import torch

HERE = Path(__file__).parent
config_of = runpy.run_path(str(HERE / "v3_experiments.py"))["config_of"]

SCHEDULE = [
    {"type": "LinearLR", "start_factor": 0.1, "by_epoch": False, "end": 6},
    {"type": "CosineAnnealingLR", "by_epoch": True, "convert_to_iter_based": True},
]
BY_ITERATION = {
    "train_cfg": {"by_epoch": False, "max_iters": 16, "val_interval": 4},
    "default_hooks": {"checkpoint": {"type": "CheckpointHook", "by_epoch": False, "interval": 4, "max_keep_ckpts": 1}},
    "param_scheduler": {"type": "PolyLR", "by_epoch": False, "power": 0.9},
}
EMA = {"custom_hooks": [{"type": "EMAHook", "momentum": 0.1}]}
OUR_ROOT = "mmmigrate.runtime_v3"


def train(python, root, folder, notes, config, kill_at=0, checkpoint=None) -> subprocess.CompletedProcess:
    arguments = [str(python), str(HERE / "v3_resume.py"), root, str(folder), str(notes), json.dumps(config)]
    arguments += [str(kill_at)] + ([] if checkpoint is None else [str(checkpoint)])
    return subprocess.run(arguments, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})


def notes_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def experiment(name: str, **changes) -> dict:
    return {**config_of(name), **changes}


CASES = {
    "by epoch": (experiment("by_epoch", param_scheduler=SCHEDULE), 8, 5),
    "by epoch with averaged weights": (experiment("averaged_weights", param_scheduler=SCHEDULE), 12, 10),
    "in the middle of an epoch": (
        experiment(
            "averaged_weights",
            param_scheduler=SCHEDULE,
            default_hooks={"checkpoint": {"type": "CheckpointHook", "by_epoch": False, "interval": 3}},
            optim_wrapper={**config_of("averaged_weights")["optim_wrapper"], "accumulative_counts": 2},
        ),
        11,
        9,
    ),
    "by iteration": (experiment("by_iteration_infinite_sampler", **BY_ITERATION), 10, 8),
    "by iteration with restarts": (
        experiment(
            "by_iteration_infinite_sampler", **BY_ITERATION, train_dataloader=config_of("by_epoch")["train_dataloader"]
        ),
        15,
        12,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_killed_run_goes_on_bit_for_bit(name, tmp_path):
    config, kill_at, resumed_at = CASES[name]
    whole = train(sys.executable, OUR_ROOT, tmp_path / "whole", tmp_path / "whole.txt", config)
    assert whole.returncode == 0, whole.stderr
    killed = train(sys.executable, OUR_ROOT, tmp_path / "killed", tmp_path / "killed.txt", config, kill_at)
    assert killed.returncode == -9, killed.stderr
    resumed = train(sys.executable, OUR_ROOT, tmp_path / "killed", tmp_path / "resumed.txt", config)
    assert resumed.returncode == 0, resumed.stderr
    expected, again = notes_of(tmp_path / "whole.txt"), notes_of(tmp_path / "resumed.txt")
    assert again[0]["iter"] == resumed_at
    assert again == expected[resumed_at:]
    assert not list((tmp_path / "killed").glob(".*.tmp"))


def save(tmp_path: Path, python, root: str, config: dict) -> Path:
    done = train(python, root, tmp_path / "saved", tmp_path / "saved.txt", config)
    assert done.returncode == 0, done.stderr
    return tmp_path / "saved" / "epoch_2.pth"


# Without dropout, since mmengine does not save the state of the random generators.
PORTABLE = {
    "by epoch": experiment("by_epoch", param_scheduler=SCHEDULE),
    "one cycle": experiment("momentum_schedules"),
    "averaged weights": experiment("averaged_weights", param_scheduler=SCHEDULE),
}


@pytest.mark.peer
@pytest.mark.parametrize("name", PORTABLE)
def test_a_checkpoint_of_ours_is_resumed_by_mmengine(name, tmp_path, peer_v3):
    checkpoint = save(tmp_path, sys.executable, OUR_ROOT, PORTABLE[name])
    done = train(peer_v3, "mmengine", tmp_path / "there", tmp_path / "there.txt", PORTABLE[name], 0, checkpoint)
    assert done.returncode == 0, done.stderr
    own, theirs = notes_of(tmp_path / "saved.txt")[10:], notes_of(tmp_path / "there.txt")
    assert [note["lr"] for note in theirs] == [note["lr"] for note in own]
    assert [note["iter"] for note in theirs] == [note["iter"] for note in own]


@pytest.mark.peer
@pytest.mark.parametrize("name", PORTABLE)
def test_a_checkpoint_of_mmengine_is_resumed_by_us(name, tmp_path, peer_v3):
    checkpoint = save(tmp_path, peer_v3, "mmengine", PORTABLE[name])
    done = train(sys.executable, OUR_ROOT, tmp_path / "here", tmp_path / "here.txt", PORTABLE[name], 0, checkpoint)
    assert done.returncode == 0, done.stderr
    theirs, own = notes_of(tmp_path / "saved.txt")[10:], notes_of(tmp_path / "here.txt")
    assert [note["lr"] for note in own] == [note["lr"] for note in theirs]
    assert [note["iter"] for note in own] == [note["iter"] for note in theirs]


def test_a_checkpoint_of_ours_loads_with_weights_only(tmp_path):
    config = experiment("averaged_weights", param_scheduler=SCHEDULE)
    checkpoint = torch.load(save(tmp_path, sys.executable, OUR_ROOT, config), weights_only=True)
    assert checkpoint["meta"]["epoch"] == 2
    assert {"state_dict", "ema_state_dict", "optimizer", "param_schedulers", "message_hub"} <= checkpoint.keys()
