"""One cycle: up, down, and far down."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from mmmigrate.compat.argument_errors import ArgumentValueError
from mmmigrate.runtime_v3.optim.scheduler.base import INF, OptimizerType, _ParamScheduler
from mmmigrate.runtime_v3.registry import PARAM_SCHEDULERS


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) / 2.0 * (math.cos(math.pi * share) + 1)


def _line(start: float, end: float, share: float) -> float:
    return (end - start) * share + start


_ANNEALS: dict[str, Callable[[float, float, float], float]] = {"cos": _cosine, "linear": _line}


@PARAM_SCHEDULERS.register_module()
class OneCycleParamScheduler(_ParamScheduler):
    """Rises from `eta_max / div_factor` to `eta_max` in `pct_start` of the steps, then falls far below the start.

    The end is the start divided by `final_div_factor`.

    `eta_max`: one number, or one for each group. `total_steps` is the length from `begin` to `end` if None.
    `three_phase`: falls to the start first, as long as it rose, then further down. A closed form of the step.
    """

    step_arguments: ClassVar[tuple[str, ...]] = ("total_steps",)
    unsaved: ClassVar[tuple[str, ...]] = ("optimizer", "anneal_func")

    def __init__(
        self,
        optimizer: OptimizerType,
        param_name: str,
        eta_max: float | Sequence[float] = 0,
        total_steps: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        begin: int = 0,
        end: int = INF,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> None:
        if param_name != "lr":
            raise ArgumentValueError(f"one cycle is for the learning rate, got param_name={param_name!r}")
        if total_steps is not None and (not isinstance(total_steps, int) or total_steps <= 0):
            raise ValueError(f"total_steps must be a positive integer, got {total_steps!r}")
        if not isinstance(pct_start, float) or not 0 <= pct_start <= 1:
            raise ValueError(f"pct_start must be a float between 0 and 1, got {pct_start!r}")
        if anneal_strategy not in _ANNEALS:
            raise ValueError(f"anneal_strategy must be 'cos' or 'linear', got {anneal_strategy!r}")
        self.eta_max = eta_max
        self.div_factor = div_factor
        self.final_div_factor = final_div_factor
        self.total_steps = total_steps or end - begin
        self.anneal_func = _ANNEALS[anneal_strategy]
        self._schedule_phases = self._phases(pct_start, three_phase)
        if last_step == -1:
            for group, peak in zip(optimizer.param_groups, self._peaks(optimizer, eta_max)):
                group["initial_lr"] = peak / div_factor
                group["max_lr"] = peak
                group["min_lr"] = group["initial_lr"] / final_div_factor
        super().__init__(optimizer, param_name, begin, end, last_step, by_epoch, verbose)

    def _phases(self, pct_start: float, three_phase: bool) -> list[dict[str, Any]]:
        total = self.total_steps
        rise = {"end_step": float(pct_start * total) - 1, "start_lr": "initial_lr", "end_lr": "max_lr"}
        if not three_phase:
            return [rise, {"end_step": total - 1, "start_lr": "max_lr", "end_lr": "min_lr"}]
        return [
            rise,
            {"end_step": float(2 * pct_start * total) - 2, "start_lr": "max_lr", "end_lr": "initial_lr"},
            {"end_step": total - 1, "start_lr": "initial_lr", "end_lr": "min_lr"},
        ]

    @staticmethod
    def _peaks(optimizer: OptimizerType, eta_max: float | Sequence[float]) -> Sequence[float]:
        count = len(optimizer.param_groups)
        if not isinstance(eta_max, (list, tuple)):
            return [eta_max] * count  # type: ignore[list-item]
        if len(eta_max) != count:
            raise ValueError(f"eta_max has {len(eta_max)} values for {count} groups")
        return eta_max

    def _get_value(self) -> list[Any]:
        step = self.last_step
        if step > self.total_steps:
            raise ValueError(f"one cycle of {self.total_steps} steps was stepped {step + 1} times")
        start = 0.0
        for phase in self._schedule_phases[:-1]:
            if step <= phase["end_step"]:
                break
            start = phase["end_step"]
        else:
            phase = self._schedule_phases[-1]
        share = (step - start) / (phase["end_step"] - start)
        return [
            self.anneal_func(group[phase["start_lr"]], group[phase["end_lr"]], share)
            for group in self.optimizer.param_groups
        ]
