"""Turns the histories of the message hub into the line of the log and the record of `scalars.json`."""

from __future__ import annotations

import copy
import datetime
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from mmmigrate.compat.argument_errors import ArgumentValueError, MissingKeyError
from mmmigrate.runtime_v3.device import get_max_cuda_memory, is_cuda_available
from mmmigrate.runtime_v3.registry import LOG_PROCESSORS

if TYPE_CHECKING:
    from mmmigrate.runtime_v3.runner.runner import Runner

Tag = dict[str, Any]


@LOG_PROCESSORS.register_module()
class LogProcessor:
    """Chooses the statistics that are logged, and words them.

    - `window_size`: how many iterations the mean of a loss or a time covers.
    - `by_epoch`: `Epoch(train) [2][10/50]` or `Iter(train) [60/1000]`.
    - `custom_cfg`: further statistics: `dict(data_src='loss', log_name='loss_max', method_name='max', window_size=…)`,
      a window being a number, `'epoch'` or `'global'`.
    - `mean_pattern`: names that are averaged; of all others the last value is logged.
    """

    def __init__(
        self,
        window_size: int = 10,
        by_epoch: bool = True,
        custom_cfg: list[dict[str, Any]] | None = None,
        num_digits: int = 4,
        log_with_hierarchy: bool = False,
        mean_pattern: str = r".*(loss|time|data_time|grad_norm).*",
    ) -> None:
        self.window_size = window_size
        self.by_epoch = by_epoch
        self.custom_cfg = custom_cfg or []
        self.num_digits = num_digits
        self.log_with_hierarchy = log_with_hierarchy
        self.mean_pattern = re.compile(mean_pattern)
        self._check_custom_cfg()

    def _check_custom_cfg(self) -> None:
        names: set[str] = set()
        for entry in self.custom_cfg:
            if "data_src" not in entry:
                raise MissingKeyError(f"log_processor.custom_cfg: {dict(entry)} has no 'data_src'")
            name = entry.get("log_name", entry["data_src"])
            if name in names:
                raise ArgumentValueError(
                    f"log_processor.custom_cfg: two entries are logged as {name!r}; give one a log_name"
                )
            names.add(name)
            if not self.by_epoch and entry.get("window_size") == "epoch":
                raise ArgumentValueError(f"log_processor.custom_cfg: {name}: window_size='epoch' needs by_epoch=True")

    def get_log_after_iter(self, runner: Runner, batch_idx: int, mode: str) -> tuple[Tag, str]:
        """The record and the line for the batch just done; `mode` is 'train', 'val' or 'test'."""
        custom = self._resolve_windows(runner, batch_idx, self.custom_cfg)
        plain = self._collect_scalars(custom, runner, mode)
        tag = self._collect_scalars(custom, runner, mode, True) if self.log_with_hierarchy else dict(plain)
        rates = []
        for key, value in tag.items():
            if key.endswith("lr"):
                name = key.removeprefix(f"{mode}/")
                plain.pop(name)
                rates.append(f"{name}: {value:.{self.num_digits}e}")
        line = self._position(runner, batch_idx, mode, tag)
        tag["iter"] = runner.iter + 1 if runner.has_train_loop else 0
        line += " ".join(rates) + "  "
        line += self._times(runner, plain)
        if is_cuda_available():
            tag["memory"] = get_max_cuda_memory(getattr(runner.model, "output_device", None))
            line += f"memory: {tag['memory']}  "
        if mode != "test":
            shown = ((k, v) for k, v in plain.items() if mode == "train" or k.startswith("val/loss"))
            line += "  ".join(self._items(shown))
        return tag, line

    def _position(self, runner: Runner, batch_idx: int, mode: str, tag: Tag) -> str:
        if mode == "train" and not self.by_epoch:
            total = runner.max_iters
            return f"Iter(train) [{runner.iter + 1:>{len(str(total))}}/{total}]  "
        total = self._batches(runner, mode)
        counter = f"[{batch_idx + 1:>{len(str(total))}}/{total}]  "
        if not self.by_epoch:
            return f"Iter({mode}) {counter}"
        if mode == "test":
            return f"Epoch(test) {counter}"
        tag["epoch"] = epoch = self._epoch(runner, mode)
        shown = f"[{epoch}]"
        if runner.has_train_loop:
            shown = shown.rjust(len(str(runner.max_epochs)) + 3)
        return f"Epoch({mode}){shown}{counter}"

    def _times(self, runner: Runner, plain: Tag) -> str:
        if not ("time" in plain and "data_time" in plain and "eta" in runner.message_hub.runtime_info):
            return ""
        eta = datetime.timedelta(seconds=int(runner.message_hub.get_info("eta")))
        seconds, waited = plain.pop("time"), plain.pop("data_time")
        return f"eta: {eta}  time: {seconds:.{self.num_digits}f}  data_time: {waited:.{self.num_digits}f}  "

    def get_log_after_epoch(
        self, runner: Runner, batch_idx: int, mode: str, with_non_scalar: bool = False
    ) -> tuple[Tag, str]:
        """The record and the line of a finished validation or test."""
        if mode not in ("val", "test"):
            raise ArgumentValueError(f"get_log_after_epoch is for 'val' and 'test', got {mode!r}")
        total = self._batches(runner, mode)
        line = f"{'Epoch' if self.by_epoch else 'Iter'}({mode}) "
        if self.by_epoch and mode == "val":
            line += f"[{self._epoch(runner, mode)}]"
        line += f"[{total}/{total}]    "
        custom = [dict(entry) for entry in self.custom_cfg]
        named = {entry["data_src"].removeprefix(f"{mode}/") for entry in custom}
        custom += [
            {"data_src": key, "window_size": "epoch", "method_name": "mean"}
            for key in ("time", "data_time")
            if key not in named
        ]
        scalars = self._collect_scalars(
            self._resolve_windows(runner, batch_idx, custom), runner, mode, self.log_with_hierarchy
        )
        clocks = {f"{mode}/time", f"{mode}/data_time", "time", "data_time"}
        tag = {k: v for k, v in scalars.items() if k not in clocks}
        times = {k: v for k, v in scalars.items() if k in clocks}
        others = self._collect_non_scalars(runner, mode)
        line += "  ".join(self._items([*tag.items(), *others.items(), *times.items()]))
        return {**tag, **(others if with_non_scalar else {}), **times}, line

    def _items(self, entries: Iterable[tuple[str, Any]]) -> list[str]:
        shown = []
        for name, value in entries:
            if isinstance(value, float):
                value = f"{value:.{self.num_digits}f}"
            elif isinstance(value, (torch.Tensor, np.ndarray)):
                value = f"\n{value}\n"
            shown.append(f"{name}: {value}")
        return shown

    def _collect_scalars(self, custom: list[Tag], runner: Runner, mode: str, reserve_prefix: bool = False) -> Tag:
        prefix = f"{mode}/"
        histories = {
            key if reserve_prefix else key.removeprefix(prefix): history
            for key, history in runner.message_hub.log_scalars.items()
            if key.startswith(mode)
        }
        tag: Tag = {}
        for key, history in histories.items():
            averaged = self.mean_pattern.search(key) is not None
            tag[key] = history.mean(self.window_size) if averaged else history.current()
        for entry in custom:
            entry = dict(entry)
            source = entry.pop("data_src")
            name = entry.pop("log_name", source)
            if reserve_prefix:
                source, name = prefix + source, prefix + name
            if source in histories:
                tag[name] = histories[source].statistics(**entry)
        return tag

    def _collect_non_scalars(self, runner: Runner, mode: str) -> Tag:
        return {
            key if self.log_with_hierarchy else key.removeprefix(f"{mode}/"): value
            for key, value in runner.message_hub.runtime_info.items()
            if key.startswith(mode)
        }

    def _resolve_windows(self, runner: Runner, batch_idx: int, custom: list[Tag]) -> list[Tag]:
        resolved = copy.deepcopy(custom)
        for entry in resolved:
            window = entry.get("window_size")
            if window == "epoch":
                entry["window_size"] = batch_idx + 1
            elif window == "global":
                entry["window_size"] = runner.iter + 1
            elif not (window is None or isinstance(window, int)):
                raise TypeError(f"window_size must be a number, 'epoch' or 'global', got {window!r}")
        return resolved

    def _epoch(self, runner: Runner, mode: str) -> int:
        if mode == "train":
            return runner.epoch + 1
        return runner.epoch if runner.has_train_loop else 0

    def _batches(self, runner: Runner, mode: str) -> int:
        return len(getattr(runner, f"{mode}_loop").dataloader)
