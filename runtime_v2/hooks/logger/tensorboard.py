"""TensorboardLoggerHook: curves for TensorBoard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mmmigrate.runtime_v2.dist import master_only
from mmmigrate.runtime_v2.hooks.hook import HOOKS
from mmmigrate.runtime_v2.hooks.logger.base import LoggerHook

if TYPE_CHECKING:
    from mmmigrate.runtime_v2.runner.base import BaseRunner


@HOOKS.register_module()
class TensorboardLoggerHook(LoggerHook):
    """Writes every logged value as a scalar (strings as text) to `log_dir`, by default `tf_logs` in the work directory.

    Needs the package `tensorboard`.
    """

    def __init__(
        self,
        log_dir: str | None = None,
        interval: int = 10,
        ignore_last: bool = True,
        reset_flag: bool = False,
        by_epoch: bool = True,
    ) -> None:
        super().__init__(interval, ignore_last, reset_flag, by_epoch)
        self.log_dir = log_dir

    @master_only
    def before_run(self, runner: BaseRunner) -> None:
        """Open the writer."""
        super().before_run(runner)
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise ImportError("TensorboardLoggerHook needs: pip install 'mmmigrate[tensorboard]'") from error
        if self.log_dir is None:
            self.log_dir = str(Path(str(runner.work_dir)) / "tf_logs")
        self.writer = SummaryWriter(self.log_dir)

    @master_only
    def log(self, runner: BaseRunner) -> None:
        """Write the values at the iteration of the run."""
        step = self.get_iter(runner)
        for tag, value in self.get_loggable_tags(runner, allow_text=True).items():
            if isinstance(value, str):
                self.writer.add_text(tag, value, step)
            else:
                self.writer.add_scalar(tag, value, step)

    @master_only
    def after_run(self, runner: BaseRunner) -> None:
        """Close the writer."""
        self.writer.close()
