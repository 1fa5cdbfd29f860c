"""Every hook of runtime_v2 in a run of either runner, with all noted that a v2 hook can see.

As a script: WHERE the tiny project is trained by real mmengine with each of them, the notes as JSON to OUT.
"""

import copy
import json
import logging
from functools import partial

import torch
from torch.utils.data import DataLoader

import mmmigrate.compat.adapters  # noqa: F401
from mmmigrate.compat.adapters.dataset import adapted_dataset
from mmmigrate.compat.adapters.hook import V2Hook
from mmmigrate.compat.adapters.model import adapted_model
from mmmigrate.compat.proof.start import restart_loader, starting_hook
from mmmigrate.runtime_v2 import HOOKS, EpochBasedRunner, EvalHook, Hook, IterBasedRunner
from mmmigrate.runtime_v2.hooks import ClosureHook
from mmmigrate.runtime_v2.hooks.ema import ExpMomentumEMAHook, LinearMomentumEMAHook
from mmmigrate.runtime_v2.parallel import MMDataParallel, collate

from .tiny_project import Line, Points

OPTIMIZER = {"type": "OptimizerHook"}
POLICIES = {
    "Fixed": {"warmup": "linear", "warmup_iters": 3},
    "Step": {"step": [1], "warmup": "constant", "warmup_iters": 4},
    "Exp": {"gamma": 0.5, "by_epoch": False},
    "Poly": {"power": 0.9, "min_lr": 0.01, "by_epoch": False, "warmup": "exp", "warmup_iters": 3},
    "Inv": {"gamma": 0.1},
    "CosineAnnealing": {"min_lr_ratio": 0.1, "by_epoch": False},
    "FlatCosineAnnealing": {"start_percent": 0.4, "min_lr": 0.001, "by_epoch": False},
    "LinearAnnealing": {"min_lr": 0.001},
    "CosineRestart": {"periods": [2, 20], "restart_weights": [1, 0.5], "min_lr": 0.001, "by_epoch": False},
    "Cyclic": {"by_epoch": False, "target_ratio": (10, 0.1)},
    "OneCycle": {"max_lr": 0.5},
}
MOMENTA = {
    "Step": {"step": [1], "gamma": 0.5},
    "CosineAnnealing": {"min_momentum": 0.1, "by_epoch": False, "warmup": "linear", "warmup_iters": 2},
    "LinearAnnealing": {"min_momentum_ratio": 0.1},
    "Cyclic": {"by_epoch": False},
    "OneCycle": {},
}


def lr(name, **arguments):
    return {"type": f"{name}LrUpdaterHook", **arguments, "priority": "VERY_HIGH"}


def momentum(name, **arguments):
    return {"type": f"{name}MomentumUpdaterHook", **arguments, "priority": "HIGH"}


TEXT = [{"type": "IterTimerHook", "priority": "LOW"}, {"type": "TextLoggerHook", "interval": 2, "priority": "VERY_LOW"}]
CASES = {
    **{
        f"rate {name}": [lr(name, **arguments)]
        for name, arguments in POLICIES.items()
        if f"{name}LrUpdaterHook" in HOOKS
    },
    **{f"momentum {name}": [momentum(name, **arguments)] for name, arguments in MOMENTA.items()},
    "one cycle of both": [lr("OneCycle", max_lr=0.5), momentum("OneCycle")],
    "clipping": [{**OPTIMIZER, "grad_clip": {"max_norm": 0.1}}],
    "accumulation": [{"type": "GradientCumulativeOptimizerHook", "cumulative_iters": 4}],
    "half precision": [{"type": "Fp16OptimizerHook", "grad_clip": {"max_norm": 0.1}}],
    "half precision, accumulated": [{"type": "GradientCumulativeFp16OptimizerHook", "cumulative_iters": 2}],
    "average before the checkpoint": [{"type": "EMAHook", "momentum": 0.3, "warm_up": 2, "priority": "ABOVE_NORMAL"}],
    "average with an interval": [{"type": "EMAHook", "momentum": 0.3, "interval": 2}],
    "mmdet's average": [ExpMomentumEMAHook],
    "mmdet's other average": [LinearMomentumEMAHook],
    "text log": TEXT,
    "text log by iteration": [TEXT[0], {**TEXT[1], "by_epoch": False, "ignore_last": False}],
    "log and schedule": [lr("Step", **POLICIES["Step"]), {**OPTIMIZER, "grad_clip": {"max_norm": 0.1}}, *TEXT],
    "checkpoints": [{"type": "CheckpointHook", "interval": 1, "max_keep_ckpts": 1}],
    "evaluation": [EvalHook, *TEXT],
    "cache": [{"type": "EmptyCacheHook", "after_iter": True}],
    "buffers": [{"type": "SyncBuffersHook"}],
    "sampler seed": [{"type": "DistSamplerSeedHook"}],
    "closure": [ClosureHook],
}


class Watch(Hook):
    """Notes what a v2 hook can see, at every stage."""

    def __init__(self):
        self.seen = []

    def note(self, stage, runner):
        seen = [stage, runner.epoch, runner.iter, runner.current_lr(), runner.current_momentum()]
        state = runner.model.module.state_dict()
        seen += [{name: value.tolist() for name, value in state.items()}, runner.optimizer.param_groups[0]["lr"]]
        if stage == "after_train_iter":
            outputs = runner.outputs
            seen += [outputs["loss"].item(), outputs["log_vars"], outputs["num_samples"], len(runner.data_loader)]
            seen.append(
                {
                    name: list(map(float, kept))
                    for name, kept in runner.log_buffer.val_history.items()
                    if "time" not in name
                }
            )
        self.seen.append(seen)


for stage in ("before_run", "before_epoch", "before_train_iter", "after_train_iter", "after_epoch", "after_run"):
    setattr(Watch, stage, lambda self, runner, stage=stage: self.note(stage, runner))


def made(entry, first):
    """A hook of its config or class, and its priority."""
    if entry is EvalHook:
        loader = DataLoader(Points(), 3, collate_fn=partial(collate, samples_per_gpu=3))
        return EvalHook(loader, interval=1, by_epoch=first, save_best="mean", rule="less"), "LOW"
    if entry is ClosureHook:
        return ClosureHook(
            "after_train_iter", lambda runner: runner.optimizer.param_groups[0].update(lr=0.01)
        ), "NORMAL"
    if isinstance(entry, type):
        return entry(momentum=0.2), 49
    config = dict(entry)
    priority = config.pop("priority", "ABOVE_NORMAL" if "Optimizer" in config["type"] else "NORMAL")
    return HOOKS.build(config), priority


def runs(name):
    """Whether by epoch: the ways in which mmcv itself can run this hook."""
    return [True] if name == "sampler seed" else [True, False]


def with_optimizer(case):
    """The hooks with one that steps, unless None stands first."""
    if case[0] is None:
        return case[1:]
    steps = any(isinstance(entry, dict) and "Optimizer" in entry["type"] for entry in case)
    return list(case) if steps else [OPTIMIZER, *case]


def lines(folder):
    """The JSON log without times."""
    found = []
    for path in sorted(folder.rglob("*.log.json")):
        for line in path.read_text().splitlines():
            entry = json.loads(line)
            if "mode" in entry:
                found.append({name: value for name, value in entry.items() if "time" not in name})
    return found


def run_v2(case, folder, by_epoch):
    torch.manual_seed(0)
    model = Line()
    kind, length = (EpochBasedRunner, {"max_epochs": 2}) if by_epoch else (IterBasedRunner, {"max_iters": 5})
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    loader = DataLoader(Points(), 3, shuffle=True, collate_fn=partial(collate, samples_per_gpu=3))
    runner = kind(
        MMDataParallel(model),
        optimizer=optimizer,
        work_dir=str(folder),
        logger=logging.getLogger("t"),
        meta={},
        **length,
    )
    for entry in with_optimizer(case):
        runner.register_hook(*made(entry, by_epoch))
    watch = Watch()
    runner.register_hook(watch, priority="LOWEST")
    torch.manual_seed(1)
    runner.run([loader], [("train", 1)])
    return watch.seen


def run_v3(case, folder, by_epoch, runner_class, hook_base, build_loader):
    torch.manual_seed(0)
    sampler = {"type": f"mmmigrate.compat.adapters.{'GlobalRandomSampler' if by_epoch else 'IterLoaderSampler'}"}
    loader = build_loader({"batch_size": 3, "num_workers": 0, "sampler": sampler, "dataset": adapted_dataset(Points)()})
    runner = runner_class(
        model=adapted_model(Line)(),
        work_dir=str(folder),
        train_dataloader=loader,
        train_cfg={"by_epoch": True, "max_epochs": 2} if by_epoch else {"by_epoch": False, "max_iters": 5},
        optim_wrapper={"optimizer": {"type": "SGD", "lr": 0.1, "momentum": 0.9}},
        default_hooks={"checkpoint": None},
        randomness={"seed": 0},
        experiment_name=folder.parent.name,
    )
    for entry in with_optimizer(copy.copy(case)):
        hook, priority = made(entry, by_epoch)
        runner.register_hook(V2Hook(hook), priority=priority)
    watch = Watch()
    runner.register_hook(V2Hook(watch), priority="LOWEST")

    def start(runner):
        torch.manual_seed(1)
        restart_loader(runner.train_loop)

    runner.register_hook(starting_hook(hook_base, "before_train", start), priority=0)
    runner.train()
    return watch.seen
