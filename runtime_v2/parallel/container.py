"""DataContainer: marks how one field of a sample is batched and moved to a device."""

from __future__ import annotations

from typing import Any

import torch

from mmmigrate.compat.argument_errors import ArgumentValueError


class DataContainer:
    """One field of a sample (or batch) and how to treat it.

    With `cpu_only` the data stays as it is, in a list. With `stack`, tensors are padded over their last `pad_dims`
    dimensions (1 to 3, None for no padding) to a common shape with `padding_value` and stacked. Otherwise they are
    kept as a list and moved to the device.
    """

    def __init__(
        self,
        data: Any,
        stack: bool = False,
        padding_value: int = 0,
        cpu_only: bool = False,
        pad_dims: int | None = 2,
    ) -> None:
        if pad_dims not in (None, 1, 2, 3):
            raise ArgumentValueError(f"pad_dims must be None, 1, 2 or 3, got {pad_dims!r}")
        self._data = data
        self._stack = stack
        self._padding_value = padding_value
        self._cpu_only = cpu_only
        self._pad_dims = pad_dims

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.data!r})"

    def __len__(self) -> int:
        return len(self._data)

    @property
    def data(self) -> Any:
        """What the container holds."""
        return self._data

    @property
    def datatype(self) -> type | str:
        """The tensor's type as a string, or the Python type of anything else."""
        return self._data.type() if isinstance(self._data, torch.Tensor) else type(self._data)

    @property
    def cpu_only(self) -> bool:
        """Whether the data never leaves the host."""
        return self._cpu_only

    @property
    def stack(self) -> bool:
        """Whether tensors of a batch are stacked."""
        return self._stack

    @property
    def padding_value(self) -> int:
        """What padding is filled with."""
        return self._padding_value

    @property
    def pad_dims(self) -> int | None:
        """How many of the last dimensions are padded before stacking."""
        return self._pad_dims

    def size(self, *args: Any, **kwargs: Any) -> Any:
        """The tensor's size; AttributeError if this holds no tensor."""
        return self._tensor("size").size(*args, **kwargs)

    def dim(self) -> int:
        """The tensor's number of dimensions; AttributeError if this holds no tensor."""
        return self._tensor("dim").dim()

    def _tensor(self, method: str) -> torch.Tensor:
        if not isinstance(self._data, torch.Tensor):
            raise AttributeError(f"{type(self).__name__} has no attribute {method} for type {self.datatype}")
        return self._data
