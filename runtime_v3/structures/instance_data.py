"""One entry for each instance in an image."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any, TypeVar

import numpy as np
import torch

from mmmigrate.compat.argument_errors import ArgumentIndexError, ArgumentTypeError, ArgumentValueError
from mmmigrate.runtime_v3.structures.base_data_element import BaseDataElement

I = TypeVar("I", bound="InstanceData")  # noqa: E741


class InstanceData(BaseDataElement):
    """Data fields of one length: boxes, scores, labels. Indexing takes the same instances of every field.

    An index is a name (gives that field), a number, a slice, a list or array of numbers or booleans, or such a tensor.
    """

    def set_field(
        self,
        value: Any,
        name: str,
        dtype: type | tuple[type, ...] | None = None,
        field_type: str = "data",
    ) -> None:
        if field_type == "data":
            if not isinstance(value, Sized):
                raise ArgumentTypeError(f"{name} must have a length, got {type(value).__name__}")
            if len(self) > 0 and len(value) != len(self):
                raise ArgumentValueError(f"{name} has {len(value)} entries, the other fields have {len(self)}")
        super().set_field(value, name, dtype, field_type)

    def __setitem__(self, name: str, value: Any) -> None:
        setattr(self, name, value)

    def __len__(self) -> int:
        return len(getattr(self, next(iter(self._data_fields)))) if self._data_fields else 0

    def __getitem__(self: I, item: Any) -> Any:
        if isinstance(item, str):
            return getattr(self, item)
        if isinstance(item, int) and not isinstance(item, bool):
            if not -len(self) <= item < len(self):
                raise IndexError(f"there is no instance {item}, only {len(self)}")
            item = slice(item, None, len(self))
        if isinstance(item, (list, np.ndarray)):
            array = np.array(item)
            item = torch.from_numpy(array.astype(np.int64) if array.dtype != np.bool_ else array)
        if not isinstance(item, (slice, torch.Tensor)):
            raise ArgumentTypeError(
                f"instances are taken by number, slice, list, array or tensor, got {type(item).__name__}"
            )
        if isinstance(item, torch.Tensor):
            self._check_index(item)
        taken = self.__class__(metainfo=self.metainfo)
        for key, value in self.items():
            setattr(taken, key, _take(key, value, item))
        return taken

    def _check_index(self, item: torch.Tensor) -> None:
        if item.dim() != 1:
            raise ArgumentIndexError(f"an index must have one dimension, got shape {tuple(item.shape)}")
        if item.dtype == torch.bool and len(item) != len(self):
            raise ArgumentIndexError(f"a mask of {len(item)} for {len(self)} instances")

    @staticmethod
    def cat(instances_list: list[Any]) -> Any:
        """All instances of several elements with the same fields, with the meta information of the first."""
        if not instances_list or not all(isinstance(entry, InstanceData) for entry in instances_list):
            raise ArgumentTypeError("cat needs a list of InstanceData that is not empty")
        first = instances_list[0]
        if len(instances_list) == 1:
            return first
        names = {frozenset(entry.all_keys()) for entry in instances_list}
        if len(names) != 1:
            raise ArgumentValueError(f"the elements have different fields: {[sorted(keys) for keys in names]}")
        joined = first.__class__(metainfo=first.metainfo)
        for key, _ in first.items():
            setattr(joined, key, _join(key, [getattr(entry, key) for entry in instances_list]))
        return joined


def _take(key: str, value: Any, item: slice | torch.Tensor) -> Any:
    if isinstance(item, slice) or isinstance(value, torch.Tensor):
        return value[item]
    if isinstance(value, np.ndarray):
        return value[item.cpu().numpy()]
    indices = (item.nonzero().view(-1) if item.dtype == torch.bool else item).tolist()
    singles = [value[slice(index, None, len(value))] for index in indices] or [value[:0]]
    return _join(key, singles)


def _join(key: str, values: list[Any]) -> Any:
    first = values[0]
    if isinstance(first, torch.Tensor):
        return torch.cat(values, dim=0)
    if isinstance(first, np.ndarray):
        return np.concatenate(values, axis=0)
    if isinstance(first, str):
        return "".join(values)
    if isinstance(first, (list, tuple)):
        return type(first)(entry for value in values for entry in value)
    if hasattr(first, "cat"):
        return first.cat(values)
    raise ValueError(f"{key} is a {type(first).__name__}, which cannot be joined: it has no `cat`")
