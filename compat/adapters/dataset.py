"""A v2 data set under v3: unchanged, and known to the evaluator through `metainfo`."""

from __future__ import annotations

from typing import Any


class V2Dataset:
    """Mixed into v2 data sets: `metainfo` hands the data set to `DatasetEvaluate`, which calls its `evaluate`."""

    @property
    def metainfo(self) -> dict[str, Any]:
        return {"classes": getattr(self, "CLASSES", None), "palette": getattr(self, "PALETTE", None), "dataset": self}


def adapted_dataset(v2_class: Any) -> Any:
    """A subclass of the v2 data set class with `metainfo`; a class that has one, or a function, stays as it is."""
    if not isinstance(v2_class, type) or hasattr(v2_class, "metainfo"):
        return v2_class
    return type(v2_class.__name__, (V2Dataset, v2_class), {"__doc__": v2_class.__doc__})
