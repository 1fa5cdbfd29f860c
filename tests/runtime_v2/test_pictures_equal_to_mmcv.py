"""The picture functions of mmcv: the same pixels, bit for bit, and errors that callers catch alike."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("picture_parts.py")
NAMESPACE = Path(__file__).parents[2] / ".typing"


@pytest.fixture(scope="module")
def results(peer_v2, tmp_path_factory):
    found = {}
    for engine, paths in (("ours", {"PYTHONPATH": str(NAMESPACE)}), ("mmcv", {})):
        output = tmp_path_factory.mktemp(engine) / "pictures.json"
        command = [peer_v2, SCRIPT, engine, output]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **paths})
        assert done.returncode == 0, done.stderr[-3000:]
        found[engine] = json.loads(output.read_text())
    return found


@pytest.mark.peer
@pytest.mark.parametrize("part", ["files", "sizes", "shapes", "colors", "light", "boxes"])
def test_pictures_are_those_of_mmcv(part, results):
    ours, mmcvs = results["ours"][part], results["mmcv"][part]
    assert ours.keys() == mmcvs.keys()
    assert {name for name in mmcvs if not alike(ours[name], mmcvs[name])} == set()


def alike(ours, mmcvs):
    if isinstance(ours, dict) and isinstance(mmcvs, dict):
        return set(mmcvs["caught as"]) <= set(ours["caught as"])
    if isinstance(ours, list) and isinstance(mmcvs, list):
        return len(ours) == len(mmcvs) and all(map(alike, ours, mmcvs))
    return ours == mmcvs


def test_without_opencv_a_picture_function_says_what_to_install():
    code = """
import sys
sys.modules["cv2"] = None
from mmmigrate.compat import aliases
aliases.install("mmcv")
import mmcv, numpy
assert mmcv.imflip(numpy.eye(3)).tolist() == numpy.eye(3)[:, ::-1].tolist()
try:
    mmcv.imresize(numpy.eye(3), (2, 2))
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "mmcv's picture functions need OpenCV: pip install opencv-python-headless\n"
