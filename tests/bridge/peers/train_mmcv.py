"""Trains in real mmcv: SETTINGS (JSON) WORK_DIR NOTES [CHECKPOINT]."""

import json
import logging
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent))
time.sleep = lambda seconds: None  # real mmcv sleeps two seconds at the start of every epoch

from line import Net, digest, loader  # noqa: E402
from mmcv.parallel import MMDataParallel  # noqa: E402
from mmcv.runner import Hook, build_optimizer, build_runner  # noqa: E402


class Model(Net):
    def train_step(self, data, optimizer):
        loss = self(**data)
        return {"loss": loss, "log_vars": {"loss": loss.item()}, "num_samples": 4}


class Note(Hook):
    def __init__(self):
        self.notes = []

    def before_train_iter(self, runner):
        self.rate = runner.current_lr()

    def after_train_iter(self, runner):
        self.notes.append([runner.iter, digest(runner.model.module.state_dict()), self.rate])


def main(settings, work_dir, notes, checkpoint=None):
    torch.set_num_threads(1)
    config = json.loads(settings)
    model = MMDataParallel(Model(), device_ids=[])
    optimizer = build_optimizer(model, config["optimizer"])
    own = {"model": model, "optimizer": optimizer, "work_dir": work_dir, "logger": logging.getLogger("x"), "meta": {}}
    runner = build_runner(config["runner"], default_args=own)
    runner.register_training_hooks(config["lr_config"], config["optimizer_config"], config["checkpoint_config"])
    note = Note()
    runner.register_hook(note, priority="LOWEST")
    if checkpoint is not None:
        runner.resume(checkpoint, map_location="cpu")
    runner.run([loader()], [("train", 1)])
    Path(notes).write_text(json.dumps(note.notes))


main(*sys.argv[1:])
