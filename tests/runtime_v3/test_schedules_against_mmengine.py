"""Every parameter scheduler, at every step, against real mmengine 0.10.7: equal to the last bit."""

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("v3_schedules.py")
CASES = runpy.run_path(str(SCRIPT))["CASES"]


def values(python: str | Path, root: str) -> dict[str, list]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([str(python), str(SCRIPT), root], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def ours() -> dict[str, list]:
    return values(sys.executable, "mmmigrate.runtime_v3")


@pytest.fixture(scope="module")
def real(peer_v3: Path) -> dict[str, list]:
    return values(peer_v3, "mmengine")


@pytest.mark.peer
@pytest.mark.parametrize("name", CASES)
def test_sets_the_same_values_as_mmengine(name, ours, real):
    for step, (own, theirs) in enumerate(zip(ours[name], real[name], strict=True)):
        assert own == theirs, f"step {step}"


@pytest.mark.parametrize("name", CASES)
def test_changes_something(name, ours):
    assert len({json.dumps(entry) for entry in ours[name][1:]}) > 1
