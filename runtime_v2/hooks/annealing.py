"""The functions that projects' own updaters import from mmcv's."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from torch.optim import Optimizer

from mmmigrate.compat.argument_errors import ArgumentValueError
from mmmigrate.compat.schedule import cosine as annealing_cos
from mmmigrate.compat.schedule import linear as annealing_linear
from mmmigrate.compat.schedule.cycles import per_group

__all__ = ["annealing_cos", "annealing_linear", "format_param", "get_position_from_periods"]


def format_param(name: str, optim: Optimizer, param: Any) -> list[float]:
    """`param` for each group of `optim`: a number for all, a list with one each, or a dict of those by `name`."""
    return per_group(param, len(optim.param_groups), name)


def get_position_from_periods(iteration: int, cumulative_periods: Sequence[int]) -> int:
    """The index of the period that `iteration` lies in, given where each one ends.

    >>> [get_position_from_periods(i, [100, 200]) for i in (50, 100)]
    [0, 1]
    """
    index = bisect_right(cumulative_periods, iteration)
    if index == len(cumulative_periods):
        raise ArgumentValueError(f"Current iteration {iteration} exceeds cumulative_periods {list(cumulative_periods)}")
    return index
