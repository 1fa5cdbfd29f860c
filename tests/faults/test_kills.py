from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]


def test_a_killed_run_leaves_old_or_new_files_and_goes_on() -> None:
    """A few rounds of `faults.kills`, in a process of its own since it forks; `make faults` does 200 of each."""
    command = [sys.executable, "-m", "faults.kills", "4", "--json"]
    done = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert [kind for kind, tally in found.items() if tally["faults"] or tally["rounds"] < 4] == []
    assert len(found) == 5
    assert sum(tally["killed"] for tally in found.values()) > 0
