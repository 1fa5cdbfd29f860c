"""v3's schedulers on optimizers without a model, so that a whole run is stepped in milliseconds and without torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mmmigrate.compat.proof.groups import Group, PredictionError
from mmmigrate.compat.schedule import Plan, Quantity, RunLength

_CLOSED: dict[str, Quantity] = {"ClosedFormLR": "lr", "ClosedFormMomentum": "momentum"}


@dataclass
class Optimizer:
    """As much of an optimizer as schedulers ask for: importing torch would take longer than all the rest."""

    defaults: dict[str, Any]
    param_groups: list[dict[str, Any]]


class _ClosedForm:
    """The scheduler that mmmigrate ships: after step i, the value of mmcv's closed form at iteration i."""

    by_epoch = False

    def __init__(self, config: dict[str, Any], optimizer: Optimizer, run: RunLength, quantity: Quantity) -> None:
        self.groups, self.name, self.iteration = optimizer.param_groups, quantity, -1
        known = {"max_epochs": config.pop("max_epochs", None), "max_iters": config.pop("max_iters", None)}
        length = RunLength(config.pop("runner", "epoch"), **known, iters_per_epoch=run.iters_per_epoch)
        optimizer_name = config.pop("optimizer_name", "")
        for beside in ("by_epoch", "convert_to_iter_based", "begin", "end", "verbose", "type"):
            config.pop(beside, None)
        if "policy_by_epoch" in config:
            config["by_epoch"] = config.pop("policy_by_epoch")
        self.plan = Plan.from_config(config, length, quantity)
        self.bases = self.plan.policy.bases([group[quantity] for group in self.groups], optimizer_name)
        self.step()

    def step(self) -> None:
        self.iteration += 1
        if self.iteration < self.plan.run.total_iters():
            for group, value in zip(self.groups, self.plan.values(self.bases, self.iteration)):
                group[self.name] = value


class Schedulers:
    """All schedulers of a run on the groups of all its optimizers."""

    def __init__(self, given: Any, groups: Sequence[Group], run: RunLength) -> None:
        self.run = run
        self.groups: list[dict[str, Any]] = []
        self._built: list[Any] = []
        for name in dict.fromkeys(group.optimizer for group in groups):
            own = [{"lr": group.lr, "momentum": group.momentum} for group in groups if group.optimizer == name]
            optimizer = Optimizer(dict(own[0]), own)
            self.groups += own
            entries = given[name] if isinstance(given, Mapping) and "type" not in given and name in given else given
            for entry in entries if isinstance(entries, (list, tuple)) else [entries] if entries else []:
                self._built.append(_build(dict(entry), optimizer, run))

    def step(self, ends_epoch: bool) -> None:
        """What a runner does after each iteration."""
        for scheduler in self._built:
            if not scheduler.by_epoch or (ends_epoch and self.run.runner == "epoch"):
                scheduler.step()


def _build(config: dict[str, Any], optimizer: Optimizer, run: RunLength) -> Any:
    import mmmigrate.runtime_v3.optim  # noqa: F401  # registers mmengine's schedulers, without torch
    from mmmigrate.runtime_v3.registry import PARAM_SCHEDULERS

    kind = str(config.get("type")).rpartition(".")[2]
    if kind in _CLOSED:
        return _ClosedForm(config, optimizer, run, _CLOSED[kind])
    if kind not in PARAM_SCHEDULERS.module_dict:
        raise PredictionError(f"scheduler {config.get('type')!r} is a class of the codebase, which is not run here")
    if kind.startswith("ReduceOnPlateau"):
        raise PredictionError(f"scheduler {kind} looks at results of the run, which are not known before it")
    config["type"] = kind
    config.setdefault("end", (run.max_epochs or 1) if config.get("by_epoch", True) else run.total_iters())
    own = {"optimizer": optimizer, "epoch_length": run.iters_per_epoch}
    try:
        return PARAM_SCHEDULERS.build(config, default_args=own)
    except (TypeError, ValueError, KeyError) as error:
        raise PredictionError(f"mmengine refuses the scheduler {kind}: {error}") from error
