"""Training in two processes on the CPU, through torchrun and the command line."""

import json
import os
import subprocess
import sys
from pathlib import Path

import torch

CONFIG = """
custom_imports = dict(imports=["two_process_parts"])
default_scope = "mmengine"
model = dict(type="TwoProcessNet")
train_dataloader = dict(
    batch_size=4, num_workers=0, dataset=dict(type="TwoProcessData"), collate_fn=dict(type="default_collate"),
    sampler=dict(type="DefaultSampler", shuffle=True))
val_dataloader = dict(
    batch_size=3, num_workers=0, dataset=dict(type="TwoProcessData"), collate_fn=dict(type="default_collate"),
    sampler=dict(type="DefaultSampler", shuffle=False))
val_evaluator = dict(type="Seen")
val_cfg = dict()
train_cfg = dict(by_epoch=True, max_epochs=2)
optim_wrapper = dict(optimizer=dict(type="SGD", lr=0.1), accumulative_counts=2)
env_cfg = dict(dist_cfg=dict(backend="gloo"))
randomness = dict(seed=1)
custom_hooks = [dict(type="SyncBuffersHook"), dict(type="WriteWeights")]
"""

PARTS = """
import json, os
from pathlib import Path
import torch
from torch import nn
from mmmigrate.runtime_v3 import DATASETS, HOOKS, METRICS, MODELS, BaseMetric, BaseModel, Hook


@DATASETS.register_module()
class TwoProcessData(torch.utils.data.Dataset):
    metainfo = {}

    def __len__(self):
        return 19

    def __getitem__(self, index):
        return {"inputs": torch.full((3,), float(index)) / 19, "data_samples": index}


@MODELS.register_module()
class TwoProcessNet(BaseModel):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))

    def forward(self, inputs, data_samples=None, mode="tensor"):
        out = self.net(inputs)
        return {"loss": out.pow(2).mean()} if mode == "loss" else data_samples.tolist()


@METRICS.register_module()
class Seen(BaseMetric):
    def process(self, data_batch, data_samples):
        self.results.extend(data_samples)

    def compute_metrics(self, results):
        return {"in_order": float(results == list(range(19)))}


@HOOKS.register_module()
class WriteWeights(Hook):
    priority = "LOWEST"

    def after_train(self, runner):
        weights = {k: v.double().flatten().tolist() for k, v in runner.model.module.state_dict().items()}
        found = {"weights": weights, "wrapper": type(runner.model).__name__, "world_size": runner.world_size,
                 "in_order": runner.message_hub.get_scalar("val/in_order").current()}
        Path(runner.work_dir, f"rank{runner.rank}.json").write_text(json.dumps(found))
"""


def test_processes_agree_and_evaluate_every_sample_once(tmp_path: Path):
    (tmp_path / "config.py").write_text(CONFIG)
    (tmp_path / "two_process_parts.py").write_text(PARTS)
    work_dir = tmp_path / "work"
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--master-port=0"]
    command += ["--rdzv-backend=c10d", "--rdzv-endpoint=localhost:0", "-m", "mmmigrate.runtime_v3"]
    command += [str(tmp_path / "config.py"), "--launcher", "pytorch", "--work-dir", str(work_dir)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    first, second = (json.loads((work_dir / f"rank{rank}.json").read_text()) for rank in (0, 1))
    assert first["weights"] == second["weights"]
    assert (first["world_size"], first["wrapper"]) == (2, "MMDistributedDataParallel")
    assert first["in_order"] == second["in_order"] == 1.0
    saved = torch.load(work_dir / "epoch_2.pth", weights_only=True)
    weights = {key: value.double().flatten().tolist() for key, value in saved["state_dict"].items()}
    assert weights.keys() == first["weights"].keys()
