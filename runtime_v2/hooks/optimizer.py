"""The hooks that turn a loss into a step: plain, and accumulated over several iterations."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils import clip_grad

from mmmigrate.compat.argument_errors import ArgumentValueError
from mmmigrate.runtime_v2.hooks.hook import HOOKS, Hook
from mmmigrate.runtime_v2.parallel.wrappers import unwrapped

if TYPE_CHECKING:
    from mmmigrate.runtime_v2.runner.base import BaseRunner


@HOOKS.register_module()
class OptimizerHook(Hook):
    """After each train iteration: zero_grad, backward of `runner.outputs['loss']`, clip, step.

    `grad_clip` holds the arguments of `torch.nn.utils.clip_grad_norm_`. `detect_anomalous_params` logs parameters
    that the loss does not depend on, at the cost of a walk over the graph each time.
    """

    def __init__(self, grad_clip: dict[str, Any] | None = None, detect_anomalous_params: bool = False) -> None:
        self.grad_clip = grad_clip
        self.detect_anomalous_params = detect_anomalous_params

    def clip_grads(self, params: Iterable[nn.Parameter]) -> torch.Tensor | None:
        """Clip the gradients that exist; gives their total norm before, None if there are none."""
        with_grad = [param for param in params if param.requires_grad and param.grad is not None]
        return clip_grad.clip_grad_norm_(with_grad, **(self.grad_clip or {})) if with_grad else None

    def after_train_iter(self, runner: BaseRunner) -> None:
        """Make one step."""
        optimizer: Any = runner.optimizer
        optimizer.zero_grad()
        if self.detect_anomalous_params:
            self.detect_anomalous_parameters(runner.outputs["loss"], runner)
        runner.outputs["loss"].backward()
        if self.grad_clip is not None:
            self._clip_and_log(runner)
        optimizer.step()

    def detect_anomalous_parameters(self, loss: torch.Tensor, runner: BaseRunner) -> None:
        """Log an error for every trainable parameter that is not in the graph of `loss`."""
        reached = _parameters_in_graph(loss)
        for name, param in runner.model.named_parameters():
            if param.requires_grad and param not in reached:
                message = f"{name} with shape {param.size()} is not in the computational graph \n"
                runner.logger.log(level=logging.ERROR, msg=message)

    def _clip_and_log(self, runner: BaseRunner) -> None:
        if self.grad_clip is None:
            return
        grad_norm = self.clip_grads(runner.model.parameters())
        if grad_norm is not None:
            runner.log_buffer.update({"grad_norm": float(grad_norm)}, runner.outputs["num_samples"])


def _parameters_in_graph(loss: torch.Tensor) -> set[Any]:
    """The leaves that `loss` was computed from; walks with a stack, since graphs are deeper than Python's."""
    found: set[Any] = set()
    seen: set[Any] = set()
    waiting: list[Any] = [loss.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            found.add(node.variable)
        waiting.extend(parent for parent, _ in node.next_functions)
    return found


@HOOKS.register_module()
class GradientCumulativeOptimizerHook(OptimizerHook):
    """Adds up gradients of `cumulative_iters` iterations, each loss divided by that number, before a step.

    The last step takes what remains at the end of the run, divided by how many iterations that are.
    """

    def __init__(self, cumulative_iters: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(cumulative_iters, int) or cumulative_iters <= 0:
            raise ArgumentValueError(f"cumulative_iters must be a positive integer, got {cumulative_iters!r}")
        self.cumulative_iters = cumulative_iters
        self.divisible_iters = 0
        self.remainder_iters = 0
        self.initialized = False

    def has_batch_norm(self, module: nn.Module) -> bool:
        """Whether any batch norm is in `module`."""
        return any(isinstance(child, _BatchNorm) for child in module.modules())

    def after_train_iter(self, runner: BaseRunner) -> None:
        """Add this iteration's gradients; step if it ends a group or the run."""
        if not self.initialized:
            self._init(runner)
        loss = runner.outputs["loss"] / self._get_loss_factor(runner)
        loss.backward()
        if self._completes_group(runner):
            optimizer: Any = runner.optimizer
            self._clip_and_log(runner)
            optimizer.step()
            optimizer.zero_grad()

    def pending_gradients(self, runner: BaseRunner) -> dict[str, torch.Tensor]:
        """The gradients added up so far by parameter name; none between groups."""
        if runner.iter % self.cumulative_iters == 0:
            return {}
        named = unwrapped(runner.model).named_parameters()
        return {name: param.grad for name, param in named if param.grad is not None}

    def take_gradients(self, runner: BaseRunner, gradients: dict[str, torch.Tensor]) -> None:
        """Go on adding to what `pending_gradients` gave."""
        for name, param in unwrapped(runner.model).named_parameters():
            if name in gradients:
                param.grad = gradients[name].to(param.device)

    def _completes_group(self, runner: BaseRunner) -> bool:
        return self.every_n_iters(runner, self.cumulative_iters) or self.is_last_iter(runner)

    def _init(self, runner: BaseRunner) -> None:
        if runner.iter % self.cumulative_iters != 0:
            runner.logger.warning(
                "Resume iter number is not divisible by cumulative_iters in GradientCumulativeOptimizerHook, "
                "which means the gradient of some iters is lost and the result may be influenced slightly."
            )
        if self.cumulative_iters > 1 and self.has_batch_norm(runner.model):
            runner.logger.warning(
                "GradientCumulativeOptimizerHook may slightly decrease performance if the model has BatchNorm layers."
            )
        self.divisible_iters = runner.max_iters // self.cumulative_iters * self.cumulative_iters
        self.remainder_iters = runner.max_iters - self.divisible_iters
        self.initialized = True

    def _get_loss_factor(self, runner: BaseRunner) -> int:
        """What this iteration's loss is divided by."""
        if runner.iter < runner.max_iters - self.remainder_iters:
            return self.cumulative_iters
        if self.remainder_iters == 0:
            raise RuntimeError(f"iteration {runner.iter} lies past the run's end at {runner.max_iters}")
        runner.logger.warning(
            f"Loss will be divided by {self.remainder_iters} in the last {self.remainder_iters} iterations because "
            f"they are not enough for {self.cumulative_iters} cumulative_iters."
        )
        return self.remainder_iters
