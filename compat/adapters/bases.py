"""Bases that the conversion of code gives to classes of a project that stay as v2 wrote them: models and data sets."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from mmmigrate.compat.adapters.dataset import V2Dataset
from mmmigrate.compat.adapters.model import trained, unpacked


class V2StepModel:
    """The base of a model with a `train_step(data, optimizer)` of its own: v3's runner may call it too.

    Called with an optim wrapper, a `train_step` of a subclass makes its loss as ever, and the wrapper does the rest;
    called as v2 calls it, also by `super()`, nothing is different. `val_step(data)` and `test_step(data)` give the
    results of a batch by `forward(return_loss=False)`, `val_step(data, optimizer)` what v2's gave.
    """

    v2_outputs: dict[str, Any] | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name, wrap in (("train_step", _for_both_runners), ("val_step", _with_results)):
            if name in cls.__dict__:
                setattr(cls, name, wrap(cls.__dict__[name]))

    def val_step(self, data: Any) -> Any:
        """The results of a batch, one for each sample."""
        return self(return_loss=False, **unpacked(data, self))  # type: ignore[operator]

    def test_step(self, data: Any) -> Any:
        """The results of a batch, one for each sample."""
        return V2StepModel.val_step(self, data)


def _for_both_runners(own: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(own)
    def train_step(self: Any, data: Any, *optimizer: Any, **kwargs: Any) -> Any:
        wrapper = kwargs.pop("optim_wrapper", None)
        if wrapper is None and optimizer and _is_wrapper(optimizer[0]):
            wrapper = optimizer[0]
        if wrapper is None:
            return own(self, data, *optimizer, **kwargs)
        return trained(self, own.__get__(self), data, wrapper)

    return train_step


def _with_results(own: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(own)
    def val_step(self: Any, data: Any, *optimizer: Any, **kwargs: Any) -> Any:
        if optimizer or kwargs:
            return own(self, data, *optimizer, **kwargs)
        return V2StepModel.val_step(self, data)

    return val_step


def _is_wrapper(optimizer: Any) -> bool:
    return hasattr(optimizer, "update_params") or hasattr(optimizer, "optim_wrappers")


class V2EvaluatedDataset(V2Dataset):
    """The base of a data set with `evaluate(results)`: a loader of v3 gets v2's batches, `DatasetEvaluate` finds it."""
