"""A pure-Python config from the command line to a checkpoint."""

import os
import subprocess
import sys
from pathlib import Path

import torch

BASE = """
from torch.optim import SGD
from mmengine.optim import OptimWrapper

optim_wrapper = dict(type=OptimWrapper, optimizer=dict(type=SGD, lr=0.25))
train_cfg = dict(by_epoch=True, max_epochs=1)
"""

CONFIG = """
from mmengine.config import read_base

with read_base():
    from .base import *
from pure_parts import Net, Numbers

from mmengine.dataset import DefaultSampler

model = dict(type=Net)
train_dataloader = dict(batch_size=2, num_workers=0, dataset=dict(type=Numbers), sampler=dict(type=DefaultSampler))
param_scheduler = dict(type="ConstantLR", factor=0.5, end=10)
"""

PARTS = """
import torch
from torch import nn
from mmengine.model import BaseModel


class Numbers(torch.utils.data.Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        return {"inputs": torch.ones(2)}


class Net(BaseModel):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 1)

    def forward(self, inputs, mode="tensor"):
        return {"loss": self.layer(torch.stack(inputs)).mean()}
"""


def test_a_config_with_read_base_trains_from_the_command_line(tmp_path: Path):
    for name, text in (("base.py", BASE), ("config.py", CONFIG)):
        (tmp_path / name).write_text(text)
    (tmp_path / "pure_parts.py").write_text(PARTS)
    command = [sys.executable, "-m", "mmmigrate.runtime_v3", str(tmp_path / "config.py"), "--work-dir", "work"]
    command += ["--cfg-options", "optim_wrapper.optimizer.lr=0.5"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    saved = torch.load(tmp_path / "work" / "epoch_1.pth", weights_only=True)
    assert saved["optimizer"]["param_groups"][0]["initial_lr"] == 0.5
    assert saved["optimizer"]["param_groups"][0]["lr"] == 0.25
