"""The first `MMDistributedDataParallel`: it shares weights once, and leaves gradients to the optimizer's hook."""

from __future__ import annotations

from typing import Any

import torch
from torch import distributed, nn

from mmmigrate.runtime_v2.parallel.scatter import scatter_kwargs
from mmmigrate.runtime_v2.registries import MODULE_WRAPPERS


@MODULE_WRAPPERS.register_module(name="DeprecatedMMDistributedDataParallel")
class MMDistributedDataParallel(nn.Module):
    """Gives every process rank 0's weights and buffers, then passes calls on with inputs taken out of containers."""

    def __init__(
        self, module: nn.Module, dim: int = 0, broadcast_buffers: bool = True, bucket_cap_mb: int = 25
    ) -> None:
        super().__init__()
        self.module = module
        self.dim = dim
        self.broadcast_buffers = broadcast_buffers
        self.broadcast_bucket_size = bucket_cap_mb * 1024 * 1024
        self._sync_params()

    def _sync_params(self) -> None:
        with torch.no_grad():
            for tensor in self.module.state_dict().values():
                distributed.broadcast(tensor, 0)

    def scatter(self, inputs: Any, kwargs: Any, device_ids: list[int]) -> tuple[Any, Any]:
        """Inputs as the module takes them, one set for each device."""
        return scatter_kwargs(inputs, kwargs, device_ids, dim=self.dim)

    def _here(self, inputs: Any, kwargs: Any) -> tuple[Any, Any]:
        device = torch.cuda.current_device() if torch.cuda.is_available() else -1
        inputs, kwargs = self.scatter(inputs, kwargs, [device])
        return inputs[0], kwargs[0]

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        inputs, kwargs = self._here(inputs, kwargs)
        return self.module(*inputs, **kwargs)

    def train_step(self, *inputs: Any, **kwargs: Any) -> Any:
        """The module's `train_step`."""
        inputs, kwargs = self._here(inputs, kwargs)
        return self.module.train_step(*inputs, **kwargs)  # type: ignore[operator]

    def val_step(self, *inputs: Any, **kwargs: Any) -> Any:
        """The module's `val_step`."""
        inputs, kwargs = self._here(inputs, kwargs)
        return self.module.val_step(*inputs, **kwargs)  # type: ignore[operator]
