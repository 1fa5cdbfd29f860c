"""What comparing two long traces costs: `python benchmarks/compare.py [STEPS]`.

Builds traces of 100,000 steps of a ResNet-18 (62 parameters with gradients and momenta, 60 buffers, losses, rates,
norms, the indices of every batch, evaluations and checkpoints), and runs `mmmigrate compare` on an equal pair, on one
that diverges halfway in everything, and on one whose new run logs more and draws other random numbers. The targets
are 5 s and 300 MB.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from mmmigrate.compat.trace.format import Column, TensorRecord, TraceWriter

PARAMETERS, BUFFERS = 62, 60
NUMBERS = (("schedule", "lr[0]", "f8"), ("schedule", "momentum[0]", "f8"), ("schedule", "weight_decay[0]", "f8"),
           ("loss", "loss", "f4"), ("loss", "loss_cls", "f4"), ("gradient", "norm", "f4"), ("clip", "norm", "f4"),
           ("step", "optimizer.steps", "i8"))  # fmt: skip
DIGESTS = (
    *(("data", name) for name in ("batch", "rng.torch", "rng.numpy", "rng.python", "indices")),
    *((stage, f"layer{i}.weight{end}") for stage, end in (("gradient", ""), ("step", ""), ("step", "/momentum_buffer"))
      for i in range(PARAMETERS)),
    *(("forward", f"bn{i}.running") for i in range(BUFFERS)),
)  # fmt: skip


def write(path: Path, steps: int, *, off: int | None = None, more: bool = False) -> None:
    """A trace of `steps`; from step `off` on everything in it differs."""
    columns = [Column(*one) for one in NUMBERS] + [Column(stage, name, "digest") for stage, name in DIGESTS]
    columns += [Column("loss", "accuracy", "f4")] if more else []
    random = np.random.default_rng(0)
    with TraceWriter(path, {"engine": path.stem}) as writer:
        for i in range(steps):
            wrong = 1 if off is not None and i >= off else 0
            digests = random.integers(0, 2**63, len(DIGESTS), dtype=np.uint64)
            digests[1] += np.uint64(more)
            numbers = [
                0.1 * 0.5 ** (i // 30000),
                0.9,
                1e-4,
                1 / (i + 1) + 1e-6 * wrong,
                0.5,
                2.0 + 1e-6 * wrong,
                1.0,
                1,
            ]
            indices = random.integers(0, 50000, 16).tobytes()
            writer.tensor(TensorRecord(i, "data", "indices", "int64", (16,), indices))
            writer.row(i, tuple(columns), [*numbers, *(digests + np.uint64(wrong)).tolist(), *([0.5] if more else [])])
            if i % 1000 == 999:
                writer.event(i, "evaluation", "metrics", {"mAP": 0.4 + i * 1e-7})
                writer.event(i, "checkpoint", f"iter_{i + 1}.pth", {"weights": f"{i:016x}"})


def measure(old: Path, new: Path) -> tuple[str, float, float]:
    """The verdict, seconds, and the most MB that the process held."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "mmmigrate.compat", "compare", str(old), str(new)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    said = process.communicate()[0].splitlines()[0]
    seconds = time.perf_counter() - began
    return said, seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def main() -> None:
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "old", steps)
        size = (folder / "old").stat().st_size
        print(
            f"{steps:,} steps, {len(NUMBERS) + len(DIGESTS)} columns: {size / 1e6:.0f} MB, {size / steps:.0f} B a step"
        )
        for case in ({}, {"off": steps // 2}, {"more": True}):
            write(folder / "new", steps, **case)
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            said, seconds, megabytes = measure(folder / "old", folder / "new")
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            print(f"{seconds:5.2f} s ({cpu:.2f} s CPU), {megabytes:4.0f} MB  {said}")


if __name__ == "__main__":
    main()
