"""Runs in the environment of real mmcv 1.7.2: drives its updater hooks over a run and prints what they set, as hex."""

import json
import sys
from types import SimpleNamespace

import torch
from mmcv.runner import EpochBasedRunner, IterBasedRunner
from mmcv.runner.hooks.lr_updater import LrUpdaterHook
from mmcv.runner.hooks.momentum_updater import MomentumUpdaterHook


def registered(quantity, kind, config):
    """The hook that a runner of this kind makes of the config, with the runner's own defaults."""
    runner = object.__new__(EpochBasedRunner if kind == "epoch" else IterBasedRunner)
    runner._hooks = []
    if quantity == "lr":
        runner.register_training_hooks(config)
    else:
        runner.register_training_hooks(None, momentum_config=config)
    return next(hook for hook in runner._hooks if isinstance(hook, (LrUpdaterHook, MomentumUpdaterHook)))


def course(request, quantity, kind, config):
    epochs, length = request["epochs"], request["iters_per_epoch"]
    config = {k: tuple(v) if k in request["tuples"] and isinstance(v, list) else v for k, v in config.items()}
    hook = registered(quantity, kind, config)
    groups = [
        {"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr, "momentum": momentum}
        for lr, momentum in zip(request["lr"], request["momentum"])
    ]
    runner = SimpleNamespace(
        optimizer=torch.optim.SGD(groups, lr=1.0, momentum=0.5),
        epoch=0,
        iter=0,
        max_epochs=epochs if kind == "epoch" else None,
        max_iters=epochs * length,
        data_loader=range(length),
    )
    values = []
    hook.before_run(runner)
    for epoch in range(epochs):
        runner.epoch = epoch
        if kind == "epoch":
            hook.before_train_epoch(runner)
        for _ in range(length):
            hook.before_train_iter(runner)
            values.append([float(group[quantity]).hex() for group in runner.optimizer.param_groups])
            runner.iter += 1
    return values


def main():
    request = json.load(sys.stdin)
    results = {}
    for name, (quantity, kind, config) in request["cases"].items():
        config = dict(config)
        results[name] = course(request, quantity, kind, config)
    json.dump(results, sys.stdout)


main()
