"""Bases that the conversion of code to v2 gives to classes of a project that stay as v3 wrote them: models, data sets.

Importing this makes v2's registries find what v3's have, so that metrics, hooks and schedulers go by their names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from mmmigrate.compat.adapters.engine import of_engine, real_mmengine_trains, v2_part
from mmmigrate.compat.adapters.install import install
from mmmigrate.compat.adapters.loss import samples_in
from mmmigrate.compat.adapters.v3_dataset import V3Dataset
from mmmigrate.compat.adapters.v3_model import V3Model

if not real_mmengine_trains():
    install()


class V3StepModel(V3Model):
    """The base of a BaseModel with v3's `forward(…, mode=)`: v2's runner trains it, its optimizer hook makes the step.

    A `train_step(data, optim_wrapper)` of a subclass makes its steps itself, as under v3: the optimizers that v2's
    runner passes come in wrappers (give `optimizer_config=None`, so that no hook steps them again).
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name, wrap in (("forward", _for_test_loop), ("train_step", _with_wrappers), ("val_step", _as_phase)):
            if name in cls.__dict__:
                setattr(cls, name, wrap(cls.__dict__[name]))


def _for_test_loop(own: Callable[..., Any]) -> Callable[..., Any]:
    """v2's test loop calls the model with `return_loss=False`."""

    @wraps(own)
    def forward(self: Any, *args: Any, **kwargs: Any) -> Any:
        if "return_loss" not in kwargs:
            return own(self, *args, **kwargs)
        if not kwargs["return_loss"] and hasattr(type(self).val_step, "predicts"):
            return self.val_step({name: value for name, value in kwargs.items() if name != "return_loss"})
        return V3Model.forward(self, *args, **kwargs)

    return forward


def _with_wrappers(own: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(own)
    def train_step(self: Any, data: Any, optimizer: Any = None, **kwargs: Any) -> Any:
        if "optim_wrapper" in kwargs or hasattr(optimizer, "update_params") or hasattr(optimizer, "optim_wrappers"):
            return own(self, data, kwargs.get("optim_wrapper", optimizer))
        logged = own(self, data, _wrapped(optimizer))
        numbers = {name: float(value) for name, value in logged.items()}
        outputs = {"log_vars": numbers, "num_samples": samples_in(data)}
        return {**outputs, "loss": logged["loss"]} if "loss" in logged else outputs

    return train_step


def _as_phase(own: Callable[..., Any]) -> Callable[..., Any]:
    """v2 calls `val_step(data, optimizer)` in a val phase, for the loss; v3 `val_step(data)` for predictions."""

    @wraps(own)
    def val_step(self: Any, data: Any, *optimizer: Any, **kwargs: Any) -> Any:
        return V3Model.val_step(self, data, *optimizer, **kwargs) if optimizer or kwargs else own(self, data)

    val_step.predicts = True  # type: ignore[attr-defined]
    return val_step


def _wrapped(optimizer: Any) -> Any:
    optim = of_engine("optim")
    if isinstance(optimizer, Mapping):
        return optim.OptimWrapperDict(**{name: optim.OptimWrapper(one) for name, one in optimizer.items()})
    return optim.OptimWrapper(optimizer)


class V3MeasuredDataset(V3Dataset):
    """The base of a v3 data set: v2's loaders give v3's batches, and `evaluate` gives what its `metrics` make of them.

    `metrics` is an argument of the data set, an attribute of its class, or set on it.
    """

    metrics: Any = ()

    def __init__(self, *args: Any, metrics: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, metrics=self.metrics if metrics is None else metrics, **kwargs)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__getitem__" in cls.__dict__:
            cls.__getitem__ = _in_containers(cls.__dict__["__getitem__"])  # type: ignore[method-assign]


def _in_containers(own: Callable[..., Any]) -> Callable[..., Any]:
    """Entries of a sample as v2's loaders take them: a batch has a list of each, as v3's has."""

    @wraps(own)
    def __getitem__(self: Any, index: int) -> Any:
        sample = own(self, index)
        container = v2_part("parallel").DataContainer
        if not isinstance(sample, dict):
            return sample
        return {
            name: value if isinstance(value, container) else container(value, cpu_only=True)
            for name, value in sample.items()
        }

    return __getitem__
