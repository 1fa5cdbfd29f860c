"""Saves checkpoints: regularly, the last, and the best."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError
from mmmigrate.compat.dist import get_dist_info, master_only
from mmmigrate.runtime_v3 import storage
from mmmigrate.runtime_v3.hooks.best_score import GREATER_KEYS, LESS_KEYS, RULES, WORST, Rule, infer_rule
from mmmigrate.runtime_v3.hooks.hook import DATA_BATCH, Hook
from mmmigrate.runtime_v3.hooks.out_dir import HasOutDir
from mmmigrate.runtime_v3.logging import print_log
from mmmigrate.runtime_v3.registry import HOOKS

if TYPE_CHECKING:
    from mmmigrate.runtime_v3.runner import Runner


@HOOKS.register_module()
class CheckpointHook(HasOutDir, Hook):
    """Saves every `interval` epochs (or iterations, `by_epoch=False`) from `save_begin` on.

    - `save_optimizer`, `save_param_scheduler`: whether training can be resumed from the file.
    - `out_dir`: another folder than the work folder; its last part becomes a subfolder. May be a URL.
    - `max_keep_ckpts`: how many regular checkpoints stay; -1 keeps all.
    - `save_last`: also after the last epoch or iteration.
    - `save_best`: a metric's name, a list of them, or 'auto' (the first metric of the first evaluation);
      `rule`: 'greater' or 'less' for all or for each, else told from the name by `greater_keys` and `less_keys`.
    - `filename_tmpl`: `epoch_{}.pth` or `iter_{}.pth` if None.
    - `published_keys`: at the end, a copy of the last and best checkpoints with only these keys is saved under a name
      that ends in a hash.
    """

    priority = "VERY_LOW"
    rule_map = RULES
    init_value_map = WORST
    _default_greater_keys: ClassVar[list[str]] = list(GREATER_KEYS)
    _default_less_keys: ClassVar[list[str]] = list(LESS_KEYS)

    def __init__(
        self,
        interval: int = -1,
        by_epoch: bool = True,
        save_optimizer: bool = True,
        save_param_scheduler: bool = True,
        out_dir: str | Path | None = None,
        max_keep_ckpts: int = -1,
        save_last: bool = True,
        save_best: str | list[str] | None = None,
        rule: str | list[str] | None = None,
        greater_keys: Sequence[str] | str | None = None,
        less_keys: Sequence[str] | str | None = None,
        file_client_args: dict[str, Any] | None = None,
        filename_tmpl: str | None = None,
        backend_args: dict[str, Any] | None = None,
        published_keys: str | Sequence[str] | None = None,
        save_begin: int = 0,
        **kwargs: Any,
    ) -> None:
        if save_begin < 0:
            raise ValueError(f"CheckpointHook: save_begin must not be negative, got {save_begin}")
        if file_client_args is not None and backend_args is not None:
            raise ValueError(
                'CheckpointHook: "file_client_args" and "backend_args" cannot be set at the same time: the first is '
                "the older name of the second"
            )
        self.interval = interval
        self.by_epoch = by_epoch
        self.save_optimizer = save_optimizer
        self.save_param_scheduler = save_param_scheduler
        self.out_dir = out_dir if out_dir is None else str(out_dir)
        self.max_keep_ckpts = max_keep_ckpts
        self.save_last = save_last
        self.args = kwargs
        self.file_client_args = file_client_args
        self.backend_args = backend_args if backend_args is not None else file_client_args
        self.filename_tmpl = filename_tmpl or ("epoch_{}.pth" if by_epoch else "iter_{}.pth")
        self.greater_keys = _key_parts("greater_keys", greater_keys, self._default_greater_keys)
        self.less_keys = _key_parts("less_keys", less_keys, self._default_less_keys)
        self.published_keys = _strings("published_keys", published_keys)
        self.save_begin = save_begin
        self.save_best = _strings("save_best", save_best)
        self.key_indicators: list[str] = []
        self.rules: list[Any] = []
        rules = [rule] if rule is None or isinstance(rule, str) else _strings("rule", rule)
        if self.save_best:
            self._init_rule(rules, self.save_best)
        self.best_ckpt_path_dict: dict[str, str | None] = {}
        self.last_ckpt: str | None = None
        self.keep_ckpt_ids: deque[int] = deque()

    def _init_rule(self, rules: Any, key_indicators: list[str]) -> None:
        """Sets which metrics decide and by which rule; `rules` is one for all or one for each, None to tell it from
        the name."""
        if "auto" in key_indicators and len(key_indicators) > 1:
            raise ArgumentValueError(f'Only support one "auto" in "save_best", and nothing beside it: {key_indicators}')
        if len(rules) == 1:
            rules = list(rules) * len(key_indicators)
        if len(rules) != len(key_indicators):
            raise ArgumentValueError(
                f'Number of "rule" must be 1 or the number of metrics in save_best={key_indicators}, got {len(rules)}'
            )
        self.rules = []
        for rule, key in zip(rules, key_indicators):
            if rule is not None:
                self.rules.append(Rule(rule))
            else:
                self.rules.append(None if key == "auto" else infer_rule(key, self.greater_keys, self.less_keys))
        self.key_indicators = key_indicators

    @property
    def is_better_than(self) -> dict[str, Any]:
        """For each metric, the function of (score, best so far) that says whether it is better."""
        return {key: RULES[rule] for key, rule in zip(self.key_indicators, self.rules) if rule is not None}

    @property
    def best_ckpt_path(self) -> str | None:
        """The best checkpoint, if a single metric decides."""
        return next(iter(self.best_ckpt_path_dict.values()), None) if len(self.key_indicators) == 1 else None

    @best_ckpt_path.setter
    def best_ckpt_path(self, path: str | None) -> None:
        self.best_ckpt_path_dict = {self.key_indicators[0]: path}

    def _hub_key(self, what: str, key: str) -> str:
        return what if len(self.key_indicators) == 1 else f"{what}_{key}"

    def before_train(self, runner: Runner) -> None:
        if self.out_dir is None:
            self.out_dir = runner.work_dir
        if self.out_dir != runner.work_dir:
            self.out_dir = storage.join(self.out_dir, Path(runner.work_dir).name)
        runner.logger.info(f"Checkpoints will be saved to {self.out_dir}.")
        for key in self.key_indicators:
            self.best_ckpt_path_dict[key] = runner.message_hub.get_info(self._hub_key("best_ckpt", key))
        if self.max_keep_ckpts > 0:
            kept = list(runner.message_hub.get_info("keep_ckpt_ids", []))
            for step in kept[: -self.max_keep_ckpts]:
                self._remove(self._path(step))
            self.keep_ckpt_ids = deque(kept[-self.max_keep_ckpts :])

    def _path(self, step: int) -> str:
        return storage.join(str(self.out_dir), self.filename_tmpl.format(step))

    def _remove(self, path: str) -> bool:
        return get_dist_info()[0] == 0 and storage.remove(path, self.backend_args)

    def after_train_epoch(self, runner: Runner) -> None:
        if not self.by_epoch:
            return
        last = self.save_last and self.is_last_train_epoch(runner)
        if last or self.every_n_epochs(runner, self.interval, self.save_begin):
            runner.logger.info(f"Saving checkpoint at {runner.epoch + 1} epochs")
            self._save_checkpoint(runner)

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: DATA_BATCH = None, outputs: dict[str, Any] | None = None
    ) -> None:
        if self.by_epoch:
            return
        last = self.save_last and self.is_last_train_iter(runner)
        if last or self.every_n_train_iters(runner, self.interval, self.save_begin):
            runner.logger.info(f"Saving checkpoint at {runner.iter + 1} iterations")
            self._save_checkpoint(runner)

    def _save_checkpoint(self, runner: Runner) -> None:
        step = runner.epoch + 1 if self.by_epoch else runner.iter + 1
        meta = {"epoch": step, "iter": runner.iter} if self.by_epoch else {"epoch": runner.epoch, "iter": step}
        self._save_step(runner, step, meta)

    def _save_step(self, runner: Runner, step: int, meta: dict[str, Any]) -> None:
        dropped = None
        if self.max_keep_ckpts > 0 and not (self.keep_ckpt_ids and self.keep_ckpt_ids[-1] == step):
            if len(self.keep_ckpt_ids) == self.max_keep_ckpts:
                dropped = self.keep_ckpt_ids.popleft()
            self.keep_ckpt_ids.append(step)
            runner.message_hub.update_info("keep_ckpt_ids", list(self.keep_ckpt_ids))
        self.last_ckpt = self._path(step)
        runner.message_hub.update_info("last_ckpt", self.last_ckpt)
        runner.save_checkpoint(
            str(self.out_dir),
            self.filename_tmpl.format(step),
            save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler,
            meta=meta,
            by_epoch=self.by_epoch,
            backend_args=self.backend_args,
            **self.args,
        )
        if get_dist_info()[0] == 0:
            storage.write_text(self.last_ckpt, storage.join(runner.work_dir, "last_checkpoint"))
        # Only now: a run killed while saving still has a checkpoint to resume from.
        if dropped is not None:
            self._remove(self._path(dropped))

    def after_val_epoch(self, runner: Runner, metrics: dict[str, Any] | None = None) -> None:
        if not metrics:
            runner.logger.warning("The evaluation gave no metrics, so no best checkpoint is chosen from it.")
        elif self.save_best:
            self._save_best_checkpoint(runner, metrics)

    def _save_best_checkpoint(self, runner: Runner, metrics: dict[str, Any]) -> None:
        unit, now = ("epoch", runner.epoch) if self.by_epoch else ("iter", runner.iter)
        meta = {"epoch": runner.epoch, "iter": runner.iter}
        if "auto" in self.key_indicators:
            self.best_ckpt_path_dict = {next(iter(metrics)): self.best_ckpt_path_dict.get("auto")}
            self._init_rule(self.rules, [next(iter(metrics))])
        improved = False
        for key, rule in zip(self.key_indicators, self.rules):
            if key not in metrics:
                raise KeyError(f"CheckpointHook: save_best={key!r} is not a metric; there are {sorted(metrics)}")
            score = metrics[key]
            score_key = self._hub_key("best_score", key)
            best = runner.message_hub.get_info(score_key, rule.worst)
            if score is None or not rule.is_better(score, best):
                continue
            improved = True
            runner.message_hub.update_info(score_key, score)
            self._save_one_best(runner, key, now, meta)
            runner.logger.info(
                f"The best checkpoint with {score:0.4f} {key} at {now} {unit} is saved to "
                f"{Path(str(self.best_ckpt_path_dict[key])).name}."
            )
        if improved and self.last_ckpt is not None:
            # The regular checkpoint of this step is written again, so that resuming from it knows the new best.
            self._save_step(runner, now, dict(meta))

    def _save_one_best(self, runner: Runner, key: str, now: int, meta: dict[str, Any]) -> None:
        previous = self.best_ckpt_path_dict.get(key)
        name = f"best_{key}_{self.filename_tmpl.format(now)}".replace("/", "_")
        self.best_ckpt_path_dict[key] = storage.join(str(self.out_dir), name)
        runner.message_hub.update_info(self._hub_key("best_ckpt", key), self.best_ckpt_path_dict[key])
        runner.save_checkpoint(
            str(self.out_dir),
            filename=name,
            save_optimizer=False,
            save_param_scheduler=False,
            meta=dict(meta),
            by_epoch=False,
            backend_args=self.backend_args,
        )
        if previous and previous != self.best_ckpt_path_dict[key] and self._remove(previous):
            runner.logger.info(f"The previous best checkpoint {previous} is removed")

    def after_train(self, runner: Runner) -> None:
        if self.published_keys is None:
            return
        if self.save_last and self.last_ckpt is not None:
            self._publish_model(runner, self.last_ckpt)
        for path in self.best_ckpt_path_dict.values():
            if path is not None:
                self._publish_model(runner, path)

    @master_only
    def _publish_model(self, runner: Runner, ckpt_path: str) -> None:
        from mmmigrate.runtime_v3.runner.checkpoint import checkpoint_bytes, load_checkpoint_file

        checkpoint = load_checkpoint_file(ckpt_path)
        dropped = [key for key in checkpoint if key not in (self.published_keys or ())]
        for key in dropped:
            del checkpoint[key]
        if dropped:
            print_log(f"Published without {dropped}: they are not in published_keys", logger="current")
        content = checkpoint_bytes(checkpoint)
        target = f"{ckpt_path.removesuffix(Path(ckpt_path).suffix)}-{hashlib.sha256(content).hexdigest()[:8]}.pth"
        storage.write_bytes(content, target, self.backend_args)
        print_log(f"The checkpoint ({ckpt_path}) is published to {target}.", logger="current")


def _strings(name: str, given: Any) -> list[Any] | None:
    """A string or a sequence of different strings as a list."""
    if given is None:
        return None
    sequence = isinstance(given, (list, tuple))
    if not isinstance(given, str) and not (sequence and all(isinstance(value, str) for value in given)):
        raise ArgumentTypeError(f'"{name}" should be a str, a list of str or None, got {given!r}')
    values = [given] if isinstance(given, str) else list(given)
    if name != "rule" and len(values) != len(set(values)):
        kind = "element" if name == "save_best" else "elements"
        raise ArgumentValueError(f'Find duplicate {kind} in "{name}": {values}')
    return values


def _key_parts(name: str, given: Any, default: list[str]) -> Sequence[str]:
    if given is None:
        return default
    parts: Sequence[str] = given if isinstance(given, (list, tuple)) else (given,)
    _strings(name, parts)
    return parts
