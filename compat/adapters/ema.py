"""v2's moving averages of the weights as hooks of v3, number for number.

    custom_hooks = [dict(type='mmmigrate.compat.adapters.V2EMAHook', momentum=0.0002, priority='ABOVE_NORMAL')]

They begin as the weights at the start of training and blend at the first update; mmengine's copy there. In an epoch
loop the averages stand in the model whenever it is evaluated; in an iteration loop v2 never swaps them in, so that the
weights themselves are evaluated. A checkpoint's `state_dict` holds what v2's would: in epoch loops the averages if it
is a best one, or if the hook comes before the checkpoint hook (a priority above NORMAL), else the weights; the other
half is in `ema_state_dict`, whose names are those of mmengine's EMAHook.
"""

from __future__ import annotations

from math import exp
from typing import Any

import torch

from mmmigrate.compat.adapters.engine import of_engine
from mmmigrate.compat.priority import get_priority

_PREFIX = "module."


class _Averaging:
    """What the hooks share; `Hook` of the engine follows in the method resolution order.

    `interval`: iterations between updates. `resume_from`: a checkpoint to go on from; in v3 that is the runner's
    `load_from` with `resume=True`, so only None is taken.
    """

    priority: Any = "NORMAL"
    with_buffers = False

    def __init__(self, momentum: float = 0.0002, interval: int = 1, resume_from: str | None = None) -> None:
        if not 0 < momentum < 1:
            raise ValueError(f"{type(self).__name__}: momentum must be between 0 and 1, got {momentum!r}")
        if not isinstance(interval, int) or interval <= 0:
            raise ValueError(f"{type(self).__name__}: interval must be a positive integer, got {interval!r}")
        if resume_from is not None:
            raise ValueError(
                f"{type(self).__name__}: resume by load_from={resume_from!r} and resume=True of the config"
            )
        self.momentum, self.interval = momentum, interval
        self._loaded: dict[str, torch.Tensor] = {}
        self._names: list[str] = []
        self._weights: list[torch.Tensor] = []
        self._averages: list[torch.Tensor] = []
        self._steps = 0
        self._swaps = False
        self._evaluated = False

    def before_train(self, runner: Any) -> None:
        """Take the weights as they are now, unless a resumed checkpoint brought averages."""
        model = getattr(runner.model, "module", runner.model)
        named = model.state_dict() if self.with_buffers else dict(model.named_parameters())
        self._names = list(named)
        self._weights = [tensor.data for tensor in named.values()]
        self._averages = [
            self._loaded.get(name, weight).detach().clone().to(weight) for name, weight in zip(named, self._weights)
        ]
        self._loaded = {}
        self._swaps = not hasattr(runner.train_loop, "dataloader_iterator")

    def before_train_epoch(self, runner: Any) -> None:
        self._evaluated = False

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: dict[str, Any] | None = None
    ) -> None:
        """Blend, where this iteration is due."""
        if not self._is_due(runner.iter):
            return
        weight = self._weight(runner.iter)
        floating = [index for index, tensor in enumerate(self._weights) if tensor.dtype.is_floating_point]
        averages = [self._averages[index] for index in floating]
        torch._foreach_mul_(averages, 1 - weight)
        torch._foreach_add_(averages, [self._weights[index] for index in floating], alpha=weight)
        self._steps += 1

    def _is_due(self, iteration: int) -> bool:
        return (iteration + 1) % self.interval == 0

    def _weight(self, iteration: int) -> float:
        """The weight of the new values at this iteration."""
        return self.momentum

    def named_averages(self) -> list[tuple[str, torch.Tensor]]:
        """The averages by the names of what they average."""
        return list(zip(self._names, self._averages))

    def swap_for_phase(self) -> None:
        """Averages and weights change places, in an epoch loop; calling it again undoes it."""
        if not self._swaps or not self._averages:
            return
        with torch.no_grad():
            for weight, average in zip(self._weights, self._averages):
                kept = weight.clone()
                weight.copy_(average)
                average.copy_(kept)

    def before_val_epoch(self, runner: Any) -> None:
        self.swap_for_phase()

    def after_val_epoch(self, runner: Any, metrics: dict[str, Any] | None = None) -> None:
        self.swap_for_phase()
        self._evaluated = True

    def before_save_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Add the averages; they change places with the weights where v2 saves them swapped."""
        if not self._averages:
            return
        model, beside = checkpoint["state_dict"], {"steps": torch.tensor(self._steps)}
        early = get_priority(self.priority) < get_priority("NORMAL")
        # after an evaluation the best checkpoint, without an optimizer, and the regular one is written once more
        best = self._evaluated and "optimizer" not in checkpoint
        checkpoint["ema_swapped"] = swapped = self._swaps and (early or best)
        for name, average in zip(self._names, self._averages):
            own = name if name in model else f"{_PREFIX}{name}"
            if swapped and own in model:
                beside[_PREFIX + name], model[own] = model[own], average.detach().cpu()
            else:
                beside[_PREFIX + name] = average.detach().cpu()
        checkpoint["ema_state_dict"] = beside

    def after_load_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """When resuming: the averages of the checkpoint, and the weights back into the model."""
        beside = checkpoint.get("ema_state_dict")
        if not beside or not getattr(runner, "_resume", False):
            return
        model, swapped = checkpoint["state_dict"], checkpoint.get("ema_swapped", True)  # mmengine's always are
        for key, value in beside.items():
            name = key.removeprefix(_PREFIX)
            if key == "steps":
                self._steps = int(value)
            elif swapped and name in model:
                self._loaded[name], model[name] = model[name], value
            else:
                self._loaded[name] = value


class _OfMmcv(_Averaging):
    """mmcv's EMAHook: parameters only, by `momentum ** interval` or less at first.

    At iteration i the weight is at most `(1 + i) / (warm_up + i)`; updates come where the interval divides i.
    """

    def __init__(
        self, momentum: float = 0.0002, interval: int = 1, warm_up: int = 100, resume_from: str | None = None
    ) -> None:
        super().__init__(momentum, interval, resume_from)
        self.warm_up = warm_up
        self.momentum = momentum**interval

    def _is_due(self, iteration: int) -> bool:
        return iteration % self.interval == 0

    def _weight(self, iteration: int) -> float:
        return min(self.momentum, (1 + iteration) / (self.warm_up + iteration))


class _OfMmdet(_Averaging):
    """The EMA hooks of mmdet 2: buffers too, unless `skip_buffers`; integers stay what they were at first."""

    def __init__(
        self,
        momentum: float = 0.0002,
        interval: int = 1,
        skip_buffers: bool = False,
        resume_from: str | None = None,
    ) -> None:
        super().__init__(momentum, interval, resume_from)
        self.with_buffers = not skip_buffers


class _Exponential(_OfMmdet):
    """mmdet's ExpMomentumEMAHook: the weight falls from 1 to `momentum` over about `total_iter` iterations."""

    def __init__(self, total_iter: int = 2000, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.total_iter = total_iter

    def _weight(self, iteration: int) -> float:
        return (1 - self.momentum) * exp(-(1 + iteration) / self.total_iter) + self.momentum


class _Linear(_OfMmdet):
    """mmdet's LinearMomentumEMAHook: the weight is `(1 + i) / (warm_up + i)`, at most `momentum ** interval`."""

    def __init__(self, warm_up: int = 100, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.warm_up = warm_up

    def _weight(self, iteration: int) -> float:
        return min(self.momentum**self.interval, (1 + iteration) / (self.warm_up + iteration))


def _made(name: str, kind: type) -> Any:
    return type(name, (kind, of_engine("hooks").Hook), {"__doc__": kind.__doc__, "__module__": __name__})


V2EMAHook = _made("V2EMAHook", _OfMmcv)
V2ExpMomentumEMAHook = _made("V2ExpMomentumEMAHook", _Exponential)
V2LinearMomentumEMAHook = _made("V2LinearMomentumEMAHook", _Linear)
