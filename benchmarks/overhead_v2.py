"""What a run costs beside the model: overhead per iteration over a bare loop, here and in real mmcv 1.7.2.

    python benchmarks/overhead_v2.py PEER_PYTHON [--passes 30] [--rounds 5]

PEER_PYTHON is the interpreter of an environment with real mmcv. Both engines run in turn, several times, and the
medians and their ratio are printed: only the ratio of one run means anything. mmcv's sleeps are taken out.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

WORKER = Path(__file__).with_name("overhead_v2_worker.py")
KINDS = ("epoch", "iter", "ema")


def measure(python: str, engine: str, passes: int) -> dict[str, float]:
    """Microseconds per iteration over the bare loop, by kind, from a new process."""
    command = [python, str(WORKER), engine, str(passes)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", help="python of an environment with real mmcv 1.7.2")
    parser.add_argument("--passes", type=int, default=30, help="of 100 iterations, per measurement")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    rounds: dict[str, list[dict[str, float]]] = {"ours": [], "mmcv": []}
    for _ in range(args.rounds):
        rounds["mmcv"].append(measure(args.peer, "mmcv", args.passes))
        rounds["ours"].append(measure(sys.executable, "ours", args.passes))
    print(f"{'':8}{'mmcv µs':>10}{'ours µs':>10}{'ours/mmcv':>11}")
    for kind in KINDS:
        peer, own = (statistics.median(each[kind] for each in rounds[engine]) for engine in ("mmcv", "ours"))
        print(f"{kind:8}{peer:10.1f}{own:10.1f}{own / peer:11.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
