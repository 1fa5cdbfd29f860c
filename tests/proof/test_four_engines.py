"""The same experiment in all four engines: agreement of our two runtimes proves nothing about what they share."""

import subprocess
from pathlib import Path

import pytest

from mmmigrate.compat.trace import compare

SCRIPTS = Path(__file__).with_name("peers")
EXPERIMENTS = {
    "classifier_step": 120,
    "classifier_cosine": 80,
    "segmenter_poly": 120,
    "classifier_phases": 60,  # validation phases, averaged weights, momentum in a cycle, accumulation, late evaluation
    "segmenter_phases": 60,  # the same by iteration; parameter groups that mmengine alone would make otherwise
}


def run_peer(python, script, *arguments):
    done = subprocess.run(
        [str(python), str(SCRIPTS / script), *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.peer
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_runtime_v2_trains_bit_for_bit_like_real_mmcv(peer_v2, configs, recorded_v2, tmp_path, name):
    run_peer(peer_v2, "train_mmcv.py", configs / f"{name}.py", tmp_path / "trace", tmp_path / "work_dir")
    assert str(compare(tmp_path / "trace", recorded_v2(name))) == f"bit-equal over {EXPERIMENTS[name]} iterations"


@pytest.mark.peer
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_converted_config_trains_bit_for_bit_the_same_in_real_mmengine(
    peer_v3, converted, recorded_v2, tmp_path, name
):
    weights = recorded_v2(name).parent / "weights.pth"
    run_peer(peer_v3, "train_mmengine.py", converted(name), tmp_path / "trace", tmp_path / "work_dir", weights)
    assert str(compare(recorded_v2(name), tmp_path / "trace")) == f"bit-equal over {EXPERIMENTS[name]} iterations"
