"""What differs in the structured parts of a trace: evaluation results, options, checkpoints, the facts of a run."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NamedTuple


class Unequal(NamedTuple):
    """A leaf that differs; `old` or `new` is `ABSENT` where that side has no such leaf."""

    name: str
    old: Any
    new: Any


class _Absent:
    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()


def structured(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Unequal]:
    """Every leaf that differs, by its path, keys in the order of the old side. Numbers are compared exactly.

    NaN is the same as NaN, and 1 as 1.0.

    >>> structured({"ap": {"cat": [0.5, 0.25]}}, {"ap": {"cat": [0.5, 0.75]}, "n": 1})
    [Unequal(name='ap.cat[1]', old=0.25, new=0.75), Unequal(name='n', old=absent, new=1)]
    """
    if json.dumps(old) == json.dumps(new):  # which also spares the import of deepdiff, half a second
        return []
    from deepdiff import DeepDiff
    from deepdiff.helper import notpresent

    options: dict[str, Any] = {
        "zip_ordered_iterables": True,
        "ignore_nan_inequality": True,
        "threshold_to_diff_deeper": 0,
    }
    found = DeepDiff(dict(old), dict(new), view="tree", verbose_level=2, **options)
    order = {key: place for place, key in enumerate({**old, **new})}
    unequal: list[tuple[int, Unequal]] = []
    for levels in found.values():
        for level in levels:
            sides = [ABSENT if side is notpresent else side for side in (level.t1, level.t2)]
            if not _equal(*sides):
                path = level.path(output_format="list")
                unequal.append((order[path[0]], Unequal(_path(path), *sides)))
    return [one for _, one in sorted(unequal, key=lambda placed: placed[0])]


def _equal(old: Any, new: Any) -> bool:
    """Whether what deepdiff reports is only another type of the same number."""
    numbers = all(isinstance(side, (int, float)) and not isinstance(side, bool) for side in (old, new))
    return numbers and (old == new or (math.isnan(old) and math.isnan(new)))


def _path(keys: list[Any]) -> str:
    parts = [f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys]
    return "".join(parts).removeprefix(".")
