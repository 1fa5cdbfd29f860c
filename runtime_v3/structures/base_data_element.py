"""The common interface of annotations and predictions."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np
import torch

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError

T = TypeVar("T", bound="BaseDataElement")

_PRIVATE = ("_metainfo_fields", "_data_fields")
_INDENT = " " * 4


class FieldNames(dict[str, None]):
    """A set of names that keeps their order, with what subclasses of mmengine's elements call on it."""

    def add(self, name: str) -> None:
        self[name] = None

    def discard(self, name: str) -> None:
        self.pop(name, None)

    def remove(self, name: str) -> None:
        """Raises KeyError if the name is not in it."""
        del self[name]


class BaseDataElement:
    """A record with two kinds of fields: data (`sample.labels = …`) and meta information (`metainfo=dict(img_id=1)`).

    Fields keep the order in which they were set (mmengine's order changes from run to run). A field is of one kind;
    meta information is changed by `set_metainfo` or `set_field` only.
    """

    _metainfo_fields: FieldNames
    _data_fields: FieldNames

    def __init__(self, *, metainfo: dict[str, Any] | None = None, **kwargs: Any) -> None:
        object.__setattr__(self, "_metainfo_fields", FieldNames())
        object.__setattr__(self, "_data_fields", FieldNames())
        if metainfo is not None:
            self.set_metainfo(metainfo)
        if kwargs:
            self.set_data(kwargs)

    def set_metainfo(self, metainfo: dict[str, Any]) -> None:
        """Sets or overwrites meta fields with copies."""
        if not isinstance(metainfo, dict):
            raise ArgumentTypeError(f"metainfo must be a dict, got {type(metainfo).__name__}")
        for key, value in copy.deepcopy(metainfo).items():
            self.set_field(value, key, field_type="metainfo")

    def set_data(self, data: dict[str, Any]) -> None:
        """Sets or overwrites data fields, not copied."""
        if not isinstance(data, dict):
            raise ArgumentTypeError(f"data must be a dict, got {type(data).__name__}")
        for key, value in data.items():
            setattr(self, key, value)

    def update(self, instance: BaseDataElement) -> None:
        """Takes over all fields of `instance`."""
        if not isinstance(instance, BaseDataElement):
            raise ArgumentTypeError(f"update needs a BaseDataElement, got {type(instance).__name__}")
        self.set_metainfo(instance.metainfo)
        self.set_data(dict(instance.items()))

    def new(self: T, *, metainfo: dict[str, Any] | None = None, **kwargs: Any) -> T:
        """A new element of the same class: with the given meta fields and data fields, or else with this one's."""
        made = self.__class__()
        made.set_metainfo(self.metainfo if metainfo is None else metainfo)
        made.set_data(kwargs or dict(self.items()))
        return made

    def clone(self: T) -> T:
        return self.new()

    def keys(self) -> list[str]:
        """Names of data fields. The private field behind a property is not named a second time."""
        behind = {f"_{key}" for key in self._data_fields if isinstance(getattr(type(self), key, None), property)}
        return [key for key in self._data_fields if key not in behind]

    def metainfo_keys(self) -> list[str]:
        return list(self._metainfo_fields)

    def values(self) -> list[Any]:
        return [getattr(self, key) for key in self.keys()]

    def metainfo_values(self) -> list[Any]:
        return [getattr(self, key) for key in self.metainfo_keys()]

    def all_keys(self) -> list[str]:
        return self.metainfo_keys() + self.keys()

    def all_values(self) -> list[Any]:
        return self.metainfo_values() + self.values()

    def items(self) -> Iterator[tuple[str, Any]]:
        for key in self.keys():
            yield key, getattr(self, key)

    def metainfo_items(self) -> Iterator[tuple[str, Any]]:
        for key in self.metainfo_keys():
            yield key, getattr(self, key)

    def all_items(self) -> Iterator[tuple[str, Any]]:
        yield from self.metainfo_items()
        yield from self.items()

    @property
    def metainfo(self) -> dict[str, Any]:
        return dict(self.metainfo_items())

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _PRIVATE:
            raise AttributeError(f"{name} holds the names of the fields and cannot be set")
        self.set_field(value, name)

    def __delattr__(self, item: str) -> None:
        if item in _PRIVATE:
            raise AttributeError(f"{item} holds the names of the fields and cannot be deleted")
        super().__delattr__(item)
        self._metainfo_fields.discard(item)
        self._data_fields.discard(item)

    __delitem__ = __delattr__

    def get(self, key: str, default: Any = None) -> Any:
        return getattr(self, key, default)

    def pop(self, *args: Any) -> Any:
        """`pop(name[, default])`: removes a field and gives its value."""
        name, *default = args
        if len(default) > 1:
            raise ArgumentTypeError(f"pop takes a name and a default, got {args}")
        for fields in (self._metainfo_fields, self._data_fields):
            if name in fields:
                del fields[name]
                return self.__dict__.pop(name, *default)
        if default:
            return default[0]
        raise KeyError(f"there is no field {name!r}; there are {self.all_keys()}")

    def __contains__(self, item: str) -> bool:
        return item in self._data_fields or item in self._metainfo_fields

    def set_field(
        self,
        value: Any,
        name: str,
        dtype: type | tuple[type, ...] | None = None,
        field_type: str = "data",
    ) -> None:
        """Sets a field of a kind ('data' or 'metainfo'), optionally checking the value's type."""
        if dtype is not None and not isinstance(value, dtype):
            raise ArgumentTypeError(f"{name} must be of type {dtype}, got {type(value).__name__}")
        if field_type not in ("data", "metainfo"):
            raise ArgumentValueError(f"field_type must be 'data' or 'metainfo', got {field_type!r}")
        own, other = self._data_fields, self._metainfo_fields
        if field_type == "metainfo":
            own, other = other, own
        if name in other:
            kind = "a data field" if field_type == "metainfo" else "meta information"
            raise AttributeError(f"{name} is {kind} already: a field is of one kind")
        own.add(name)
        super().__setattr__(name, value)

    def _converted(self: T, convert: Callable[[Any], Any], applies: Callable[[Any], bool]) -> T:
        made = self.new()
        for key, value in self.items():
            if applies(value):
                made.set_data({key: convert(value)})
        return made

    def to(self: T, *args: Any, **kwargs: Any) -> T:
        """A copy with `to(…)` applied to every data field that has it."""
        return self._converted(lambda v: v.to(*args, **kwargs), lambda v: hasattr(v, "to"))

    def cpu(self: T) -> T:
        return self._converted(lambda v: v.cpu(), _is_tensor_like)

    def cuda(self: T) -> T:
        return self._converted(lambda v: v.cuda(), _is_tensor_like)

    def npu(self: T) -> T:
        return self._converted(lambda v: v.npu(), _is_tensor_like)

    def mlu(self: T) -> T:
        return self._converted(lambda v: v.mlu(), _is_tensor_like)

    def musa(self: T) -> T:
        return self._converted(lambda v: v.musa(), _is_tensor_like)

    def detach(self: T) -> T:
        return self._converted(lambda v: v.detach(), _is_tensor_like)

    def numpy(self: T) -> T:
        return self._converted(lambda v: v.detach().cpu().numpy(), _is_tensor_like)

    def to_tensor(self: T) -> T:
        return self._converted(
            lambda v: torch.from_numpy(v) if isinstance(v, np.ndarray) else v.to_tensor(),
            lambda v: isinstance(v, (np.ndarray, BaseDataElement)),
        )

    def to_dict(self) -> dict[str, Any]:
        return {k: v.to_dict() if isinstance(v, BaseDataElement) else v for k, v in self.all_items()}

    def __repr__(self) -> str:
        meta = "".join(_line(key, value) for key, value in self.metainfo_items())
        data = "".join(_line(key, value) for key, value in self.items())
        body = f"\n\n    META INFORMATION{meta}\n\n    DATA FIELDS{data}"
        return f"<{type(self).__name__}({body}\n) at {hex(id(self))}>"


def _is_tensor_like(value: Any) -> bool:
    return isinstance(value, (torch.Tensor, BaseDataElement))


def _line(key: str, value: Any, depth: int = 1) -> str:
    if isinstance(value, dict):
        shown = "".join(_line(inner, entry, depth + 1) for inner, entry in value.items())
    else:
        shown = repr(value).replace("\n", "\n" + _INDENT * (depth + 1))
    return f"\n{_INDENT * depth}{key}: {shown}"
