"""``momentum_config`` -> momentum schedulers in ``param_scheduler``, beside those of the rate."""

from __future__ import annotations

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.read.traced import TracedDict, TracedList
from mmmigrate.converters.rules.experiment import Experiment
from mmmigrate.converters.rules.lr_config import takes_stock
from mmmigrate.converters.rules.lr_config_adapted import updater
from mmmigrate.converters.rules.lr_config_exact import closed_form
from mmmigrate.converters.rules.rule import UNHANDLED, Rule
from mmmigrate.converters.rules.schedule_config import Schedule, own_policy, read
from mmmigrate.converters.rules.stock_schedulers import stock_schedulers


def convert(exp: Experiment) -> None:
    if "momentum_config" not in exp.v2:
        return
    if exp.get("momentum_config") is None or exp.run_length is None:
        exp.use("momentum_config")  # without a length: carried to the configs that know it
        return
    policy = own_policy(exp, "momentum_config")
    if policy is not None:
        exp.use("momentum_config")
        _put(exp, TracedList([updater(exp, "momentum_config", policy)]))
        return
    momentum = read(exp, "momentum_config")
    if momentum is None:
        return
    exp.use("momentum_config")
    if momentum.never_set:
        message = "by_epoch is the default of momentum_config: in an iteration runner mmcv never sets the momentum"
        exp.note(message, "momentum_config")
        return
    _put(exp, _schedulers(exp, momentum))


def _schedulers(exp: Experiment, momentum: Schedule) -> TracedList | TracedDict:
    why = momentum.stock
    if takes_stock(exp, momentum):
        if why is None:
            message = "mmengine's own schedulers, equal to mmcv's momentum to 1e-12 of the peak at every iteration"
            exp.note(message, "momentum_config", effect=Effect.MEASURED)
            return TracedList(stock_schedulers(momentum))
        message = f"no stock schedulers are equal to {why}; `--schedule auto` takes the closed form"
        exp.remark(UNHANDLED, message, "momentum_config")
        return TracedList()
    exp.note(f"closed-form scheduler{f': no stock scheduler is equal to {why}' if why else ''}", "momentum_config")
    return closed_form(exp, momentum)


def _put(exp: Experiment, made: TracedList | TracedDict) -> None:
    """Add to what the rate has: in one list, or in the lists of the optimizers where either has such."""
    rates = exp.v3.get("param_scheduler", TracedList())
    if isinstance(rates, TracedDict) or isinstance(made, TracedDict):
        names = list(rates if isinstance(rates, TracedDict) else made)
        parts = [{name: part[name] if isinstance(part, dict) else part for name in names} for part in (rates, made)]
        joined = TracedDict((name, TracedList([*parts[0][name].slots(), *parts[1][name].slots()])) for name in names)
        exp.put("param_scheduler", joined)
    else:
        exp.put("param_scheduler", TracedList([*rates.slots(), *made.slots()]))


RULE = Rule(
    code="SCH004",
    title="momentum_config",
    why="mmengine schedules momentum beside the rate in `param_scheduler`; for Adam it is the first beta in both. "
    "mmcv's warm-up divides the momentum, which no stock scheduler does, and its cycles are counted in iterations.",
    before="lr_config = None\n"
    "momentum_config = dict(policy='cyclic', target_ratio=(0.85 / 0.95, 1), step_ratio_up=0.4)\n"
    "runner = dict(type='EpochBasedRunner', max_epochs=12)",
    after="param_scheduler = [\n    dict(\n        type='mmmigrate.compat.adapters.ClosedFormMomentum',\n"
    "        policy='cyclic',\n        target_ratio=(0.85 / 0.95, 1),\n        step_ratio_up=0.4,\n"
    "        policy_by_epoch=False,\n        runner='epoch',\n        max_epochs=12,\n        by_epoch=True,\n"
    "        convert_to_iter_based=True)\n]\ntrain_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12)",
    effect=Effect.EXACT,
    reversible=True,
    makes={"param_scheduler": ("momentum_config",)},
    convert=convert,
)
