"""The base of every metric."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from torch import Tensor

from mmmigrate.runtime_v3 import storage
from mmmigrate.runtime_v3.dist import broadcast_object_list, collect_results, is_main_process
from mmmigrate.runtime_v3.logging import print_log
from mmmigrate.runtime_v3.registry import METRICS
from mmmigrate.runtime_v3.structures import BaseDataElement


class BaseMetric(ABC):
    """Collects results batch by batch (`process`), then computes the metrics of all (`compute_metrics`, in process 0).

    - `collect_device`: 'cpu' or 'gpu', where results of several processes meet.
    - `prefix`: put before the names of the metrics: `prefix/name`; `default_prefix` of the class if None.
    - `collect_dir`: accepted for mmengine's sake; results travel without files.
    """

    default_prefix: str | None = None

    def __init__(self, collect_device: str = "cpu", prefix: str | None = None, collect_dir: str | None = None) -> None:
        if collect_dir is not None and collect_device != "cpu":
            raise ValueError(f"collect_dir is for collect_device='cpu' only, got {collect_device!r}")
        self._dataset_meta: dict[str, Any] | None = None
        self.collect_device = collect_device
        self.results: list[Any] = []
        self.prefix = prefix or self.default_prefix
        self.collect_dir = collect_dir
        if self.prefix is None:
            print_log(
                f"The prefix is not set in metric class {type(self).__name__}.", logger="current", level=logging.WARNING
            )

    @property
    def dataset_meta(self) -> dict[str, Any] | None:
        """The data set's `metainfo`."""
        return self._dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, dataset_meta: dict[str, Any]) -> None:
        self._dataset_meta = dataset_meta

    @abstractmethod
    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Appends what is needed of one batch and the model's outputs for it to `self.results`."""

    @abstractmethod
    def compute_metrics(self, results: list[Any]) -> dict[str, Any]:
        """The metrics of all results, by name."""

    def evaluate(self, size: int) -> dict[str, Any]:
        """The metrics over a data set of `size` samples, the same in every process; forgets the results."""
        if not self.results:
            print_log(
                f"{type(self).__name__} got no results: its `process` must append to `self.results`.",
                logger="current",
                level=logging.WARNING,
            )
        results = collect_results(self.results, size, self.collect_device, tmpdir=self.collect_dir)
        shared: list[Any] = [None]
        if is_main_process():
            metrics = self.compute_metrics(_to_cpu(results))
            shared = [{f"{self.prefix}/{key}" if self.prefix else key: value for key, value in metrics.items()}]
        broadcast_object_list(shared)
        self.results.clear()
        evaluated: dict[str, Any] = shared[0]
        return evaluated


@METRICS.register_module()
class DumpResults(BaseMetric):
    """Writes the predictions to a pickle file (`out_file_path`, ending in .pkl or .pickle) and computes nothing."""

    def __init__(self, out_file_path: str, collect_device: str = "cpu", collect_dir: str | None = None) -> None:
        super().__init__(collect_device=collect_device, collect_dir=collect_dir)
        if not out_file_path.endswith((".pkl", ".pickle")):
            raise ValueError(f"The output file must be a pkl file, ending in .pkl or .pickle, got {out_file_path!r}")
        self.out_file_path = out_file_path

    def process(self, data_batch: Any, predictions: Sequence[dict[str, Any]]) -> None:
        self.results.extend(_to_cpu(list(predictions)))

    def compute_metrics(self, results: list[Any]) -> dict[str, Any]:
        storage.write_pickle(results, self.out_file_path)
        print_log(f"Results has been saved to {self.out_file_path}.", logger="current")
        return {}


def _to_cpu(data: Any) -> Any:
    if isinstance(data, (Tensor, BaseDataElement)):
        return data.to("cpu")
    if isinstance(data, list):
        return [_to_cpu(entry) for entry in data]
    if isinstance(data, tuple):
        return tuple(_to_cpu(entry) for entry in data)
    if isinstance(data, dict):
        return {key: _to_cpu(entry) for key, entry in data.items()}
    return data
