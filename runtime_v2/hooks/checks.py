"""Hooks that look for mistakes while training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from mmmigrate.runtime_v2.hooks.extra import EXTRA_HOOKS
from mmmigrate.runtime_v2.hooks.hook import Hook

if TYPE_CHECKING:
    from mmmigrate.runtime_v2.runner.base import BaseRunner

CLASSLESS_HEADS = frozenset({"RPNHead", "VGG", "FusedSemanticHead", "GARPNHead"})
"""Modules of mmdet whose `num_classes` is not that of the data set."""


@EXTRA_HOOKS.register_module()
class CheckInvalidLossHook(Hook):
    """Ends the run if the loss is infinite or NaN, looking every `interval` iterations."""

    def __init__(self, interval: int = 50) -> None:
        self.interval = interval

    def after_train_iter(self, runner: BaseRunner) -> None:
        """Look, if this iteration is due."""
        if self.every_n_iters(runner, self.interval) and not torch.isfinite(runner.outputs["loss"]):
            runner.logger.info("loss become infinite or NaN!")
            # mmdet asserts, and its users catch that
            raise AssertionError(f"the loss is {runner.outputs['loss'].item()} at iteration {runner.iter}")


@EXTRA_HOOKS.register_module()
class NumClassCheckHook(Hook):
    """Ends the run if a head's `num_classes` is not the number of the data set's `CLASSES`."""

    def before_train_epoch(self, runner: BaseRunner) -> None:
        """Check against the train data."""
        self._check_head(runner)

    def before_val_epoch(self, runner: BaseRunner) -> None:
        """Check against the val data."""
        self._check_head(runner)

    def _check_head(self, runner: BaseRunner) -> None:
        dataset: Any = runner.data_loader.dataset
        name = type(dataset).__name__
        if dataset.CLASSES is None:
            runner.logger.warning(f"Please set `CLASSES` in {name} and check that `num_classes` of the head agrees")
            return
        if isinstance(dataset.CLASSES, str):
            raise AssertionError(
                f"`CLASSES` in {name} should be a tuple of str: add a comma, as in CLASSES = ({dataset.CLASSES!r},)"
            )
        for path, module in runner.model.named_modules():
            kinds = {cls.__name__ for cls in type(module).__mro__}
            count = getattr(module, "num_classes", None)
            if count is not None and kinds.isdisjoint(CLASSLESS_HEADS) and count != len(dataset.CLASSES):
                raise AssertionError(
                    f"{path} ({type(module).__name__}) has num_classes={count}, but {name} has "
                    f"{len(dataset.CLASSES)} CLASSES"
                )
