"""MMDetWandbHook: checkpoints as artifacts of Weights & Biases, and a table of predictions for each evaluation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmmigrate.compat.argument_errors import ArgumentValueError
from mmmigrate.runtime_v2.config import Config
from mmmigrate.runtime_v2.dist import master_only
from mmmigrate.runtime_v2.hooks.checkpoint import CheckpointHook
from mmmigrate.runtime_v2.hooks.evaluation import EvalHook
from mmmigrate.runtime_v2.hooks.extra import EXTRA_HOOKS
from mmmigrate.runtime_v2.hooks.logger.services import WandbLoggerHook
from mmmigrate.runtime_v2.hooks.logger.wandb_rows import Annotator, image_loader

if TYPE_CHECKING:
    from mmmigrate.runtime_v2.runner.base import BaseRunner


@EXTRA_HOOKS.register_module()
class MMDetWandbHook(WandbLoggerHook):
    """What WandbLoggerHook logs, and: the config; with `log_checkpoint` each checkpoint, as a model; the predictions.

    `num_eval_images` of the validation images (none if 0) go into one table with their ground truth, and at each
    evaluation into another with what was predicted above `bbox_score_thr` (0 to 1). The metrics go with the checkpoint
    if `log_checkpoint_metadata`; then its interval must be a multiple of the evaluation's.
    """

    def __init__(
        self,
        init_kwargs: dict[str, Any] | None = None,
        interval: int = 50,
        log_checkpoint: bool = False,
        log_checkpoint_metadata: bool = False,
        num_eval_images: int = 100,
        bbox_score_thr: float = 0.3,
        **kwargs: Any,
    ) -> None:
        super().__init__(init_kwargs, interval, **kwargs)
        self.log_checkpoint = log_checkpoint
        self.log_checkpoint_metadata = log_checkpoint and log_checkpoint_metadata
        self.num_eval_images = num_eval_images
        self.bbox_score_thr = bbox_score_thr
        self.log_evaluation = num_eval_images > 0
        self.ckpt_hook: CheckpointHook | None = None
        self.eval_hook: EvalHook | None = None

    @master_only
    def before_run(self, runner: BaseRunner) -> None:
        """Begin the service's run, hand over the config, and log the ground truth."""
        super().before_run(runner)
        self._log_config(runner)
        for hook in runner.hooks:
            if isinstance(hook, CheckpointHook):
                self.ckpt_hook = hook
            if isinstance(hook, EvalHook):
                self.eval_hook = hook
        self._check_hooks(runner)
        if self.log_evaluation:
            self._log_ground_truth(runner)

    @master_only
    def after_train_epoch(self, runner: BaseRunner) -> None:
        """Log what is ready, the checkpoint and the predictions."""
        super().after_train_epoch(runner)
        if self.by_epoch:
            self._log_results(runner, "epoch", runner.epoch + 1)

    def after_train_iter(self, runner: BaseRunner) -> None:
        """Log what is ready; if counting by iteration, the checkpoint and the predictions too."""
        # the evaluation calls all loggers before it runs, when there is nothing new to show
        is_early = self.get_mode(runner) == "train"
        super().after_train_iter(runner)
        if not self.by_epoch and not is_early and runner.rank == 0:
            self._log_results(runner, "iter", runner.iter + 1)

    @master_only
    def after_run(self, runner: BaseRunner) -> None:
        """End the service's run."""
        self.wandb.finish()

    def _log_config(self, runner: BaseRunner) -> None:
        name = (runner.meta or {}).get("exp_name")
        if name is None:
            runner.logger.warning("No meta information found in the runner. ")
            return
        path = Path(str(runner.work_dir)) / name
        if path.is_file():
            self.wandb.save(str(path), base_path=str(runner.work_dir))
            self.wandb.config.update(Config.fromfile(str(path)).to_dict())

    def _check_hooks(self, runner: BaseRunner) -> None:
        """Give up, with a warning, what needs a hook that the run does not have."""
        if self.log_checkpoint and self.ckpt_hook is None:
            self.log_checkpoint = self.log_checkpoint_metadata = False
            runner.logger.warning("MMDetWandbHook logs no checkpoints: the run has no CheckpointHook")
        if (self.log_evaluation or self.log_checkpoint_metadata) and self.eval_hook is None:
            self.log_evaluation = self.log_checkpoint_metadata = False
            runner.logger.warning("MMDetWandbHook logs no evaluation: the run has no EvalHook or DistEvalHook")
        if self.log_checkpoint_metadata and self.ckpt_hook is not None and self.eval_hook is not None:
            saved, evaluated = self.ckpt_hook.interval, self.eval_hook.interval
            if saved % evaluated:
                raise ArgumentValueError(
                    f"log_checkpoint_metadata needs metrics for every checkpoint, but checkpoints are saved at an "
                    f"interval of {saved} and evaluated at one of {evaluated}: make the first a multiple of the second"
                )

    def _log_results(self, runner: BaseRunner, unit: str, count: int) -> None:
        if self.ckpt_hook is not None:
            due, is_last = self.every_n_iters, self.is_last_iter
            if unit == "epoch":
                due, is_last = self.every_n_epochs, self.is_last_epoch
            # mmdet logs the last checkpoint even without log_checkpoint
            is_saved_last = self.ckpt_hook.save_last and is_last(runner)
            if (self.log_checkpoint and due(runner, self.ckpt_hook.interval)) or is_saved_last:
                self._log_checkpoint(self.ckpt_hook, unit, count)
        if self.log_evaluation and self.eval_hook is not None and self.eval_hook._should_evaluate(runner):
            self._log_predictions(self.eval_hook.latest_results, f"{unit}_{count}")

    def _log_checkpoint(self, ckpt_hook: CheckpointHook, unit: str, count: int) -> None:
        metadata = None
        if self.log_checkpoint_metadata and self.eval_hook is not None:
            hook = self.eval_hook
            dataset: Any = hook.dataloader.dataset
            metadata = {unit: count, **dataset.evaluate(hook.latest_results, logger="silent", **hook.eval_kwargs)}
        artifact = self.wandb.Artifact(f"run_{self.wandb.run.id}_model", type="model", metadata=metadata)
        artifact.add_file(str(Path(str(ckpt_hook.out_dir)) / f"{unit}_{count}.pth"))
        self.wandb.log_artifact(artifact, aliases=[f"{unit}_{count}", "latest"])

    def _log_ground_truth(self, runner: BaseRunner) -> None:
        dataset: Any = self.eval_hook.dataloader.dataset if self.eval_hook is not None else None
        loader = image_loader(dataset)
        if loader is None:
            self.log_evaluation = False
            runner.logger.warning("LoadImageFromFile is required to add images to W&B Tables.")
            return
        if self.num_eval_images > len(dataset):
            runner.logger.warning(f"MMDetWandbHook logs all {len(dataset)} images, not {self.num_eval_images}")
        # mmdet seeds numpy's global generator too: what training draws from it must not differ
        np.random.seed(42)
        indices = np.arange(len(dataset))
        np.random.shuffle(indices)
        self.eval_image_indexs = indices[: self.num_eval_images].tolist()
        self._annotator = Annotator(self.wandb, dataset, self.bbox_score_thr)
        self.data_table = self.wandb.Table(columns=["image_name", "image"])
        for index in self.eval_image_indexs:
            self.data_table.add_data(*self._annotator.ground_truth(index, loader))
        artifact = self.wandb.Artifact("val", type="dataset")
        artifact.add(self.data_table, "val_data")
        self.data_table_ref = self.data_table
        if not self.wandb.run.offline:
            # the images go up once, the tables of predictions refer to them
            self.wandb.run.use_artifact(artifact)
            artifact.wait()
            self.data_table_ref = artifact.get("val_data")

    def _log_predictions(self, results: Any, alias: str) -> None:
        table = self.wandb.Table(columns=["image_name", "ground_truth", "prediction"])
        for row, index in zip(self.data_table_ref.data, self.eval_image_indexs):
            name, image = row[0], row[1]
            table.add_data(name, image, self._annotator.prediction(image, results[index]))
        artifact = self.wandb.Artifact(f"run_{self.wandb.run.id}_pred", type="evaluation")
        artifact.add(table, "eval_data")
        self.wandb.run.log_artifact(artifact, aliases=["latest", alias])
