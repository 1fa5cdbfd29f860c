"""Which way a metric is better, told from its name."""

from __future__ import annotations

from collections.abc import Sequence

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError

DEFAULT_GREATER_KEYS = ["acc", "top", "AR@", "auc", "precision", "mAP", "mDice", "mIoU", "mAcc", "aAcc"]
DEFAULT_LESS_KEYS = ["loss"]


def infer_rule(key: str, greater_keys: Sequence[str], less_keys: Sequence[str]) -> str:
    """'greater' or 'less' for the metric `key`, ignoring case: a full match decides before a part of the name.

    >>> infer_rule("bbox_mAP", DEFAULT_GREATER_KEYS, DEFAULT_LESS_KEYS)
    'greater'
    """
    name = key.lower()
    greater = [each.lower() for each in greater_keys]
    less = [each.lower() for each in less_keys]
    if name in greater:
        return "greater"
    if name in less:
        return "less"
    if any(each in name for each in greater):
        return "greater"
    if any(each in name for each in less):
        return "less"
    raise ArgumentValueError(f"Cannot infer the rule for key {key}, thus a specific rule must be specified.")


def as_keys(given: Sequence[str] | str | None, default: Sequence[str]) -> Sequence[str]:
    """The metric names given as one or several strings, or the default."""
    if given is None:
        return default
    keys = (given,) if isinstance(given, str) else given
    if not isinstance(keys, list | tuple) or not all(isinstance(key, str) for key in keys):
        raise ArgumentTypeError(f"greater_keys and less_keys must be strings or lists of them, got {given!r}")
    return keys
