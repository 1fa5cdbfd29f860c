"""``lr_config`` -> ``param_scheduler`` of mmengine's own schedulers, where they are equal."""

from __future__ import annotations

from typing import Any

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.read.traced import Slot, TracedDict, TracedList
from mmmigrate.converters.rules import learning_rate
from mmmigrate.converters.rules.experiment import Experiment, build
from mmmigrate.converters.rules.learning_rate import LearningRate
from mmmigrate.converters.rules.rule import UNHANDLED, Rule


def convert(exp: Experiment) -> None:
    if "lr_config" not in exp.v2:
        if exp.complete:
            exp.put("param_scheduler", TracedList())
        return
    if learning_rate.unknown_policy(exp):
        return
    if exp.get("lr_config") is None:
        exp.use("lr_config")
        exp.put("param_scheduler", TracedList())
        return
    if exp.run_length is None:
        exp.use("lr_config")  # carried to the configs that know the run's length
        return
    rate = learning_rate.read(exp)
    if rate is None:
        return
    if rate.never_set:
        exp.use("lr_config")
        exp.put("param_scheduler", TracedList())
        message = "a policy by epoch in an iteration runner: mmcv never sets the rate, which stays at its base value"
        exp.note(message, "lr_config", effect=Effect.EXACT)
        return
    if exp.options.schedule == "exact" or (exp.options.schedule == "auto" and rate.stock is not None):
        return  # the closed form's rule
    exp.use("lr_config")
    if rate.stock is not None:
        message = f"no stock schedulers are equal to {rate.stock}; `--schedule auto` takes the closed form"
        exp.remark(UNHANDLED, message, "lr_config")
    else:
        exp.note("mmengine's own schedulers, equal to mmcv's rate to 1e-12 of the peak at every iteration", "lr_config")
    exp.put("param_scheduler", TracedList([*_warmup(rate), *_main(rate)]))


def _warmup(rate: LearningRate) -> list[TracedDict]:
    """Schedulers that multiply by mmcv's warm-up factor: it reaches 1 *at* iteration N, hence `end=N+1`."""
    section = rate.section
    if rate.warmup is None:
        return []
    iters, ratio = section.take("warmup_iters", 0), section.take("warmup_ratio", 0.1)
    end = iters.value + 1
    common: dict[str, Any] = {"by_epoch": False, "begin": 0, "end": end}
    if rate.warmup == "linear":
        return [build(type="LinearLR", start_factor=ratio, **common)]
    if rate.warmup == "constant":
        return [build(type="ConstantLR", factor=ratio, **common)]
    # exp: start at the ratio, which is never given back, and grow by its N-th root each iteration
    growth = ratio.value ** (-1 / iters.value)
    return [
        build(type="ConstantLR", factor=ratio, by_epoch=False, begin=0),
        build(type="ExponentialLR", gamma=growth, **common),
    ]


def _main(rate: LearningRate) -> list[TracedDict]:
    section, epochs = rate.section, rate.by_epoch
    if rate.policy == "Step":
        step, gamma = section.take("step"), section.take("gamma", 0.1)
        if isinstance(step.value, list):
            return [build(type="MultiStepLR", by_epoch=epochs, begin=0, milestones=step, gamma=gamma)]
        return [build(type="StepLR", by_epoch=epochs, begin=0, step_size=step, gamma=gamma)]
    if rate.policy == "Exp":
        return [build(type="ExponentialLR", by_epoch=epochs, begin=0, gamma=section.take("gamma"))]
    if rate.policy == "Poly":
        end = rate.run.length.value + 1
        power, floor = section.take("power", 1.0), section.take("min_lr", 0.0)
        return [build(type="PolyLR", power=power, eta_min=floor, by_epoch=epochs, begin=0, end=end)]
    if rate.policy == "CosineAnnealing":
        return [_cosine(rate)]
    return []


def _cosine(rate: LearningRate) -> TracedDict:
    """`T_max` is left out: it is `end - begin`, also after the conversion to iterations."""
    by_iteration_in_epochs = not rate.by_epoch and rate.run.kind == "epoch"
    floor, ratio = rate.section.take("min_lr"), rate.section.take("min_lr_ratio")
    return build(
        type="CosineAnnealingLR",
        eta_min=floor if floor.value is not None else None,
        eta_min_ratio=ratio if ratio.value is not None else None,
        by_epoch=rate.by_epoch or by_iteration_in_epochs,
        begin=0,
        end=Slot(rate.run.length.value, rate.run.length.origin),
        convert_to_iter_based=True if by_iteration_in_epochs else None,
    )


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
