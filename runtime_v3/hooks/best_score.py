"""Which metric decides, and whether more or less of it is better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

GREATER_KEYS = ("acc", "top", "AR@", "auc", "precision", "mAP", "mDice", "mIoU", "mAcc", "aAcc")
LESS_KEYS = ("loss",)


@dataclass(frozen=True)
class Rule:
    """Compares scores of one metric. `rule` is 'greater' or 'less'."""

    rule: str

    def __post_init__(self) -> None:
        if self.rule not in ("greater", "less"):
            raise KeyError(f"rule must be 'greater', 'less' or None, got {self.rule!r}")

    @property
    def worst(self) -> float:
        return -inf if self.rule == "greater" else inf

    def is_better(self, score: float, best: float) -> bool:
        return score > best if self.rule == "greater" else score < best


def infer_rule(key: str, greater_keys: Sequence[str] = GREATER_KEYS, less_keys: Sequence[str] = LESS_KEYS) -> Rule:
    """The rule for a metric by its name: first whole names are compared, then parts of it; case does not matter.

    >>> infer_rule("coco/bbox_mAP").rule
    'greater'
    """
    name = key.lower()
    greater, less = [k.lower() for k in greater_keys], [k.lower() for k in less_keys]
    if name in greater:
        return Rule("greater")
    if name in less:
        return Rule("less")
    if any(part in name for part in greater):
        return Rule("greater")
    if any(part in name for part in less):
        return Rule("less")
    raise ValueError(
        f"cannot tell from its name whether more or less of {key!r} is better: set rule='greater' or rule='less'"
    )
