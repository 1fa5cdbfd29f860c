"""Steps every scheduler in one of the two engines and prints all values as JSON.

python v3_schedules.py ROOT    ROOT: `mmengine` or `mmmigrate.runtime_v3`
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import Any

import torch

STEPS = 60
EPOCH_LENGTH = 7

# Name → (optimizer, schedulers). `metrics` steps a schedule by its metric instead.
CASES: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {}


def case(name: str, *schedulers: dict[str, Any], **optimizer: Any) -> None:
    CASES[name] = ({"type": "SGD", "lr": 0.1, "momentum": 0.9, **optimizer}, list(schedulers))


def by_iteration(kind: str, **arguments: Any) -> dict[str, Any]:
    return {"type": kind, "by_epoch": False, **arguments}


for _kind, _arguments in {
    "Constant": {"factor": 0.25, "begin": 2, "end": 20},
    "Linear": {"start_factor": 0.1, "end_factor": 0.7, "begin": 3, "end": 33},
    "Exponential": {"gamma": 0.97, "end": 50},
    "Step": {"step_size": 9, "gamma": 0.3, "begin": 4},
    "MultiStep": {"milestones": [5, 11, 11, 40], "gamma": 0.5},
    "CosineAnnealing": {"eta_min": 0.003, "begin": 5, "end": 57},
    "CosineRestart": {"periods": [10, 20, 15], "restart_weights": [1, 0.5, 0.25], "eta_min": 0.001},
    "Poly": {"power": 0.9, "eta_min": 0.002, "end": 55},
}.items():
    case(f"{_kind}LR", by_iteration(f"{_kind}LR", **_arguments))
    case(f"{_kind}Momentum", by_iteration(f"{_kind}Momentum", **_arguments))
    case(f"{_kind}Momentum of Adam", by_iteration(f"{_kind}Momentum", **_arguments), type="Adam")
    case(f"{_kind}ParamScheduler", by_iteration(f"{_kind}ParamScheduler", param_name="weight_decay", **_arguments))

case("cosine up again after T_max", by_iteration("CosineAnnealingLR", T_max=15, eta_min=0.01))
case("cosine to a share", by_iteration("CosineAnnealingLR", eta_min_ratio=0.05, end=60))
case(
    "restarts to a share", by_iteration("CosineRestartLR", periods=[30, 30], restart_weights=[1, 1], eta_min_ratio=0.1)
)
case("one cycle", by_iteration("OneCycleLR", eta_max=0.5, total_steps=61))
case("one cycle, linear", by_iteration("OneCycleLR", eta_max=0.5, total_steps=80, anneal_strategy="linear"))
case("one cycle in three phases", by_iteration("OneCycleLR", eta_max=0.5, total_steps=70, three_phase=True))
case(
    "warm-up and decay",
    by_iteration("LinearLR", start_factor=0.001, end=10),
    by_iteration("MultiStepLR", milestones=[20, 45], gamma=0.1),
)
case(
    "epochs converted to iterations",
    {"type": "LinearLR", "start_factor": 0.1, "end": 2, "convert_to_iter_based": True},
    {"type": "CosineAnnealingLR", "T_max": 5, "begin": 2, "end": 7, "convert_to_iter_based": True, "eta_min": 1e-4},
    {"type": "StepLR", "step_size": 3, "convert_to_iter_based": True},
    {"type": "MultiStepLR", "milestones": [1, 6], "convert_to_iter_based": True},
)
case(
    "restarts converted",
    {
        "type": "CosineRestartLR",
        "periods": [2, 5],
        "restart_weights": [1, 2],
        "eta_min": 0.01,
        "convert_to_iter_based": True,
    },
)
case("one cycle converted", {"type": "OneCycleLR", "eta_max": 0.3, "total_steps": 9, "convert_to_iter_based": True})
for _rule in ("rel", "abs"):
    case(
        f"plateau, {_rule}",
        {
            "type": "ReduceOnPlateauLR",
            "monitor": "loss",
            "patience": 1,
            "threshold": 0.05,
            "threshold_rule": _rule,
            "cooldown": 2,
            "factor": 0.5,
            "min_value": 0.001,
        },
    )
case("plateau upwards", {"type": "ReduceOnPlateauLR", "monitor": "loss", "rule": "greater", "patience": 2})


def groups_of_parameters() -> list[dict[str, Any]]:
    first, second = (torch.nn.Parameter(torch.zeros(2)) for _ in range(2))
    return [{"params": [first]}, {"params": [second], "lr": 0.03}]


def values(optimizer: Any) -> list[list[str]]:
    keys = ("lr", "momentum", "weight_decay", "betas")
    return [
        [
            repr(
                tuple(v.hex() if isinstance(v, float) else v for v in (value if isinstance(value, tuple) else (value,)))
            )
            for key in keys
            if (value := group.get(key)) is not None
        ]
        for group in optimizer.param_groups
    ]


def run(root: str, optimizer_cfg: dict[str, Any], schedulers: list[dict[str, Any]]) -> list[Any]:
    registry = import_module(f"{root}.registry")
    optim = import_module(f"{root}.optim")
    optimizer = registry.OPTIMIZERS.build({**_without_momentum(optimizer_cfg), "params": groups_of_parameters()})
    wrapper = optim.OptimWrapper(optimizer)
    own = {"optimizer": wrapper, "epoch_length": EPOCH_LENGTH}
    built = [registry.PARAM_SCHEDULERS.build(dict(cfg), default_args=own) for cfg in schedulers]
    trace = [values(wrapper)]
    for step in range(STEPS):
        optimizer.step()
        for scheduler in built:
            scheduler.step()
            if getattr(scheduler, "need_val_args", False):
                scheduler.step({"loss": 1.0 / (1 + step % 13)})
        trace.append([values(wrapper), [scheduler.last_step for scheduler in built]])
    return trace


def _without_momentum(cfg: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in cfg.items() if not (cfg["type"] == "Adam" and k == "momentum")}


if __name__ == "__main__":
    print(json.dumps({name: run(sys.argv[1], *entry) for name, entry in CASES.items()}))
