"""One experiment in both runtimes, with every iteration noted, to be interrupted in one and resumed in the other."""

import hashlib
import multiprocessing
import os
import pprint
import random
import traceback
from pathlib import Path

import numpy as np
import torch
from torch import nn

import mmmigrate.compat.adapters  # noqa: F401
from mmmigrate.compat.dist import get_dist_info
from mmmigrate.compat.pipeline import convert_to
from mmmigrate.runtime_v2 import DATASETS, MODELS, Config, Hook
from mmmigrate.runtime_v2.train import build_training


@DATASETS.register_module()
class LoudPoints:
    """22 points, scaled at random by all three generators each time that one is asked for."""

    def __init__(self, count=22):
        self.points = np.random.RandomState(3).randn(count, 4).astype(np.float32)

    def __len__(self):
        return len(self.points)

    def __getitem__(self, index):
        noise = np.float32(np.random.rand() + random.random() + torch.rand(()).item())
        return {"x": torch.from_numpy(self.points[index] * noise), "y": torch.tensor(index % 2)}

    def evaluate(self, results, logger=None):
        return {"accuracy": float(np.mean([np.argmax(scores) == i % 2 for i, scores in enumerate(results)]))}


@MODELS.register_module()
class LoudNet(nn.Module):
    """Layers with parameters, buffers and random numbers."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Dropout(0.3), nn.Linear(6, 2))

    def forward(self, x, y=None, return_loss=True):
        scores = self.net(x)
        return nn.functional.cross_entropy(scores, y) if return_loss else list(scores.numpy())

    def train_step(self, data, optimizer=None):
        loss = self(**data)
        return {"loss": loss, "log_vars": {"loss": loss.item()}, "num_samples": len(data["x"])}

    val_step = train_step


BASE = {
    "model": {"type": "LoudNet"},
    "data": {
        "samples_per_gpu": 8,
        "workers_per_gpu": 0,
        "train": {"type": "LoudPoints"},
        "val": {"type": "LoudPoints", "count": 5},
    },
    "optimizer": {"type": "SGD", "lr": 0.1, "momentum": 0.9},
    "optimizer_config": {"grad_clip": {"max_norm": 1.0}},
    "lr_config": {"policy": "step", "step": [2], "warmup": "linear", "warmup_iters": 4},
    "checkpoint_config": {"interval": 1},
    "log_config": {"interval": 2, "hooks": [{"type": "TextLoggerHook"}]},
    "evaluation": {"interval": 1, "save_best": "accuracy"},
    "runner": {"type": "EpochBasedRunner", "max_epochs": 3},
    "workflow": [("train", 1)],
    "log_level": "ERROR",
}


def write_configs(folder: Path, changes: dict, schedule: str = "exact", order: str = "v2") -> tuple[Path, Path]:
    """The experiment as a v2 config, and converted."""
    folder.mkdir(parents=True, exist_ok=True)
    old = folder / "experiment.py"
    old.write_text("".join(f"{key} = {pprint.pformat(value)}\n" for key, value in {**BASE, **changes}.items()))
    return old, convert_to(old, folder / "converted", schedule=schedule, order=order).path


def digest(state) -> str:
    """Of all tensors in a nested state, in order."""
    sha = hashlib.sha256()

    def add(value):
        if isinstance(value, torch.Tensor):
            sha.update(value.detach().contiguous().numpy().tobytes())
        elif isinstance(value, dict):
            for key in sorted(value, key=str):
                add(value[key])

    add(state)
    return sha.hexdigest()[:16]


def noted(iteration, model, optimizer):
    if get_dist_info()[0]:  # only the first process's buffers are saved, in both generations
        weights = dict(model.named_parameters())
    else:
        weights = {name: value for name, value in model.state_dict().items() if not name.startswith("ema_")}
    rates = [[group["lr"], group.get("momentum", group.get("betas"))] for group in optimizer.param_groups]
    return (iteration, digest(weights), digest(optimizer.state_dict()["state"]), rates)


def train_v2(config: Path, work_dir: Path, resume: Path | None, copies: Path | None) -> list:
    """Trains in runtime_v2 and gives the notes; with `copies`, each checkpoint is kept there after its iteration."""
    notes = []

    class Note(Hook):
        def before_train_iter(self, runner):
            self.rates = [[g["lr"], g.get("momentum", g.get("betas"))] for g in runner.optimizer.param_groups]

        def after_train_iter(self, runner):
            notes.append((*noted(runner.iter, runner.model.module, runner.optimizer)[:3], self.rates))

    training = build_training(
        Config.fromfile(str(config)), work_dir=str(work_dir), seed=7, resume_from=resume and str(resume)
    )
    training.runner.register_hook(Note(), priority="LOWEST")
    if copies is not None:
        _keep_copies_v2(training.runner, copies)
    training.run()
    return notes


def _keep_copies_v2(runner, copies):
    complete = runner.resume_points.complete

    def keep(runner, position, loaders):
        saved = runner.resume_points._saved
        complete(runner, position, loaders)
        if saved is not None:
            rank = get_dist_info()[0]
            _copy(Path(runner.work_dir) / saved, copies / f"{runner.iter}", ".resume", f"{saved}.rank{rank}")

    runner.resume_points.complete = keep


def _copy(checkpoint: Path, folder: Path, *beside: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if get_dist_info()[0] == 0:
        os.link(checkpoint, folder / checkpoint.name)
    if beside:
        (folder / beside[0]).mkdir(exist_ok=True)
        os.link(checkpoint.parent.joinpath(*beside), folder.joinpath(*beside))


def train_v3(config: Path, work_dir: Path, resume: Path | None, copies: Path | None) -> list:
    """The same in runtime_v3."""
    import mmmigrate.runtime_v3 as v3
    from mmmigrate.runtime_v3.config import Config as V3Config

    notes = []

    class Note(v3.Hook):
        priority = "LOWEST"

        def before_train_iter(self, runner, batch_idx, data_batch=None):
            groups = runner.optim_wrapper.optimizer.param_groups
            self.rates = [[group["lr"], group.get("momentum", group.get("betas"))] for group in groups]

        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
            notes.append(
                (
                    *noted(runner.iter, getattr(runner.model, "module", runner.model), runner.optim_wrapper.optimizer)[
                        :3
                    ],
                    self.rates,
                )
            )
            self.keep(runner, runner.iter + 1)

        def after_train_epoch(self, runner):
            self.keep(runner, runner.iter)

        def keep(self, runner, done):
            rank, world_size = get_dist_info()
            if copies is not None and world_size > 1:
                torch.distributed.barrier()  # the first process has written it
            saved = runner.message_hub.get_info("last_ckpt")
            if copies is None or saved is None or not Path(saved).exists():
                return
            beside = (".resume", f"{Path(saved).name}.rank{rank}") if rank else ()
            kept = (copies / f"{done}").joinpath(*(beside or (Path(saved).name,)))
            if not kept.exists() and torch.load(saved, weights_only=True)["meta"]["iter"] == done:
                _copy(Path(saved), copies / f"{done}", *beside)

    cfg = V3Config.fromfile(str(config))
    cfg.work_dir = str(work_dir)
    cfg.randomness = {"seed": 7}
    if get_dist_info()[1] > 1:
        cfg.launcher = "pytorch"
        cfg.env_cfg = {**cfg.get("env_cfg", {}), "dist_cfg": {"backend": "gloo"}}
    if resume is not None:
        cfg.load_from, cfg.resume = str(resume), True
    runner = v3.Runner.from_cfg(cfg)
    runner.register_hook(Note())
    runner.train()
    return notes


def apart(function, *arguments):
    """What `function` gives in a process of its own."""
    context = multiprocessing.get_context("fork")
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(send, function, arguments))
    process.start()
    send.close()
    said = receive.recv()
    process.join()
    if isinstance(said, str):
        raise AssertionError(said)
    return said


def _answer(send, function, arguments):
    torch.set_num_threads(1)
    try:
        send.send(function(*arguments))
    except BaseException:
        send.send(traceback.format_exc())
