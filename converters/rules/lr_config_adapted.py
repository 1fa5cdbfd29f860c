"""``lr_config`` with a policy of the codebase's own -> its updater class as a scheduler, or as a hook."""

from __future__ import annotations

from mmmigrate.compat.findings import Effect
from mmmigrate.compat.schedule import policy_name
from mmmigrate.converters.read.traced import Slot, TracedDict, TracedList
from mmmigrate.converters.rules.experiment import Experiment, build
from mmmigrate.converters.rules.rule import Rule
from mmmigrate.converters.rules.schedule_config import own_policy

# Policies that look at results of the run: their hook has to see it.
_NEED_THE_RUN = ("Reduce",)
# What a conversion to v2 names where no policy follows the schedulers: its hook steps them.
SCHEDULERS_OF_V3 = "mmmigrate.compat.adapters.V3"
_SUFFIX = {"lr_config": "LrUpdaterHook", "momentum_config": "MomentumUpdaterHook"}


def convert(exp: Experiment) -> None:
    policy = own_policy(exp, "lr_config")
    if policy is None or exp.run_length is None:
        return
    exp.use("lr_config")
    if policy == SCHEDULERS_OF_V3:
        exp.put("param_scheduler", exp.get("lr_config").slot("schedulers"))
        exp.note("the schedulers that the policy stepped in v2", "lr_config", effect=Effect.EXACT)
        return
    if policy_name(policy) not in _NEED_THE_RUN:
        exp.put("param_scheduler", TracedList([updater(exp, "lr_config", policy)]))
        return
    exp.put("param_scheduler", TracedList())
    hook = TracedDict([("type", f"{policy_name(policy)}LrUpdaterHook"), *_arguments(exp, "lr_config")])
    if exp.run_length.kind == "iter" and "by_epoch" not in hook:
        hook.put("by_epoch", False)  # the iteration runner's default
    exp.add_hook("lr_config", hook, "VERY_HIGH")
    message = f"policy {policy!r} looks at results of the run: its hook stays one, and the bridge runs it as it is"
    exp.note(message, "lr_config", exp.get("lr_config").slot("policy"))


def updater(exp: Experiment, key: str, policy: str) -> TracedDict:
    """The updater class of an own policy as a scheduler: `mmmigrate code` makes it one, the bridge runs it as one."""
    run = exp.run_length
    if run is None:
        raise RuntimeError("an updater needs the run's length")
    name = f"{policy_name(policy)}{_SUFFIX[key]}"
    arguments = dict(_arguments(exp, key))
    by_epoch = arguments.pop("by_epoch", None)
    if by_epoch is None and run.kind == "iter" and key == "lr_config":
        by_epoch = Slot(False)  # the iteration runner's default
    epochs = run.kind == "epoch"
    message = f"policy {policy!r} is a class of the codebase: the bridge runs {name} as it is"
    exp.note(f"{message}; for mmengine itself `mmmigrate code` makes it a scheduler", key, exp.get(key).slot("policy"),
             Effect.MANUAL)  # fmt: skip
    return build(
        type=name,
        **arguments,
        policy_by_epoch=by_epoch,
        runner=run.kind,
        max_epochs=run.length if epochs else None,
        max_iters=None if epochs else run.length,
        by_epoch=epochs,
        convert_to_iter_based=True if epochs else None,
    )


def _arguments(exp: Experiment, key: str) -> list[tuple[str, Slot]]:
    return [item for item in exp.get(key).slots() if item[0] not in ("policy", "_delete_")]


RULE = Rule(
    code="SCH003",
    title="schedule by a policy of the codebase's own",
    why="mmcv builds the hook class `<policy>LrUpdaterHook`, which sets the rate before each iteration. As a scheduler "
    "the same class sets it after the iteration before: the same numbers at the same time.",
    before="runner = dict(type='EpochBasedRunner', max_epochs=12)\nlr_config = dict(policy='Mine', gain=2)",
    after="train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12)\n"
    "param_scheduler = [\n    dict(\n        type='MineLrUpdaterHook',\n        gain=2,\n        runner='epoch',\n"
    "        max_epochs=12,\n        by_epoch=True,\n        convert_to_iter_based=True)\n]",
    effect=Effect.MANUAL,
    reversible=True,
    makes={"param_scheduler": ("lr_config",), "custom_hooks": ("lr_config",)},
    convert=convert,
)
