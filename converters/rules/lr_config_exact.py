"""``lr_config`` -> the closed form that mmmigrate ships, where no stock scheduler is equal or bits are asked for."""

from __future__ import annotations

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.read.traced import TracedList
from mmmigrate.converters.rules import learning_rate
from mmmigrate.converters.rules.experiment import Experiment, build
from mmmigrate.converters.rules.rule import Rule

SCHEDULER = "mmmigrate.compat.adapters.ClosedFormLR"


def convert(exp: Experiment) -> None:
    if "lr_config" in exp.used or exp.options.schedule == "stock":
        return
    rate = learning_rate.read(exp)
    if rate is None:
        return
    exp.use("lr_config")
    arguments = rate.section.items.copy()
    arguments.drop("by_epoch")
    epochs = rate.run.kind == "epoch"
    scheduler = build(
        type=SCHEDULER,
        **dict(arguments.slots()),
        policy_by_epoch=rate.by_epoch,
        runner=rate.run.kind,
        max_epochs=rate.run.length if epochs else None,
        max_iters=None if epochs else rate.run.length,
        by_epoch=epochs,
        # iterations per epoch are known to the runner only
        convert_to_iter_based=True if epochs else None,
    )
    exp.put("param_scheduler", TracedList([scheduler]))
    why = rate.stock
    exp.note(f"closed-form scheduler{f': no stock scheduler is equal to {why}' if why else ''}", "lr_config")


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
