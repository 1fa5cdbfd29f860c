"""A v2 model under a v3 Runner: the same object, with v3's `train_step`, `val_step` and `test_step`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any

import torch

from mmmigrate.compat.adapters.batch import opened
from mmmigrate.compat.adapters.loss import samples_in

_NOT_GIVEN = object()


class V2Model:
    """Mixed into a v2 model class: its `train_step(data, optimizer)` makes the loss, the optim wrapper does the rest.

    `v2_outputs` keeps what the v2 `train_step` returned last, for hooks. With several optimizers the v2 model steps
    them itself, as it did under v2.
    """

    v2_outputs: dict[str, Any] | None = None

    def train_step(self, data: Any, optim_wrapper: Any = _NOT_GIVEN) -> dict[str, Any]:
        if optim_wrapper is _NOT_GIVEN:  # a v2 hook runs the model without a step
            plain: dict[str, Any] = super().train_step(unpacked(data, self))  # type: ignore[misc]
            return plain
        if not _wraps(optim_wrapper):  # called by v2 code of the model itself: its `val_step`
            given: dict[str, Any] = super().train_step(data, optim_wrapper)  # type: ignore[misc]
            return given
        return trained(self, super().train_step, data, optim_wrapper)  # type: ignore[misc]

    def wrapped_train_step(self, wrapper: Any, data: Any, optim_wrapper: Any) -> dict[str, Any]:
        """The same inside a distributed wrapper: `wrapper.through(call, …)` has the gradients reduced."""
        own = super().train_step  # type: ignore[misc]
        return trained(self, lambda *given: wrapper.through(own, *given), data, optim_wrapper, wrapper)

    def val_step(self, data: Any) -> Any:
        """The results of a batch, one for each image, as v2's test loop asks for them."""
        return self(return_loss=False, **unpacked(data, self))  # type: ignore[operator]

    test_step = val_step

    def v2_val_step(self, data: Any, *optimizer: Any) -> Any:
        """v2's own `val_step`, which computes the loss: what a val phase of its workflow calls."""
        return super().val_step(unpacked(data, self), *optimizer)  # type: ignore[misc]


def _wraps(optimizer: Any) -> bool:
    """Whether it is an optim wrapper of v3, or several, and not a v2 optimizer."""
    several = isinstance(optimizer, Mapping) and len(optimizer) > 0
    return hasattr(next(iter(optimizer.values())) if several else optimizer, "optim_context")


def trained(model: Any, make: Callable[..., Any], data: Any, optim_wrapper: Any, wrapper: Any = None) -> dict[str, Any]:
    """One iteration of a v2 model by v3: `make(data, optimizer)` is its own `train_step`; gives the values to log.

    `wrapper` is the distributed wrapper around the model, if there is one.
    """
    if isinstance(optim_wrapper, Mapping) or hasattr(optim_wrapper, "optim_wrappers"):
        several = {name: wrapper.optimizer for name, wrapper in optim_wrapper.items()}
        outputs = make(unpacked(data, model), several)
    else:
        with optim_wrapper.optim_context(model if wrapper is None else wrapper):
            outputs = make(unpacked(data, model), optim_wrapper.optimizer)
        optim_wrapper.update_params(outputs["loss"])
    return logged_values(model, outputs)


def logged_values(model: Any, outputs: dict[str, Any]) -> dict[str, Any]:
    """What v3 logs of a v2 `train_step`; the model keeps all of it for hooks."""
    model.v2_outputs = outputs
    logged = dict(outputs.get("log_vars", {}))
    if "loss" in outputs:
        logged["loss"] = outputs["loss"].detach()
    return logged


class _Wrapped:
    """What mmengine's own distributed wrappers ask of a model: `data_preprocessor`, `forward`, `parse_losses`.

    Through them a v2 model makes its loss; its `train_step` is given no optimizer there.
    """

    def data_preprocessor(self, data: Any, training: bool = False) -> dict[str, Any]:
        return {"v2_data": unpacked(data, self)}

    def forward(self, *args: Any, v2_data: Any = _NOT_GIVEN, **kwargs: Any) -> Any:
        if v2_data is _NOT_GIVEN:
            return super().forward(*args, **kwargs)  # type: ignore[misc]
        return super().train_step(v2_data, None)  # type: ignore[misc]

    def parse_losses(self, outputs: dict[str, Any]) -> tuple[torch.Tensor, dict[str, Any]]:
        return outputs["loss"], logged_values(self, outputs)


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
    if not isinstance(v2_class, type):
        return v2_class
    mixed: tuple[type, ...] = (V2Model, _Wrapped, v2_class)
    if not hasattr(v2_class, "train_step"):
        if "return_loss" not in _forward_arguments(v2_class):
            return v2_class
        mixed = (V2Model, _Wrapped, _OwnStep, v2_class)
    return type(v2_class.__name__, mixed, {"__doc__": v2_class.__doc__})


class _OwnStep:
    """The `train_step` of a model of mmcv's first years, which only has `forward(return_loss=True)`."""

    def train_step(self, data: Any, optimizer: Any) -> dict[str, Any]:
        losses = self(return_loss=True, **data)  # type: ignore[operator]
        loss, log_vars = parsed_losses(losses if isinstance(losses, Mapping) else {"loss": losses})
        return {"loss": loss, "log_vars": log_vars, "num_samples": samples_in(data)}

    def val_step(self, data: Any, *optimizer: Any) -> dict[str, Any]:
        return self.train_step(data, None)


def parsed_losses(losses: Mapping[str, Any]) -> tuple[Any, dict[str, float]]:
    """The sum of all entries whose name contains 'loss', and every entry as a number for the log."""
    means = {name: sum(part.mean() for part in value) if isinstance(value, (list, tuple)) else value.mean()
             for name, value in losses.items()}  # fmt: skip
    total = sum(value for name, value in means.items() if "loss" in name)
    return total, {**{name: value.item() for name, value in means.items()}, "loss": total.item()}


def _forward_arguments(v2_class: type) -> Mapping[str, Any]:
    forward = getattr(v2_class, "forward", None)
    return {} if forward is None else signature(forward).parameters
