"""EvalHook and DistEvalHook: metrics on a data set at an interval, and the best checkpoint by one of them."""

from __future__ import annotations

import operator
import os
import warnings
from bisect import bisect_right
from collections.abc import Callable, Sequence
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar

from torch import distributed
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.data import DataLoader

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError, MissingKeyError
from mmmigrate.runtime_v2.hooks.best_rule import DEFAULT_GREATER_KEYS, DEFAULT_LESS_KEYS, as_keys, infer_rule
from mmmigrate.runtime_v2.hooks.checkpoint import run_folder
from mmmigrate.runtime_v2.hooks.hook import Hook
from mmmigrate.runtime_v2.hooks.logger.base import LoggerHook
from mmmigrate.runtime_v2.testing import multi_gpu_test, single_gpu_test

if TYPE_CHECKING:
    from mmmigrate.runtime_v2.runner.base import BaseRunner


class EvalHook(Hook):
    """Runs `test_fn(model, dataloader)` every `interval` epochs (or iterations) and logs `dataset.evaluate(results)`.

    With `start`, evaluation begins there (and before training if the run resumes at or past it) and then follows
    `interval` from there. `save_best` names a metric ('auto': the first) whose best checkpoint is kept; `rule`
    ('greater' or 'less') or the metric's name among `greater_keys` and `less_keys` says what is better. Further
    arguments go to `dataset.evaluate`. `dynamic_intervals`, from mmdet, lists (from, interval): the interval changes at
    those epochs or iterations (1-based).
    """

    rule_map: ClassVar[dict[str, Callable[[Any, Any], Any]]] = {"greater": operator.gt, "less": operator.lt}
    init_value_map: ClassVar[dict[str, float]] = {"greater": -inf, "less": inf}
    _default_greater_keys = DEFAULT_GREATER_KEYS
    _default_less_keys = DEFAULT_LESS_KEYS

    def __init__(
        self,
        dataloader: Any,
        start: int | None = None,
        interval: int = 1,
        by_epoch: bool = True,
        save_best: str | None = None,
        rule: str | None = None,
        test_fn: Callable[..., Any] | None = None,
        greater_keys: list[str] | str | None = None,
        less_keys: list[str] | str | None = None,
        out_dir: str | None = None,
        file_client_args: dict[str, Any] | None = None,
        dynamic_intervals: Sequence[tuple[int, int]] | None = None,
        **eval_kwargs: Any,
    ) -> None:
        if not isinstance(dataloader, DataLoader):
            raise ArgumentTypeError(f"dataloader must be a pytorch DataLoader, got {type(dataloader).__name__}")
        if interval <= 0:
            raise ArgumentValueError(f"interval must be a positive number, got {interval}")
        if not isinstance(by_epoch, bool):
            raise ArgumentTypeError(f"by_epoch must be a boolean, got {by_epoch!r}")
        if start is not None and start < 0:
            raise ArgumentValueError(f"The evaluation start epoch {start} is smaller than 0")
        if save_best is not None and not isinstance(save_best, str):
            raise ArgumentTypeError(f"save_best must be a str or None, got {save_best!r}")
        self.dataloader = dataloader
        self.start = start
        self.interval = interval
        self.by_epoch = by_epoch
        self.save_best = save_best
        self.eval_kwargs = eval_kwargs
        self.dynamic_intervals = [(0, interval), *(tuple(step) for step in dynamic_intervals or ())]
        self.latest_results: Any = None
        self.initial_flag = True
        self.test_fn: Callable[..., Any] = test_fn or single_gpu_test
        self.greater_keys = as_keys(greater_keys, self._default_greater_keys)
        self.less_keys = as_keys(less_keys, self._default_less_keys)
        self.best_ckpt_path: str | None = None
        if save_best is not None:
            self._init_rule(rule, save_best)
        self.out_dir = out_dir
        self.file_client_args = file_client_args

    def _init_rule(self, rule: str | None, key_indicator: str) -> None:
        """Settle by which metric and rule the best checkpoint is chosen; 'auto' leaves the rule open."""
        if rule is not None and rule not in self.rule_map:
            raise MissingKeyError(f"rule must be greater, less or None, but got {rule}.")
        if rule is None and key_indicator != "auto":
            rule = infer_rule(key_indicator, self.greater_keys, self.less_keys)
        self.rule = rule
        self.key_indicator = key_indicator
        if rule is not None:
            self.compare_func = self.rule_map[rule]

    def before_run(self, runner: BaseRunner) -> None:
        """Settle where the best checkpoint goes, and take over what a resumed run knows of it."""
        self.out_dir, self.file_client = run_folder(runner, self.out_dir, self.file_client_args)
        if self.out_dir != runner.work_dir:
            runner.logger.info(f"The best checkpoint will be saved to {self.out_dir} by {self.file_client.name}")
        if self.save_best is not None:
            if runner.meta is None:
                warnings.warn("runner.meta is None. Creating an empty one.", stacklevel=2)
                runner.meta = {}
            self.best_ckpt_path = runner.meta.setdefault("hook_msgs", {}).get("best_ckpt", None)

    def before_train_iter(self, runner: BaseRunner) -> None:
        """Evaluate before the first iteration, if it is at or past `start`."""
        self._decide_interval(runner)
        if self.by_epoch or not self.initial_flag:
            return
        if self.start is not None and runner.iter >= self.start:
            self.after_train_iter(runner)
        self.initial_flag = False

    def before_train_epoch(self, runner: BaseRunner) -> None:
        """Evaluate before the first epoch, if it is at or past `start`."""
        self._decide_interval(runner)
        if not (self.by_epoch and self.initial_flag):
            return
        if self.start is not None and runner.epoch >= self.start:
            self.after_train_epoch(runner)
        self.initial_flag = False

    def after_train_iter(self, runner: BaseRunner) -> None:
        """Evaluate, if this iteration is due."""
        if self.by_epoch or not self._should_evaluate(runner):
            return
        # the loggers come after this hook: let them write the training log first, or the two would mix
        for hook in runner.hooks:
            if isinstance(hook, LoggerHook):
                hook.after_train_iter(runner)
        runner.log_buffer.clear()
        self._do_evaluate(runner)

    def after_train_epoch(self, runner: BaseRunner) -> None:
        """Evaluate, if this epoch is due."""
        if self.by_epoch and self._should_evaluate(runner):
            self._do_evaluate(runner)

    def _idle_at(self, stage: str) -> bool:
        inherited = type(self).after_train_iter is EvalHook.after_train_iter
        return stage == "after_train_iter" and inherited and self.by_epoch

    def _decide_interval(self, runner: BaseRunner) -> None:
        if len(self.dynamic_intervals) > 1:
            current = (runner.epoch if self.by_epoch else runner.iter) + 1
            step = bisect_right([begin for begin, _ in self.dynamic_intervals], current)
            self.interval = self.dynamic_intervals[step - 1][1]

    def _do_evaluate(self, runner: BaseRunner) -> None:
        """Evaluate, and save the checkpoint if it is the best."""
        self._judge(runner, self.test_fn(runner.model, self.dataloader))

    def _judge(self, runner: BaseRunner, results: Any) -> None:
        self.latest_results = results
        runner.log_buffer.output["eval_iter_num"] = len(self.dataloader)
        score = self.evaluate(runner, results)
        # mmcv takes a score of 0 for none
        if self.save_best and score:
            self._save_ckpt(runner, score)

    def _should_evaluate(self, runner: BaseRunner) -> bool:
        """Whether the current epoch or iteration is one to evaluate after."""
        current = runner.epoch if self.by_epoch else runner.iter
        if self.start is None:
            due = self.every_n_epochs if self.by_epoch else self.every_n_iters
            return due(runner, self.interval)
        past_start = current + 1 - self.start
        return past_start >= 0 and past_start % self.interval == 0

    def _save_ckpt(self, runner: BaseRunner, key_score: Any) -> None:
        """Save the checkpoint if its score is better than all before, in place of the best one so far."""
        unit, count = ("epoch", runner.epoch + 1) if self.by_epoch else ("iter", runner.iter + 1)
        messages = (runner.meta or {})["hook_msgs"]
        if not self.compare_func(key_score, messages.get("best_score", self.init_value_map[str(self.rule)])):
            return
        messages["best_score"] = key_score
        if self.best_ckpt_path and self.file_client.isfile(self.best_ckpt_path):
            self.file_client.remove(self.best_ckpt_path)
            runner.logger.info(f"The previous best checkpoint {self.best_ckpt_path} was removed")
        name = f"best_{self.key_indicator}_{unit}_{count}.pth"
        self.best_ckpt_path = self.file_client.join_path(str(self.out_dir), name)
        messages["best_ckpt"] = self.best_ckpt_path
        runner.save_checkpoint(str(self.out_dir), filename_tmpl=name, create_symlink=False)
        runner.logger.info(f"Now best checkpoint is saved as {name}.")
        runner.logger.info(f"Best {self.key_indicator} is {key_score:0.4f} at {count} {unit}.")

    def evaluate(self, runner: BaseRunner, results: Any) -> Any:
        """Log what the data set makes of `results`; gives the score by which checkpoints are compared, or None."""
        dataset: Any = self.dataloader.dataset
        metrics = dataset.evaluate(results, logger=runner.logger, **self.eval_kwargs)
        runner.log_buffer.output.update(metrics)
        runner.log_buffer.ready = True
        if self.save_best is None:
            return None
        if not metrics:
            warnings.warn(
                "Since `eval_res` is an empty dict, the behavior to save the best checkpoint will be skipped in this "
                "evaluation.",
                stacklevel=2,
            )
            return None
        if self.key_indicator == "auto":
            self._init_rule(self.rule, next(iter(metrics)))
        return metrics[self.key_indicator]


class DistEvalHook(EvalHook):
    """EvalHook over several processes: all test their share, rank 0 evaluates.

    Results are collected through files in `tmpdir` (by default `.eval_hook` in the work directory), or with
    `gpu_collect` through GPU memory. `broadcast_bn_buffer` gives every process rank 0's batch-norm statistics first.
    """

    def __init__(
        self,
        dataloader: Any,
        start: int | None = None,
        interval: int = 1,
        by_epoch: bool = True,
        save_best: str | None = None,
        rule: str | None = None,
        test_fn: Callable[..., Any] | None = None,
        greater_keys: list[str] | str | None = None,
        less_keys: list[str] | str | None = None,
        broadcast_bn_buffer: bool = True,
        tmpdir: str | None = None,
        gpu_collect: bool = False,
        out_dir: str | None = None,
        file_client_args: dict[str, Any] | None = None,
        **eval_kwargs: Any,
    ) -> None:
        super().__init__(
            dataloader,
            start=start,
            interval=interval,
            by_epoch=by_epoch,
            save_best=save_best,
            rule=rule,
            test_fn=test_fn or multi_gpu_test,
            greater_keys=greater_keys,
            less_keys=less_keys,
            out_dir=out_dir,
            file_client_args=file_client_args,
            **eval_kwargs,
        )
        self.broadcast_bn_buffer = broadcast_bn_buffer
        self.tmpdir = tmpdir
        self.gpu_collect = gpu_collect

    def _do_evaluate(self, runner: BaseRunner) -> None:
        if self.broadcast_bn_buffer:
            _broadcast_batch_norm(runner)
        tmpdir = self.tmpdir or os.path.join(str(runner.work_dir), ".eval_hook")  # noqa: PTH118
        results = self.test_fn(runner.model, self.dataloader, tmpdir=tmpdir, gpu_collect=self.gpu_collect)
        if runner.rank == 0:
            self._judge(runner, results)


def _broadcast_batch_norm(runner: BaseRunner) -> None:
    """Give every process rank 0's running statistics, which DDP does not keep equal."""
    for module in runner.model.modules():
        if isinstance(module, _BatchNorm) and module.track_running_stats:
            for statistic in (module.running_var, module.running_mean):
                if statistic is not None:
                    distributed.broadcast(statistic, 0)
