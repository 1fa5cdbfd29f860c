"""``lr_config`` or ``momentum_config`` with a policy of the codebase's own -> its hook, run through the bridge."""

from __future__ import annotations

from mmmigrate.compat.findings import Effect
from mmmigrate.compat.schedule import policy_name
from mmmigrate.converters.read.traced import TracedDict, TracedList
from mmmigrate.converters.rules.experiment import Experiment
from mmmigrate.converters.rules.rule import Rule
from mmmigrate.converters.rules.schedule_config import own_policy

# key: the end of the hook's name, and its priority in mmcv
_HOOKS = {"lr_config": ("LrUpdaterHook", "VERY_HIGH"), "momentum_config": ("MomentumUpdaterHook", "HIGH")}


def convert(exp: Experiment) -> None:
    for key, (suffix, priority) in _HOOKS.items():
        policy = own_policy(exp, key)
        if policy is None or exp.run_length is None:
            continue
        exp.use(key)
        given = exp.get(key)
        name = f"{policy_name(policy)}{suffix}"
        hook = TracedDict([("type", name), *(item for item in given.slots() if item[0] not in ("policy", "_delete_"))])
        if exp.run_length.kind == "iter" and key == "lr_config" and "by_epoch" not in hook:
            hook.put("by_epoch", False)  # the iteration runner's default
        exp.add_hook(key, hook, priority)
        if key == "lr_config":
            exp.put("param_scheduler", TracedList())
        message = f"policy {policy!r} is a hook class of the codebase: the bridge runs {name} as it is"
        exp.note(f"{message}; in mmengine itself make it a scheduler", key, exp.get(key).slot("policy"))


RULE = Rule(
    code="SCH003",
    title="schedule by a policy of the codebase's own",
    why="mmcv builds the hook class `<policy>LrUpdaterHook`, which sets the rate before each iteration. As a custom "
    "hook with the same priority it does so under the v3 runner too, at the same time and with the same numbers.",
    before="model = dict(type='M')\nrunner = dict(type='EpochBasedRunner', max_epochs=12)\n"
    "checkpoint_config = dict(interval=1)\nlog_config = dict(interval=50)\nlr_config = dict(policy='Mine', gain=2)",
    after="model = dict(type='M')\ntrain_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12)\n"
    "default_hooks = dict(\n    checkpoint=dict(type='CheckpointHook', interval=1),\n"
    "    logger=dict(type='LoggerHook', interval=50))\nlog_processor = dict(type='LogProcessor', window_size=50)\n"
    "param_scheduler = []\ncustom_hooks = [dict(type='MineLrUpdaterHook', gain=2, priority='VERY_HIGH')]",
    effect=Effect.MANUAL,
    reversible=True,
    makes={"param_scheduler": ("lr_config",), "custom_hooks": ("lr_config", "momentum_config")},
    convert=convert,
)
