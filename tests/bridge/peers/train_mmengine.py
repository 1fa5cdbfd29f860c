"""Trains in real mmengine: CONFIG WORK_DIR NOTES [CHECKPOINT]."""

import json
import sys
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / ".typing"), str(Path(__file__).parent)]

from line import Net, digest, loader  # noqa: E402
from mmengine.config import Config  # noqa: E402
from mmengine.hooks import Hook  # noqa: E402
from mmengine.model import BaseModel  # noqa: E402
from mmengine.runner import Runner  # noqa: E402


class Model(BaseModel):
    def __init__(self):
        super().__init__()
        self.net = Net().net

    def forward(self, x, y, mode="loss"):
        return {"loss": torch.nn.functional.cross_entropy(self.net(x), y)}


class Note(Hook):
    priority = "LOWEST"

    def __init__(self):
        self.notes = []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.rate = [group["lr"] for group in runner.optim_wrapper.optimizer.param_groups]

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.notes.append([runner.iter, digest(runner.model.state_dict()), self.rate])


def main(path, work_dir, notes, checkpoint=None):
    torch.set_num_threads(1)
    config = Config.fromfile(path)
    runner = Runner(
        Model(),
        work_dir,
        train_dataloader=loader(),
        train_cfg=config.train_cfg,
        optim_wrapper=config.optim_wrapper,
        param_scheduler=config.param_scheduler,
        default_hooks={"checkpoint": config.default_hooks.checkpoint},
        load_from=checkpoint,
        resume=checkpoint is not None,
        cfg={"train_cfg": config.train_cfg, "randomness": {"seed": 1}},
    )
    note = Note()
    runner.register_hook(note)
    runner.train()
    Path(notes).write_text(json.dumps(note.notes))


main(*sys.argv[1:])
