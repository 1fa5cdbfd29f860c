"""The base of data sets with annotations."""

from __future__ import annotations

import copy
import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np
from torch.utils.data import Dataset

from mmmigrate.compat.argument_errors import MissingKeyError
from mmmigrate.runtime_v3 import storage
from mmmigrate.runtime_v3.dataset import packed_list
from mmmigrate.runtime_v3.dataset.compose import Compose
from mmmigrate.runtime_v3.fileio import list_from_file, load
from mmmigrate.runtime_v3.logging import print_log

F = TypeVar("F", bound=Callable[..., Any])


def force_full_init(old_func: F) -> F:
    """Decorator: calls `full_init` before the method if that has not been done."""

    @functools.wraps(old_func)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        ensure_full_init(self)
        return old_func(self, *args, **kwargs)

    return wrapper  # type: ignore[return-value]


def ensure_full_init(dataset: Any) -> None:
    """Initializes a data set that was made with lazy_init=True, with a warning."""
    if not getattr(dataset, "_fully_initialized", False):
        print_log("Please call `full_init()` method manually to accelerate the speed.", "current", logging.WARNING)
        dataset.full_init()
        dataset._fully_initialized = True


class BaseDataset(Dataset[Any]):
    """Annotations from a file, and a pipeline that makes a sample of each.

    - `ann_file`: a file with `metainfo` and `data_list`; other forms by overriding `load_data_list`.
    - `metainfo`: facts about the data set, over those of the class (`METAINFO`); a string may name a file with lines.
    - `data_root`: put before `ann_file` and each entry of `data_prefix`, unless they are absolute.
    - `filter_cfg`: for `filter_data`; `indices`: a number of first (or, negative, last) records, or their numbers.
    - `serialize_data`: keep records in one array that workers share.
    - `test_mode`: a sample that the pipeline refuses (None) is an error, not replaced by a random other one, up to
      `max_refetch` times.
    - `lazy_init`: load annotations at the first use.
    """

    METAINFO: ClassVar[dict[str, Any]] = {}
    _fully_initialized = False

    def __init__(
        self,
        ann_file: str | None = "",
        metainfo: Mapping[str, Any] | None = None,
        data_root: str | None = "",
        data_prefix: dict[str, str] | None = None,
        filter_cfg: dict[str, Any] | None = None,
        indices: int | Sequence[int] | None = None,
        serialize_data: bool = True,
        pipeline: Sequence[dict[str, Any] | Callable[[Any], Any]] = (),
        test_mode: bool = False,
        lazy_init: bool = False,
        max_refetch: int = 1000,
    ) -> None:
        self.ann_file = ann_file or ""
        self._metainfo = self._load_metainfo(copy.deepcopy(metainfo))
        self.data_root = data_root or ""
        self.data_prefix = dict({"img_path": ""} if data_prefix is None else data_prefix)
        self.filter_cfg = copy.deepcopy(filter_cfg)
        self._indices = indices
        self.serialize_data = serialize_data
        self.test_mode = test_mode
        self.max_refetch = max_refetch
        self.data_list: list[dict[str, Any]] = []
        self.data_bytes = np.empty(0, dtype=np.uint8)
        self.data_address = np.empty(0, dtype=np.int64)
        self._join_prefix()
        self.pipeline = Compose(pipeline)
        if not lazy_init:
            self.full_init()

    def full_init(self) -> None:
        """Loads, filters and packs the annotations; once."""
        if self._fully_initialized:
            return
        self.data_list = self.load_data_list()
        self.data_list = self.filter_data()
        if self._indices is not None:
            self.data_list = [self.data_list[i] for i in _chosen(self._indices, len(self.data_list))]
        if self.serialize_data:
            self.data_bytes, self.data_address = packed_list.pack(self.data_list)
            self.data_list = []
        self._fully_initialized = True

    @property
    def metainfo(self) -> dict[str, Any]:
        return copy.deepcopy(self._metainfo)

    @force_full_init
    def get_data_info(self, idx: int) -> dict[str, Any]:
        """The record number `idx`, with its number in `sample_idx`."""
        info: dict[str, Any]
        if self.serialize_data:
            info = packed_list.unpack(self.data_bytes, self.data_address, idx)
        else:
            info = copy.deepcopy(self.data_list[idx])
        info["sample_idx"] = idx if idx >= 0 else len(self) + idx
        return info

    def load_data_list(self) -> list[dict[str, Any]]:
        """The records of `ann_file`, each as `parse_data_info` gives it."""
        annotations = load(self.ann_file)
        if not isinstance(annotations, dict):
            raise TypeError(f"The annotations in {self.ann_file} should be a dict, got {type(annotations).__name__}")
        if not {"data_list", "metainfo"} <= annotations.keys():
            raise ValueError(f"{self.ann_file} must have 'metainfo' and 'data_list', got {sorted(annotations)}")
        for key, value in annotations["metainfo"].items():
            self._metainfo.setdefault(key, value)
        records: list[dict[str, Any]] = []
        for raw in annotations["data_list"]:
            parsed = self.parse_data_info(raw)
            several = parsed if isinstance(parsed, list) else [parsed]
            if not all(isinstance(record, dict) for record in several):
                raise TypeError(f"parse_data_info of {type(self).__name__} must give a dict or a list of dicts")
            records.extend(several)
        return records

    def parse_data_info(self, raw_data_info: dict[str, Any]) -> dict[str, Any] | list[dict[str, Any]]:
        """A record from its raw form: `data_prefix` is put before the paths."""
        for key, prefix in self.data_prefix.items():
            if key not in raw_data_info:
                raise MissingKeyError(f"data_prefix names {key!r}, which is not in the record {sorted(raw_data_info)}")
            raw_data_info[key] = storage.join(prefix, raw_data_info[key])
        return raw_data_info

    def filter_data(self) -> list[dict[str, Any]]:
        """The records to keep: all, unless a subclass says otherwise."""
        return self.data_list

    def get_cat_ids(self, idx: int) -> list[int]:
        """The categories in record `idx`."""
        raise NotImplementedError(f"{type(self).__name__} must define get_cat_ids")

    def prepare_data(self, idx: int) -> Any:
        return self.pipeline(self.get_data_info(idx))

    def __getitem__(self, idx: int) -> Any:
        ensure_full_init(self)
        for _ in range(1 if self.test_mode else self.max_refetch + 1):
            data = self.prepare_data(idx)
            if data is not None:
                return data
            if self.test_mode:
                raise RuntimeError(f"Test time pipline should not get `None`, as it did for sample {idx}")
            idx = self._rand_another()
        raise RuntimeError(f"Cannot find valid image after {self.max_refetch}! Check the paths and the pipeline")

    def _rand_another(self) -> int:
        return int(np.random.randint(0, len(self)))

    @force_full_init
    def __len__(self) -> int:
        return len(self.data_address) if self.serialize_data else len(self.data_list)

    @classmethod
    def _load_metainfo(cls, metainfo: Mapping[str, Any] | None = None) -> dict[str, Any]:
        merged = copy.deepcopy(cls.METAINFO)
        if metainfo is not None and not isinstance(metainfo, Mapping):
            raise TypeError(f"metainfo must be a mapping, got {type(metainfo).__name__}")
        for key, value in (metainfo or {}).items():
            merged[key] = value
            if isinstance(value, str) and Path(value).is_file():
                merged[key] = list_from_file(value)
        return merged

    def _join_prefix(self) -> None:
        def below_root(path: str) -> str:
            absolute = storage.is_url(path) or Path(path).is_absolute()
            return path if absolute or not self.data_root else storage.join(self.data_root, path)

        if self.ann_file:
            self.ann_file = below_root(self.ann_file)
        for key, prefix in self.data_prefix.items():
            if not isinstance(prefix, str):
                raise TypeError(f"data_prefix: {key} must be a string, got {prefix!r}")
            self.data_prefix[key] = below_root(prefix)

    @force_full_init
    def get_subset_(self, indices: int | Sequence[int]) -> None:
        """Keeps only these records: the first (or, negative, last) so many, or those numbered."""
        chosen = _chosen(indices, len(self))
        if self.serialize_data:
            self.data_bytes, self.data_address = packed_list.subset(self.data_bytes, self.data_address, chosen)
        else:
            self.data_list = [self.data_list[index] for index in chosen]

    @force_full_init
    def get_subset(self, indices: int | Sequence[int]) -> BaseDataset:
        """A data set of these records only."""
        other = copy.copy(self)
        other.data_list = copy.deepcopy([] if self.serialize_data else self.data_list)
        other._metainfo = self.metainfo
        other.get_subset_(indices)
        return other


def _chosen(indices: int | Sequence[int], size: int) -> Sequence[int]:
    if isinstance(indices, int):
        return range(size)[:indices] if indices >= 0 else range(size)[indices:]
    if not isinstance(indices, Sequence):
        raise TypeError(f"indices must be a number or a sequence of numbers, got {indices!r}")
    return indices
