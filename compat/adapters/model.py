"""A v2 model under a v3 Runner: the same object, with v3's `train_step`, `val_step` and `test_step`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from mmmigrate.compat.adapters.batch import opened


class V2Model:
    """Mixed into a v2 model class: its `train_step(data, optimizer)` makes the loss, the optim wrapper does the rest.

    `v2_outputs` keeps what the v2 `train_step` returned last, for hooks. `steps_in_hook` leaves backward and step to
    a v2 optimizer hook. With several optimizers the v2 model steps them itself, as it did under v2.
    """

    v2_outputs: dict[str, Any] | None = None
    steps_in_hook = False

    def train_step(self, data: Any, optim_wrapper: Any) -> dict[str, Any]:
        if isinstance(optim_wrapper, Mapping) or hasattr(optim_wrapper, "optim_wrappers"):
            several = {name: wrapper.optimizer for name, wrapper in optim_wrapper.items()}
            outputs = super().train_step(unpacked(data, self), several)  # type: ignore[misc]
        else:
            with optim_wrapper.optim_context(self):
                outputs = super().train_step(unpacked(data, self), optim_wrapper.optimizer)  # type: ignore[misc]
            if not self.steps_in_hook:
                optim_wrapper.update_params(outputs["loss"])
        self.v2_outputs = outputs
        logged = dict(outputs.get("log_vars", {}))
        if "loss" in outputs:
            logged["loss"] = outputs["loss"].detach()
        return logged

    def val_step(self, data: Any) -> Any:
        """The results of a batch, one for each image, as v2's test loop asks for them."""
        return self(return_loss=False, **unpacked(data, self))  # type: ignore[operator]

    test_step = val_step

    def v2_val_step(self, data: Any, *optimizer: Any) -> Any:
        """v2's own `val_step`, which computes the loss: what a val phase of its workflow calls."""
        return super().val_step(unpacked(data, self), *optimizer)  # type: ignore[misc]


def unpacked(data: Any, model: Any) -> Any:
    """The batch as v2's data-parallel wrapper hands it on: containers opened, tensors on the model's device."""
    from mmmigrate.runtime_v2.parallel import scatter

    parameter = next(model.parameters(), None)
    device = torch.device("cpu") if parameter is None else parameter.device
    return scatter(opened(data), [-1 if device.type == "cpu" else device.index or 0])[0]


def adapted_model(v2_class: Any) -> Any:
    """A subclass that v3 can train; parts of a model (no `train_step`) are given back as they are.

    Parameter and buffer names stay the same, so checkpoints fit both.
    """
    if not isinstance(v2_class, type) or not hasattr(v2_class, "train_step"):
        return v2_class
    return type(v2_class.__name__, (V2Model, v2_class), {"__doc__": v2_class.__doc__})
