"""Data sets made of others: joined, repeated, balanced."""

from __future__ import annotations

import bisect
import copy
import math
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NoReturn

import numpy as np

from mmmigrate.runtime_v3.dataset.base_dataset import BaseDataset, ensure_full_init, force_full_init
from mmmigrate.runtime_v3.registry import DATASETS


class _Wrapper:
    """What all wrappers share; a subclass says which sample of which data set a number stands for."""

    _fully_initialized = False
    _metainfo: dict[str, Any]

    @property
    def metainfo(self) -> dict[str, Any]:
        return copy.deepcopy(self._metainfo)

    def full_init(self) -> None:
        raise NotImplementedError

    def _locate(self, idx: int) -> tuple[Any, int]:
        raise NotImplementedError

    @force_full_init
    def get_data_info(self, idx: int) -> dict[str, Any]:
        dataset, inner = self._locate(idx)
        info: dict[str, Any] = dataset.get_data_info(inner)
        return info

    @force_full_init
    def get_cat_ids(self, idx: int) -> list[int]:
        dataset, inner = self._locate(idx)
        categories: list[int] = dataset.get_cat_ids(inner)
        return categories

    def __getitem__(self, idx: int) -> Any:
        ensure_full_init(self)
        dataset, inner = self._locate(idx)
        return dataset[inner]

    @property
    def batch_of(self) -> Any:
        """How the data set inside makes a batch of samples itself; None where that is left to the loader."""
        return getattr(self._locate(0)[0], "batch_of", None)

    def __getitems__(self, indices: Sequence[int]) -> list[Any]:
        """What torch's loader asks for: the samples, or the batch of a data set that makes them itself."""
        samples = [self[index] for index in indices]
        return samples if self.batch_of is None else list(self.batch_of(samples))

    def get_subset_(self, indices: Any) -> NoReturn:
        self._refuse_subset()

    def get_subset(self, indices: Any) -> NoReturn:
        self._refuse_subset()

    def _refuse_subset(self) -> NoReturn:
        raise NotImplementedError(f"take the subset of the data set inside {type(self).__name__}, then wrap it")


def _built(dataset: Any) -> Any:
    if isinstance(dataset, dict):
        return DATASETS.build(dataset)
    if not isinstance(dataset, (BaseDataset, _Wrapper)):
        raise TypeError(f"a wrapped data set must be a BaseDataset or a dict, got {type(dataset).__name__}")
    return dataset


@DATASETS.register_module()
class ConcatDataset(_Wrapper):
    """Data sets one after the other. Their meta information must agree, but for `ignore_keys`."""

    def __init__(
        self,
        datasets: Sequence[Any],
        lazy_init: bool = False,
        ignore_keys: str | list[str] | None = None,
    ) -> None:
        if ignore_keys is not None and not isinstance(ignore_keys, (str, list)):
            raise TypeError(f"ignore_keys must be a string or a list of strings, got {ignore_keys!r}")
        self.datasets = [_built(dataset) for dataset in datasets]
        self.ignore_keys = [ignore_keys] if isinstance(ignore_keys, str) else ignore_keys or []
        self._metainfo = self.datasets[0].metainfo
        self.cumulative_sizes: list[int] = []
        self._check_metainfo()
        if not lazy_init:
            self.full_init()

    def _check_metainfo(self) -> None:
        keys = {key for dataset in self.datasets for key in dataset.metainfo} - set(self.ignore_keys)
        for number, dataset in enumerate(self.datasets, 1):
            own = dataset.metainfo
            for key in sorted(keys):
                if key not in own or key not in self._metainfo:
                    raise ValueError(f"{key!r} is not in the meta information of data set {number}; see ignore_keys")
                first, other = self._metainfo[key], own[key]
                same = np.array_equal(first, other) if isinstance(first, np.ndarray) else first == other
                if type(first) is not type(other) or not same:
                    raise ValueError(
                        f"{key!r} of data set {number} is {other!r}, of the first {first!r}; see ignore_keys"
                    )

    def full_init(self) -> None:
        if self._fully_initialized:
            return
        for dataset in self.datasets:
            dataset.full_init()
        self.cumulative_sizes = list(accumulate(len(dataset) for dataset in self.datasets))
        self._fully_initialized = True

    def _get_ori_dataset_idx(self, idx: int) -> tuple[int, int]:
        if idx < 0:
            if -idx > len(self):
                raise ValueError(f"there is no sample {idx}, only {len(self)}")
            idx += len(self)
        which = bisect.bisect_right(self.cumulative_sizes, idx)
        return which, idx - (self.cumulative_sizes[which - 1] if which else 0)

    def _locate(self, idx: int) -> tuple[Any, int]:
        which, inner = self._get_ori_dataset_idx(idx)
        return self.datasets[which], inner

    @force_full_init
    def __len__(self) -> int:
        return self.cumulative_sizes[-1]


@DATASETS.register_module()
class RepeatDataset(_Wrapper):
    """A data set `times` times over: longer epochs, fewer restarts of workers."""

    def __init__(self, dataset: Any, times: int, lazy_init: bool = False) -> None:
        self.dataset = _built(dataset)
        self.times = times
        self._metainfo = self.dataset.metainfo
        self._ori_len = 0
        if not lazy_init:
            self.full_init()

    def full_init(self) -> None:
        if self._fully_initialized:
            return
        self.dataset.full_init()
        self._ori_len = len(self.dataset)
        self._fully_initialized = True

    def _get_ori_dataset_idx(self, idx: int) -> int:
        return idx % self._ori_len

    def _locate(self, idx: int) -> tuple[Any, int]:
        return self.dataset, self._get_ori_dataset_idx(idx)

    @force_full_init
    def __len__(self) -> int:
        return self.times * self._ori_len


@DATASETS.register_module()
class ClassBalancedDataset(_Wrapper):
    """Repeats samples of rare categories: `max(1, sqrt(oversample_thr / frequency))` times, rounded up, by the rarest.

    The frequency of a category is the share of samples that contain it (LVIS, arXiv 1908.03195).
    """

    def __init__(self, dataset: Any, oversample_thr: float, lazy_init: bool = False) -> None:
        self.dataset = _built(dataset)
        self.oversample_thr = oversample_thr
        self._metainfo = self.dataset.metainfo
        self.repeat_indices: list[int] = []
        if not lazy_init:
            self.full_init()

    def full_init(self) -> None:
        if self._fully_initialized:
            return
        self.dataset.full_init()
        factors = self._get_repeat_factors(self.dataset, self.oversample_thr)
        self.repeat_indices = [i for i, factor in enumerate(factors) for _ in range(math.ceil(factor))]
        self._fully_initialized = True

    def _get_repeat_factors(self, dataset: Any, repeat_thr: float) -> list[float]:
        size = len(dataset)
        categories = [set(dataset.get_cat_ids(index)) for index in range(size)]
        counts = Counter(category for found in categories for category in found)
        repeats = {c: max(1.0, math.sqrt(repeat_thr / (count / size))) for c, count in counts.items()}
        return [max((repeats[category] for category in found), default=1.0) for found in categories]

    def _get_ori_dataset_idx(self, idx: int) -> int:
        return self.repeat_indices[idx]

    def _locate(self, idx: int) -> tuple[Any, int]:
        return self.dataset, self._get_ori_dataset_idx(idx)

    @force_full_init
    def __len__(self) -> int:
        return len(self.repeat_indices)
