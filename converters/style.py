"""``--style idiomatic``: keys grouped, ordered and spelled out as the published v3 configs have them."""

from __future__ import annotations

from mmmigrate.converters.read.traced import TracedDict

# The groups in which mmdet 3, mmpretrain and mmseg 1 write their keys, each in one place of a file.
GROUPS = (
    ("train_dataloader", "val_dataloader", "test_dataloader", "val_evaluator", "test_evaluator"),
    ("train_cfg", "val_cfg", "test_cfg", "param_scheduler", "optim_wrapper"),
    ("default_scope", "default_hooks", "custom_hooks", "env_cfg", "vis_backends", "visualizer", "log_processor",
     "log_level", "load_from", "resume", "randomness"),
)  # fmt: skip
_HOOKS = {
    "timer": "IterTimerHook",
    "logger": None,
    "param_scheduler": "ParamSchedulerHook",
    "checkpoint": None,
    "sampler_seed": "DistSamplerSeedHook",
}
_LOOP = ("type", "by_epoch", "max_epochs", "max_iters", "val_begin", "val_interval", "dynamic_intervals")


def idiomatic(tree: TracedDict) -> TracedDict:
    """The same tree with its keys in that order, all default hooks named and the interval of validation given.

    Naming a default hook changes nothing: the runner has it anyway.
    """
    order = [key for group in GROUPS for key in group]
    result = TracedDict((key, slot) for key, slot in tree.slots() if key not in order)
    for key in order:
        if key in tree:
            result.put(key, tree.slot(key))
    hooks, loop = result.get("default_hooks"), result.get("train_cfg")
    if isinstance(hooks, TracedDict) and hooks.get("logger") is not None and hooks.get("checkpoint") is not None:
        result.put("default_hooks", _hooks(hooks))
    if isinstance(loop, TracedDict) and loop.get("max_epochs") is not None and "val_cfg" in result:
        result.put("train_cfg", _loop(loop))
    return result


def _hooks(hooks: TracedDict) -> TracedDict:
    named = TracedDict()
    for name, kind in _HOOKS.items():
        if name in hooks:
            named.put(name, hooks.slot(name))
        elif kind is not None:
            named.put(name, TracedDict([("type", kind)]))
    named.absorb(TracedDict(item for item in hooks.slots() if item[0] not in named))
    return named


def _loop(loop: TracedDict) -> TracedDict:
    given = loop.copy()
    if "val_interval" not in given and "val_begin" not in given:
        given.put("val_interval", 1)
    ordered = [key for key in _LOOP if key in given]
    return TracedDict((key, given.slot(key)) for key in (*ordered, *(key for key in given if key not in ordered)))


def group_of(key: str) -> tuple[str, ...]:
    """The group that a key is written in; empty for one that stands alone."""
    return next((group for group in GROUPS if key in group), ())
