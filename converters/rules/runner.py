"""``runner`` or ``total_epochs``/``total_iters`` -> ``train_cfg``."""

from __future__ import annotations

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.rules.experiment import OLDER_LENGTHS, RUNNERS, Experiment
from mmmigrate.converters.rules.loops import STOCK
from mmmigrate.converters.rules.rule import UNHANDLED, Rule


def convert(exp: Experiment) -> None:
    runner = exp.section("runner")
    run = exp.run_length
    kind = runner.value("type") if runner is not None else None
    if runner is not None and kind is not None and run is None and exp.of_experiment:
        exp.remark(
            UNHANDLED, f"runner {kind!r}: neither its kind nor its length can be told; `runner` is kept", "runner"
        )
        return
    if runner is not None:
        _check_older_form(exp)
    exp.use("runner", *OLDER_LENGTHS)
    if run is None:
        return
    exp.put("train_cfg.type", STOCK[run.kind])
    exp.put(f"train_cfg.max_{run.kind}s", run.length)
    if runner is None:
        return
    if kind is not None and kind not in RUNNERS:
        message = (
            f"runner {kind!r} is a class of the codebase: the train loop counts as it does; `mmmigrate code` makes "
            "the class a train loop, to be named as train_cfg.type"
        )
        exp.note(message, "runner", runner.items.slot("type"), Effect.MANUAL)
    for name in ("type", "max_epochs", "max_iters", "_delete_"):
        runner.take(name)
    exp.report_rest(runner)


def _check_older_form(exp: Experiment) -> None:
    run = exp.run_length
    for key, kind in OLDER_LENGTHS.items():
        value = exp.get(key)
        if value is not None and run is not None and (kind != run.kind or value != run.length.value):
            exp.reject(
                key,
                f"{key}={value} contradicts runner: training code of that age asserts that max_{kind}s is the same",
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
