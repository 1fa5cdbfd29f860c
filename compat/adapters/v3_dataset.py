"""A v3 data set under a v2 runner: it is collated as v3 does, and evaluated by v3's metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmmigrate.compat.adapters.engine import of_engine, v2_part


class V3Dataset:
    """Mixed into v3 data sets.

    Entries of a sample come in v2's containers, so that a batch is v3's: a list of each. `evaluate` gives what the
    metrics (`metrics`: configs or objects) make of the predictions, one for each sample in the order of the data set.
    """

    def __init__(self, *args: Any, metrics: Any = (), **kwargs: Any) -> None:
        self.metrics = metrics
        super().__init__(*args, **kwargs)

    def __getitem__(self, index: int) -> Any:
        sample = super().__getitem__(index)  # type: ignore[misc]
        container = v2_part("parallel").DataContainer
        if not isinstance(sample, dict):
            return sample
        return {name: container(value, cpu_only=True) for name, value in sample.items()}

    @property
    def CLASSES(self) -> Any:
        return getattr(self, "metainfo", {}).get("classes")

    def evaluate(self, results: Sequence[Any], logger: Any = None, **kwargs: Any) -> dict[str, Any]:
        """The metrics' results. TypeError for arguments of v2's `evaluation`: metrics take theirs when made."""
        if kwargs:
            raise TypeError(f"v3 metrics take no {', '.join(kwargs)} at evaluation: give them where they are made")
        if not self.metrics:
            raise TypeError(f"{type(self).__name__} has no metrics: give it metrics=[dict(type=…)] in data.val")
        listed = self.metrics if isinstance(self.metrics, (list, tuple)) else [self.metrics]
        evaluator = of_engine("evaluator").Evaluator([dict(m) if isinstance(m, dict) else m for m in listed])
        evaluator.dataset_meta = getattr(self, "metainfo", None)
        evaluator.process(data_samples=list(results), data_batch=None)
        return dict(evaluator.evaluate(len(results)))


def adapted_v3_dataset(v3_class: Any) -> Any:
    """A subclass for v2, which takes `metrics` besides the arguments of the class."""
    if not isinstance(v3_class, type):
        return v3_class
    return type(v3_class.__name__, (V3Dataset, v3_class), {"__doc__": v3_class.__doc__})
