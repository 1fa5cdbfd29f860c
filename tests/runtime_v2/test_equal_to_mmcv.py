"""Whole runs in this runtime and in real mmcv 1.7.2: the same to the last bit, file name and log line."""

import json
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def load_table():
    spec = spec_from_file_location("v2_experiments", HERE / "experiments.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.EXPERIMENTS


EXPERIMENTS = load_table()


def run_all(python, engine, folder):
    output = folder / f"{engine}.json"
    command = [python, HERE / "engine.py", engine, output]
    done = subprocess.run(command, input=json.dumps(EXPERIMENTS), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(output.read_text())


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    return run_all(sys.executable, "ours", tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def real(peer_v2, tmp_path_factory):
    return run_all(peer_v2, "mmcv", tmp_path_factory.mktemp("real"))


@pytest.mark.peer
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_run_equals_mmcvs(name, ours, real):
    if "error" in real[name]:
        # refusals say more here than there, so only that both refuse is compared
        assert "error" in ours[name]
        return
    assert "error" not in ours[name], ours[name]
    for part in real[name]:
        assert ours[name][part] == real[name][part], part
