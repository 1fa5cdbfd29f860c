"""The layers and networks of mmcv.cnn: weights drawn, results, and which parameters are trained."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("layer_parts.py")


@pytest.fixture(scope="module")
def results(peer_v2, tmp_path_factory):
    found = {}
    for engine, python in (("ours", sys.executable), ("mmcv", peer_v2)):
        output = tmp_path_factory.mktemp(engine) / "layers.json"
        done = subprocess.run([python, SCRIPT, engine, output], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        found[engine] = json.loads(output.read_text())
    return found


@pytest.mark.peer
@pytest.mark.parametrize("part", ["blocks", "convolutions", "transformers", "networks", "complexity"])
def test_layers_give_what_mmcvs_give(part, results):
    differing = {name for name, value in results["mmcv"][part].items() if not alike(results["ours"][part][name], value)}
    assert not differing


def alike(ours, mmcvs):
    """Equal; an error of ours may be caught as more than mmcv's, so that callers of either kind go on."""
    if isinstance(ours, dict) and isinstance(mmcvs, dict) and "caught as" in mmcvs:
        return set(mmcvs["caught as"]) <= set(ours["caught as"])
    return ours == mmcvs
