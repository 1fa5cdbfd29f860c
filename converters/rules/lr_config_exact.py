"""``lr_config`` -> the closed form that mmmigrate ships, where no stock scheduler is equal or bits are asked for."""

from __future__ import annotations

from typing import Any

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.read.traced import TracedDict, TracedList
from mmmigrate.converters.rules.experiment import Experiment, build
from mmmigrate.converters.rules.optimizer import is_several
from mmmigrate.converters.rules.rule import Rule
from mmmigrate.converters.rules.schedule_config import Schedule, own_policy, read

_SCHEDULERS = {
    "lr": "mmmigrate.compat.adapters.ClosedFormLR",
    "momentum": "mmmigrate.compat.adapters.ClosedFormMomentum",
}


def convert(exp: Experiment) -> None:
    if "lr_config" in exp.used or exp.options.schedule == "stock" or own_policy(exp, "lr_config"):
        return
    rate = read(exp, "lr_config")
    if rate is None:
        return
    exp.use("lr_config")
    exp.put("param_scheduler", closed_form(exp, rate))
    why = rate.stock
    exp.note(f"closed-form scheduler{f': no stock scheduler is equal to {why}' if why else ''}", "lr_config")


def closed_form(exp: Experiment, schedule: Schedule) -> TracedList | TracedDict:
    """The scheduler in a list; by the optimizers' names where the policy has values of its own for each."""
    names = [name for key in ("optimizer", "optimizers") if is_several(exp.get(key)) for name in exp.get(key)]
    if names and any(isinstance(value, dict) for value in schedule.section.items.values()):
        return TracedDict((name, TracedList([_scheduler(schedule, name)])) for name in names if name != "_delete_")
    return TracedList([_scheduler(schedule)])


def _scheduler(schedule: Schedule, optimizer_name: str | None = None) -> TracedDict:
    arguments = schedule.section.items.copy()
    arguments.drop("by_epoch")
    arguments.drop("_delete_")
    if schedule.quantity == "momentum":
        arguments.drop("warmup_by_epoch")  # mmcv's momentum hooks do not know it
    epochs = schedule.run.kind == "epoch"
    given: dict[str, Any] = dict(arguments.slots())
    return build(
        type=_SCHEDULERS[schedule.quantity],
        **given,
        policy_by_epoch=schedule.by_epoch,
        runner=schedule.run.kind,
        max_epochs=schedule.run.length if epochs else None,
        max_iters=None if epochs else schedule.run.length,
        optimizer_name=optimizer_name,
        by_epoch=epochs,
        # iterations per epoch are known to the runner only
        convert_to_iter_based=True if epochs else None,
    )


RULE = Rule(
    code="SCH002",
    title="lr_config that no stock scheduler equals",
    why="A recurrence on the current value cannot express a warm-up over a floor, a cut-off, or a length in iterations "
    "that the config does not know; and its rounding differs. The closed form computes what mmcv does, bit for bit.",
    before="lr_config = dict(policy='poly', power=0.9, min_lr=1e-4, warmup='linear', warmup_iters=100)\n"
    "runner = dict(type='IterBasedRunner', max_iters=1000)",
    after="param_scheduler = [\n    dict(\n        type='mmmigrate.compat.adapters.ClosedFormLR',\n"
    "        policy='poly',\n"
    "        power=0.9,\n        min_lr=1e-4,\n        warmup='linear',\n        warmup_iters=100,\n"
    "        policy_by_epoch=False,\n        runner='iter',\n        max_iters=1000,\n        by_epoch=False)\n]\n"
    "train_cfg = dict(type='IterBasedTrainLoop', max_iters=1000)",
    effect=Effect.EXACT,
    reversible=True,
    makes={"param_scheduler": ("lr_config",)},
    convert=convert,
)
