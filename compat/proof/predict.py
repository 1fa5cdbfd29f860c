"""What a config will do over its whole run, without model or data: rates, evaluations, checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mmmigrate.compat.proof.groups import Group, PredictionError, groups_v2, groups_v3
from mmmigrate.compat.proof.schedulers import Schedulers
from mmmigrate.compat.schedule import Plan, Quantity, RunLength

__all__ = ["PredictionError", "Tick", "predict_v2", "predict_v3", "run_length", "run_length_v3"]

_KEYS: tuple[tuple[Quantity, str], ...] = (("lr", "lr_config"), ("momentum", "momentum_config"))
# The policy of a hook of mmmigrate that steps v3's schedulers in a v2 run.
_OF_V3 = "mmmigrate.compat.adapters.V3"


@dataclass(frozen=True, slots=True)
class Tick:
    """One iteration: the rates it is run with, and what happens after it (`evaluation`, names of checkpoints)."""

    rates: dict[str, float]
    evaluates: bool
    checkpoint: str | None


def predict_v2(config: Mapping[str, Any], iters_per_epoch: int) -> Iterator[Tick]:
    """Every iteration of a v2 config, from mmcv's closed forms."""
    run = run_length(config, iters_per_epoch)
    groups = groups_v2(config)
    values = _values_v2(config, groups, run)
    # the v2 codebases evaluate by default wherever there is a data set for it
    evaluation = config.get("evaluation", {} if "val" in (config.get("data") or {}) else None)
    by_epoch = run.runner == "epoch"
    checkpoint = config.get("checkpoint_config")
    if checkpoint is not None and not by_epoch:
        checkpoint = {"by_epoch": False, **checkpoint}  # the iteration runner's default
    for i, (lr, momentum) in zip(range(run.total_iters()), values):
        done, whole = _done(i, by_epoch, iters_per_epoch)
        evaluates = evaluation is not None and whole and _evaluates_v2(evaluation, done)
        saved = None if checkpoint is None else _checkpoint(checkpoint, i, run, iters_per_epoch)
        yield Tick(_named(lr, momentum), evaluates, saved)


def _values_v2(config: Mapping[str, Any], groups: list[Group], run: RunLength) -> Iterator[tuple[Any, Any]]:
    """The rates and momenta of all groups at each iteration, which goes on for ever."""
    given = config.get("lr_config")
    if isinstance(given, Mapping) and given.get("policy") == _OF_V3:
        yield from _stepped(Schedulers(given.get("schedulers"), groups, run), run)
    bound = {quantity: _bound(config.get(key), quantity, groups, run) for quantity, key in _KEYS}
    i = 0
    while True:
        yield bound["lr"](i), bound["momentum"](i)
        i += 1


def _bound(given: Any, quantity: Quantity, groups: list[Group], run: RunLength) -> Callable[[int], list[float]]:
    """All groups' values as a function of the iteration; mmcv binds a policy to each optimizer by itself."""
    steady = [getattr(group, quantity) for group in groups]
    if given is None:
        return lambda i: steady
    plan = Plan.from_config({key: value for key, value in given.items() if key != "_delete_"}, run, quantity)
    bases: list[Any] = []
    for name in dict.fromkeys(group.optimizer for group in groups):
        bases += plan.policy.bases([getattr(group, quantity) for group in groups if group.optimizer == name], name)
    if quantity == "momentum" and not any(steady):
        return lambda i: steady
    return lambda i: plan.values(bases, i)


def _stepped(schedulers: Schedulers, run: RunLength) -> Iterator[tuple[list[float], list[float]]]:
    """The values before each iteration of schedulers that are stepped after it."""
    i = 0
    while True:
        yield [float(group["lr"]) for group in schedulers.groups], [float(g["momentum"]) for g in schedulers.groups]
        i += 1
        schedulers.step(bool(run.iters_per_epoch) and i % run.epoch_iters() == 0)


def _named(lr: list[float], momentum: list[float]) -> dict[str, float]:
    """By the names a trace uses; a momentum of 0 stays 0 and is left out."""
    rates = {f"lr[{i}]": value for i, value in enumerate(lr)}
    return {**rates, **{f"momentum[{i}]": value for i, value in enumerate(momentum) if value}}


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


def _done(iteration: int, by_epoch: bool, iters_per_epoch: int) -> tuple[int, bool]:
    """Epochs (or iterations) done after this iteration, and whether it ends one."""
    if not by_epoch:
        return iteration + 1, True
    return (iteration + 1) // iters_per_epoch, (iteration + 1) % iters_per_epoch == 0


def _evaluates_v2(evaluation: Mapping[str, Any], done: int) -> bool:
    interval, start = evaluation.get("interval", 1), evaluation.get("start")
    for begin, changed in evaluation.get("dynamic_intervals") or ():
        interval = changed if done >= begin else interval
    if start is None:
        return bool(interval > 0 and done % interval == 0)
    return bool(done >= start and (done - start) % interval == 0)


def _checkpoint(config: Mapping[str, Any], iteration: int, run: RunLength, iters_per_epoch: int) -> str | None:
    """The checkpoint written after this iteration, by the rules that both generations share."""
    by_epoch, interval = config.get("by_epoch", True), config.get("interval", -1)
    done, whole = _done(iteration, by_epoch, iters_per_epoch)
    if not whole or (by_epoch and run.runner == "iter"):
        return None
    last = iteration + 1 == run.total_iters() and config.get("save_last", True)
    if not last and (interval <= 0 or done % interval):
        return None
    template: str = config.get("filename_tmpl") or ("epoch_{}.pth" if by_epoch else "iter_{}.pth")
    return template.format(done)


def predict_v3(config: Mapping[str, Any], iters_per_epoch: int) -> Iterator[Tick]:
    """Every iteration of a v3 config, from its schedulers, stepped on optimizers without a model."""
    run = run_length_v3(config, iters_per_epoch)
    loop = config.get("train_cfg") or {}
    by_epoch = run.runner == "epoch"
    values = _stepped(Schedulers(config.get("param_scheduler"), groups_v3(config), run), run)
    checkpoint = (config.get("default_hooks") or {}).get("checkpoint")
    validates = config.get("val_cfg") is not None
    for i, (lr, momentum) in zip(range(run.total_iters()), values):
        done, whole = _done(i, by_epoch, iters_per_epoch)
        evaluates = validates and whole and _evaluates_v3(loop, done, run.total_iters() == i + 1)
        saved = None if checkpoint is None else _checkpoint(checkpoint, i, run, iters_per_epoch)
        yield Tick(_named(lr, momentum), evaluates, saved)


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


def _evaluates_v3(loop: Mapping[str, Any], done: int, is_last: bool) -> bool:
    as_v2 = str(loop.get("type", "")).rpartition(".")[2].startswith("V2")
    interval = loop.get("val_interval", 1 if "max_epochs" in loop else 1000)
    for begin, changed in loop.get("dynamic_intervals") or ():
        interval = changed if done + 1 >= begin else interval
    if as_v2 and loop.get("val_start") is not None:
        return bool(done >= loop["val_start"] and (done - loop["val_start"]) % interval == 0)
    return bool(done >= loop.get("val_begin", 1) and (done % interval == 0 or (is_last and not as_v2)))
