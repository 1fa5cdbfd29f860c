"""The best checkpoint, which v2's evaluation hook kept -> ``default_hooks.checkpoint.save_best``."""

from __future__ import annotations

from collections.abc import Iterable

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.read.traced import Slot
from mmmigrate.converters.rules.experiment import Experiment, Section, build

_BEST = ("save_best", "rule", "greater_keys", "less_keys")
# What both libraries know of metrics, to tell whether more is better, and what evaluation hooks of codebases know too
_GREATER = ("acc", "top", "AR@", "auc", "precision", "mAP", "mDice", "mIoU", "mAcc", "aAcc")
_LESS = ("loss",)
_GREATER_IN_CODEBASES = frozenset(
    ["ap", "ar", "pck", "3dpck", "p-3dpck", "3dauc", "p-3dauc", "pcp", "hmean", "psnr", "ssim", "recall", "f1", "is"]
    + ["success", "iou", "nds", "mota", "idf1", "nmi"]
)
_LESS_IN_CODEBASES = frozenset(
    ["epe", "nme", "mpjpe", "pa-mpjpe", "p-mpjpe", "n-mpjpe", "pve", "fid", "mae", "mse", "swd", "niqe", "sad"]
)


def put_best(exp: Experiment, section: Section) -> None:
    """Take what the evaluation says of the best checkpoint, in its older forms too."""
    found = {key: section.take(key) for key in _BEST}
    indicator = section.take("key_indicator")
    best = found["save_best"]
    if isinstance(best.value, bool) or (best.value is None and indicator.value is not None):
        best = _older_best(exp, best, indicator)
    if best.value is None:
        return
    if not isinstance(best.value, str):
        exp.reject("evaluation", f"mmcv refuses save_best={best.value!r}: it must be a str or None", best)
    if exp.v3.get("default_hooks", {}).get("checkpoint") is None:  # v2 keeps the best without a checkpoint hook too
        exp.put("default_hooks.checkpoint", build(type="CheckpointHook", interval=-1))
        if exp.complete:  # and nothing but the best: no last checkpoint, and the best one's name as the runner counts
            exp.put("default_hooks.checkpoint.save_last", False)
            if exp.run_length is not None and exp.run_length.kind == "iter":
                exp.put("default_hooks.checkpoint.by_epoch", False)
    _say_written_again(exp, section, best)
    if section.items.get("start") == 0:
        message = "a best checkpoint of the evaluation before training is numbered 1 by mmcv and 0 by mmengine"
        exp.note(message, "evaluation", best, Effect.MEASURED)
    message = "mmcv never takes a metric of exactly 0 for the best, as an early mAP may be; mmengine does"
    exp.note(message, "evaluation", best, Effect.MEASURED)
    if found["rule"].value is None and not _is_told(best.value, found["greater_keys"].value, found["less_keys"].value):
        found["rule"] = _rule_of_codebases(exp, best)
    for key, slot in {**found, "save_best": best}.items():
        if slot.value is not None:
            exp.put(f"default_hooks.checkpoint.{key}", slot)


def _say_written_again(exp: Experiment, section: Section, best: Slot) -> None:
    """mmengine writes the regular checkpoint again with each new best one, also where none is due."""
    interval, every = exp.v3["default_hooks"]["checkpoint"].get("interval", -1), section.items.get("interval", 1)
    start = section.items.get("start")
    times = [time for time in (every, start) if isinstance(time, int)]
    if isinstance(interval, int) and interval > 0 and any(time % interval for time in times):
        message = f"mmengine also writes the regular checkpoint with a new best one, not only every {interval}"
        exp.note(message, "evaluation", best, Effect.MEASURED)


def _older_best(exp: Experiment, best: Slot, indicator: Slot) -> Slot:
    """`save_best=True, key_indicator='AP'`, the form before mmcv 1.3; the best was saved unless told otherwise."""
    if best.value is False or indicator.value is None:
        return Slot("auto") if best.value else Slot(None)
    message = f"key_indicator is save_best since mmcv 1.3: the best checkpoint is the one by {indicator.value!r}"
    exp.note(message, "evaluation", indicator, Effect.MEASURED)
    return indicator


def _is_told(metric: str, greater: Iterable[str] | None, less: Iterable[str] | None) -> bool:
    """Whether both libraries see from the metric's name if more is better."""
    name = metric.lower()
    known = [key.lower() for key in (*(greater or _GREATER), *(less or _LESS))]
    return metric == "auto" or any(key in name for key in known)


def _rule_of_codebases(exp: Experiment, best: Slot) -> Slot:
    """The rule for a metric that only a codebase's own hook knows: CheckpointHook cannot be built without it."""
    name = best.value.lower()
    words = {name, *name.replace("/", " ").replace("_", " ").replace("@", " ").split()}
    for rule, known in (("less", _LESS_IN_CODEBASES), ("greater", _GREATER_IN_CODEBASES)):
        if words & known:
            message = f"rule={rule!r} for {best.value!r} is said: the codebase's own hook knew it, mmengine does not"
            exp.note(message, "evaluation", best)
            return Slot(rule)
    message = f"save_best={best.value!r}: neither library knows whether more is better; 'greater' is assumed, check it"
    exp.note(message, "evaluation", best, Effect.MANUAL)
    return Slot("greater")
