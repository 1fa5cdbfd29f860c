"""Recurrences that multiply: the value of a step is that of the step before times one factor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import ClassVar

from mmmigrate.runtime_v3.optim.scheduler.base import INF, OptimizerType, _ParamScheduler
from mmmigrate.runtime_v3.registry import PARAM_SCHEDULERS


@PARAM_SCHEDULERS.register_module()
class StepParamScheduler(_ParamScheduler):
    """Multiplies by `gamma` every `step_size` steps."""

    step_arguments: ClassVar[tuple[str, ...]] = ("step_size",)

    def __init__(
        self,
        optimizer: OptimizerType,
        param_name: str,
        step_size: int,
        gamma: float = 0.1,
        begin: int = 0,
        end: int = INF,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> None:
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, param_name, begin, end, last_step, by_epoch, verbose)

    def _factor(self) -> float:
        return self.gamma if self.last_step and self.last_step % self.step_size == 0 else 1


@PARAM_SCHEDULERS.register_module()
class MultiStepParamScheduler(_ParamScheduler):
    """Multiplies by `gamma` at each of the `milestones`, counted from `begin`; twice at one named twice."""

    step_arguments: ClassVar[tuple[str, ...]] = ("milestones",)

    def __init__(
        self,
        optimizer: OptimizerType,
        param_name: str,
        milestones: Iterable[int],
        gamma: float = 0.1,
        last_step: int = -1,
        begin: int = 0,
        end: int = INF,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> None:
        self.milestones = Counter(milestones)
        self.gamma = gamma
        super().__init__(optimizer, param_name, begin, end, last_step, by_epoch, verbose)

    def _factor(self) -> float:
        times = self.milestones.get(self.last_step, 0)
        factor: float = self.gamma**times
        return factor if times else 1


@PARAM_SCHEDULERS.register_module()
class ConstantParamScheduler(_ParamScheduler):
    """Multiplies by `factor` at `begin` and divides by it again at the last step before `end`."""

    def __init__(
        self,
        optimizer: OptimizerType,
        param_name: str,
        factor: float = 1.0 / 3,
        begin: int = 0,
        end: int = INF,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> None:
        _check_share("factor", factor)
        self.factor = factor
        self.total_iters = end - begin - 1
        super().__init__(optimizer, param_name, begin, end, last_step, by_epoch, verbose)

    def _factor(self) -> float:
        if self.last_step == 0:
            return self.factor
        return 1.0 / self.factor if self.last_step == self.total_iters else 1


@PARAM_SCHEDULERS.register_module()
class ExponentialParamScheduler(_ParamScheduler):
    """Multiplies by `gamma` at every step."""

    def __init__(
        self,
        optimizer: OptimizerType,
        param_name: str,
        gamma: float,
        begin: int = 0,
        end: int = INF,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> None:
        self.gamma = gamma
        super().__init__(optimizer, param_name, begin, end, last_step, by_epoch, verbose)

    def _factor(self) -> float:
        return self.gamma if self.last_step else 1


@PARAM_SCHEDULERS.register_module()
class LinearParamScheduler(_ParamScheduler):
    """Goes in a straight line from `start_factor` of the value to `end_factor` of it, reached one step before `end`."""

    def __init__(
        self,
        optimizer: OptimizerType,
        param_name: str,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        begin: int = 0,
        end: int = INF,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> None:
        _check_share("start_factor", start_factor)
        _check_share("end_factor", end_factor)
        if start_factor == 0 and end - begin > 1:
            raise ValueError("start_factor=0: a recurrence that multiplies cannot leave zero; use a small number")
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = end - begin - 1
        super().__init__(optimizer, param_name, begin, end, last_step, by_epoch, verbose)

    def _factor(self) -> float:
        if self.last_step == 0:
            return self.start_factor
        rise = self.end_factor - self.start_factor
        return 1.0 + rise / (self.total_iters * self.start_factor + (self.last_step - 1) * rise)


def _check_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must lie between 0 and 1, got {value}")
