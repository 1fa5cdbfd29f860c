"""CheckInvalidLossHook: stops a run whose loss is infinite or NaN, under mmdet's name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from mmmigrate.runtime_v3.hooks.hook import DATA_BATCH, Hook
from mmmigrate.runtime_v3.registry import HOOKS

if TYPE_CHECKING:
    from mmmigrate.runtime_v3.runner import Runner


class CheckInvalidLossHook(Hook):
    """Every `interval` iterations, raises ValueError naming the losses that are infinite or NaN.

    Looking at a loss waits for the device, so that a small interval slows training down.
    """

    priority = "VERY_HIGH"

    def __init__(self, interval: int = 50) -> None:
        self.interval = interval

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: DATA_BATCH = None, outputs: dict[str, Any] | None = None
    ) -> None:
        if not outputs or not self.every_n_train_iters(runner, self.interval):
            return
        losses = {name: torch.as_tensor(value).detach() for name, value in outputs.items() if "loss" in name}
        wrong = [f"{name} is {loss.tolist()}" for name, loss in losses.items() if not loss.isfinite().all()]
        if wrong:
            raise ValueError(
                f"iteration {runner.iter + 1}: {', '.join(wrong)}. Lower the learning rate, clip gradients "
                "(optim_wrapper.clip_grad), or look for faulty annotations"
            )


# mmdet's own class comes first, where it is installed.
HOOKS.on_missing.append({"CheckInvalidLossHook": CheckInvalidLossHook}.get)
