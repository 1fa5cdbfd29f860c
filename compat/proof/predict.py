"""What a config will do over its whole run, without model or data: rates, evaluations, checkpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mmmigrate.compat.proof.groups import Group, PredictionError, groups_v2, groups_v3
from mmmigrate.compat.proof.schedulers import Schedulers, repeated
from mmmigrate.compat.schedule import Plan, Quantity, RunLength

__all__ = [
    "Prediction", "PredictionError", "Tick", "predict_v2", "predict_v3", "predicted_v2", "predicted_v3", "run_length",
    "run_length_v3",
]  # fmt: skip

# The policy of a hook of mmmigrate that steps v3's schedulers in a v2 run.
_OF_V3 = "mmmigrate.compat.adapters.V3"

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Tick:
    """One iteration: the rates it is run with, and what happens after it (`evaluation`, names of checkpoints)."""

    rates: dict[str, float]
    evaluates: bool
    checkpoint: str | None


@dataclass(frozen=True, slots=True)
class Prediction:
    """A whole run: `lr` and `momentum` have shape (groups, iterations); a momentum of 0 is none.

    `evaluations` and the keys of `checkpoints` are the iterations (0-based) after which they happen.
    """

    lr: Floats
    momentum: Floats
    evaluations: list[int]
    checkpoints: dict[int, str]

    def ticks(self) -> Iterator[Tick]:
        """The same, iteration by iteration, with the names that a trace uses."""
        evaluations = set(self.evaluations)
        for i, (lr, momentum) in enumerate(zip(self.lr.T.tolist(), self.momentum.T.tolist())):
            rates = {f"lr[{group}]": value for group, value in enumerate(lr)}
            rates.update({f"momentum[{group}]": value for group, value in enumerate(momentum) if value})
            yield Tick(rates, i in evaluations, self.checkpoints.get(i))


def predict_v2(config: Mapping[str, Any], iters_per_epoch: int) -> Iterator[Tick]:
    """Every iteration of a v2 config."""
    return predicted_v2(config, iters_per_epoch).ticks()


def predict_v3(config: Mapping[str, Any], iters_per_epoch: int) -> Iterator[Tick]:
    """Every iteration of a v3 config."""
    return predicted_v3(config, iters_per_epoch).ticks()


def predicted_v2(config: Mapping[str, Any], iters_per_epoch: int) -> Prediction:
    """The run of a v2 config, from mmcv's closed forms."""
    run = run_length(config, iters_per_epoch)
    lr, momentum = _rates_v2(config, groups_v2(config), run)
    # the v2 codebases evaluate by default wherever there is a data set for it
    evaluation = config.get("evaluation", {} if "val" in (config.get("data") or {}) else None)
    by_epoch = run.runner == "epoch"
    checkpoint = config.get("checkpoint_config")
    if checkpoint is not None and not by_epoch:
        checkpoint = {"by_epoch": False, **checkpoint}  # the iteration runner's default
    done, after = _done(by_epoch, run, iters_per_epoch)
    evaluations = [] if evaluation is None else after[_evaluates_v2(evaluation, done)].tolist()
    saved = {} if checkpoint is None else _checkpoints(checkpoint, run, iters_per_epoch)
    return Prediction(lr, momentum, evaluations, saved)


def _rates_v2(config: Mapping[str, Any], groups: list[Group], run: RunLength) -> tuple[Floats, Floats]:
    given = config.get("lr_config")
    if isinstance(given, Mapping) and given.get("policy") == _OF_V3:
        return Schedulers(given.get("schedulers"), groups, run).course(run.total_iters())
    return _bound(given, "lr", groups, run), _bound(config.get("momentum_config"), "momentum", groups, run)


def _bound(given: Any, quantity: Quantity, groups: list[Group], run: RunLength) -> Floats:
    """All groups' values over the run; mmcv binds a policy to each optimizer by itself."""
    steady = [getattr(group, quantity) for group in groups]
    total = run.total_iters()
    if given is None:
        return repeated([(total, steady)])
    plan = Plan.from_config({key: value for key, value in given.items() if key != "_delete_"}, run, quantity)
    bases: list[Any] = []
    for name in dict.fromkeys(group.optimizer for group in groups):
        bases += plan.policy.bases([getattr(group, quantity) for group in groups if group.optimizer == name], name)
    if quantity == "momentum" and not any(steady):
        return repeated([(total, steady)])
    return repeated(plan.stretches(bases, total))


def run_length(config: Mapping[str, Any], iters_per_epoch: int) -> RunLength:
    """How long a v2 config trains; PredictionError if it does not say."""
    runner = config.get("runner") or {}
    epochs = runner.get("max_epochs", config.get("total_epochs"))
    iters = runner.get("max_iters", config.get("total_iters"))
    if epochs is not None:
        return RunLength("epoch", epochs, epochs * iters_per_epoch, iters_per_epoch)
    if iters is not None:
        return RunLength("iter", None, iters, iters_per_epoch)
    raise PredictionError("the config has neither runner nor total_epochs nor total_iters: how long is the run?")


def _done(by_epoch: bool, run: RunLength, iters_per_epoch: int) -> tuple[Integers, Integers]:
    """How many epochs (or iterations) are done at each moment that ends one, and the iterations that these follow."""
    unit = iters_per_epoch if by_epoch else 1
    done = np.arange(1, run.total_iters() // unit + 1)
    return done, done * unit - 1


def _evaluates_v2(evaluation: Mapping[str, Any], done: Integers) -> Mask:
    start, changes = evaluation.get("start"), evaluation.get("dynamic_intervals") or ()
    interval = _intervals(evaluation.get("interval", 1), [(begin, changed) for begin, changed in changes], done)
    due: Mask = (done if start is None else done - start) % np.maximum(interval, 1) == 0
    return due & (interval > 0 if start is None else done >= start)


def _intervals(interval: int, changes: list[tuple[int, int]], done: Integers) -> Integers:
    """The interval that holds at each moment: the last of the changes that have begun."""
    found = np.full(len(done), interval, dtype=np.int64)
    for begin, changed in changes:
        found[done >= begin] = changed
    return found


def _checkpoints(config: Mapping[str, Any], run: RunLength, iters_per_epoch: int) -> dict[int, str]:
    """The checkpoints by the iteration that they are written after, by the rules that both generations share."""
    by_epoch, interval = config.get("by_epoch", True), config.get("interval", -1)
    if by_epoch and run.runner == "iter":
        return {}
    done, after = _done(by_epoch, run, iters_per_epoch)
    due = (done % interval == 0) if interval > 0 else np.zeros(len(done), dtype=np.bool_)
    if config.get("save_last", True):
        due |= after == run.total_iters() - 1
    template: str = config.get("filename_tmpl") or ("epoch_{}.pth" if by_epoch else "iter_{}.pth")
    return {i: template.format(count) for i, count in zip(after[due].tolist(), done[due].tolist())}


def predicted_v3(config: Mapping[str, Any], iters_per_epoch: int) -> Prediction:
    """The run of a v3 config, from its schedulers, stepped on optimizers without a model."""
    run = run_length_v3(config, iters_per_epoch)
    loop = config.get("train_cfg") or {}
    lr, momentum = Schedulers(config.get("param_scheduler"), groups_v3(config), run).course(run.total_iters())
    checkpoint = (config.get("default_hooks") or {}).get("checkpoint")
    done, after = _done(run.runner == "epoch", run, iters_per_epoch)
    validates = config.get("val_cfg") is not None
    evaluations = after[_evaluates_v3(loop, done, after == run.total_iters() - 1)].tolist() if validates else []
    saved = {} if checkpoint is None else _checkpoints(checkpoint, run, iters_per_epoch)
    return Prediction(lr, momentum, evaluations, saved)


def run_length_v3(config: Mapping[str, Any], iters_per_epoch: int) -> RunLength:
    """How long a v3 config trains; PredictionError if it does not say."""
    loop = config.get("train_cfg") or {}
    epochs: Any = loop.get("max_epochs")
    iters: Any = loop.get("max_iters")
    by_epoch = bool(loop.get("by_epoch", "IterBased" not in str(loop.get("type", ""))))
    if (epochs if by_epoch else iters) is None:
        raise PredictionError("the config has no train_cfg with max_epochs or max_iters: how long is the run?")
    if by_epoch:
        return RunLength("epoch", epochs, epochs * iters_per_epoch, iters_per_epoch)
    return RunLength("iter", None, iters, iters_per_epoch)


def _evaluates_v3(loop: Mapping[str, Any], done: Integers, is_last: Mask) -> Mask:
    as_v2 = str(loop.get("type", "")).rpartition(".")[2].startswith("V2")
    changes = [(begin - 1, changed) for begin, changed in loop.get("dynamic_intervals") or ()]
    interval = _intervals(loop.get("val_interval", 1 if "max_epochs" in loop else 1000), changes, done)
    start = loop.get("val_start") if as_v2 else None
    due: Mask = (done if start is None else done - start) % np.maximum(interval, 1) == 0
    begun: Mask = done >= (loop.get("val_begin", 1) if start is None else start)
    return begun & (due if as_v2 else due | is_last)
