"""Time of `mmmigrate code` on a real package, against libcst merely parsing it and generating its text again.

    benchmarks/code_conversion.py PACKAGE [ROUNDS]

Each figure is the CPU or wall time of a whole process, start-up included; the ways take turns; ratios are of medians.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIBCST = """
import sys
from pathlib import Path
import libcst
for path in sorted(Path(sys.argv[1]).rglob("*.py")):
    if not any(part.startswith(".") for part in path.relative_to(sys.argv[1]).parts):
        libcst.parse_module(path.read_bytes()).code
"""
COMMAND = [sys.executable, "-m", "mmmigrate.compat", "code", "-q"]


def timed(command: list[str]) -> tuple[float, float]:
    """Wall seconds, and CPU seconds of the process and its children."""
    before, start = os.times(), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    wall, after = time.perf_counter() - start, os.times()
    return wall, sum(after[2:4]) - sum(before[2:4])


def main(package: Path, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        converted = Path(folder) / package.name
        subprocess.run([*COMMAND, str(package), "-o", str(converted)], check=True, capture_output=True)
        ways = {
            "libcst, parse and generate": [sys.executable, "-c", LIBCST, str(package)],
            "mmmigrate code": [*COMMAND, str(package)],
            "mmmigrate code -j 2": [*COMMAND, str(package), "-j", "2"],
            "mmmigrate code, nothing to do": [*COMMAND, str(converted)],
        }
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, command in ways.items():
                times[name].append(timed(command))
    wall = {name: statistics.median(pair[0] for pair in pairs) for name, pairs in times.items()}
    cpu = {name: statistics.median(pair[1] for pair in pairs) for name, pairs in times.items()}
    for name in ways:
        print(f"{name:<32} wall {wall[name]:6.2f} s   cpu {cpu[name]:6.2f} s")
    libcst, one, two, _ = ways
    print(f"one process / libcst: {cpu[one] / cpu[libcst]:.3f} of CPU; target 0.333")
    print(f"two processes / one: {wall[two] / wall[one]:.3f} of wall; target 0.6")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5)
