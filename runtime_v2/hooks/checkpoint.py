"""CheckpointHook: saves checkpoints at an interval and removes old ones."""

from __future__ import annotations

import os
import warnings
from functools import partial
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any

from mmmigrate.compat.argument_errors import ArgumentTypeError
from mmmigrate.compat.suggest import did_you_mean
from mmmigrate.runtime_v2.dist import allreduce_params, master_only
from mmmigrate.runtime_v2.fileio import FileClient
from mmmigrate.runtime_v2.hooks.hook import HOOKS, Hook

if TYPE_CHECKING:
    from mmmigrate.runtime_v2.runner.base import BaseRunner


@HOOKS.register_module()
class CheckpointHook(Hook):
    """Saves every `interval` epochs (or iterations) and, with `save_last`, at the end of the run.

    `out_dir` is a root under which the last part of the work directory is appended; by default the work directory
    itself. Of numbered checkpoints the latest `max_keep_ckpts` stay (all if not positive). `sync_buffer` averages
    buffers over processes first. Further arguments go to the runner's `save_checkpoint`.
    """

    def __init__(
        self,
        interval: int = -1,
        by_epoch: bool = True,
        save_optimizer: bool = True,
        out_dir: str | None = None,
        max_keep_ckpts: int = -1,
        save_last: bool = True,
        sync_buffer: bool = False,
        file_client_args: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if not isinstance(interval, int):
            raise ArgumentTypeError(f"interval must be an int, got {interval!r}")
        self.interval = interval
        self.by_epoch = by_epoch
        self.save_optimizer = save_optimizer
        self.out_dir = out_dir
        self.max_keep_ckpts = max_keep_ckpts
        self.save_last = save_last
        self.args = kwargs
        self.sync_buffer = sync_buffer
        self.file_client_args = file_client_args

    def before_run(self, runner: BaseRunner) -> None:
        """Settle where to save; an argument that the runner's `save_checkpoint` does not take is an error."""
        self.check_arguments(runner)
        self.out_dir, self.file_client = run_folder(runner, self.out_dir, self.file_client_args)
        runner.logger.info(f"Checkpoints will be saved to {self.out_dir} by {self.file_client.name}.")
        if self.args.setdefault("create_symlink", self.file_client.allow_symlink) and (
            not self.file_client.allow_symlink
        ):
            self.args["create_symlink"] = False
            warnings.warn(
                f"create_symlink is changed to False because {self.file_client.name} does not allow symbolic links",
                stacklevel=2,
            )

    def after_train_epoch(self, runner: BaseRunner) -> None:
        """Save, if this epoch is due."""
        if self.by_epoch and (
            self.every_n_epochs(runner, self.interval) or (self.save_last and self.is_last_epoch(runner))
        ):
            runner.logger.info(f"Saving checkpoint at {runner.epoch + 1} epochs")
            self._synced_save(runner)

    def after_train_iter(self, runner: BaseRunner) -> None:
        """Save, if this iteration is due."""
        if not self.by_epoch and (
            self.every_n_iters(runner, self.interval) or (self.save_last and self.is_last_iter(runner))
        ):
            runner.logger.info(f"Saving checkpoint at {runner.iter + 1} iterations")
            self._synced_save(runner)

    def _idle_at(self, stage: str) -> bool:
        inherited = type(self).after_train_iter is CheckpointHook.after_train_iter
        return stage == "after_train_iter" and inherited and self.by_epoch

    def check_arguments(self, runner: Any) -> None:
        """Refuse, by TypeError, what neither this hook nor the runner's `save_checkpoint` takes."""
        parameters = signature(runner.save_checkpoint).parameters
        if any(parameter.kind is Parameter.VAR_KEYWORD for parameter in parameters.values()):
            return
        known = [*signature(CheckpointHook).parameters, *parameters]
        for name in self.args:
            if name not in parameters:
                raise ArgumentTypeError(f"checkpoint_config has no argument {name!r}{did_you_mean(name, known)}")

    def _synced_save(self, runner: BaseRunner) -> None:
        if self.sync_buffer:
            allreduce_params(runner.model.buffers())
        self._save_checkpoint(runner)
        current = self._count(runner)
        if runner.resume_points is None:
            self._remove_old(current)
        else:
            name = runner.saved_name or self._name_elsewhere(runner)
            # until the new checkpoint can be resumed exactly, the old ones are still needed
            runner.resume_points.note_saved(runner, name, partial(self._remove_old, current))

    @master_only
    def _save_checkpoint(self, runner: BaseRunner) -> None:
        """Save one checkpoint and note it in the meta."""
        out_dir = str(self.out_dir)
        runner.save_checkpoint(out_dir, save_optimizer=self.save_optimizer, **self.args)
        if runner.meta is not None:
            saved = self.file_client.join_path(out_dir, self._filename(self._count(runner)))
            runner.meta.setdefault("hook_msgs", {})["last_ckpt"] = saved

    @master_only
    def _remove_old(self, current: int) -> None:
        """Remove the checkpoints that are too old once that of `current` exists."""
        if self.max_keep_ckpts <= 0:
            return
        for step in range(current - self.max_keep_ckpts * self.interval, 0, -self.interval):
            path = self.file_client.join_path(str(self.out_dir), self._filename(step))
            if not self.file_client.isfile(path):
                break
            self.file_client.remove(path)

    def _count(self, runner: BaseRunner) -> int:
        return (runner.epoch if self.by_epoch else runner.iter) + 1

    def _name_elsewhere(self, runner: BaseRunner) -> str:
        """What the first process calls the file: an epoch runner numbers by epoch even what is saved by iteration."""
        by_epoch = runner.max_epochs is not None
        template: str = self.args.get("filename_tmpl", "epoch_{}.pth" if by_epoch else "iter_{}.pth")
        return template.format((runner.epoch if by_epoch else runner.iter) + 1)

    def _filename(self, step: int) -> str:
        unit = "epoch" if self.by_epoch else "iter"
        template: str = self.args.get("filename_tmpl", f"{unit}_{{}}.pth")
        return template.format(step)


def run_folder(runner: Any, out_dir: str | None, file_client_args: dict[str, Any] | None) -> tuple[str, FileClient]:
    """Where a hook with the given `out_dir` writes, and the client that does it.

    That is the work directory, or a folder named like it under `out_dir`.
    """
    folder = out_dir or runner.work_dir
    client = FileClient.infer_client(file_client_args, folder)
    if folder != runner.work_dir:
        folder = client.join_path(folder, os.path.basename(runner.work_dir.rstrip(os.sep)))  # noqa: PTH119
    return folder, client
