"""Several metrics behind one interface."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from mmmigrate.compat.argument_errors import ArgumentValueError
from mmmigrate.runtime_v3.dataset import pseudo_collate
from mmmigrate.runtime_v3.evaluator.metric import BaseMetric
from mmmigrate.runtime_v3.registry import EVALUATOR, METRICS
from mmmigrate.runtime_v3.structures import BaseDataElement


@EVALUATOR.register_module()
class Evaluator:
    """Hands every batch to each metric and gathers what they compute. `metrics`: one or several, built or as config."""

    def __init__(self, metrics: dict[str, Any] | BaseMetric | Sequence[Any]) -> None:
        self._dataset_meta: dict[str, Any] | None = None
        given = metrics if isinstance(metrics, Sequence) else [metrics]
        self.metrics: list[BaseMetric] = [METRICS.build(m) if isinstance(m, dict) else m for m in given]

    @property
    def dataset_meta(self) -> dict[str, Any] | None:
        return self._dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, dataset_meta: dict[str, Any]) -> None:
        self._dataset_meta = dataset_meta
        for metric in self.metrics:
            metric.dataset_meta = dataset_meta

    def process(self, data_samples: Sequence[Any], data_batch: Any = None) -> None:
        """Hands over the model's outputs for one batch; data elements become dicts."""
        samples = [s.to_dict() if isinstance(s, BaseDataElement) else s for s in data_samples]
        for metric in self.metrics:
            metric.process(data_batch, samples)

    def evaluate(self, size: int) -> dict[str, Any]:
        """All metrics over a data set of `size` samples. Raises ValueError if two have the same name."""
        metrics: dict[str, Any] = {}
        for metric in self.metrics:
            computed = metric.evaluate(size)
            doubled = metrics.keys() & computed.keys()
            if doubled:
                raise ValueError(
                    "There are multiple evaluation results with the same metric name: "
                    f"{type(metric).__name__} gives {sorted(doubled)} again; set its `prefix`"
                )
            metrics.update(computed)
        return metrics

    def offline_evaluate(
        self, data_samples: Sequence[Any], data: Sequence[Any] | None = None, chunk_size: int = 1
    ) -> dict[str, Any]:
        """The metrics of saved predictions, handed over `chunk_size` at a time with the matching `data`."""
        if data is not None and len(data_samples) != len(data):
            raise ArgumentValueError(f"{len(data_samples)} data_samples and {len(data)} data: there must be as many")
        batches = _chunks(data, chunk_size) if data is not None else None
        for outputs in _chunks(data_samples, chunk_size):
            self.process(outputs, None if batches is None else pseudo_collate(next(batches)))
        return self.evaluate(len(data_samples))


def _chunks(entries: Iterable[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(entries)
    while chunk := list(islice(iterator, size)):
        yield chunk


def get_metric_value(indicator: str, metrics: dict[str, Any]) -> Any:
    """The metric named `indicator`, with its prefix or, if only one fits, without.

    >>> get_metric_value("accuracy", {"top1/accuracy": 0.5})
    0.5
    """
    if "/" in indicator:
        found = [indicator] if indicator in metrics else []
    else:
        found = [name for name in metrics if name.split("/")[-1] == indicator]
    if len(found) != 1:
        problem = f"fits several metrics: {found}" if found else f"fits none of the metrics {list(metrics)}"
        raise ValueError(f"{indicator!r} {problem}")
    return metrics[found[0]]
