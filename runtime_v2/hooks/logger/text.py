"""TextLoggerHook: the log on the terminal and in `<timestamp>.log.json`."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import distributed

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError
from mmmigrate.runtime_v2.fileio import FileClient
from mmmigrate.runtime_v2.hooks.checkpoint import run_folder
from mmmigrate.runtime_v2.hooks.hook import HOOKS
from mmmigrate.runtime_v2.hooks.logger.base import LoggerHook

if TYPE_CHECKING:
    from mmmigrate.runtime_v2.runner.base import BaseRunner

SHOWN_AHEAD = frozenset({"mode", "Epoch", "iter", "lr", "time", "data_time", "memory", "epoch"})


@HOOKS.register_module()
class TextLoggerHook(LoggerHook):
    """Logs one line of text and one of JSON; the first JSON line is the runner's meta.

    `interval_exp_name` is how often the experiment's name is logged. With `out_dir`, files of the work directory that
    end in `out_suffix` are copied to a folder named like it under `out_dir` after the run, and removed here unless
    `keep_local`.
    """

    def __init__(
        self,
        by_epoch: bool = True,
        interval: int = 10,
        ignore_last: bool = True,
        reset_flag: bool = False,
        interval_exp_name: int = 1000,
        out_dir: str | None = None,
        out_suffix: str | tuple[str, ...] = (".log.json", ".log", ".py"),
        keep_local: bool = True,
        file_client_args: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(interval, ignore_last, reset_flag, by_epoch)
        if out_dir is None and file_client_args is not None:
            raise ArgumentValueError('file_client_args should be "None" when `out_dir` is not specified.')
        if out_dir is not None and not isinstance(out_dir, str):
            raise ArgumentTypeError(f"out_dir should be None or a string, got {out_dir!r}")
        self.time_sec_tot = 0.0
        self.interval_exp_name = interval_exp_name
        self.out_dir = out_dir
        self.out_suffix = out_suffix
        self.keep_local = keep_local
        self.file_client_args = file_client_args
        self.file_client: FileClient | None = None

    def before_run(self, runner: BaseRunner) -> None:
        """Begin the JSON file with the meta."""
        super().before_run(runner)
        if self.out_dir is not None:
            self.out_dir, self.file_client = run_folder(runner, self.out_dir, self.file_client_args)
            runner.logger.info(
                f"Text logs will be saved to {self.out_dir} by {self.file_client.name} after the training process."
            )
        self.start_iter = runner.iter
        self.json_log_path = str(Path(str(runner.work_dir)) / f"{runner.timestamp}.log.json")
        if runner.meta is not None:
            self._dump_log(runner.meta, runner)

    def log(self, runner: BaseRunner) -> dict[str, Any]:
        """Write the two lines; gives what they hold."""
        output = runner.log_buffer.output
        # set by an evaluation, whose own number of iterations stands in the log
        iteration = output.pop("eval_iter_num") if "eval_iter_num" in output else self.get_iter(runner, inner_iter=True)
        entry: dict[str, Any] = {"mode": self.get_mode(runner), "epoch": self.get_epoch(runner), "iter": iteration}
        rates = runner.current_lr()
        entry["lr"] = {name: rate[0] for name, rate in rates.items()} if isinstance(rates, dict) else rates[0]
        if "time" in output and torch.cuda.is_available():
            entry["memory"] = self._get_max_memory(runner)
        entry.update(output)
        self._log_info(entry, runner)
        self._dump_log(entry, runner)
        return entry

    def after_run(self, runner: BaseRunner) -> None:
        """Copy the logs to `out_dir`, if there is one."""
        if self.file_client is None:
            return
        work_dir = Path(str(runner.work_dir))
        for source in sorted(path for path in work_dir.rglob("*") if path.name.endswith(self.out_suffix)):
            target = self.file_client.join_path(str(self.out_dir), str(source.relative_to(work_dir)))
            self.file_client.put_text(source.read_text(encoding="utf-8"), target)
            runner.logger.info(f"The file {source} has been uploaded to {target}.")
            if not self.keep_local:
                source.unlink()
                runner.logger.info(f"{source} was removed due to the `self.keep_local=False`")

    def _get_max_memory(self, runner: BaseRunner) -> int:
        """The most memory that any process's GPU had in use, in MiB."""
        device = getattr(runner.model, "output_device", None)
        mib = int(torch.cuda.max_memory_allocated(device=device)) // (1024 * 1024)
        if runner.world_size == 1:
            return mib
        shared = torch.tensor([mib], dtype=torch.int, device=device)
        distributed.reduce(shared, 0, op=distributed.ReduceOp.MAX)
        return int(shared.item())

    def _log_info(self, log_dict: dict[str, Any], runner: BaseRunner) -> None:
        self._log_exp_name(runner)
        if log_dict["mode"] == "train":
            head = f"{self._train_place(log_dict, runner)}\t{_rates(log_dict['lr'])}, {self._times(log_dict, runner)}"
        elif self.by_epoch:
            head = f"Epoch({log_dict['mode']}) [{log_dict['epoch']}][{log_dict['iter']}]\t"
        else:
            head = f"Iter({log_dict['mode']}) [{log_dict['iter']}]\t"
        items = [
            f"{name}: {value:.4f}" if isinstance(value, float) else f"{name}: {value}"
            for name, value in log_dict.items()
            if name not in SHOWN_AHEAD
        ]
        runner.logger.info(head + ", ".join(items))

    def _log_exp_name(self, runner: BaseRunner) -> None:
        if runner.meta is None or "exp_name" not in runner.meta:
            return
        if self.every_n_iters(runner, self.interval_exp_name) or (self.by_epoch and self.end_of_epoch(runner)):
            runner.logger.info(f"Exp name: {runner.meta['exp_name']}")

    def _train_place(self, log_dict: dict[str, Any], runner: BaseRunner) -> str:
        if self.by_epoch:
            return f"Epoch [{log_dict['epoch']}][{log_dict['iter']}/{len(runner.data_loader)}]"
        return f"Iter [{log_dict['iter']}/{runner.max_iters}]"

    def _times(self, log_dict: dict[str, Any], runner: BaseRunner) -> str:
        if "time" not in log_dict:
            return ""
        self.time_sec_tot += log_dict["time"] * self.interval
        mean_sec = self.time_sec_tot / (runner.iter - self.start_iter + 1)
        eta = datetime.timedelta(seconds=int(mean_sec * (runner.max_iters - runner.iter - 1)))
        text = f"eta: {eta}, time: {log_dict['time']:.3f}, data_time: {log_dict['data_time']:.3f}, "
        return text + (f"memory: {log_dict['memory']}, " if "memory" in log_dict else "")

    def _dump_log(self, log_dict: dict[str, Any], runner: BaseRunner) -> None:
        if runner.rank != 0:
            return
        line = json.dumps({key: self._round_float(value) for key, value in log_dict.items()}, default=_plain)
        with Path(self.json_log_path).open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def _round_float(self, items: Any) -> Any:
        """Floats to five digits, in lists too."""
        if isinstance(items, list):
            return [self._round_float(item) for item in items]
        return round(items, 5) if isinstance(items, float) else items


def _rates(rates: Any) -> str:
    if isinstance(rates, dict):
        return " ".join(f"lr_{name}: {rate:.3e}" for name, rate in rates.items())
    return f"lr: {rates:.3e}"


def _plain(value: Any) -> Any:
    """What JSON has no word for, as mmcv writes it: sets and ranges as lists, numpy by value, the rest as text."""
    if isinstance(value, set | range):
        return list(value)
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    raise ArgumentTypeError(f"{value!r} of {type(value).__name__} cannot be written to the JSON log")
