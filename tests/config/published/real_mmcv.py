"""Runs in the environment of mmcv 1.7.2: what its hooks do over the whole of each run.

python real_mmcv.py CASES.json OUT ITERS_PER_EPOCH [HOOKS_OF_THE_CODEBASE.py …]
"""

import contextlib
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import mmcv.runner.hooks.optimizer as optimizer_hooks
import numpy as np
import torch
from mmcv.runner import HOOKS, OPTIMIZER_BUILDERS
from mmcv.runner.hooks import CheckpointHook, EvalHook
from mmcv.utils import build_from_cfg
from torture import Given, by_expression, groups_with, load_files, named, parts_of, rates_of, torture_model, unmarked

optimizer_hooks.GradScaler = Given
OF_MMCV = OPTIMIZER_BUILDERS.get("DefaultOptimizerConstructor")  # before a codebase puts its own in its place


def title(policy):
    return policy.title() if policy == policy.lower() else policy


def runner_for(v2, length):
    kind, count = run_length(v2)
    epochs = count if kind == "epoch" else None
    iters = epochs * length if epochs else count
    runner = SimpleNamespace(epoch=0, iter=0, inner_iter=0, data_loader=range(length), meta={}, hooks=[], _hooks=[])
    runner.max_epochs = runner._max_epochs = epochs
    runner.max_iters = runner._max_iters = iters
    return kind, runner


def run_length(v2):
    runner = v2.get("runner")
    if not runner:
        return ("epoch", v2["total_epochs"]) if "total_epochs" in v2 else ("iter", v2["total_iters"])
    # classes of the codebases count as their names say; the oldest are told the length when they are called
    kind = "epoch" if "Epoch" in runner["type"] else "iter"
    return kind, runner.get(f"max_{kind}s", v2.get(f"total_{kind}s"))


def updaters(v2, kind):
    made = []
    for key, suffix in (("lr_config", "LrUpdaterHook"), ("momentum_config", "MomentumUpdaterHook")):
        if v2.get(key) is not None:
            config = dict(v2[key])
            if kind == "iter" and key == "lr_config":
                config.setdefault("by_epoch", False)
            config["type"] = title(config.pop("policy")) + suffix
            made.append(build_from_cfg(config, HOOKS))
    return made


def course(v2, length):
    """Rates and momenta of two groups at every iteration, shape (iterations, groups, 2)."""
    kind, runner = runner_for(v2, length)
    optimizers = {name: groups_with(part) for name, part in parts_of(v2).items()}
    runner.optimizer = optimizers.get("", optimizers)
    hooks = updaters(v2, kind)
    values = np.empty((runner.max_iters, 2 * len(optimizers), 2))
    for hook in hooks:
        hook.before_run(runner)
    for i in range(runner.max_iters):
        runner.iter, runner.epoch = i, i // length if kind == "epoch" else 0
        for hook in hooks:
            if kind == "epoch" and i % length == 0:
                hook.before_train_epoch(runner)
            hook.before_train_iter(runner)
        values[i] = rates_of(optimizers)
    return values


def eval_hook(v2, kind, cls):
    options = dict(v2.get("evaluation") or {})
    own = {key: options[key] for key in ("start", "interval", "dynamic_intervals") if key in options}
    hook = cls(torch.utils.data.DataLoader([0]), by_epoch=kind == "epoch", test_fn=print, **own)
    hook._do_evaluate = lambda runner: runner.events.append(["evaluation", done(runner, kind)])
    return hook


def done(runner, kind):
    return (runner.epoch if kind == "epoch" else runner.iter) + 1


def events(v2, length, eval_class):
    """[what, after how many epochs or iterations], evaluations and checkpoints, in order."""
    kind, runner = runner_for(v2, length)
    runner.events = []
    hooks = []
    if v2.get("checkpoint_config") is not None:
        config = dict(v2["checkpoint_config"])
        if kind == "iter":
            config.setdefault("by_epoch", False)
        hook = CheckpointHook(**config)
        hook._save_checkpoint = lambda runner: runner.events.append(
            ["checkpoint", (runner.epoch if hook.by_epoch else runner.iter) + 1]
        )
        hooks.append(hook)
    if v2["has_val"] and v2.get("evaluation", {}) is not None:
        hooks.append(eval_hook(v2, kind, eval_class))
    runner.logger = SimpleNamespace(info=lambda *a: None)
    if kind == "epoch":
        for epoch in range(runner.max_epochs):
            runner.epoch = epoch
            for stage in ("before_train_epoch", "after_train_epoch"):
                for hook in hooks:
                    getattr(hook, stage)(runner)
        return runner.events
    runner.log_buffer = SimpleNamespace(clear=lambda: None)
    for iteration in range(runner.max_iters):
        runner.iter = iteration
        for stage in ("before_train_iter", "after_train_iter"):
            for hook in hooks:
                getattr(hook, stage)(runner)
    return runner.events


def stepping(v2):
    """Clipping, accumulation and loss scale, from the optimizer hook that the codebases build."""
    options, fp16 = v2.get("optimizer_config"), v2.get("fp16")
    if fp16 is not None and "type" not in (options or {}):
        # mmdet hands on all of fp16, mmcls the scale only
        scale = {key: fp16[key] for key in ("loss_scale",) if key in fp16}
        options = {**(options or {}), **scale, "type": "Fp16OptimizerHook"}
    if options is None or "" not in parts_of(v2):
        return None  # with several optimizers the model steps
    if options.get("type", "").startswith("Dist") or "update_interval" in options:  # the codebases' hook around apex
        scale = [None, {}] if options.get("use_fp16") else None
        if fp16 is not None:
            hook = build_from_cfg({"type": "Fp16OptimizerHook", **fp16}, HOOKS)
            scale = [hook._scale_update_param, hook.loss_scaler.given]
        return {"clip": options.get("grad_clip"), "accumulation": options.get("update_interval", 1), "scale": scale}
    hook = build_from_cfg({"type": "OptimizerHook", **options}, HOOKS)
    if not type(hook).__module__.startswith("mmcv."):
        return "a class of the codebase"  # which runs through the bridge
    scale = None
    if "Fp16" in type(hook).__name__:
        scale = [hook._scale_update_param, hook.loss_scaler.given]
    return {"clip": hook.grad_clip, "accumulation": getattr(hook, "cumulative_iters", 1), "scale": scale}


def param_groups(v2):
    """(rate, decay) of every parameter of a model that has something for every rule, by optimizer."""
    return {name: groups_of_one(dict(optimizer)) for name, optimizer in parts_of(v2).items()}


def groups_of_one(optimizer):
    own = optimizer.pop("constructor", "DefaultOptimizerConstructor")
    older = optimizer.pop("paramwise_options", None)
    if own != "DefaultOptimizerConstructor":
        return None  # a class that needs the codebase's models
    keys = (optimizer.get("paramwise_cfg") or {}).get("custom_keys") or (older if by_expression(older) else {})
    model = torture_model(keys)
    if not hasattr(torch.optim, optimizer["type"]):
        kept = {key: optimizer[key] for key in ("lr", "weight_decay", "paramwise_cfg") if key in optimizer}
        optimizer = {"type": "SGD", **kept}
    if by_expression(older):
        if OF_MMCV is OPTIMIZER_BUILDERS.get(own):
            return None  # the codebase's own constructor has to be among the files
        with contextlib.redirect_stdout(None):  # it prints every parameter
            return named(OPTIMIZER_BUILDERS.get(own)(optimizer, older)(model), model)
    if older is not None:
        optimizer["paramwise_cfg"] = older  # what it was called before mmcv 0.6
    paramwise = optimizer.pop("paramwise_cfg", None)
    return named(OF_MMCV(optimizer, paramwise)(model), model)


def main(cases, out, length, *files):
    eval_class = EvalHook
    for module in load_files(files):
        eval_class = getattr(module, "EvalHook", eval_class)
    results = {}
    for case in json.loads(Path(cases).read_text()):
        v2 = unmarked(case["v2"])
        try:
            np.save(Path(out) / f"{case['key']}.v2.npy", course(v2, int(length)))
            results[case["key"]] = {"events": events(v2, int(length), eval_class), "stepping": stepping(v2),
                                    "groups": param_groups(v2)}  # fmt: skip
        except (TypeError, ValueError, KeyError, AssertionError, AttributeError) as error:
            results[case["key"]] = {"refused": f"{type(error).__name__}: {error}"}
    (Path(out) / "v2.json").write_text(json.dumps(results))


if __name__ == "__main__":
    main(*sys.argv[1:])
