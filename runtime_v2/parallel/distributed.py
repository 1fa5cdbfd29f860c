"""MMDistributedDataParallel: DDP whose `train_step` and `val_step` synchronise as its `forward` does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch.nn.parallel import DistributedDataParallel

from mmmigrate.runtime_v2.parallel.scatter import CPU, scatter_kwargs
from mmmigrate.runtime_v2.registries import MODULE_WRAPPERS


@MODULE_WRAPPERS.register_module()
class MMDistributedDataParallel(DistributedDataParallel):
    """A DistributedDataParallel that understands DataContainers.

    A step goes through DDP's own `forward`, so gradients are reduced and buffers broadcast by whatever the installed
    torch does there, without touching its internals.
    """

    _method = "forward"

    def scatter(
        self, inputs: tuple[Any, ...], kwargs: dict[str, Any], device_ids: Sequence[int]
    ) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """The arguments split over `device_ids`."""
        return scatter_kwargs(inputs, kwargs, device_ids, dim=self.dim)

    def to_kwargs(
        self, inputs: tuple[Any, ...], kwargs: dict[str, Any], device_id: int
    ) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """The arguments on device `device_id`."""
        return scatter_kwargs(inputs, kwargs, [device_id], dim=self.dim)

    def train_step(self, *inputs: Any, **kwargs: Any) -> Any:
        """The wrapped model's `train_step`, with gradients reduced over all processes in its backward."""
        return self._call("train_step", inputs, kwargs)

    def val_step(self, *inputs: Any, **kwargs: Any) -> Any:
        """The wrapped model's `val_step`."""
        return self._call("val_step", inputs, kwargs)

    def _call(self, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        self._method = method
        try:
            return self.forward(*inputs, **kwargs)  # type: ignore[no-untyped-call]
        finally:
            self._method = "forward"

    def _run_ddp_forward(self, *inputs: Any, **kwargs: Any) -> Any:
        method = self.module if self._method == "forward" else getattr(self.module, self._method)
        devices = self.device_ids or CPU
        positional, named = self.scatter(inputs, kwargs, devices[:1])
        return method(*positional[0], **named[0])
