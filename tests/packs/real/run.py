"""A published experiment in both real worlds: `python -m packs.real.run` (from tests/), environments included.

Real mmcls 0.25.0 on mmcv 1.7.2 trains its own, unmodified CIFAR config; its conversion is trained by real mmpretrain
1.2.0 on mmengine; same seed, same made pictures, same initial weights. Each iteration's labels, inputs, loss and rate
are compared, the loss by every bit.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from packs.real.made_cifar import make
from peers.environments import published, python_of

from mmmigrate.compat.atomic import atomic_write
from mmmigrate.converters.convert import ConfigConverter
from mmmigrate.converters.rules.experiment import Options

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
CONFIG = Path("mmcls/.mim/configs/resnet/resnet18_8xb16_cifar10.py")
Seen = list[dict[str, Any]]


def train_old(folder: Path, iterations: int) -> Seen:
    """What real mmcls saw; leaves its initial weights as ``initial.pth``. ``folder`` is given data/cifar10."""
    make(folder / "data" / "cifar10", images=iterations * 16)
    return _train(folder, "mmcls", "train_old.py", published("mmcls") / CONFIG, "old", str(iterations))


def train_new(folder: Path, iterations: int, like_v2: Sequence[str] = ()) -> Seen:
    """What real mmpretrain saw, with the conversion of the same config, from the weights of ``train_old``."""
    options = Options(schedule="exact", order="v2", flatten=True)
    config = folder / "converted.py"
    with atomic_write(config, "w") as file:
        file.write(ConfigConverter(options).convert(published("mmcls") / CONFIG).text)
    weights = str(folder / "old" / "initial.pth")
    name = "-".join(("new", *like_v2))
    return _train(folder, "mmpretrain", "train_new.py", config, name, str(iterations), weights, *like_v2)


def _train(folder: Path, world: str, script: str, config: Path, name: str, *arguments: str) -> Seen:
    out = folder / name
    out.mkdir(exist_ok=True)
    done = subprocess.run(
        [python_of(world), "-W", "ignore", HERE / script, config, out, *arguments],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT / ".typing")},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{script} failed:\n{done.stderr[-2000:]}")
    return list(json.loads((out / "seen.json").read_text()))


def first_difference(old: Seen, new: Seen) -> tuple[int, str] | None:
    """(iteration from 1, the first of labels, inputs, loss, rate that differs), or None."""
    for iteration, (before, after) in enumerate(zip(old, new, strict=True), 1):
        for name in ("labels", "inputs", "loss", "lr"):
            if before[name] != after[name]:
                return iteration, name
    return None


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    with tempfile.TemporaryDirectory() as place:
        seen = train_old(Path(place), count)
        for changes in ((), ("crop",)):
            found = first_difference(seen, train_new(Path(place), count, changes))
            said = f"first difference at iteration {found[0]}: {found[1]}" if found else f"equal for {count} iterations"
            print(f"{' + '.join(changes) or 'as published'}: {said}")
