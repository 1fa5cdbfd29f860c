"""The exact schedule: mmcv's closed form, bit for bit, as a parameter scheduler of mmengine.

    custom_imports = dict(imports=['mmmigrate.compat.adapters.closed_form'])
    param_scheduler = dict(type='ClosedFormLR', policy='step', step=[8, 11], warmup='linear', warmup_iters=500,
                           warmup_ratio=0.001, runner='epoch', max_epochs=12, by_epoch=True, convert_to_iter_based=True)

Importing this registers `ClosedFormLR` and `ClosedFormMomentum` in runtime_v3 and, where it is imported, real mmengine.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, ClassVar

from mmmigrate.compat.adapters.engine import engine_root
from mmmigrate.compat.schedule import Plan, RunLength, ScheduleError
from mmmigrate.compat.schedule.catalogue import Quantity

NEVER_ENDS = 1_000_000_000


class ClosedForm:
    """Sets, after each iteration, what the mmcv hook would set before the next one.

    - `policy`, its arguments and the warm-up's: as in `lr_config` (`momentum_config`); `policy_by_epoch` is what they
      call `by_epoch`.
    - `runner`: 'epoch' or 'iter', the kind of v2 runner; `max_epochs` or `max_iters`: the length of its run;
      `epoch_length`: iterations of an epoch, which the runner adds where `convert_to_iter_based=True` asks for it.
    - `optimizer_name`: the optimizer's name among several, where the policy has values for each by name.
    - `begin`, `end`: of no effect; the policy knows the length of the run.

    Raises ScheduleError for what mmcv would refuse, and for a length that is needed and missing.
    """

    quantity: ClassVar[Quantity]
    param_name: str

    def __init__(
        self,
        optimizer: Any,
        policy: str,
        policy_by_epoch: bool | None = None,
        runner: str = "epoch",
        max_epochs: int | None = None,
        max_iters: int | None = None,
        epoch_length: int | None = None,
        optimizer_name: str | None = None,
        by_epoch: bool = False,
        begin: int = 0,
        end: int = NEVER_ENDS,
        last_step: int = -1,
        verbose: bool = False,
        **arguments: Any,
    ) -> None:
        if by_epoch:
            raise ScheduleError(
                f"{type(self).__name__} goes by iteration: add convert_to_iter_based=True to its config"
            )
        run = RunLength(runner, max_epochs, max_iters, epoch_length)  # type: ignore[arg-type]
        config = {"policy": policy, **arguments}
        if policy_by_epoch is not None:
            config["by_epoch"] = policy_by_epoch
        self.optimizer = optimizer
        self.plan = Plan.from_config(config, run, self.quantity)
        self.param_name = self.quantity
        self._optimizer_name = optimizer_name
        self.by_epoch = False
        self.begin, self.end = 0, _length(run)
        self.verbose = verbose
        self.base_values = self._bases()
        self.last_step = last_step
        self._global_step = last_step
        self._last_value: list[Any] = []
        self.step()

    @classmethod
    def build_iter_from_epoch(
        cls, *args: Any, epoch_length: int, by_epoch: bool = True, begin: int = 0, end: int = NEVER_ENDS, **kwargs: Any
    ) -> ClosedForm:
        """The scheduler for epochs of `epoch_length` iterations."""
        kwargs["epoch_length"] = epoch_length
        return cls(*args, **kwargs)

    def _bases(self) -> list[Any]:
        # A wrapper of several groups adds one of its own, which holds no parameters: mmcv knows nothing of it.
        raw = getattr(self.optimizer, "optimizer", self.optimizer)
        name = self._optimizer_name or type(raw).__name__
        bases = self.plan.policy.bases([self._initial(group) for group in raw.param_groups], name)
        for group, base in zip(raw.param_groups, bases):
            self._note_initial(group, base)
        for extra in self.optimizer.param_groups[len(bases) :]:
            try:
                own = self.plan.policy.bases([self._initial(extra)], name)
            except (ScheduleError, ValueError):
                own = bases[-1:]  # the policy has one value for each of the model's groups
            self._note_initial(extra, own[0])
            bases = [*bases, *own]
        return bases

    def _initial(self, group: dict[str, Any]) -> float:
        name = f"initial_{self.param_name}"
        value: float = group[name] if name in group else self._current(group)
        return value

    def _note_initial(self, group: dict[str, Any], base: Any) -> None:
        initial = base if isinstance(base, (int, float)) else self._current(group)
        group.setdefault(f"initial_{self.param_name}", initial)

    def _current(self, group: dict[str, Any]) -> float:
        raise NotImplementedError

    def _set(self, group: dict[str, Any], value: float) -> None:
        raise NotImplementedError

    def step(self, *args: Any) -> None:
        """Goes on by one iteration. Past the end of the run nothing changes, as mmcv sets nothing there."""
        self._global_step += 1
        self.last_step = self._global_step
        groups = self.optimizer.param_groups
        if self._global_step < self.end:
            for group, value in zip(groups, self._values(self._global_step)):
                self._set(group, value)
        self._last_value = [self._current(group) for group in groups]

    def _values(self, iteration: int) -> Sequence[float]:
        # Hundreds of groups share a few base values.
        distinct = list(dict.fromkeys(self.base_values))
        found = dict(zip(distinct, self.plan.values(distinct, iteration)))
        return [found[base] for base in self.base_values]

    def get_last_value(self) -> list[Any]:
        return self._last_value

    def state_dict(self) -> dict[str, Any]:
        """Position and base values; the schedule itself comes from the config."""
        return {key: getattr(self, key) for key in ("last_step", "_global_step", "base_values", "_last_value")}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.__dict__.update(state_dict)
        # A pair that went through JSON is a list.
        self.base_values = [tuple(base) if isinstance(base, list) else base for base in self.base_values]


class _Rate(ClosedForm):
    """The learning rate by the schedule of mmcv's `lr_config`."""

    quantity: ClassVar[Quantity] = "lr"

    def _current(self, group: dict[str, Any]) -> float:
        rate: float = group["lr"]
        return rate

    def _set(self, group: dict[str, Any], value: float) -> None:
        group["lr"] = value


class _Momentum(ClosedForm):
    """The momentum, or Adam's first beta, by the schedule of mmcv's `momentum_config`."""

    quantity: ClassVar[Quantity] = "momentum"

    def _current(self, group: dict[str, Any]) -> float:
        if "momentum" not in group and "betas" not in group:
            raise ScheduleError("ClosedFormMomentum: this optimizer has neither momentum nor betas")
        momentum: float = group["momentum"] if "momentum" in group else group["betas"][0]
        return momentum

    def _set(self, group: dict[str, Any], value: float) -> None:
        if "momentum" in group:
            group["momentum"] = value
        else:
            group["betas"] = (value, group["betas"][1])


def _length(run: RunLength) -> int:
    try:
        return run.total_iters()
    except ScheduleError:
        return NEVER_ENDS


def register(root: str) -> tuple[type, type]:
    """Registers both classes in the engine whose package is `root`, as schedulers of its own kind."""
    base = import_module(f"{root}.optim")._ParamScheduler
    registry = import_module(f"{root}.registry").PARAM_SCHEDULERS
    made = []
    for name, kind in (("ClosedFormLR", _Rate), ("ClosedFormMomentum", _Momentum)):
        if name not in registry.module_dict:
            registry.register_module(
                name=name, module=type(name, (kind, base), {"__doc__": kind.__doc__, "__module__": __name__})
            )
        made.append(registry.module_dict[name])
    return made[0], made[1]


# Where mmengine itself trains, its classes are the ones handed on from here.
ClosedFormLR, ClosedFormMomentum = register(engine_root())
if "mmmigrate.runtime_v3.optim" in sys.modules:
    register("mmmigrate.runtime_v3")
