"""Trains a small model with classes of users' code in one of four engines and prints what happened, as JSON.

    hook_engine.py ENGINE < {"paths": …, "stubs": …, "experiments": …}

ENGINE is mmcv, mmengine (the real libraries), runtime_v2 or runtime_v3 (their aliases). An experiment names a module to
import, a class of it, and how it takes part: as a hook, an optimizer, an optimizer constructor or a schedule. Floats
are printed in hexadecimal: equal texts are equal bits.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
import time
import types
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from inspect import signature
from typing import Any

import torch
from torch import distributed, nn
from torch.utils.data import DataLoader, Dataset

ENGINE = sys.argv[1]
GENERATION = "v2" if ENGINE in ("mmcv", "runtime_v2") else "v3"
time.sleep = lambda seconds: None  # mmcv waits two seconds before each epoch


class Points(Dataset):
    CLASSES = ("left", "right")
    scale, skipped = 1.0, ()

    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        x = torch.tensor([index / 7 - 0.3, 1.0, index % 3 - 1.0]) * self.scale
        return {"x": x * (0.5 if self.skipped else 1.0), "y": x.sum()}

    def update_dynamic_scale(self, size: tuple[int, int]) -> None:
        self.scale = size[0] / size[1] + size[0] / 1000

    def update_skip_type_keys(self, keys: Any) -> None:
        self.skipped = tuple(keys)

    def evaluate(self, results: list[Any], logger: Any = None, **kwargs: Any) -> dict[str, float]:
        return {"mean": float(sum(results) / len(results))}


class Head(nn.Module):
    num_classes = 2
    use_l1 = False


class Backbone(nn.Module):
    """Layers under the names of a backbone whose rates fall towards the input."""

    def __init__(self, blocks: str, stages: tuple[int, ...]) -> None:
        super().__init__()
        self.order = blocks
        setattr(self, blocks, nn.ModuleList(nn.Sequential(*(nn.Linear(3, 3) for _ in range(n))) for n in stages))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for stage in getattr(self, self.order):
            x = x + 0.1 * stage(x)
        return x


KINDS = {"ConvNeXt": ("stages", (1, 1, 4, 1)), "BEiT": ("layers", (1, 1, 1))}


class Net:
    """The layers and the loss, for a model of either generation; hooks show in the loss what they switched."""

    def make(self, backbone: str | None = None) -> None:
        self.layer = nn.Linear(3, 4)
        self.norm = nn.BatchNorm1d(4)
        self.last = nn.Linear(4, 1)
        self.bbox_head = Head()
        if backbone is not None:
            self.backbone = type(backbone, (Backbone,), {})(*KINDS[backbone])
        self.loss_lambda, self.head = 0.5, Head()
        self.epoch, self.momentum, self.base_momentum = 0, 0.5, 0.9
        generator = torch.Generator().manual_seed(3)
        for parameter in self.parameters():
            parameter.data = torch.rand(parameter.shape, generator=generator) - 0.4

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    set_train_epoch = set_epoch

    def momentum_update(self) -> None:
        self.norm.momentum = 0.1 * self.momentum

    def predict(self, x: torch.Tensor) -> torch.Tensor:
        if hasattr(self, "backbone"):
            x = self.backbone(x)
        return self.last(self.norm(self.layer(x)))[:, 0]

    def losses(self, x: torch.Tensor, y: torch.Tensor) -> dict[str, torch.Tensor]:
        extra = self.last.weight.abs().sum() * (0.1 * self.epoch + 0.5 * self.bbox_head.use_l1)
        return {"loss_main": ((self.predict(x) - y) ** 2).mean(), "loss_extra": extra}


def class_v2() -> type[nn.Module]:
    class NetV2(Net, nn.Module):
        def __init__(self) -> None:
            nn.Module.__init__(self)
            self.make(BACKBONE[0])

        def forward(self, x, y=None, return_loss=True):
            return self.losses(x, y) if return_loss else self.predict(x).tolist()

        def train_step(self, data, optimizer=None):
            losses = self(**data)
            loss = losses["loss_main"] + losses["loss_extra"]
            log_vars = {**{name: value.item() for name, value in losses.items()}, "loss": loss.item()}
            return {"loss": loss, "log_vars": log_vars, "num_samples": len(data["x"])}

        val_step = train_step

    return NetV2


def net_v3() -> nn.Module:
    from mmengine.model import BaseModel

    class NetV3(Net, BaseModel):
        def __init__(self) -> None:
            BaseModel.__init__(self)
            self.make(BACKBONE[0])

        def forward(self, x, y=None, mode="tensor"):
            return self.losses(x, y) if mode == "loss" else self.predict(x).tolist()

    return NetV3()


def adapted_v2() -> nn.Module:
    """The v2 model behind the bridge, as classes need it that run the model the v2 way."""
    from mmmigrate.compat.adapters.model import adapted_model

    return adapted_model(class_v2())()


def loader(batch: int = 2) -> DataLoader:
    return DataLoader(Points(), batch)


class Recorder:
    """What both generations can be asked for, noted before and after every iteration."""

    def __init__(self, model: nn.Module, optimizer: Any) -> None:
        self.model, self.optimizer, self.rows = model, optimizer, []

    def before(self) -> None:
        groups = self.optimizer.param_groups
        momenta = [group.get("momentum", group.get("betas", [0])[0]) for group in groups]
        self.rows.append([[float(group["lr"]).hex() for group in groups], [float(one).hex() for one in momenta]])

    def after(self) -> None:
        state = self.model.state_dict()
        self.rows.append({name: [float(one).hex() for one in value.flatten()] for name, value in state.items()})


class Messages(logging.Handler):
    """The messages that the classes under test send, told by the file that they come from."""

    def __init__(self, files: set[str]) -> None:
        super().__init__()
        self.files, self.seen = files, []

    def emit(self, record: logging.LogRecord) -> None:
        if record.pathname in self.files:
            self.seen.append([record.levelname, record.getMessage()])


def shown(hook: Any) -> dict[str, Any]:
    """The plain attributes of an object."""
    plain = (int, float, str, bool, tuple, list, type(None))
    return {name: repr(value) for name, value in sorted(vars(hook).items()) if isinstance(value, plain)}


def kind_of(experiment: dict[str, Any]) -> Any:
    return getattr(import_module(experiment["module"]), experiment["class"])


def own_parts(experiment: dict[str, Any]) -> tuple[nn.Module, Dataset]:
    """The model and the data set that the module under test defines."""
    module = import_module(experiment["module"])
    torch.manual_seed(5)
    return module.Net(), module.Points()


def train_v2(experiment: dict[str, Any], folder: str) -> dict[str, Any]:
    runner_module = import_module("mmcv.runner")
    role = experiment.get("role")
    model = own_parts(experiment)[0] if role == "project" else class_v2()()
    optimizer = runner_module.build_optimizer(model, dict(experiment.get("optimizer", SGD)))
    logger = logging.Logger("run")
    by_epoch = experiment.get("by_epoch", True)
    kind = runner_module.EpochBasedRunner if by_epoch else runner_module.IterBasedRunner
    kind = kind_of(experiment) if role == "runner" else kind
    length = {"max_epochs": 4} if by_epoch else {"max_iters": 12}
    wrapped = import_module("mmcv.parallel").MMDataParallel(model, device_ids=[])
    runner = kind(wrapped, optimizer=optimizer, work_dir=folder, logger=logger, meta={"exp_name": "none.py"}, **length)
    messages = Messages({sys.modules[experiment["module"]].__file__} if "module" in experiment else set())
    logger.addHandler(messages)
    hooks = runner_module.HOOKS
    own = None
    if role == "schedule":
        own = kind_of(experiment)(**experiment.get("args", {}))
        runner.register_hook(own, "VERY_HIGH")
    if role == "optimizer_hook":
        runner.register_hook(kind_of(experiment)(**experiment.get("args", {})), "ABOVE_NORMAL")
    else:
        runner.register_hook(hooks.build({"type": "OptimizerHook"}), "ABOVE_NORMAL")
    if role == "logger":
        runner.register_hook(runner_module.CheckpointHook(interval=1, out_dir=folder))
        evaluation = kind_of({**experiment, "module": experiment["evaluation"], "class": "EvalHook"})
        runner.register_hook(evaluation(loader(), interval=1, by_epoch=True), "LOW")
        own = kind_of(experiment)(**experiment.get("args", {}))
        runner.register_hook(own, "VERY_LOW")
    if role in ("hook", "evaluation"):
        given = {"dataloader": loader()} if role == "evaluation" else {}
        own = kind_of(experiment)(**given, **experiment.get("args", {}))
        if not isinstance(own, runner_module.Hook):  # it stays v3 code
            own = hooks.build({"type": experiment["class"], **experiment.get("args", {})})
        runner.register_hook(own, "NORMAL")
    recorder = Recorder(model, optimizer)

    class Note(runner_module.Hook):
        def before_train_iter(self, runner):
            recorder.before()

        def after_train_iter(self, runner):
            recorder.after()

    runner.register_hook(Note(), "LOWEST")
    torch.manual_seed(1)
    data = loader()
    if role == "project":
        collate = partial(import_module("mmcv.parallel").collate, samples_per_gpu=2)
        data = DataLoader(own_parts(experiment)[1], 2, collate_fn=collate)
        runner.register_hook(runner_module.EvalHook(data, interval=1), "LOW")
    runner.run([data], [("train", 1)])
    logged = {name: [float(value).hex() for value in values] for name, values in runner.log_buffer.val_history.items()}
    output = {name: float(value).hex() for name, value in runner.log_buffer.output.items()}
    own = getattr(own, "v3_hook", own)
    made = report(recorder, own, messages, {**logged, **{name: [value] for name, value in output.items()}})
    return {**made, "calls": service_calls(folder)}


def train_v3(experiment: dict[str, Any], folder: str) -> dict[str, Any]:
    from mmengine.hooks import Hook
    from mmengine.registry import HOOKS
    from mmengine.runner import Runner

    role = experiment.get("role")
    model = adapted_v2() if experiment.get("model") == "v2" else net_v3()
    data, validation = loader(), {}
    if role == "project":
        model, dataset = own_parts(experiment)
        data = {"batch_size": 2, "dataset": dataset, "sampler": {"type": "DefaultSampler", "shuffle": False}}
        evaluator = experiment.get("evaluator", {"type": "mmmigrate.compat.adapters.DatasetEvaluate"})
        validation = {"val_dataloader": dict(data), "val_cfg": {}, "val_evaluator": evaluator}
    if role in ("evaluation", "logger"):
        validation = evaluation_loop(experiment)
    by_epoch = experiment.get("by_epoch", True)
    optimizer = dict(experiment.get("optimizer", SGD))
    wrapper = {"type": "OptimWrapper", **wrapper_of(experiment)}
    for key in ("constructor", "paramwise_cfg"):
        if key in optimizer:
            wrapper[key] = optimizer.pop(key)
    schedule = None
    if role == "schedule":
        arguments = dict(experiment.get("args", {}))
        if "by_epoch" in arguments:
            arguments["policy_by_epoch"] = arguments.pop("by_epoch")
        run = {"runner": "epoch", "max_epochs": 4} if by_epoch else {"runner": "iter", "max_iters": 12}
        counted = {"by_epoch": True, "convert_to_iter_based": True}
        schedule = [{"type": kind_of(experiment).__name__, **run, **arguments, **counted}]
    runner = Runner(
        model=model,
        work_dir=folder,
        train_dataloader=data,
        **validation,
        train_cfg=train_loop(experiment, by_epoch),
        optim_wrapper={**wrapper, "optimizer": optimizer},
        param_scheduler=schedule,
        custom_hooks=[{"type": experiment["class"], **experiment.get("args", {})}] if experiment.get("named") else None,
        default_hooks={
            **NO_HOOKS,
            **({"checkpoint": {"type": "CheckpointHook", "interval": 1}} if role == "logger" else {}),
        },
        experiment_name=f"{experiment['name'].replace(' ', '_').replace('/', '_')}_{len(NAMES)}",
    )
    NAMES.append(experiment["name"])
    messages = Messages({sys.modules[experiment["module"]].__file__} if "module" in experiment else set())
    runner.logger.addHandler(messages)
    own = None
    if role == "hook":
        own = HOOKS.build({"type": experiment["class"], **experiment.get("args", {})})
        runner.register_hook(own, "NORMAL")
    elif role == "logger":
        own = HOOKS.build({"type": experiment["class"], **experiment.get("args", {})})
        runner.register_hook(own, "VERY_LOW")
    elif role == "optimizer_hook" and "type" not in wrapper_of(experiment):
        from mmmigrate.compat.adapters.hook import adapted_hook

        runner.register_hook(adapted_hook(kind_of(experiment), Hook)(**experiment.get("args", {})), "NORMAL")
    found: dict[str, Any] = {}

    class Note(Hook):
        def before_train_iter(self, runner, batch_idx, data_batch=None):
            found.setdefault("recorder", Recorder(model, runner.optim_wrapper.optimizer)).before()

        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
            found["recorder"].after()

    runner.register_hook(Note(), "LOWEST")
    torch.manual_seed(1)
    runner.train()
    if role == "evaluation":
        own = runner.val_loop.hook
    scalars = runner.message_hub.log_scalars
    logged = {
        name.removeprefix("train/").removeprefix("val/"): [float(value).hex() for value in buffer.data[0]]
        for name, buffer in scalars.items()
    }
    own = schedule_object(runner) if role == "schedule" else own
    made = report(found["recorder"], getattr(own, "v2_hook", own), messages, logged)
    return {**made, "calls": service_calls(folder)}


def wrapper_of(experiment: dict[str, Any]) -> dict[str, Any]:
    """What names an optimizer hook that was made an optim wrapper; `named` keeps its place among the hooks."""
    from mmengine.optim import OptimWrapper

    if experiment.get("role") != "optimizer_hook" or not issubclass(kind_of(experiment), OptimWrapper):
        return {}
    if experiment.get("named"):
        import_module("mmmigrate.compat.adapters.install").install()
        return {"type": "OptimWrapper"}
    kind, arguments = kind_of(experiment), dict(experiment.get("args", {}))
    if "grad_clip" in arguments and "grad_clip" not in signature(kind).parameters:
        arguments["clip_grad"] = arguments.pop("grad_clip")
    return {"type": f"{kind.__module__}.{kind.__name__}", **arguments}


def train_loop(experiment: dict[str, Any], by_epoch: bool) -> dict[str, Any]:
    """The arguments of v3's train loop, or of a runner class that was made one."""
    length = {"max_epochs": 4} if by_epoch else {"max_iters": 12}
    if experiment.get("role") != "runner":
        return {"by_epoch": by_epoch, **length}
    kind = kind_of(experiment)
    return {"type": f"{kind.__module__}.{kind.__name__}", **length}


def evaluation_loop(experiment: dict[str, Any]) -> dict[str, Any]:
    """The arguments of v3's runner for an evaluation hook that was made a validation loop."""
    kind, arguments, priority = kind_of(experiment), experiment.get("args", {}), "NORMAL"
    if experiment["role"] == "logger":
        kind, priority = import_module(experiment["evaluation"]).EvalHook, "LOW"
        arguments = {"interval": 1, "by_epoch": True}
    loop = {"type": f"{kind.__module__}.{kind.__name__}", "priority": priority, **arguments}
    return {"val_dataloader": loader(), "val_cfg": loop, "val_evaluator": []}


def schedule_object(runner: Any) -> Any:
    return runner.param_schedulers[0].updater


def service_calls(folder: str) -> list[Any]:
    """What the stand-in of a tracking service was told, without the folder of the run."""
    service = sys.modules.get("wandb")
    calls = list(getattr(service, "CALLS", []))
    if service is not None:
        service.CALLS.clear()
    return json.loads(json.dumps(calls, default=str).replace(folder, "FOLDER"))


def report(recorder: Recorder, own: Any, messages: Messages, logged: dict[str, Any]) -> dict[str, Any]:
    usual = {"loss", "loss_main", "loss_extra", "lr", "base_lr", "momentum", "time", "data_time", "grad_norm"}
    return {
        "rows": recorder.rows,
        "object": shown(own) if own is not None else {},
        "messages": messages.seen,
        "logged": {name: values for name, values in sorted(logged.items()) if name not in usual},
    }


NO_HOOKS = dict.fromkeys(("timer", "logger", "checkpoint", "sampler_seed"))
SGD = {"type": "SGD", "lr": 0.05, "momentum": 0.9}
NAMES: list[str] = []
BACKBONE: list[str | None] = [None]


def package(name: str, spec: dict[str, Any]) -> None:
    """A module that stands in for one that needs compiled operators, or one with a real folder."""
    module = types.ModuleType(name)
    module.__path__ = [spec["folder"]] if "folder" in spec else []
    for attribute, value in spec.get("names", {}).items():
        setattr(module, attribute, eval(value, {"torch": torch, "nn": nn, "logging": logging, "types": types}))
    sys.modules[name] = module
    parent, _, last = name.rpartition(".")
    if parent in sys.modules:
        setattr(sys.modules[parent], last, module)


def add_names(name: str, names: dict[str, str]) -> None:
    """Names of a module that is there without them, or not there at all."""
    try:
        module = import_module(name)
    except ImportError:
        package(name.partition(".")[0], {})
        package(name, {})
        module = sys.modules[name]
    for attribute, value in names.items():
        if not hasattr(module, attribute):
            vars(module)[attribute] = eval(value)


@contextmanager
def process_group(experiment: dict[str, Any], folder: str) -> Iterator[None]:
    """A group of one process, for classes that exchange values between processes."""
    if not experiment.get("distributed"):
        yield
        return
    distributed.init_process_group("gloo", init_method=f"file://{folder}/store", rank=0, world_size=1)
    try:
        yield
    finally:
        distributed.destroy_process_group()


def main() -> None:
    torch.set_num_threads(1)
    task = json.load(sys.stdin)
    sys.path[:0] = task["paths"]
    if ENGINE.startswith("runtime"):
        from mmmigrate.compat import aliases

        aliases.install("mmcv", "mmengine")
    import_module("mmcv.runner" if GENERATION == "v2" else "mmengine.runner")
    for name, names in task.get("missing", {}).items():
        add_names(name, names)
    for name, spec in task.get("stubs", {}).items():
        package(name, spec)
    for name, spec in task.get("stubs", {}).items():
        if "names_from" in spec:
            source = vars(import_module(spec["names_from"]))
            vars(sys.modules[name]).update({key: value for key, value in source.items() if isinstance(value, type)})
    results = {}
    for experiment in task["experiments"]:
        with tempfile.TemporaryDirectory() as folder:
            try:
                BACKBONE[0] = experiment.get("backbone")
                steps = experiment.get("args", {}).get("dynamic_intervals", [])
                steps[:] = map(tuple, steps)  # JSON has no tuples
                if "module" in experiment:
                    import_module(experiment["module"])
                train = train_v2 if GENERATION == "v2" else train_v3
                with process_group(experiment, folder):
                    results[experiment["name"]] = train(experiment, folder)
            except Exception as error:
                if task.get("raise"):
                    raise
                results[experiment["name"]] = {"error": f"{type(error).__name__}: {error}"}
    print("\nRESULT " + json.dumps(results))


if __name__ == "__main__":
    main()
