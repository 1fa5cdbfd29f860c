"""Every public name of mmcv 1.7.2, with its parameters, is answered, or stands in surface_differences.py."""

import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from mmmigrate.compat.aliases.mmcv import MMCV

SCRIPT = Path(__file__).with_name("surface.py")
KNOWN = runpy.run_path(str(Path(__file__).with_name("surface_differences.py")))


def gone(path):
    """Whether the aliases say what to use instead of `mmcv.path`."""
    below = path.removeprefix("mmcv.")
    return any(below == name or below.startswith(name + ".") for name in MMCV.gone)


@pytest.fixture(scope="module")
def real(peer_v2):
    done = subprocess.run([peer_v2, "-W", "ignore", SCRIPT, "real"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def answered(real):
    names = json.dumps({path: list(found) for path, found in real.items()})
    done = subprocess.run([sys.executable, SCRIPT, "alias"], input=names, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.peer
def test_every_module_can_be_imported_or_says_what_to_use_instead(answered):
    assert {path for path, found in answered.items() if isinstance(found, str) and not gone(path)} == set()


@pytest.mark.peer
def test_every_name_is_there_or_is_known_to_be_left_out(answered):
    absent = {}
    for path, found in answered.items():
        if isinstance(found, dict):
            names = {name for name, value in found.items() if isinstance(value, str) and not gone(f"{path}.{name}")}
            absent.update({path: names} if names else {})
    assert absent == {path: set(names) for path, names in KNOWN["ABSENT"].items()}


@pytest.mark.peer
def test_everything_takes_the_same_parameters_or_is_known_to_differ(real, answered):
    different, lacking = set(), set()
    for path, found in answered.items():
        for name, own in found.items() if isinstance(found, dict) else ():
            if isinstance(own, str):
                continue
            expected = real[path][name]
            if (own["kind"], own.get("parameters")) != (expected["kind"], expected.get("parameters")):
                different.add(name)
            for method, parameters in expected.get("methods", {}).items():
                if method not in own["methods"]:
                    lacking.add(name)
                elif own["methods"][method] != parameters:
                    different.add(f"{name}.{method}")
    assert different == set(KNOWN["DIFFERENT"])
    assert lacking == set(KNOWN["OWN_METHODS"])
