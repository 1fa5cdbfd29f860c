"""What a run in the middle of an epoch, or of an accumulation, needs to go on exactly. mmengine does not save it."""

from __future__ import annotations

from typing import Any

from torch import nn

from mmmigrate.runtime_v3.optim import OptimWrapper
from mmmigrate.runtime_v3.sharding import is_sharded


def resume_state(runner: Any) -> dict[str, Any]:
    """`data`: where the loop stands in its data; `gradients` by parameter, where some wait for their step."""
    state = {}
    # A loop of a project's own may not know its position.
    position = getattr(runner.train_loop, "data_position", lambda: None)()
    if position is not None:
        state["data"] = position
    gradients = _waiting(runner)
    if gradients:
        state["gradients"] = gradients
    return state


def _waiting(runner: Any) -> dict[str, Any]:
    wrapper = runner.optim_wrapper
    accumulates = isinstance(wrapper, OptimWrapper) and getattr(wrapper, "_accumulative_counts", 1) > 1
    if not accumulates or wrapper.should_update() or is_sharded(runner.model):
        return {}
    named = runner._bare_model().named_parameters()
    return {name: parameter.grad.cpu() for name, parameter in named if parameter.grad is not None}


def put_gradients(model: nn.Module, gradients: dict[str, Any] | None) -> None:
    """Gives the parameters the gradients that waited for their step."""
    for name, parameter in model.named_parameters() if gradients else ():
        if name in (gradients or {}):
            parameter.grad = (gradients or {})[name].to(parameter.device)
