"""MMDataParallel: one process, one device (or the CPU), with DataContainers unwrapped on the way in."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from torch.nn.parallel import DataParallel

from mmmigrate.runtime_v2.parallel.scatter import CPU, scatter_kwargs
from mmmigrate.runtime_v2.registries import MODULE_WRAPPERS


@MODULE_WRAPPERS.register_module()
class MMDataParallel(DataParallel):  # type: ignore[type-arg]
    """A DataParallel that understands DataContainers and offers `train_step` and `val_step` of the wrapped model."""

    def __init__(self, *args: Any, dim: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, dim=dim, **kwargs)  # type: ignore[misc]
        self.dim = dim

    def scatter(  # type: ignore[override]
        self, inputs: tuple[Any, ...], kwargs: dict[str, Any], device_ids: Sequence[int]
    ) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """The arguments split over `device_ids`."""
        return scatter_kwargs(inputs, kwargs, device_ids, dim=self.dim)

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """The wrapped model's forward; on the CPU DataContainers are unwrapped too."""
        if self.device_ids:
            return super().forward(*inputs, **kwargs)
        return self._on_one_device(self.module, inputs, kwargs)

    def train_step(self, *inputs: Any, **kwargs: Any) -> Any:
        """The wrapped model's `train_step`, on one device."""
        return self._on_one_device(self.module.train_step, inputs, kwargs)

    def val_step(self, *inputs: Any, **kwargs: Any) -> Any:
        """The wrapped model's `val_step`, on one device."""
        return self._on_one_device(self.module.val_step, inputs, kwargs)

    def _on_one_device(self, method: Any, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self.device_ids:
            self._check_device()
        positional, named = self.scatter(inputs, kwargs, self.device_ids or CPU)
        return method(*positional[0], **named[0])

    def _check_device(self) -> None:
        if len(self.device_ids) != 1:
            raise RuntimeError(
                f"MMDataParallel trains on a single GPU, got {self.device_ids}: use MMDistributedDataParallel for more"
            )
        for tensor in chain(self.module.parameters(), self.module.buffers()):
            if tensor.device != self.src_device_obj:
                raise RuntimeError(
                    f"the module must be on {self.src_device_obj} (device_ids[0]), found a tensor on {tensor.device}"
                )
