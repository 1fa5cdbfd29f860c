"""Runs the experiments on stdin in one engine and writes what happened, bit for bit, to a JSON file.

Started as a script: with `mmcv` in the environment of real mmcv 1.7.2, with `ours` in this project's. Everything but
the first lines is the same for both, so what differs is the engine's doing.
"""

import contextlib
import copy
import hashlib
import io
import json
import logging
import random
import re
import sys
import tempfile
import time
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

warnings.simplefilter("ignore")
torch.set_num_threads(1)

if sys.argv[1] == "mmcv":
    import mmcv.runner as v2
    from mmcv.parallel import DataContainer, MMDataParallel, collate
    from mmcv.utils import Config  # noqa: F401

    time.sleep = lambda seconds: None
    # torch's own default would refuse to read what this very test wrote
    torch.load = partial(torch.load, weights_only=False)
    if not torch.cuda.is_available():
        torch.cuda.current_device = lambda: 0
else:
    import mmmigrate.runtime_v2 as v2
    from mmmigrate.runtime_v2 import DataContainer, MMDataParallel, collate


class Points(Dataset):
    """Points in the plane with a class; some fields travel in DataContainers."""

    CLASSES = ("left", "right")

    def __init__(self, count, seed):
        generator = np.random.RandomState(seed)
        self.points = generator.randn(count, 6).astype(np.float32)
        self.labels = (self.points.sum(1) > 0).astype(np.int64)

    def __len__(self):
        return len(self.points)

    def __getitem__(self, index):
        noise = np.random.rand() * 0.1
        return {
            "x": DataContainer(torch.from_numpy(self.points[index] + np.float32(noise)), stack=True, pad_dims=None),
            "y": torch.tensor(self.labels[index]),
            "meta": DataContainer({"index": index}, cpu_only=True),
        }

    def evaluate(self, results, logger=None, scale=1.0):
        scores = np.stack(results)
        return {"accuracy": float((scores.argmax(1) == self.labels).mean()) * scale, "spread": float(scores.std())}


class Net(nn.Module):
    def __init__(self, inplace=False):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(6, 8, bias=False), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.1))
        self.head = nn.Linear(8, 2)
        self.unused = nn.Parameter(torch.ones(2))
        self.fp16_enabled = False

    def forward(self, x, y=None, meta=None, return_loss=True):
        scores = self.head(self.backbone(x))
        if not return_loss:
            return list(scores.numpy())
        return nn.functional.cross_entropy(scores, y), scores

    def _step(self, data):
        loss, scores = self(**data)
        accuracy = (scores.argmax(1) == data["y"]).float().mean()
        return {
            "loss": loss,
            "log_vars": {"loss": loss.item(), "acc": accuracy.item()},
            "num_samples": len(data["meta"]),
        }

    def train_step(self, data, optimizer, **kwargs):
        if isinstance(optimizer, dict):
            output = self._step(data)
            for each in optimizer.values():
                each.zero_grad()
            output["loss"].backward()
            for each in optimizer.values():
                each.step()
            return output
        return self._step(data)

    def val_step(self, data, optimizer=None, **kwargs):
        return self._step(data)


def digest(value):
    """A hash of every bit of a nested state."""
    sha = hashlib.sha256()

    def add(item):
        if isinstance(item, torch.Tensor):
            item = item.detach().cpu().contiguous()
            sha.update(f"{item.dtype}{tuple(item.shape)}".encode())
            sha.update(item.numpy().tobytes())
        elif isinstance(item, dict):
            for key in sorted(item, key=str):
                sha.update(str(key).encode())
                add(item[key])
        elif isinstance(item, (list, tuple)):
            for each in item:
                add(each)
        elif isinstance(item, float):
            sha.update(float(item).hex().encode())
        else:
            sha.update(str(item).encode())

    add(value)
    return sha.hexdigest()[:16]


def optimizer_state(optimizer):
    if isinstance(optimizer, dict):
        return {name: each.state_dict() for name, each in optimizer.items()}
    return optimizer.state_dict()


class Recorder(v2.Hook):
    """Notes what a run does at each stage, last of all hooks or first."""

    def __init__(self, trace):
        self.trace = trace

    def note(self, runner, stage):
        self.trace.append([stage, runner.epoch, runner.iter, runner.inner_iter])

    def before_run(self, runner):
        self.note(runner, "before_run")

    def after_run(self, runner):
        self.note(runner, "after_run")

    def before_epoch(self, runner):
        self.note(runner, f"before {runner.mode} epoch")
        self.trace.append(["state", digest(runner.model.state_dict())])

    def after_epoch(self, runner):
        self.note(runner, f"after {runner.mode} epoch")
        self.trace.append(["state", digest(runner.model.state_dict())])

    def before_train_iter(self, runner):
        values = [runner.current_lr(), runner.current_momentum()]
        self.trace.append(["rates", json.loads(json.dumps(values), parse_float=lambda text: float(text).hex())])

    def after_iter(self, runner):
        self.note(runner, f"after {runner.mode} iter")
        loss = float(runner.outputs["loss"]).hex()
        self.trace.append([loss, digest(runner.model.state_dict()), digest(optimizer_state(runner.optimizer))])


class OwnHook(v2.Hook):
    """A project's own hook: takes noise from torch's generator, so that order shows."""

    def after_train_iter(self, runner):
        with torch.no_grad():
            runner.model.module.unused.add_(torch.rand(2))


with contextlib.suppress(KeyError):
    v2.HOOKS.register_module()(OwnHook)


def logger_for(lines):
    logger = logging.Logger("engine")
    stream = logging.StreamHandler(lines)
    stream.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logger.addHandler(stream)
    return logger


def loader(count, seed, batch, shuffle):
    return DataLoader(Points(count, seed), batch, shuffle=shuffle, collate_fn=partial(collate, samples_per_gpu=batch))


def build(experiment, folder, trace, lines):
    torch.manual_seed(experiment.get("seed", 0))
    np.random.seed(0)
    random.seed(0)
    model = MMDataParallel(Net())
    cfg = copy.deepcopy(experiment["optimizer"])
    if "type" in cfg:
        optimizer = v2.build_optimizer(model, cfg)
    else:
        optimizer = {name: v2.build_optimizer(getattr(model.module, name), part) for name, part in cfg.items()}
    runner = v2.build_runner(
        copy.deepcopy(experiment["runner"]),
        default_args={
            "model": model,
            "optimizer": optimizer,
            "work_dir": str(folder),
            "logger": logger_for(lines),
            "meta": {"exp_name": "experiment", "seed": 0},
        },
    )
    hooks = copy.deepcopy({key: experiment[key] for key in experiment if key.endswith(("_config", "hooks_config"))})
    for config in (hooks.get("lr_config"), hooks.get("momentum_config")):
        if config and isinstance(config.get("target_ratio"), list):
            config["target_ratio"] = tuple(config["target_ratio"])
    hooks.setdefault("lr_config", None)
    elsewhere = str(folder.parent / "elsewhere")
    places = [
        hooks.get("checkpoint_config"),
        experiment.get("evaluation"),
        *hooks.get("log_config", {}).get("hooks", []),
    ]
    for config in places:
        if config and "out_dir" in config:
            config["out_dir"] = elsewhere
    runner.register_training_hooks(**hooks)
    if "evaluation" in experiment:
        runner.register_hook(v2.EvalHook(loader(10, 9, 4, False), **experiment["evaluation"]), priority="LOW")
    if "profiler" in experiment:
        runner.register_profiler_hook(dict(experiment["profiler"]))
    runner.register_hook(Recorder(trace), priority="LOWEST")
    runner.register_hook(Recorder(trace), priority="HIGHEST")
    return runner


def run(experiment):
    trace, lines = [], io.StringIO()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "work"
        for part in experiment.get("parts", [{}]):
            settings = {**experiment, **part}
            runner = build(settings, folder, trace, lines)
            if "resume" in part:
                arguments = {} if settings["runner"]["type"] == "EpochBasedRunner" else {"map_location": "cpu"}
                runner.resume(str(folder / part["resume"]), **arguments)
            workflow = [tuple(phase) for phase in settings.get("workflow", [("train", 1)])]
            loaders = [loader(26 if mode == "train" else 8, 5, 8, mode == "train") for mode, _ in workflow]
            runner.run(loaders, workflow)
        return {
            "trace": trace,
            "files": files(folder.parent),
            "log": log_lines(folder),
            "messages": messages(lines.getvalue(), temporary),
            "weights": digest(runner.model.state_dict()),
            "rng": digest([torch.get_rng_state(), list(np.random.get_state()[1])]),
        }


def files(folder):
    """Every file by name, checkpoints with a hash of what they hold apart from versions, times and places."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.suffix == ".pth":
            checkpoint = torch.load(path, map_location="cpu", weights_only=False)
            meta = {k: v for k, v in checkpoint.pop("meta").items() if k != "time"}
            last = [Path(str(v)).name for v in meta.pop("hook_msgs", {}).values()]
            keys = {key: list(value) for key, value in checkpoint.items() if isinstance(value, dict)}
            where = str(path.readlink()) if path.is_symlink() else ""
            found[name] = [digest(checkpoint), digest(meta), last, keys, where]
        elif "tfevents" in name:
            found["tf_logs/"] = "events"
        elif path.is_file() and not name.endswith(".json"):
            found[name] = "file"
    return found


def log_lines(folder):
    """The JSON log without what depends on the clock and the machine."""
    entries = []
    for path in sorted(folder.rglob("*.log.json")):
        for line in path.read_text().splitlines():
            entry = json.loads(line)
            for key in ("time", "data_time"):
                if key in entry:
                    entry[key] = "measured"
            entry.pop("hook_msgs", None)
            entries.append(list(entry.items()))
    return entries


def messages(text, temporary):
    """What was logged, without times, places and the host."""
    kept = []
    for line in re.sub(r"\d{8}_\d{6}", "TIME", text.replace(temporary, "")).splitlines():
        if line.startswith("INFO Start running"):
            continue
        words = [word for word in line.split(", ") if not word.strip().startswith(("eta", "time", "data_time"))]
        kept.append(", ".join(words))
    return kept


def main():
    results = {}
    for name, experiment in json.load(sys.stdin).items():
        try:
            results[name] = run(experiment)
        except Exception as error:
            results[name] = {"error": type(error).__name__, "text": str(error)[:300]}
    Path(sys.argv[2]).write_text(json.dumps(results))


if __name__ == "__main__":
    main()
