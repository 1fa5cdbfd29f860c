"""Recurrences towards a floor: cosine, cosine with restarts, polynomial."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from mmmigrate.compat.argument_errors import ArgumentValueError
from mmmigrate.runtime_v3.optim.scheduler.base import INF, OptimizerType, _ParamScheduler
from mmmigrate.runtime_v3.registry import PARAM_SCHEDULERS


def _floor(base_value: float, eta_min: float | None, eta_min_ratio: float | None) -> float:
    return base_value * eta_min_ratio if eta_min_ratio is not None else (eta_min or 0.0)


@PARAM_SCHEDULERS.register_module()
class CosineAnnealingParamScheduler(_ParamScheduler):
    """Half a cosine from the value down to `eta_min` (or `eta_min_ratio` of the initial value) in `T_max` steps.

    `T_max` is the length from `begin` to `end` if None. After it the cosine goes up again.
    """

    step_arguments: ClassVar[tuple[str, ...]] = ("T_max",)

    def __init__(
        self,
        optimizer: OptimizerType,
        param_name: str,
        T_max: int | None = None,
        eta_min: float | None = None,
        begin: int = 0,
        end: int = INF,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
        eta_min_ratio: float | None = None,
    ) -> None:
        if eta_min is not None and eta_min_ratio is not None:
            raise ArgumentValueError(f"set eta_min={eta_min} or eta_min_ratio={eta_min_ratio}, not both")
        if eta_min is None and eta_min_ratio is None:
            eta_min = 0.0
        self.T_max = T_max or end - begin
        self.eta_min = eta_min
        self.eta_min_ratio = eta_min_ratio
        super().__init__(optimizer, param_name, begin, end, last_step, by_epoch, verbose)

    def _get_value(self) -> list[Any]:
        groups, name, step, period = self.optimizer.param_groups, self.param_name, self.last_step, self.T_max
        if step == 0:
            return [group[name] for group in groups]
        floors = [_floor(base, self.eta_min, self.eta_min_ratio) for base in self.base_values]
        if (step - 1 - period) % (2 * period) == 0:
            # The step before was the bottom, where the quotient below divides by zero.
            return [
                group[name] + (base - floor) * (1 - math.cos(math.pi / period)) / 2
                for base, floor, group in zip(self.base_values, floors, groups)
            ]
        factor = (1 + math.cos(math.pi * step / period)) / (1 + math.cos(math.pi * (step - 1) / period))
        return [factor * (group[name] - floor) + floor for floor, group in zip(floors, groups)]


@PARAM_SCHEDULERS.register_module()
class CosineRestartParamScheduler(_ParamScheduler):
    """A half cosine for each of the `periods` (lengths in steps), from `restart_weights` of the initial value down."""

    step_arguments: ClassVar[tuple[str, ...]] = ("periods",)

    def __init__(
        self,
        optimizer: OptimizerType,
        param_name: str,
        periods: list[int],
        restart_weights: Sequence[float] = (1,),
        eta_min: float | None = None,
        eta_min_ratio: float | None = None,
        begin: int = 0,
        end: int = INF,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> None:
        if (eta_min is None) == (eta_min_ratio is None):
            raise ArgumentValueError(f"set one of eta_min and eta_min_ratio, got {eta_min} and {eta_min_ratio}")
        if len(periods) != len(restart_weights):
            raise ArgumentValueError(f"{len(periods)} periods and {len(restart_weights)} restart_weights: give as many")
        self.periods = periods
        self.eta_min = eta_min
        self.eta_min_ratio = eta_min_ratio
        self.restart_weights = restart_weights
        self.cumulative_periods = [sum(periods[: i + 1]) for i in range(len(periods))]
        super().__init__(optimizer, param_name, begin, end, last_step, by_epoch, verbose)

    @staticmethod
    def get_position_from_periods(iteration: int, cumulative_periods: list[int]) -> int | None:
        """The index of the period that `iteration` lies in; None after the last."""
        return next((i for i, end in enumerate(cumulative_periods) if iteration < end), None)

    def _get_value(self) -> list[Any]:
        groups, name = self.optimizer.param_groups, self.param_name
        index = self.get_position_from_periods(self.last_step, self.cumulative_periods)
        if index is None:
            return [group[name] for group in groups]
        step = self.last_step - (self.cumulative_periods[index - 1] if index else 0)
        if step == 0:
            return [base * self.restart_weights[index] for base in self.base_values]
        period = self.periods[index]
        factor = (1 + math.cos(math.pi * step / period)) / (1 + math.cos(math.pi * (step - 1) / period))
        floors = [_floor(base, self.eta_min, self.eta_min_ratio) for base in self.base_values]
        return [factor * (group[name] - floor) + floor for floor, group in zip(floors, groups)]


@PARAM_SCHEDULERS.register_module()
class PolyParamScheduler(_ParamScheduler):
    """Falls to `eta_min` as a polynomial of degree `power`, reached one step before `end`."""

    def __init__(
        self,
        optimizer: OptimizerType,
        param_name: str,
        eta_min: float = 0,
        power: float = 1.0,
        begin: int = 0,
        end: int = INF,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> None:
        self.eta_min = eta_min
        self.power = power
        self.total_iters = end - begin - 1
        super().__init__(optimizer, param_name, begin, end, last_step, by_epoch, verbose)

    def _get_value(self) -> list[Any]:
        groups, name = self.optimizer.param_groups, self.param_name
        if self.last_step == 0:
            return [group[name] for group in groups]
        factor = (1 - 1 / (self.total_iters - self.last_step + 1)) ** self.power
        return [(group[name] - self.eta_min) * factor + self.eta_min for group in groups]
