"""What a config will do over its whole run, without model or data: rates, evaluations, checkpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mmmigrate.compat.schedule import Plan, Quantity, RunLength

_QUANTITIES: tuple[tuple[str, str, Quantity], ...] = (
    ("lr[0]", "lr_config", "lr"),
    ("momentum[0]", "momentum_config", "momentum"),
)


class PredictionError(ValueError):
    """The config does something that cannot be predicted without running it."""


@dataclass(frozen=True, slots=True)
class Tick:
    """One iteration: the rates it is run with, and what happens after it (`evaluation`, names of checkpoints)."""

    rates: dict[str, float]
    evaluates: bool
    checkpoint: str | None


def predict_v2(config: Mapping[str, Any], iters_per_epoch: int) -> Iterator[Tick]:
    """Every iteration of a v2 config, from mmcv's closed forms."""
    run = run_length(config, iters_per_epoch)
    optimizer = _one_optimizer(config.get("optimizer"), "optimizer")
    steady = optimizer.rates()
    bound = []
    for name, key, quantity in _QUANTITIES:
        if name in steady and config.get(key) is not None:
            plan = Plan.from_config(config[key], run, quantity)
            bound.append((name, plan, plan.policy.bases([steady[name]])))
    # the v2 codebases evaluate by default wherever there is a data set for it
    evaluation = config.get("evaluation", {} if "val" in (config.get("data") or {}) else None)
    by_epoch = run.runner == "epoch"
    checkpoint = config.get("checkpoint_config")
    if checkpoint is not None and not by_epoch:
        checkpoint = {"by_epoch": False, **checkpoint}  # the iteration runner's default
    for i in range(run.total_iters()):
        rates = {**steady, **{name: plan.values(bases, i)[0] for name, plan, bases in bound}}
        done, whole = _done(i, by_epoch, iters_per_epoch)
        evaluates = evaluation is not None and whole and _evaluates_v2(evaluation, done)
        saved = None if checkpoint is None else _checkpoint(checkpoint, i, run, iters_per_epoch)
        yield Tick(rates, evaluates, saved)


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


@dataclass(frozen=True, slots=True)
class Base:
    lr: float
    momentum: float

    def rates(self) -> dict[str, float]:
        """By the names a trace uses; a momentum of 0 stays 0 and is left out."""
        return {"lr[0]": self.lr, **({"momentum[0]": self.momentum} if self.momentum else {})}


def _one_optimizer(optimizer: Any, key: str) -> Base:
    """The base rate and momentum of a config with one optimizer."""
    if not isinstance(optimizer, Mapping) or "type" not in optimizer:
        raise PredictionError(f"{key} is not one optimizer, and the rates of several cannot be predicted yet")
    if "lr" not in optimizer:
        raise PredictionError(f"{key} has no lr")
    betas = optimizer.get("betas", (0.9, 0.999))
    is_sgd = optimizer["type"] in ("SGD", "RMSprop")
    return Base(optimizer["lr"], optimizer.get("momentum", 0) if is_sgd else betas[0])


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
    """Every iteration of a v3 config, from its schedulers, stepped on an optimizer without a model."""
    loop = config.get("train_cfg") or {}
    by_epoch = bool(loop.get("by_epoch", "IterBased" not in str(loop.get("type", ""))))
    epochs, iters = loop.get("max_epochs"), loop.get("max_iters")
    run = RunLength("epoch" if by_epoch else "iter", epochs, (epochs or 0) * iters_per_epoch or iters, iters_per_epoch)
    base = _one_optimizer((config.get("optim_wrapper") or {}).get("optimizer"), "optim_wrapper.optimizer")
    optimizer, schedulers = _schedulers(config.get("param_scheduler"), base, run)
    checkpoint = (config.get("default_hooks") or {}).get("checkpoint")
    validates = config.get("val_cfg") is not None
    for i in range(run.total_iters()):
        group = optimizer.param_groups[0]
        rates = Base(float(group["lr"]), float(group["momentum"])).rates()
        done, whole = _done(i, by_epoch, iters_per_epoch)
        evaluates = validates and whole and _evaluates_v3(loop, done, run.total_iters() == i + 1)
        saved = None if checkpoint is None else _checkpoint(checkpoint, i, run, iters_per_epoch)
        yield Tick(rates, evaluates, saved)
        for scheduler in schedulers:
            if not scheduler.by_epoch or (by_epoch and whole):
                scheduler.step()


def _evaluates_v3(loop: Mapping[str, Any], done: int, is_last: bool) -> bool:
    interval = loop.get("val_interval", 1 if "max_epochs" in loop else 1000)
    for begin, changed in loop.get("dynamic_intervals") or ():
        interval = changed if done + 1 >= begin else interval
    return bool(done >= loop.get("val_begin", 1) and (done % interval == 0 or is_last))


@dataclass
class _Optimizer:
    """As much of an optimizer as schedulers ask for: importing torch would take longer than all the rest."""

    defaults: dict[str, Any]
    param_groups: list[dict[str, Any]]


class _ClosedForm:
    """The scheduler that mmmigrate ships: after step i, the value of mmcv's closed form at iteration i."""

    by_epoch = False

    def __init__(self, config: dict[str, Any], optimizer: _Optimizer, run: RunLength, quantity: Quantity) -> None:
        self.groups, self.name, self.iteration = optimizer.param_groups, quantity, -1
        known = {"max_epochs": config.pop("max_epochs", None), "max_iters": config.pop("max_iters", None)}
        length = RunLength(config.pop("runner", "epoch"), **known, iters_per_epoch=run.iters_per_epoch)
        for beside in ("by_epoch", "convert_to_iter_based", "begin", "end", "verbose", "type"):
            config.pop(beside, None)
        if "policy_by_epoch" in config:
            config["by_epoch"] = config.pop("policy_by_epoch")
        self.plan = Plan.from_config(config, length, quantity)
        self.bases = self.plan.policy.bases([group[quantity] for group in self.groups])
        self.step()

    def step(self) -> None:
        self.iteration += 1
        if self.iteration < self.plan.run.total_iters():
            for group, value in zip(self.groups, self.plan.values(self.bases, self.iteration)):
                group[self.name] = value


def _schedulers(given: Any, base: Base, run: RunLength) -> tuple[_Optimizer, list[Any]]:
    import mmmigrate.runtime_v3.optim  # noqa: F401  # registers mmengine's schedulers, without torch
    from mmmigrate.runtime_v3.registry import PARAM_SCHEDULERS

    defaults = {"lr": base.lr, "momentum": base.momentum}
    optimizer = _Optimizer(defaults, [dict(defaults)])
    built: list[Any] = []
    for entry in given if isinstance(given, (list, tuple)) else [given] if given else []:
        config = dict(entry)
        closed = {"ClosedFormLR": "lr", "ClosedFormMomentum": "momentum"}.get(str(config["type"]).rpartition(".")[2])
        if closed is not None:
            built.append(_ClosedForm(config, optimizer, run, closed))  # type: ignore[arg-type]
            continue
        config.setdefault("end", run.max_epochs if config.get("by_epoch", True) else run.total_iters())
        own = {"optimizer": optimizer, "epoch_length": run.iters_per_epoch}
        built.append(PARAM_SCHEDULERS.build(config, default_args=own))
    return optimizer, built
