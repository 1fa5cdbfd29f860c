"""What runtime_v3 and real mmengine add to a bare PyTorch loop, per iteration, in interleaved runs.

    python benchmarks/overhead_v3.py --peer PYTHON [--iters 1000 10000 100000] [--rounds 3] [--pairs 1]
        [--kinds epoch iter ema] [--imports]

PYTHON is the interpreter of an environment with mmengine 0.10.7 (`.peers/v3/bin/python`). Quote the ratios, not the
times: both engines run in turns in one go, on whatever machine this is.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

WORKER = r"""
import json, sys, tempfile, time  # process time: other processes on the machine do not count
from importlib import import_module
import torch
from torch import nn

root, iters, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
torch.set_num_threads(1)
registry, model, runner = (import_module(f"{root}.{part}") for part in ("registry", "model", "runner"))
BATCH = {"inputs": torch.randn(4, 8), "data_samples": torch.randn(4, 2)}


class Batches(torch.utils.data.Dataset):
    def __len__(self):
        return iters

    def __getitem__(self, index):
        return BATCH


class Loader(torch.utils.data.DataLoader):
    # Hands out the same batch, so that only the engine is measured.
    def __iter__(self):
        for _ in range(iters):
            yield BATCH


@registry.MODELS.register_module()
class Tiny(model.BaseModel):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))

    def forward(self, inputs, data_samples=None, mode="tensor"):
        return {"loss": nn.functional.mse_loss(self.net(inputs), data_samples)}


def bare():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    begin = time.process_time()
    for _ in range(iters):
        loss = nn.functional.mse_loss(net(BATCH["inputs"]), BATCH["data_samples"])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return time.process_time() - begin


def engine():
    # Nothing is written, so that only the loop counts.
    checkpoint = {"type": "CheckpointHook", "interval": -1, "save_last": False, "by_epoch": kind == "epoch"}
    hooks = {"logger": {"type": "LoggerHook", "interval": 10**9}, "checkpoint": checkpoint}
    train_cfg = {"by_epoch": True, "max_epochs": 1} if kind == "epoch" else {"by_epoch": False, "max_iters": iters}
    with tempfile.TemporaryDirectory() as folder:
        made = runner.Runner(
            model={"type": "Tiny"}, work_dir=folder, train_dataloader=Loader(Batches(), batch_size=1),
            train_cfg=train_cfg, default_hooks=hooks, log_level="ERROR", randomness={"seed": 0},
            optim_wrapper={"optimizer": {"type": "SGD", "lr": 0.01}},
            param_scheduler={"type": "PolyLR", "by_epoch": False, "end": iters + 1},
            log_processor={"by_epoch": kind == "epoch"},
            experiment_name=folder.rpartition("/")[2],  # two runs within a second share one otherwise
        )
        loop = made.train_loop
        run, times = loop.run, []

        def timed():
            begin = time.process_time()
            result = run()
            times.append(time.process_time() - begin)
            return result

        loop.run = timed
        made.train()
    return times[0]


def ema():
    net = nn.Sequential(*(nn.Linear(16, 16) for _ in range(50)))
    averaged = model.ExponentialMovingAverage(net)
    averaged.update_parameters(net)
    begin = time.process_time()
    for _ in range(iters):
        averaged.update_parameters(net)
    return time.process_time() - begin


bare()
# The least of each: what else runs on the machine only ever adds, and to a short run more easily.
pairs = [(bare(), ema() if kind == "ema" else engine()) for _ in range(int(sys.argv[4]) or max(3, 20_000 // iters))]
print(json.dumps({"bare": min(pair[0] for pair in pairs), "engine": min(pair[1] for pair in pairs)}))
"""

ENGINES = ("mmmigrate.runtime_v3", "mmengine")


def measure(python: str, root: str, iters: int, kind: str, pairs: int = 0) -> float:
    """Microseconds per iteration over the bare loop; for `ema`, of an update of 100 tensors."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [python, "-W", "ignore", "-c", WORKER, root, str(iters), kind, str(pairs)],
        capture_output=True,
        text=True,
        env=environment,
    )
    if done.returncode:
        raise SystemExit(f"{root} failed:\n{done.stderr}")
    seconds = json.loads(done.stdout.splitlines()[-1])
    over = seconds["engine"] if kind == "ema" else seconds["engine"] - seconds["bare"]
    return over / iters * 1e6


def compare(peer: str, iters: int, kind: str, rounds: int, pairs: int) -> None:
    """Runs both engines in turns and prints the least disturbed run of each, and their ratio."""
    results: dict[str, list[float]] = {root: [] for root in ENGINES}
    for _ in range(rounds):
        for root in ENGINES:
            results[root].append(measure(peer if root == "mmengine" else sys.executable, root, iters, kind, pairs))
    ours, theirs = (min(results[root]) for root in ENGINES)
    print(f"{kind:>6} {iters:>7} iterations: ours {ours:7.1f} us, mmengine {theirs:7.1f} us, ratio {ours / theirs:.3f}")


def compare_imports(rounds: int) -> None:
    """Prints how long importing the Runner takes against importing torch."""
    results: dict[str, list[float]] = {"import torch": [], "from mmmigrate.runtime_v3.runner import Runner": []}
    for _ in range(rounds):
        for statement in results:
            code = f"import time; b = time.process_time(); {statement}; print(time.process_time() - b)"
            done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
            results[statement].append(float(done.stdout))
    torch_alone, runner = (statistics.median(times) for times in results.values())
    print(f"import: torch {torch_alone:.3f} s, Runner {runner:.3f} s, ratio {runner / torch_alone:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = Path(__file__).parents[1]
    parser.add_argument("--peer", default=str(root / ".peers" / "v3" / "bin" / "python"))
    parser.add_argument("--iters", type=int, nargs="+", default=[1000, 10000, 100000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=0, help="runs of each engine in a process; more for short ones")
    parser.add_argument("--kinds", nargs="+", default=["epoch", "iter"], choices=["epoch", "iter", "ema"])
    parser.add_argument("--imports", action="store_true")
    given = parser.parse_args()
    for kind in given.kinds:
        for iters in given.iters:
            compare(given.peer, iters, kind, given.rounds, given.pairs)
    if given.imports:
        compare_imports(given.rounds)


if __name__ == "__main__":
    main()
