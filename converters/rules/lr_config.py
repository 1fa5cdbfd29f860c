"""``lr_config`` -> ``param_scheduler`` of mmengine's own schedulers, where they are equal."""

from __future__ import annotations

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.read.traced import TracedList
from mmmigrate.converters.rules.experiment import Experiment
from mmmigrate.converters.rules.rule import UNHANDLED, Rule
from mmmigrate.converters.rules.schedule_config import Schedule, own_policy, read
from mmmigrate.converters.rules.stock_schedulers import stock_schedulers


def convert(exp: Experiment) -> None:
    if "lr_config" not in exp.v2:
        if exp.complete:
            exp.put("param_scheduler", TracedList())
        return
    if exp.get("lr_config") is None:
        exp.use("lr_config")
        exp.put("param_scheduler", TracedList())
        return
    if exp.run_length is None:
        exp.use("lr_config")  # carried to the configs that know the run's length
        return
    if own_policy(exp, "lr_config"):
        return
    rate = read(exp, "lr_config")
    if rate is None:
        return
    if rate.never_set:
        exp.use("lr_config")
        exp.put("param_scheduler", TracedList())
        message = "a policy by epoch in an iteration runner: mmcv never sets the rate, which stays at its base value"
        exp.note(message, "lr_config", effect=Effect.EXACT)
    elif takes_stock(exp, rate):
        exp.use("lr_config")
        _say(exp, rate)
        exp.put("param_scheduler", TracedList(stock_schedulers(rate)))


def takes_stock(exp: Experiment, schedule: Schedule) -> bool:
    """Whether the person's choice and the schedule allow mmengine's own schedulers."""
    return exp.options.schedule == "stock" or (exp.options.schedule == "auto" and schedule.stock is None)


def _say(exp: Experiment, rate: Schedule) -> None:
    if rate.stock is None:
        exp.note("mmengine's own schedulers, equal to mmcv's rate to 1e-12 of the peak at every iteration", "lr_config")
    else:
        message = f"no stock schedulers are equal to {rate.stock}; `--schedule auto` takes the closed form"
        exp.remark(UNHANDLED, message, "lr_config")


RULE = Rule(
    code="SCH001",
    title="lr_config",
    why="mmcv's warm-up multiplies the regular rate and ends at iteration N with factor 1; schedulers step after the "
    "iteration, so the factor 1 needs `end=N+1`. Milestones count from `begin`, hence `begin=0`. Equal to the v2 rate "
    "to 1e-12 of the peak at every iteration; bit for bit with `--schedule exact`.",
    before="lr_config = dict(policy='step', warmup='linear', warmup_iters=500, warmup_ratio=0.001, step=[8, 11])\n"
    "runner = dict(type='EpochBasedRunner', max_epochs=12)",
    after="param_scheduler = [\n"
    "    dict(\n        type='LinearLR',\n        start_factor=0.001,\n        by_epoch=False,\n"
    "        begin=0,\n        end=501),\n"
    "    dict(\n        type='MultiStepLR',\n        by_epoch=True,\n        begin=0,\n"
    "        milestones=[8, 11],\n        gamma=0.1)\n]\n"
    "train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12)",
    effect=Effect.MEASURED,
    reversible=True,
    makes={"param_scheduler": ("lr_config",)},
    convert=convert,
)
