"""Training under each model wrapper, in two processes on the CPU."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from mmmigrate.runtime_v3.model import MMFullyShardedDataParallel
from mmmigrate.runtime_v3.model.wrappers.fully_sharded_distributed import pieces_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("wrappers")
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--rdzv-backend=c10d"]
    command += ["--rdzv-endpoint=localhost:0", str(Path(__file__).with_name("v3_wrappers.py")), str(path)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=path)
    assert done.returncode == 0, done.stderr[-4000:]
    return path


def saved(folder: Path, run: str) -> dict:
    return torch.load(folder / run / "epoch_2.pth", weights_only=True)


def assert_same(first: dict, second: dict, exact: bool = False) -> None:
    assert first.keys() == second.keys()
    for name, value in first.items():
        torch.testing.assert_close(value, second[name], **({"rtol": 0, "atol": 0} if exact else {}))


def kept(folder: Path, run: str) -> list[dict]:
    return [json.loads((folder / f"{run}_{rank}.json").read_text()) for rank in (0, 1)]


@pytest.mark.parametrize("suffix", ["", "_accumulated"])
def test_sharded_training_gives_the_weights_of_replicated_training(folder, suffix):
    assert_same(saved(folder, f"replicated{suffix}")["state_dict"], saved(folder, f"sharded{suffix}")["state_dict"])


def test_each_process_holds_a_part_only(folder):
    whole = sum(value.numel() for value in saved(folder, "sharded")["state_dict"].values())
    first, second = (found["held"] for found in kept(folder, "sharded"))
    assert first + second == whole
    assert first < whole
    assert [found["held"] for found in kept(folder, "replicated")] == [whole, whole]


def test_a_checkpoint_of_sharded_training_has_the_optimizers_whole_state(folder):
    states = [saved(folder, run)["optimizer"]["state"] for run in ("replicated", "sharded")]
    for index, state in states[0].items():
        torch.testing.assert_close(state["momentum_buffer"], states[1][index]["momentum_buffer"])


def test_sharded_training_resumes_bit_for_bit(folder):
    assert_same(saved(folder, "sharded")["state_dict"], saved(folder, "resumed")["state_dict"], exact=True)


def test_the_average_of_a_sharded_model_is_that_of_a_replicated_one_and_resumes_bit_for_bit(folder):
    replicated, sharded, resumed = (saved(folder, f"averaged_{run}") for run in ("replicated", "sharded", "resumed"))
    for part in ("state_dict", "ema_state_dict"):
        assert_same(replicated[part], sharded[part])
        assert_same(sharded[part], resumed[part], exact=True)
    first = "first.weight"
    assert not torch.equal(sharded["state_dict"][first], sharded["ema_state_dict"][f"module.{first}"])


def test_parts_trained_in_turn_agree_over_processes_and_are_saved_without_their_wrappers(folder):
    assert set(saved(folder, "separate")["state_dict"]) == {
        f"{part}.{name}" for part in ("generator", "discriminator") for name in ("weight", "bias")
    }
    first, second = kept(folder, "separate")
    assert first == second


def test_sharding_without_processes_says_how_to_start():
    with pytest.raises(RuntimeError, match="start with --launcher"):
        MMFullyShardedDataParallel(nn.Linear(1, 1))


def test_pieces_are_named_by_class_or_by_path():
    model = nn.Sequential(nn.Linear(1, 1), nn.Sequential(nn.Linear(1, 1), nn.ReLU()))
    assert pieces_of(model, None) == [model[1], model[0]]
    assert pieces_of(model, ["Linear"]) == [model[1][0], model[0]]
    assert pieces_of(model, ["1"]) == [model[1]]
    with pytest.raises(ValueError, match="'Conv' is neither a submodule nor a class of one"):
        pieces_of(model, ["Conv"])
