"""A v2 data set under v3: it gives v2 batches whatever the loader's collate function, and the evaluator knows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakValueDictionary

from mmmigrate.compat.adapters.batch import V2Batch
from mmmigrate.compat.adapters.collate import V2Collate


class V2Dataset:
    """Mixed into v2 data sets.

    The loader asks for a whole batch at once (`__getitems__`, torch >= 2.0) and gets it collated as mmcv does, so a
    config needs no `collate_fn`. `metainfo` names the data set to `DatasetEvaluate`, which calls its `evaluate`.
    """

    def __getitems__(self, indices: Sequence[int]) -> list[V2Batch]:
        return self.batch_of([self[index] for index in indices])  # type: ignore[index]

    @staticmethod
    def batch_of(samples: Sequence[Any]) -> list[V2Batch]:
        """The batch that these samples make, which wrappers of data sets ask for too."""
        return [V2Batch(V2Collate(samples, samples_per_gpu=len(samples)))]

    def full_init(self) -> None:
        """v2 data sets are ready once made; wrappers of v3 ask for it."""

    @property
    def metainfo(self) -> dict[str, Any]:
        named = {"classes": getattr(self, "CLASSES", None), "palette": getattr(self, "PALETTE", None)}
        return {**named, "v2_dataset": remember(self)}


class DatasetName(str):
    """The name of a data set in its `metainfo`. Any two count as equal: wrappers ask that `metainfo` agrees."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DatasetName) or str.__eq__(self, other) is True

    __hash__ = str.__hash__


_KNOWN: WeakValueDictionary[str, Any] = WeakValueDictionary()


def remember(dataset: Any) -> str:
    """A name by which `remembered` gives it: v3 saves `metainfo` in checkpoints, where no data set belongs."""
    name = f"{type(dataset).__name__}-{id(dataset)}"
    _KNOWN[name] = dataset
    return DatasetName(name)


def remembered(name: str | None) -> Any:
    """The data set of that name, None if it is gone."""
    return _KNOWN.get(str(name or ""))


def _reduced(self: Any) -> Any:
    """For processes that load data: the class is made anew there."""
    return _remade, (type(self).__mro__[2], self.__dict__)


def _remade(v2_class: Any, state: dict[str, Any]) -> Any:
    adapted = adapted_dataset(v2_class)
    made: Any = object.__new__(adapted)
    made.__dict__.update(state)
    return made


def adapted_dataset(v2_class: Any) -> Any:
    """A subclass of the v2 data set class with `metainfo`; a class that has one, or a function, stays as it is."""
    if not isinstance(v2_class, type) or hasattr(v2_class, "metainfo"):
        return v2_class
    body = {"__doc__": v2_class.__doc__, "__reduce__": _reduced}
    return type(v2_class.__name__, (V2Dataset, v2_class), body)
