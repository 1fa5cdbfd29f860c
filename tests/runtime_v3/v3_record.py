"""Runs experiments of the table in one of the two engines and writes what happened as JSON.

python v3_record.py ROOT FOLDER NAME…    ROOT: `mmengine` or `mmmigrate.runtime_v3`
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import runpy
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import nn

ROOT = sys.argv[1]
registry = import_module(f"{ROOT}.registry")
hooks = import_module(f"{ROOT}.hooks")
model = import_module(f"{ROOT}.model")
optim = import_module(f"{ROOT}.optim")
evaluator = import_module(f"{ROOT}.evaluator")
structures = import_module(f"{ROOT}.structures")
runner_module = import_module(f"{ROOT}.runner")
TABLE = runpy.run_path(str(Path(__file__).with_name("v3_experiments.py")))


@registry.DATASETS.register_module()
class Points(torch.utils.data.Dataset):
    metainfo: ClassVar = {"classes": ("a", "b")}

    def __init__(self, size: int, images: bool = False) -> None:
        generator = torch.Generator().manual_seed(0)
        self.images = images
        self.points = torch.randn(size, 4, generator=generator)
        self.labels = (self.points.sum(1) > 0).long()

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, index: int) -> dict[str, Any]:
        # Noise from the global generator shows whether both engines draw alike.
        point = self.points[index] + 0.01 * torch.randn(4)
        if self.images:
            height, width = 3 + index % 4, 4 + index % 3
            point = point.mean() + torch.arange(3.0 * height * width).view(3, height, width) / 50
        return {"inputs": point, "data_samples": self.labels[index]}


@registry.MODELS.register_module()
class Net(model.BaseModel):
    def __init__(
        self, images: bool = False, extra_losses: bool = False, val_losses: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.images, self.extra_losses, self.val_losses = images, extra_losses, val_losses
        self.body = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.1))
        self.scale = nn.Linear(8, 8)
        self.head = nn.Linear(8, 2)

    def forward(self, inputs: Any, data_samples: Any = None, mode: str = "tensor") -> Any:
        if self.images:
            inputs = nn.functional.adaptive_avg_pool2d(inputs.mean(1, keepdim=True), 2).flatten(1)
            data_samples = torch.stack(list(data_samples))
        scores = self.head(self.scale(self.body(inputs)))
        loss = nn.functional.cross_entropy(scores, data_samples)
        if mode == "loss":
            extra = {"loss_l2": [self.head.weight.pow(2), self.head.bias.pow(2)], "norm": scores.detach().norm()}
            return {"loss_ce": loss, **(extra if self.extra_losses else {})}
        found = list(zip(scores.argmax(1).tolist(), data_samples.tolist()))
        if self.val_losses:
            found.append(structures.BaseDataElement(loss={"loss_ce": loss, "size": torch.tensor(float(len(scores)))}))
        return found


@registry.MODELS.register_module()
class TwoSteps(Net):
    def train_step(self, data: Any, optim_wrapper: Any) -> Any:
        data = self.data_preprocessor(data, True)
        log_vars: dict[str, Any] = {}
        for name in ("body", "head"):
            with optim_wrapper[name].optim_context(self):
                loss, parsed = self.parse_losses(self._run_forward(data, mode="loss"))
            optim_wrapper[name].update_params(loss)
            log_vars.update({f"{name}_{key}": value for key, value in parsed.items()})
        return log_vars


@registry.OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class TwoOptimizers:
    def __init__(self, optim_wrapper_cfg: Any, paramwise_cfg: Any = None) -> None: ...

    def __call__(self, net: Any) -> Any:
        body = optim.OptimWrapper(torch.optim.SGD(net.body.parameters(), lr=0.1))
        head = optim.OptimWrapper(torch.optim.Adam(net.head.parameters(), lr=0.01))
        return optim.OptimWrapperDict(body=body, head=head)


@registry.LOOPS.register_module()
class EveryOtherBatch(runner_module.EpochBasedTrainLoop):
    def run_iter(self, idx: int, data_batch: Any) -> None:
        if idx % 2 == 0:
            super().run_iter(idx, data_batch)


@registry.LOOPS.register_module()
class CountedValidation(runner_module.ValLoop):
    def run_iter(self, idx: int, data_batch: Any) -> None:
        EVENTS.append(f"validated:{idx}")
        super().run_iter(idx, data_batch)


@registry.METRICS.register_module()
class Share(evaluator.BaseMetric):
    def process(self, data_batch: Any, data_samples: Any) -> None:
        self.results.extend(data_samples)

    def compute_metrics(self, results: Any) -> dict[str, Any]:
        share = sum(a == b for a, b in results) / len(results)
        return {"share": share, "loss_like": 1 - share, "table": [1, 2]}


@registry.HOOKS.register_module()
class Marker(hooks.Hook):
    def __init__(self, label: str) -> None:
        self.label = label

    def _before_iter(self, runner: Any, batch_idx: int, data_batch: Any = None, mode: str = "train") -> None:
        EVENTS.append(f"{self.label}:{mode}:{batch_idx}")

    def after_train_epoch(self, runner: Any) -> None:
        EVENTS.append(f"{self.label}:epoch:{runner.epoch}")


@registry.HOOKS.register_module()
class Stopper(hooks.Hook):
    def __init__(self, at_iter: int) -> None:
        self.at_iter = at_iter

    def after_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        if runner.iter + 1 == self.at_iter:
            runner.train_loop.stop_training = True


EVENTS: list[str] = []


def digest(value: Any) -> str:
    """A hash of every bit of nested tensors and numbers."""
    state = hashlib.sha256()

    def feed(entry: Any) -> None:
        if isinstance(entry, torch.Tensor):
            state.update(str((entry.dtype, tuple(entry.shape))).encode())
            state.update(entry.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
        elif isinstance(entry, dict):
            for key in entry:
                state.update(repr(key).encode())
                feed(entry[key])
        elif isinstance(entry, (list, tuple)):
            for inner in entry:
                feed(inner)
        else:
            state.update((float(entry).hex() if isinstance(entry, float) else repr(entry)).encode())

    feed(value)
    return state.hexdigest()[:16]


def plain(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        value = value.tolist()
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    return value


class Recorder(hooks.Hook):
    """Notes every stage, and after each iteration all that training changes."""

    priority = "LOWEST"

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.iterations: list[Any] = []
        self.metrics: list[Any] = []

    def after_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        self.stages.append("after_train_iter")
        wrapper = runner.optim_wrapper
        self.iterations.append(
            {
                "position": [runner.epoch, runner.iter, batch_idx],
                "data": digest(data_batch),
                "outputs": plain(dict(outputs)),
                "lr": plain(wrapper.get_lr()),
                "momentum": plain(wrapper.get_momentum()),
                "weights": digest(runner.model.state_dict()),
                "optimizer": digest(wrapper.state_dict()),
                "schedulers": digest(scheduler_values(runner.param_schedulers)),
                "rng": digest(torch.get_rng_state()),
                "val_interval": runner.train_loop.val_interval,
            }
        )

    def after_val_epoch(self, runner: Any, metrics: Any = None) -> None:
        self.stages.append("after_val_epoch")
        self.metrics.append([runner.epoch, runner.iter, plain(metrics)])


def scheduler_values(schedulers: Any) -> Any:
    if isinstance(schedulers, dict):
        return {name: scheduler_values(group) for name, group in schedulers.items()}
    return [[s.last_step, s._global_step, s.get_last_value()] for s in schedulers or []]


def _note(stage: str) -> Any:
    def method(self: Recorder, runner: Any, *args: Any, **kwargs: Any) -> None:
        self.stages.append(stage)

    return method


for _stage in hooks.Hook.stages:
    if _stage not in ("after_train_iter", "after_val_epoch"):
        setattr(Recorder, _stage, _note(_stage))


def run(name: str, folder: Path) -> dict[str, Any]:
    EVENTS.clear()
    cfg = {**TABLE["config_of"](name), "work_dir": str(folder), "experiment_name": name}
    runner = runner_module.Runner.from_cfg(cfg)
    recorder = Recorder()
    runner.register_hook(recorder)
    runner.train()
    return {
        "stages": recorder.stages,
        "iterations": recorder.iterations,
        "metrics": recorder.metrics,
        "events": list(EVENTS),
        "hooks": [type(hook).__name__ for hook in runner.hooks],
        "files": sorted(anonymous(path.name) for path in folder.iterdir()),
        "checkpoints": {anonymous(p.name): checkpoint_content(p) for p in sorted(folder.glob("*.pth"))},
        "scalars": scalars(next(folder.rglob("scalars.json"))),
        "log": log_lines(next(folder.rglob("*.log"))),
        "info": {
            k: v
            for k, v in runner.message_hub.runtime_info.items()
            if isinstance(v, (int, str, list))
            and k not in ("cfg", "experiment_name", "mmengine_version", "last_ckpt", "best_ckpt")
            and not k.startswith("best_ckpt")
        },
    }


def anonymous(name: str) -> str:
    """A file name without its time, and without the hash that published files end in."""
    return re.sub(r"-[0-9a-f]{8}\.pth", "-HASH.pth", re.sub(r"\d{8}_\d{6}", "TIME", name))


def checkpoint_content(path: Path) -> dict[str, Any]:
    checkpoint = torch.load(path, weights_only=False)
    schedulers = checkpoint.get("param_schedulers")
    return {
        "keys": sorted(set(checkpoint) - {"rng_state", "resume_state"}),
        "meta": {k: v for k, v in checkpoint["meta"].items() if k in ("epoch", "iter", "seed", "dataset_meta")},
        "meta_keys": sorted(checkpoint["meta"]),
        "weights": digest(checkpoint["state_dict"]),
        "optimizer": digest(checkpoint.get("optimizer", {})),
        "averaged": digest(checkpoint.get("ema_state_dict", {})),
        "schedulers": None if schedulers is None else state_of(schedulers),
        "hub": sorted(checkpoint["message_hub"]["log_scalars"]) if "message_hub" in checkpoint else None,
    }


def state_of(schedulers: Any) -> Any:
    if isinstance(schedulers, dict):
        return {name: state_of(states) for name, states in schedulers.items()}
    return [digest({k: state[k] for k in sorted(state) if k not in ("anneal_func", "verbose")}) for state in schedulers]


def scalars(path: Path) -> list[Any]:
    timed = ("time", "data_time", "memory")
    records = [json.loads(line) for line in path.read_text().splitlines()]
    return [
        [[key, None if key.rpartition("/")[2] in timed else plain(value)] for key, value in record.items()]
        for record in records
    ]


def log_lines(path: Path) -> list[str]:
    """The lines about iterations and evaluations, without clock times."""
    kept = []
    for line in path.read_text().splitlines():
        message = line.partition(" - INFO - ")[2]
        if message.startswith(("Epoch(", "Iter(", "Exp name", "Saving checkpoint", "The best checkpoint")):
            message = re.sub(r"(time: |eta: )[\d:.]+(, \d+ days?)?", r"\1T", message)
            kept.append(re.sub(r"\d{8}_\d{6}", "TIME", message))
    return kept


def main() -> None:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)
    folder = Path(sys.argv[2])
    for name in sys.argv[3:] or TABLE["EXPERIMENTS"]:
        try:
            trace: dict[str, Any] = run(name, folder / name)
        except Exception:
            trace = {"error": traceback.format_exc()}
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.json").write_text(json.dumps(trace))


if __name__ == "__main__":
    main()
