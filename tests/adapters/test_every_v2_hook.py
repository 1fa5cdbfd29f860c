"""Every hook of runtime_v2 under v3: the same trace of weights, rates, outputs and log lines as under v2."""

import json
import subprocess
from pathlib import Path

import pytest

from .v2_hooks import CASES, lines, run_v2, run_v3, runs

WAYS = [(name, by_epoch) for name in CASES for by_epoch in runs(name)]


def files(folder):
    return sorted(path.name for path in folder.rglob("*.pth") if not path.is_symlink())


@pytest.fixture(scope="module")
def under_v2(tmp_path_factory):
    """The notes, the JSON log and the checkpoints of the v2 run, made once."""
    made = {}

    def get(name, by_epoch):
        if (name, by_epoch) not in made:
            folder = tmp_path_factory.mktemp("v2") / "run"
            notes = run_v2(CASES[name], folder, by_epoch)
            made[name, by_epoch] = notes, lines(folder), files(folder)
        return made[name, by_epoch]

    return get


@pytest.mark.parametrize(("name", "by_epoch"), WAYS)
def test_the_trace_is_the_same_in_runtime_v3(under_v2, tmp_path, name, by_epoch):
    from mmmigrate.runtime_v3 import Hook, Runner
    from mmmigrate.runtime_v3.runner.dataloader import build_dataloader

    notes = run_v3(CASES[name], tmp_path / "run", by_epoch, Runner, Hook, build_dataloader)
    old, log, checkpoints = under_v2(name, by_epoch)
    assert [seen[0] for seen in notes] == [seen[0] for seen in old]
    for before, after in zip(old, notes):
        assert after == before
    assert lines(tmp_path / "run") == log
    assert files(tmp_path / "run") == checkpoints


@pytest.mark.peer
def test_the_trace_is_the_same_in_real_mmengine(under_v2, tmp_path, peer_v3):
    script = Path(__file__).with_name("run_in_mmengine.py")
    done = subprocess.run([str(peer_v3), str(script), str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads((tmp_path / "notes.json").read_text())
    for name, by_epoch in WAYS:
        old, log, checkpoints = under_v2(name, by_epoch)
        notes, new_log, new_checkpoints = found[f"{name} {by_epoch}"]
        assert notes == json.loads(json.dumps(old)), name
        assert (new_log, new_checkpoints) == (json.loads(json.dumps(log)), checkpoints), name


@pytest.mark.peer
def test_real_mmengine_finds_what_a_v2_project_registered(tmp_path, peer_v3):
    script = Path(__file__).with_name("names_in_mmengine.py")
    done = subprocess.run([str(peer_v3), str(script), str(tmp_path)], capture_output=True, text=True)
    assert "ran [0, 1, 2, 3, 4, 5] 7" in done.stdout, done.stderr[-3000:]
