"""Whole experiments against real mmengine 0.10.7: loss, weights, optimizer, schedule, files and logs, bit for bit."""

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
EXPERIMENTS = runpy.run_path(str(HERE / "v3_experiments.py"))["EXPERIMENTS"]


def record(python: str | Path, root: str, folder: Path) -> dict[str, dict]:
    # mmengine cannot load its own checkpoints on torch >= 2.6 without the second of these.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD": "1"}
    done = subprocess.run(
        [str(python), str(HERE / "v3_record.py"), root, str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=folder,  # some experiments name files by relative paths
    )
    assert done.returncode == 0, done.stderr
    return {name: json.loads((folder / f"{name}.json").read_text()) for name in EXPERIMENTS}


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    return record(sys.executable, "mmmigrate.runtime_v3", tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def real(peer_v3: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    return record(peer_v3, "mmengine", tmp_path_factory.mktemp("real"))


def differences(own, theirs, place="") -> list[str]:
    """The places where two traces differ."""
    if isinstance(own, dict) and isinstance(theirs, dict):
        found = [f"{place}.{key}: only in one" for key in own.keys() ^ theirs.keys()]
        for key in own.keys() & theirs.keys():
            found += differences(own[key], theirs[key], f"{place}.{key}")
        return found
    if isinstance(own, list) and isinstance(theirs, list) and len(own) == len(theirs):
        return [line for i, pair in enumerate(zip(own, theirs)) for line in differences(*pair, f"{place}[{i}]")]
    return [] if own == theirs else [f"{place}: ours {own!r}, mmengine's {theirs!r}"]


@pytest.mark.peer
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_leaves_the_same_trace_as_mmengine(name, ours, real):
    assert "error" not in real[name], real[name]["error"]
    assert "error" not in ours[name], ours[name]["error"]
    assert differences(ours[name], real[name]) == []


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_trains_on_what_it_should(name, ours):
    assert "error" not in ours[name], ours[name]["error"]
    weights = [entry["weights"] for entry in ours[name]["iterations"]]
    # Accumulation steps every third time; without batch norm's statistics nothing would change in between.
    assert len(set(weights)) == len(weights)


def test_the_comparison_sees_a_single_bit():
    own = {"iterations": [{"lr": [(0.1).hex()]}]}
    theirs = {"iterations": [{"lr": [(0.1 + 2**-56).hex()]}]}
    assert differences(own, theirs) == [
        f".iterations[0].lr[0]: ours {(0.1).hex()!r}, mmengine's {(0.1 + 2**-56).hex()!r}"
    ]
