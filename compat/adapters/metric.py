"""`dataset.evaluate` of a v2 data set as a v3 metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmmigrate.compat.adapters.dataset import remembered
from mmmigrate.compat.dist import get_dist_info


class DatasetEvaluate:
    """Collects what the model returns for each image, then calls `dataset.evaluate(results, logger=…, **kwargs)`.

    `kwargs` are the evaluation arguments of the v2 config (`metric=…`). The data set comes with `dataset_meta`, which
    v3's validation loop takes from the data set's `metainfo`.
    """

    def __init__(self, **kwargs: Any) -> None:
        self.kwargs = kwargs
        self.dataset_meta: Mapping[str, Any] | None = None
        self.results: list[Any] = []

    def process(self, data_batch: Any, data_samples: Sequence[Any]) -> None:
        self.results.extend(data_samples)

    def evaluate(self, size: int) -> dict[str, Any]:
        """The evaluation results of `size` images. ValueError if the data set cannot evaluate."""
        results, self.results = self.results, []
        dataset = remembered((self.dataset_meta or {}).get("v2_dataset"))
        if not hasattr(dataset, "evaluate"):
            raise ValueError(
                f"DatasetEvaluate needs a v2 data set with an `evaluate` method in val_dataloader, got {dataset!r}: "
                "name a metric of its own for a v3 data set"
            )
        return dict(dataset.evaluate(_gathered(results, size), logger=_logger(), **self.kwargs))


def _gathered(results: list[Any], size: int) -> list[Any]:
    """The results of all processes in the order of the data set: samplers deal images out in turn."""
    _, world_size = get_dist_info()
    if world_size == 1:
        return results[:size]
    import torch.distributed as dist

    parts: list[Any] = [None] * world_size
    dist.all_gather_object(parts, results)
    return [result for turn in zip(*parts) for result in turn][:size]


def _logger() -> Any:
    import logging

    return logging.getLogger("mmmigrate.evaluate")
