"""Steps the closed-form schedulers in one of the two engines and prints what they set, as JSON.

python v3_closed_form.py ROOT < cases    ROOT: `mmengine` or `mmmigrate.runtime_v3`; cases: {name: [quantity, config]}
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import Any

import torch


def course(root: str, quantity: str, config: dict[str, Any], steps: int, interrupt: int | None) -> list[list[str]]:
    optim, registry = import_module(f"{root}.optim"), import_module(f"{root}.registry")

    def build() -> tuple[Any, Any]:
        groups = [
            {"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr, "momentum": momentum}
            for lr, momentum in ((0.02, 0.9), (0.003, 0.95))
        ]
        wrapper = optim.OptimWrapper(torch.optim.SGD(groups, lr=1.0, momentum=0.5))
        kind = "ClosedFormLR" if quantity == "lr" else "ClosedFormMomentum"
        cfg = {"type": kind, "by_epoch": True, "convert_to_iter_based": True, **config}
        own = {"optimizer": wrapper, "epoch_length": 7, "end": 1}
        scheduler = registry.PARAM_SCHEDULERS.build(cfg, default_args=own)
        assert isinstance(scheduler, optim._ParamScheduler), type(scheduler).__mro__
        return wrapper, scheduler

    wrapper, scheduler = build()
    values = []
    for step in range(steps):
        if step == interrupt:
            saved = wrapper.state_dict(), json.loads(json.dumps(scheduler.state_dict()))
            wrapper, scheduler = build()
            wrapper.load_state_dict(saved[0])
            scheduler.load_state_dict(saved[1])
        values.append([float(group[quantity]).hex() for group in wrapper.optimizer.param_groups])
        scheduler.step()
    return values


def main() -> None:
    root = sys.argv[1]
    import_module(f"{root}.optim")
    import_module("mmmigrate.compat.adapters.closed_form")
    request = json.load(sys.stdin)
    results = {}
    for name, (quantity, config) in request["cases"].items():
        for interrupt in (None, 11):
            key = name if interrupt is None else f"{name}, resumed"
            # JSON has no tuples, and mmcv takes no list here.
            arguments = {k: tuple(v) if k == "target_ratio" else v for k, v in config.items()}
            results[key] = course(root, quantity, arguments, request["steps"], interrupt)
    json.dump(results, sys.stdout)


main()
