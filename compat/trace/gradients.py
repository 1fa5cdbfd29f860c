"""Sees gradients where no hook of a runner can: when they are accumulated (before any clip) and at the step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from mmmigrate.compat.trace.digest import array_of, tensor_digest
from mmmigrate.compat.trace.observe import rates


class GradientWatch:
    """Collects, since the last `clear`: digests of gradients, norms before and after the clip, rates at the step."""

    def __init__(self, parameters: Mapping[str, Tensor], optimizers: Mapping[str, Optimizer], digests: bool) -> None:
        self.keep_tensors = False
        self.digests: dict[str, int] = {}
        self.tensors: dict[str, Tensor] = {}
        self.norms: dict[str, Tensor] = {}
        self.clipped_norms: dict[str, float] = {}
        self.rates: dict[str, float] = {}
        self.steps = 0
        self._with_digests = digests
        self._handles: list[Any] = []
        for name, parameter in parameters.items():
            self._watch_parameter(name, parameter)
        for prefix, optimizer in optimizers.items():
            self._handles.append(optimizer.register_step_pre_hook(self._before_step(prefix, optimizer)))

    def _watch_parameter(self, name: str, parameter: Tensor) -> None:
        frozen = not parameter.requires_grad
        if frozen:
            parameter.requires_grad_(True)
        register: Any = parameter.register_post_accumulate_grad_hook
        self._handles.append(register(self._after_accumulate(name)))
        if frozen:
            parameter.requires_grad_(False)

    def _after_accumulate(self, name: str) -> Callable[[Tensor], None]:
        def see(parameter: Tensor) -> None:
            gradient = parameter.grad
            if gradient is None:
                return
            self.norms[name] = _length(gradient)
            if self._with_digests:
                self.digests[name] = tensor_digest(gradient)
            if self.keep_tensors:
                self.tensors[name] = gradient.detach().clone()

        return see

    def _before_step(self, prefix: str, optimizer: Optimizer) -> Callable[..., None]:
        def see(*_: Any) -> None:
            self.steps += 1
            gradients = [
                p.grad.detach() for group in optimizer.param_groups for p in group["params"] if p.grad is not None
            ]
            if gradients:
                self.clipped_norms[prefix] = _norm([_length(gradient) for gradient in gradients])
            self.rates.update(rates({prefix: optimizer}))

        return see

    def norm(self) -> float | None:
        """The 2-norm of all gradients before the clip; None when this iteration had none."""
        return _norm([self.norms[name] for name in sorted(self.norms)]) if self.norms else None

    def clear(self) -> None:
        self.digests.clear()
        self.tensors.clear()
        self.norms.clear()
        self.clipped_norms.clear()
        self.rates.clear()
        self.steps = 0

    def remove(self) -> None:
        for handle in self._handles:
            handle.remove()


def _length(gradient: Tensor) -> Tensor:
    gradient = gradient.detach()
    if gradient.layout is torch.sparse_coo:
        gradient = gradient.coalesce().values()
    length: Tensor = torch.linalg.vector_norm(gradient)
    return length


def _norm(norms: list[Tensor]) -> float:
    return float(torch.linalg.vector_norm(torch.stack([n.float().cpu() for n in norms])))


def raw(tensor: Tensor) -> tuple[str, tuple[int, ...], bytes]:
    """Type, shape and bytes of a tensor, as the trace stores it."""
    return str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape), array_of(tensor).tobytes()
