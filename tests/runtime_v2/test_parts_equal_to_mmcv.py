"""Batching, initialization, parameter groups, checkpoints and precision, through `import mmcv` here and there."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("parts.py")
PARTS = (
    "batches",
    "weights",
    "groups",
    "checkpoints",
    "precision",
    "averages",
    "loss scales",
    "scatter functions",
    "gpu counts",
    "wrapper",
)


@pytest.fixture(scope="module")
def results(peer_v2, tmp_path_factory):
    found = {}
    for engine, python in (("ours", sys.executable), ("mmcv", peer_v2)):
        output = tmp_path_factory.mktemp(engine) / "parts.json"
        command = [python, SCRIPT, engine, output]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=output.parent)
        assert done.returncode == 0, done.stderr[-3000:]
        found[engine] = json.loads(output.read_text())
    return found


@pytest.mark.peer
@pytest.mark.parametrize("part", PARTS)
def test_a_part_gives_what_mmcvs_gives(part, results):
    assert results["ours"][part] == results["mmcv"][part]
