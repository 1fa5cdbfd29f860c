"""The optimizer hooks of mixed precision: the loss is scaled, the gradients unscaled before the step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from mmmigrate.compat.argument_errors import ArgumentValueError
from mmmigrate.runtime_v2.fp16 import wrap_fp16_model
from mmmigrate.runtime_v2.hooks.hook import HOOKS
from mmmigrate.runtime_v2.hooks.optimizer import GradientCumulativeOptimizerHook, OptimizerHook

if TYPE_CHECKING:
    from mmmigrate.runtime_v2.runner.base import BaseRunner


@HOOKS.register_module()
class Fp16OptimizerHook(OptimizerHook):
    """Makes each step with a gradient scaler.

    `loss_scale` is a fixed scale (float), 'dynamic', or a dict of the scaler's arguments. `coalesce`,
    `bucket_size_mb` and `distributed` are taken for older configs and have no effect, as in mmcv with torch >= 1.6.
    """

    def __init__(
        self,
        grad_clip: dict[str, Any] | None = None,
        coalesce: bool = True,
        bucket_size_mb: int = -1,
        loss_scale: float | str | dict[str, Any] = 512.0,
        distributed: bool = True,
    ) -> None:
        super().__init__(grad_clip)
        self.coalesce = coalesce
        self.bucket_size_mb = bucket_size_mb
        self.distributed = distributed
        self._scale_update_param = loss_scale if isinstance(loss_scale, float) else None
        self.loss_scaler = _scaler(loss_scale)

    def before_run(self, runner: BaseRunner) -> None:
        """Turn half precision on, and take over the scaler's state of a resumed run."""
        wrap_fp16_model(runner.model)
        state = (runner.meta or {}).get("fp16", {}).get("loss_scaler")
        if state is not None:
            self.loss_scaler.load_state_dict(state)

    def after_train_iter(self, runner: BaseRunner) -> None:
        """Make one step."""
        runner.model.zero_grad()
        optimizer: Any = runner.optimizer
        optimizer.zero_grad()
        self.loss_scaler.scale(runner.outputs["loss"]).backward()
        self._scaled_step(runner)

    def _scaled_step(self, runner: BaseRunner) -> None:
        optimizer: Any = runner.optimizer
        self.loss_scaler.unscale_(optimizer)
        self._clip_and_log(runner)
        self.loss_scaler.step(optimizer)
        self.loss_scaler.update(self._scale_update_param)
        if runner.meta is None:
            runner.meta = {}
        runner.meta.setdefault("fp16", {})["loss_scaler"] = self.loss_scaler.state_dict()


@HOOKS.register_module()
class GradientCumulativeFp16OptimizerHook(GradientCumulativeOptimizerHook, Fp16OptimizerHook):
    """Mixed precision with gradients added up over `cumulative_iters` iterations."""

    def after_train_iter(self, runner: BaseRunner) -> None:
        """Add this iteration's gradients; step if it ends a group or the run."""
        if not self.initialized:
            self._init(runner)
        loss = runner.outputs["loss"] / self._get_loss_factor(runner)
        self.loss_scaler.scale(loss).backward()
        if self._completes_group(runner):
            self._scaled_step(runner)
            runner.model.zero_grad()
            optimizer: Any = runner.optimizer
            optimizer.zero_grad()


def _scaler(loss_scale: float | str | dict[str, Any]) -> Any:
    if loss_scale == "dynamic":
        return torch.amp.GradScaler("cuda")
    if isinstance(loss_scale, float):
        return torch.amp.GradScaler("cuda", init_scale=loss_scale)
    if isinstance(loss_scale, dict):
        return torch.amp.GradScaler("cuda", **loss_scale)
    raise ArgumentValueError(f'loss_scale must be of type float, dict, or "dynamic", got {loss_scale!r}')
