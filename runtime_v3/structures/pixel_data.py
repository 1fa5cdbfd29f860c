"""Values for every pixel of an image."""

from __future__ import annotations

import warnings
from typing import Any, TypeVar

import numpy as np
import torch

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError
from mmmigrate.runtime_v3.structures.base_data_element import BaseDataElement

P = TypeVar("P", bound="PixelData")


class PixelData(BaseDataElement):
    """Data fields of shape (C, H, W), all of the same height and width: `data[y0:y1, x0:x1]` cuts all of them.

    A field of shape (H, W) gets a channel.
    """

    def set_field(
        self,
        value: Any,
        name: str,
        dtype: type | tuple[type, ...] | None = None,
        field_type: str = "data",
    ) -> None:
        if field_type == "data":
            if not isinstance(value, (torch.Tensor, np.ndarray)):
                raise ArgumentTypeError(f"{name} must be a tensor or an array, got {type(value).__name__}")
            if value.ndim not in (2, 3):
                raise ArgumentValueError(f"{name} must have shape (C, H, W) or (H, W), got {tuple(value.shape)}")
            size = tuple(value.shape[-2:])
            if self.shape is not None and size != self.shape:
                raise ArgumentValueError(f"{name} is {size} in height and width, the other fields are {self.shape}")
            if value.ndim == 2:
                value = value[None]
                warnings.warn(f"{name} of shape {size} becomes {tuple(value.shape)}", stacklevel=3)
        super().set_field(value, name, dtype, field_type)

    @property
    def shape(self) -> tuple[int, ...] | None:
        """(height, width); None without fields."""
        if not self._data_fields:
            return None
        return tuple(getattr(self, next(iter(self._data_fields))).shape[-2:])

    def __getitem__(self: P, item: Any) -> P:
        if not isinstance(item, tuple):
            raise TypeError(f"pixels are taken by (rows, columns), got {item!r}")
        if len(item) != 2:
            raise ArgumentValueError(f"pixels are taken by (rows, columns), got {len(item)} indices")
        height, width = self.shape or (0, 0)
        cut = (slice(None), _as_slice(item[0], height), _as_slice(item[1], width))
        taken = self.__class__(metainfo=self.metainfo)
        for key, value in self.items():
            setattr(taken, key, value[cut])
        return taken


def _as_slice(index: Any, size: int) -> slice:
    if isinstance(index, int):
        return slice(index, None, size)
    if isinstance(index, slice):
        return index
    raise TypeError(f"rows and columns are numbers or slices, got {type(index).__name__}")
