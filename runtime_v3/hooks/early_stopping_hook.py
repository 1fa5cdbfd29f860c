"""Ends training when a metric stops getting better."""

from __future__ import annotations

import warnings
from math import isfinite
from typing import TYPE_CHECKING, Any, ClassVar

from mmmigrate.compat.argument_errors import ArgumentTypeError
from mmmigrate.runtime_v3.hooks.best_score import GREATER_KEYS, LESS_KEYS, RULES, Rule, infer_rule
from mmmigrate.runtime_v3.hooks.hook import Hook
from mmmigrate.runtime_v3.registry import HOOKS

if TYPE_CHECKING:
    from mmmigrate.runtime_v3.runner import Runner


@HOOKS.register_module()
class EarlyStoppingHook(Hook):
    """Stops after `patience` validations in which `monitor` did not get better by `min_delta`.

    - `rule`: 'greater' or 'less', told from the metric's name if None.
    - `strict`: whether it is an error that the metric is missing.
    - `check_finite`: whether an infinite value or NaN stops at once.
    - `stopping_threshold`: a value that is good enough to stop.
    """

    priority = "LOWEST"
    rule_map = RULES
    _default_greater_keys: ClassVar[list[str]] = list(GREATER_KEYS)
    _default_less_keys: ClassVar[list[str]] = list(LESS_KEYS)

    def __init__(
        self,
        monitor: str,
        rule: str | None = None,
        min_delta: float = 0.1,
        strict: bool = False,
        check_finite: bool = True,
        patience: int = 5,
        stopping_threshold: float | None = None,
    ) -> None:
        self.monitor = monitor
        self.rule = self._init_rule(monitor) if rule is None else Rule(rule)
        self.min_delta = min_delta if self.rule == "greater" else -min_delta
        self.strict = strict
        self.check_finite = check_finite
        self.patience = patience
        self.stopping_threshold = stopping_threshold
        self.wait_count = 0
        self.best_score = self.rule.worst

    def _init_rule(self, monitor: str) -> Rule:
        return infer_rule(monitor, self._default_greater_keys, self._default_less_keys)

    def _check_stop_condition(self, current_score: float) -> tuple[bool, str]:
        score = current_score
        better, name = self.rule.is_better, self.monitor
        if self.check_finite and not isfinite(score):
            return True, (
                f"Monitored metric {name} = {score} is infinite. Previous best value was {self.best_score:.3f}."
            )
        if self.stopping_threshold is not None and better(score, self.stopping_threshold):
            self.best_score = score
            return True, (
                f"Stopping threshold reached: `{name}` = {score} is {self.rule} than {self.stopping_threshold}."
            )
        if better(self.best_score + self.min_delta, score):
            self.wait_count += 1
            return self.wait_count >= self.patience, (
                f"the monitored metric did not improve in the last {self.wait_count} records. "
                f"best score: {self.best_score:.3f}. "
            )
        self.best_score = score
        self.wait_count = 0
        return False, ""

    def before_run(self, runner: Runner) -> None:
        if not hasattr(runner.train_loop, "stop_training"):
            raise ArgumentTypeError(
                f"EarlyStoppingHook: {type(runner.train_loop).__name__} has no stop_training to set"
            )

    def after_val_epoch(self, runner: Runner, metrics: dict[str, Any] | None = None) -> None:
        metrics = metrics or {}
        if self.monitor not in metrics:
            problem = f"EarlyStoppingHook: {self.monitor!r} is not a metric; there are {sorted(metrics)}"
            if self.strict:
                raise RuntimeError(problem)
            warnings.warn(problem, stacklevel=2)
            return
        stop, message = self._check_stop_condition(metrics[self.monitor])
        if stop:
            runner.train_loop.stop_training = True
            runner.logger.info(message)
