"""Which metric decides, and whether more or less of it is better."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from math import inf
from typing import Any

GREATER_KEYS = ("acc", "top", "AR@", "auc", "precision", "mAP", "mDice", "mIoU", "mAcc", "aAcc")
LESS_KEYS = ("loss",)


class RuleError(KeyError, ValueError):
    """A rule that is none: mmengine's hooks say so by one error or the other."""

    __str__ = ValueError.__str__


class Rule(str):
    """'greater' or 'less': compares scores of one metric."""

    __slots__ = ()

    def __new__(cls, rule: str) -> Rule:
        if rule not in RULES:
            raise RuleError(f'rule must be either "greater" or "less", got {rule!r}')
        return super().__new__(cls, rule)

    @property
    def worst(self) -> float:
        return WORST[self]

    def is_better(self, score: float, best: float) -> bool:
        return bool(RULES[self](score, best))


RULES: dict[str, Callable[[Any, Any], bool]] = {"greater": operator.gt, "less": operator.lt}
WORST = {"greater": -inf, "less": inf}


def infer_rule(key: str, greater_keys: Sequence[str] = GREATER_KEYS, less_keys: Sequence[str] = LESS_KEYS) -> Rule:
    """The rule for a metric by its name: first whole names are compared, then parts of it; case does not matter.

    >>> infer_rule("coco/bbox_mAP")
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
        f"Cannot infer the rule for {key}, whether more or less of it is better: set rule='greater' or rule='less'"
    )
