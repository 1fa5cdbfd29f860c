"""Data parallel training, one process per device."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn.parallel import DataParallel, DistributedDataParallel

from mmmigrate.runtime_v3.logging import print_log
from mmmigrate.runtime_v3.optim import OptimWrapper
from mmmigrate.runtime_v3.registry import MODEL_WRAPPERS

MODEL_WRAPPERS.register_module(module=DistributedDataParallel)
MODEL_WRAPPERS.register_module(module=DataParallel)


@MODEL_WRAPPERS.register_module()
class MMDistributedDataParallel(DistributedDataParallel):
    """DistributedDataParallel with `train_step`, `val_step` and `test_step`.

    `detect_anomalous_params`: logs, at every iteration, the parameters that the loss does not depend on. Slow.
    """

    _call: Callable[..., Any] | None = None

    def __init__(self, module: nn.Module, detect_anomalous_params: bool = False, **kwargs: Any) -> None:
        super().__init__(module=module, **kwargs)
        self.detect_anomalous_params = detect_anomalous_params

    def train_step(self, data: Any, optim_wrapper: OptimWrapper) -> dict[str, torch.Tensor]:
        model: Any = self.module
        if hasattr(model, "wrapped_train_step"):  # a model of v2, which computes its loss in a step of its own
            done: dict[str, torch.Tensor] = model.wrapped_train_step(self, data, optim_wrapper)
            return done
        with optim_wrapper.optim_context(self):
            losses = self._run_forward(model.data_preprocessor(data, training=True), mode="loss")
        loss, log_vars = model.parse_losses(losses)
        optim_wrapper.update_params(loss)
        if self.detect_anomalous_params:
            detect_anomalous_params(loss, model=self)
        logged: dict[str, torch.Tensor] = log_vars
        return logged

    def through(self, call: Callable[..., Any], *inputs: Any) -> Any:
        """`call(*inputs)` in the place of the model's forward: its gradients are reduced over all processes."""
        self._call = call
        try:
            return self.forward(*inputs)  # type: ignore[no-untyped-call]
        finally:
            self._call = None

    def _run_ddp_forward(self, *inputs: Any, **kwargs: Any) -> Any:
        if self._call is None:
            return super()._run_ddp_forward(*inputs, **kwargs)  # type: ignore[no-untyped-call]
        return self._call(*inputs, **kwargs)

    def val_step(self, data: Any) -> list[Any]:
        predictions: list[Any] = self.module.val_step(data)
        return predictions

    def test_step(self, data: Any) -> list[Any]:
        predictions: list[Any] = self.module.test_step(data)
        return predictions

    def _run_forward(self, data: Any, mode: str) -> Any:
        if isinstance(data, dict):
            return self(**data, mode=mode)
        if isinstance(data, (list, tuple)):
            return self(*data, mode=mode)
        raise TypeError(f"the data preprocessor must give a dict, list or tuple, got {type(data).__name__}")


def detect_anomalous_params(loss: torch.Tensor, model: nn.Module) -> None:
    """Logs an error for every trained parameter of `model` that is not in the graph of `loss`."""
    reached: set[int] = set()
    seen: set[Any] = set()
    waiting = [loss.grad_fn]
    while waiting:
        node: Any = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            reached.add(id(node.variable))
        waiting.extend(parent for parent, _ in node.next_functions)
    for name, param in model.named_parameters():
        if param.requires_grad and id(param) not in reached:
            print_log(
                f"{name} with shape {param.size()} is not in the computational graph \n", "current", logging.ERROR
            )
