"""A wrapper for each part of a model, for parts that are trained in turn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from mmmigrate.runtime_v3.device import get_device
from mmmigrate.runtime_v3.model.wrappers.distributed import MMDistributedDataParallel
from mmmigrate.runtime_v3.optim import OptimWrapperDict
from mmmigrate.runtime_v3.registry import MODEL_WRAPPERS


@MODEL_WRAPPERS.register_module()
class MMSeparateDistributedDataParallel(DistributedDataParallel):
    """Wraps every child that is trained by itself, such as generator and discriminator, whose steps alternate.

    The model's own `train_step` says what is trained when. `kwargs` go to each MMDistributedDataParallel.
    """

    def __init__(
        self, module: nn.Module, broadcast_buffers: bool = False, find_unused_parameters: bool = False, **kwargs: Any
    ) -> None:
        # Only the type is that of DistributedDataParallel: its constructor would wrap the whole.
        super(DistributedDataParallel, self).__init__()
        self.module: Any = module
        for name, child in module.named_children():
            child = child.to(get_device())
            if any(param.requires_grad for param in child.parameters()):
                child = MMDistributedDataParallel(
                    module=child,
                    broadcast_buffers=broadcast_buffers,
                    find_unused_parameters=find_unused_parameters,
                    **kwargs,
                )
            setattr(module, name, child)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    def train_step(self, data: Any, optim_wrapper: OptimWrapperDict) -> dict[str, torch.Tensor]:
        logged: dict[str, torch.Tensor] = self.module.train_step(data, optim_wrapper)
        return logged

    def val_step(self, data: Any) -> list[Any]:
        predictions: list[Any] = self.module.val_step(data)
        return predictions

    def test_step(self, data: Any) -> list[Any]:
        predictions: list[Any] = self.module.test_step(data)
        return predictions

    @contextmanager
    def no_sync(self) -> Iterator[None]:
        """Spares the exchange of gradients in all parts."""
        with ExitStack() as stack:
            for child in self.module.children():
                if isinstance(child, DistributedDataParallel):
                    stack.enter_context(child.no_sync())
            yield

    def train(self, mode: bool = True) -> MMSeparateDistributedDataParallel:
        self.training = mode
        self.module.train(mode)
        return self
