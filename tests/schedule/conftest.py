"""What real mmcv 1.7.2 sets at every iteration of a table of schedules, asked once."""

import json
import subprocess
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def mmcv_values(peer_v2):
    """Name of a schedule to its values, by iteration and group, in hexadecimal."""
    from schedule.test_plan_against_mmcv import CASES, EPOCHS, INITIAL, ITERS_PER_EPOCH, MOMENTUM

    request = {
        "cases": CASES, "epochs": EPOCHS, "iters_per_epoch": ITERS_PER_EPOCH, "lr": INITIAL, "momentum": MOMENTUM,
        "tuples": ["target_ratio"],
    }  # fmt: skip
    script = Path(__file__).with_name("real_schedules.py")
    done = subprocess.run([peer_v2, script], input=json.dumps(request), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)
