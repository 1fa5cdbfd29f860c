"""Mixed precision by NVIDIA's Apex, for machines that still have its `amp`."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack
from importlib import import_module
from typing import Any

import torch
from torch import nn

from mmmigrate.compat.argument_errors import StateError
from mmmigrate.runtime_v3.optim.optimizer.optimizer_wrapper import OptimWrapper
from mmmigrate.runtime_v3.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class ApexOptimWrapper(OptimWrapper):
    """Trains through `apex.amp`; the arguments are those of its `initialize`. AmpOptimWrapper needs no Apex.

    Raises StateError where Apex, which its makers have retired in favour of torch's own, is not installed.
    """

    def __init__(
        self,
        opt_level: str = "O1",
        loss_scale: float | str | None = "dynamic",
        enabled: bool | None = True,
        cast_model_type: torch.dtype | None = None,
        patch_torch_functions: bool | None = None,
        keep_batchnorm_fp32: bool | str | None = None,
        master_weights: bool | None = None,
        cast_model_outputs: torch.dtype | None = None,
        num_losses: int = 1,
        verbosity: int = 1,
        min_loss_scale: float | None = None,
        max_loss_scale: float | None = 2.0**24,
        **kwargs: Any,
    ) -> None:
        self._amp = _apex_amp()
        super().__init__(**kwargs)
        self.options = {
            "opt_level": opt_level,
            "loss_scale": loss_scale,
            "enabled": enabled,
            "cast_model_type": cast_model_type,
            "patch_torch_functions": patch_torch_functions,
            "keep_batchnorm_fp32": keep_batchnorm_fp32,
            "master_weights": master_weights,
            "cast_model_outputs": cast_model_outputs,
            "num_losses": num_losses,
            "verbosity": verbosity,
            "min_loss_scale": min_loss_scale,
            "max_loss_scale": max_loss_scale,
        }
        self._waiting_state: dict[str, Any] | None = None
        self._ready = False

    def backward(self, loss: torch.Tensor, **kwargs: Any) -> None:
        with self._amp.scale_loss(loss, self.optimizer) as scaled:
            scaled.backward(**kwargs)
        self._inner_count += 1

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "apex_amp": self._amp.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        state = dict(state_dict)
        # Apex takes its state only after it has changed model and optimizer, at the first forward pass.
        self._waiting_state = state.pop("apex_amp", None)
        super().load_state_dict(state)

    def optim_context(self, model: nn.Module) -> AbstractContextManager[Any]:
        stack = ExitStack()
        stack.enter_context(super().optim_context(model))
        if not self._ready:
            # The models import this package: what is wrapped is told by its attribute here.
            inner: Any = getattr(model, "module", model)
            changed, self.optimizer = self._amp.initialize(inner, self.optimizer, **self.options)
            if inner is not model:
                model.module = changed
            if self._waiting_state is not None:
                self._amp.load_state_dict(self._waiting_state)
            self._ready = True
        return stack


def _apex_amp() -> Any:
    try:
        return import_module("apex.amp")
    except ImportError as error:
        raise StateError(
            "Apex is not installed: use AmpOptimWrapper, which trains in mixed precision with torch alone"
        ) from error
