"""Reduces a value when a metric stops getting better."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from mmmigrate.compat.argument_errors import ArgumentValueError
from mmmigrate.runtime_v3.optim.scheduler.base import INF, OptimizerType, _ParamScheduler
from mmmigrate.runtime_v3.registry import PARAM_SCHEDULERS


@PARAM_SCHEDULERS.register_module()
class ReduceOnPlateauParamScheduler(_ParamScheduler):
    """Multiplies by `factor` after more than `patience` validations without progress of the metric `monitor`.

    Progress is more than `threshold` beyond the best so far, relative or absolute (`threshold_rule`), upwards or
    downwards (`rule` 'greater' or 'less'). After a reduction `cooldown` validations do not count. Values stay above
    `min_value`, and changes smaller than `eps` are not made. By epoch only.
    """

    need_val_args = True
    unsaved: ClassVar[tuple[str, ...]] = ("optimizer", "base_values")

    def __init__(
        self,
        optimizer: OptimizerType,
        param_name: str,
        monitor: str = "loss",
        rule: str = "less",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_rule: str = "rel",
        cooldown: int = 0,
        min_value: float | Sequence[float] = 0.0,
        eps: float = 1e-8,
        begin: int = 0,
        end: int = INF,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> None:
        if not by_epoch:
            raise ArgumentValueError(f"{type(self).__name__} goes by validations: by_epoch must be True")
        if factor >= 1.0:
            raise ValueError(f"factor must be smaller than 1, got {factor}")
        if threshold < 0:
            raise ValueError(f"threshold must not be negative, got {threshold}")
        if rule not in ("less", "greater"):
            raise ValueError(f"rule must be 'less' or 'greater', got {rule!r}")
        if threshold_rule not in ("rel", "abs"):
            raise ValueError(f"threshold_rule must be 'rel' or 'abs', got {threshold_rule!r}")
        self.monitor = monitor
        self.rule = rule
        self.rule_worse: float = INF if rule == "less" else -INF
        self.factor = factor
        self.patience = patience
        self.threshold = threshold
        self.threshold_rule = threshold_rule
        self.cooldown = cooldown
        self.cooldown_counter = 0
        self.num_bad_epochs = 0
        self.best = self.rule_worse
        self.eps = eps
        self.min_values = self._floors(optimizer, min_value)
        super().__init__(optimizer, param_name, begin, end, last_step, by_epoch, verbose)

    @staticmethod
    def _floors(optimizer: OptimizerType, min_value: float | Sequence[float]) -> list[float]:
        count = len(optimizer.param_groups)
        if not isinstance(min_value, (list, tuple)):
            return [min_value] * count  # type: ignore[list-item]
        raw: Any = getattr(optimizer, "optimizer", optimizer)
        if len(min_value) != len(raw.param_groups):
            raise ValueError(f"min_value has {len(min_value)} values for {len(raw.param_groups)} groups")
        # The wrapper's base group, if there is one, goes with the last.
        return [*min_value, *([min_value[-1]] * (count - len(min_value)))]

    def step(self, metrics: dict[str, Any] | None = None) -> None:
        """Without metrics (after an epoch) only counts; with them (after a validation) may reduce."""
        if metrics is None:
            self._global_step += 1
        elif not isinstance(metrics, dict):
            raise TypeError(f"metrics must be a dict, got {type(metrics).__name__}")
        elif self.begin <= self._global_step < self.end:
            self._judge(metrics)
        if metrics is not None or not self._last_value:
            self._last_value = [group[self.param_name] for group in self.optimizer.param_groups]

    def _judge(self, metrics: dict[str, Any]) -> None:
        self.last_step += 1
        if metrics.get(self.monitor) is None:
            raise KeyError(f"monitor={self.monitor!r} is not a metric; there are {sorted(metrics)}")
        metric = metrics[self.monitor]
        if self._is_better(metric, self.best):
            self.best = metric
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            for index, (group, value) in enumerate(zip(self.optimizer.param_groups, self._get_value())):
                if group[self.param_name] - value > self.eps:
                    group[self.param_name] = value
                    self.print_value(self.verbose, index, value)
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0

    def _get_value(self) -> list[Any]:
        values = [float(group[self.param_name]) * self.factor for group in self.optimizer.param_groups]
        return [max(value, floor) for value, floor in zip(values, self.min_values)]

    def _is_better(self, a: float, best: float) -> bool:
        if self.rule == "less":
            return a < (best * (1.0 - self.threshold) if self.threshold_rule == "rel" else best - self.threshold)
        return a > (best * (self.threshold + 1.0) if self.threshold_rule == "rel" else best + self.threshold)
