"""Trains the tiny project in real mmengine with each v2 hook: FOLDER. Writes what they saw to FOLDER/notes.json."""

import importlib
import json
import sys
import time
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / ".typing"), str(HERE.parent)]

import mmengine.hooks  # noqa: E402
import mmengine.runner  # noqa: E402

mmengine.runner.runner.collect_env = dict  # asks the machine for a second, at every run
time.sleep = lambda seconds: None  # mmengine sleeps two seconds when a data loader begins anew

hooks = importlib.import_module("adapters.v2_hooks")


def main(folder):
    torch.set_num_threads(1)
    found = {}
    for number, (name, case) in enumerate(hooks.CASES.items()):
        for by_epoch in hooks.runs(name):
            where = Path(folder) / f"case{number}{by_epoch}" / "run"
            build = mmengine.runner.Runner.build_dataloader
            notes = hooks.run_v3(case, where, by_epoch, mmengine.runner.Runner, mmengine.hooks.Hook, build)
            checkpoints = sorted(path.name for path in where.rglob("*.pth") if not path.is_symlink())
            found[f"{name} {by_epoch}"] = notes, hooks.lines(where), checkpoints
    (Path(folder) / "notes.json").write_text(json.dumps(found))


main(*sys.argv[1:])
