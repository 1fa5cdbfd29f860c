"""``runner`` or ``total_epochs``/``total_iters`` -> ``train_cfg``."""

from __future__ import annotations

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.rules.experiment import Experiment
from mmmigrate.converters.rules.rule import UNHANDLED, Rule

_OLDER = {"total_epochs": ("epoch", "max_epochs"), "total_iters": ("iter", "max_iters")}


def convert(exp: Experiment) -> None:
    runner = exp.section("runner")
    if runner is not None and runner.value("type") not in ("EpochBasedRunner", "IterBasedRunner", None):
        message = f"runner type {runner.value('type')!r} is not one of mmcv's two; `runner` is kept"
        exp.remark(UNHANDLED, message, "runner")
        return
    if runner is not None:
        _check_older_form(exp)
    run = exp.run_length
    exp.use("runner", *_OLDER)
    if run is None:
        return
    loop, key = ("EpochBasedTrainLoop", "max_epochs") if run.kind == "epoch" else ("IterBasedTrainLoop", "max_iters")
    exp.put("train_cfg.type", loop)
    exp.put(f"train_cfg.{key}", run.length)
    if runner is not None:
        for name in ("type", "max_epochs", "max_iters", "_delete_"):
            runner.take(name)
        exp.report_rest(runner)


def _check_older_form(exp: Experiment) -> None:
    run = exp.run_length
    for key, (kind, name) in _OLDER.items():
        value = exp.get(key)
        if value is not None and run is not None and (kind != run.kind or value != run.length.value):
            exp.reject(
                key, f"{key}={value} contradicts runner: training code of that age asserts that {name} is the same"
            )


RULE = Rule(
    code="RUN001",
    title="runner or total_epochs",
    why="The train loops count as the runners do: `max_epochs` passes over the loader, or `max_iters` iterations.",
    before="runner = dict(type='EpochBasedRunner', max_epochs=12)",
    after="train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12)",
    effect=Effect.EXACT,
    reversible=True,
    makes={"train_cfg": ("runner", "total_epochs", "total_iters")},
    convert=convert,
)
