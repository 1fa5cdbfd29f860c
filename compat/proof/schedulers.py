"""v3's schedulers on optimizers without a model, so that a whole run is stepped in milliseconds and without torch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mmmigrate.compat.proof.groups import Group, PredictionError
from mmmigrate.compat.schedule import Plan, Quantity, RunLength

Floats = npt.NDArray[np.float64]
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
        self.optimizer, self.param_name, self._global_step = optimizer, quantity, -1
        groups = optimizer.param_groups
        known = {"max_epochs": config.pop("max_epochs", None), "max_iters": config.pop("max_iters", None)}
        length = RunLength(config.pop("runner", "epoch"), **known, iters_per_epoch=run.iters_per_epoch)
        optimizer_name = config.pop("optimizer_name", "")
        for beside in ("by_epoch", "convert_to_iter_based", "begin", "end", "verbose", "type"):
            config.pop(beside, None)
        if "policy_by_epoch" in config:
            config["by_epoch"] = config.pop("policy_by_epoch")
        self.plan = Plan.from_config(config, length, quantity)
        self.bases = self.plan.policy.bases([group[quantity] for group in groups], optimizer_name)
        self.end = self.plan.run.total_iters()
        self.step()

    def step(self) -> None:
        self._global_step += 1
        if self._global_step < self.end:
            values = self.plan.values(self.bases, self._global_step)
            for group, value in zip(self.optimizer.param_groups, values):
                group[self.param_name] = value

    def course(self, iterations: int) -> Floats:
        """All values over that many iterations, without stepping; past the end of the run nothing changes."""
        values = repeated(self.plan.stretches(self.bases, min(iterations, self.end)))
        return np.pad(values, ((0, 0), (0, iterations - values.shape[1])), mode="edge")


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

    def course(self, iterations: int) -> tuple[Floats, Floats]:
        """The rates and the momenta over the run, of shape (groups, iterations)."""
        # a closed form that shares its quantity with no other scheduler needs no stepping: most converted configs
        alone = [
            scheduler for scheduler in self._built if isinstance(scheduler, _ClosedForm) and self._alone(scheduler)
        ]
        stepped = list(self._stretches([one for one in self._built if one not in alone], iterations))
        both = tuple(repeated((length, values[name]) for length, values in stepped) for name in ("lr", "momentum"))
        for scheduler in alone:
            first = next(i for i, group in enumerate(self.groups) if group is scheduler.optimizer.param_groups[0])
            own = scheduler.course(iterations)
            both[scheduler.param_name == "momentum"][first : first + len(own)] = own
        return both[0], both[1]

    def _alone(self, scheduler: _ClosedForm) -> bool:
        quantity = id(scheduler.optimizer), scheduler.param_name
        return sum((id(other.optimizer), other.param_name) == quantity for other in self._built) == 1

    def _stretches(self, stepped: list[Any], iterations: int) -> Iterator[tuple[int, dict[str, list[float]]]]:
        """The values over the run, as (length, values by name) of each stretch in which no scheduler can act."""
        epoch = self.run.iters_per_epoch if self.run.runner == "epoch" else None
        i = 0
        while i < iterations:
            acting = [scheduler for scheduler in stepped if scheduler._global_step + 1 < scheduler.end]
            by_iteration = [scheduler for scheduler in acting if not scheduler.by_epoch]
            length = 1 if by_iteration else iterations - i if not acting or not epoch else epoch - i % epoch
            yield length, {name: [float(group[name]) for group in self.groups] for name in ("lr", "momentum")}
            i += length
            for scheduler in acting:
                if not scheduler.by_epoch or (epoch and i % epoch == 0):
                    scheduler.step()


def repeated(stretches: Iterable[tuple[int, Sequence[float]]]) -> Floats:
    """Stretches as an array of shape (groups, iterations).

    >>> repeated([(2, [0.1]), (1, [0.2])]).tolist()
    [[0.1, 0.1, 0.2]]
    """
    lengths, values = zip(*stretches)
    return np.repeat(np.array(values, dtype=np.float64), lengths, axis=0).T


def _build(config: dict[str, Any], optimizer: Optimizer, run: RunLength) -> Any:
    kind = str(config.get("type")).rpartition(".")[2]
    if kind in _CLOSED:
        return _ClosedForm(config, optimizer, run, _CLOSED[kind])
    import mmmigrate.runtime_v3.optim  # noqa: F401  # registers mmengine's schedulers, without torch
    from mmmigrate.runtime_v3.registry import PARAM_SCHEDULERS

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
