"""A v2 updater of learning rates as v3's parameter scheduler: ``get_lr(runner, base_lr)`` stays as it is.

    from mmmigrate.compat.adapters.updater import LrUpdaterHook

    @PARAM_SCHEDULERS.register_module()
    class HalfLrUpdaterHook(LrUpdaterHook):
        def get_lr(self, runner, base_lr):
            return base_lr / 2 if runner.epoch >= 8 else base_lr

    param_scheduler = dict(type='HalfLrUpdaterHook', runner='epoch', max_epochs=12, by_epoch=True,
                           convert_to_iter_based=True)

Each updater of mmcv is found here under its own name. Built with an `optimizer`, as a runner builds its schedulers, a
class gives a scheduler; built without, the plain v2 object. `runner` is then the position in the run: `epoch`, `iter`,
`inner_iter`, `max_epochs`, `max_iters`, `data_loader` (its length), `optimizer`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmmigrate.compat.adapters.closed_form import NEVER_ENDS
from mmmigrate.compat.aliases import import_path
from mmmigrate.compat.schedule import ScheduleError

_NO_VALUES = ("begin", "end", "last_step", "verbose")


class Position:
    """What a schedule can ask of a v2 runner: where the run is, and how long it is."""

    def __init__(
        self, kind: str, optimizer: Any, max_epochs: int | None, max_iters: int | None, epoch_length: int | None
    ) -> None:
        if kind not in ("epoch", "iter"):
            raise ScheduleError(f"runner must be 'epoch' or 'iter', got {kind!r}")
        if kind == "epoch" and (epoch_length is None or max_epochs is None):
            raise ScheduleError(
                "a schedule of an epoch runner needs max_epochs and the epochs' length: add "
                "by_epoch=True, convert_to_iter_based=True to its config"
            )
        self.kind = kind
        self.optimizer = optimizer
        self.epoch_length = epoch_length
        self.max_epochs = max_epochs if kind == "epoch" else None
        self.max_iters = max_iters if kind == "iter" else (max_epochs or 0) * (epoch_length or 0)
        self.iter = 0
        self.data_loader = range(epoch_length or 0)

    @property
    def epoch(self) -> int:
        """Finished epochs; of an iteration runner, finished passes over the data where their length is known."""
        return self.iter // self.epoch_length if self.epoch_length else 0

    @property
    def inner_iter(self) -> int:
        return self.iter - self.epoch * (self.epoch_length or 0)

    @property
    def _epoch(self) -> int:
        return self.epoch

    @property
    def _iter(self) -> int:
        return self.iter

    @property
    def _max_epochs(self) -> int | None:
        return self.max_epochs

    @property
    def _max_iters(self) -> int | None:
        return self.max_iters


class UpdaterScheduler:
    """Sets after each iteration what the v2 updater sets before the next one.

    `runner`, `max_epochs`, `max_iters`, `epoch_length` as in ClosedFormLR; `policy_by_epoch` is what the updater calls
    `by_epoch`; all other arguments are the updater's own.
    """

    by_epoch = False

    def __init__(
        self,
        updater_class: UpdaterType,
        optimizer: Any,
        runner: str = "epoch",
        max_epochs: int | None = None,
        max_iters: int | None = None,
        epoch_length: int | None = None,
        by_epoch: bool = False,
        policy_by_epoch: bool | None = None,
        **arguments: Any,
    ) -> None:
        if by_epoch:
            raise ScheduleError(f"{updater_class.__name__} goes by iteration: add convert_to_iter_based=True")
        for name in _NO_VALUES:
            arguments.pop(name, None)
        if policy_by_epoch is not None:
            arguments["by_epoch"] = policy_by_epoch
        several = hasattr(optimizer, "optim_wrappers") or isinstance(optimizer, Mapping)
        self.optimizer = optimizer
        self.updater = updater_class.plain(**arguments)
        self.position = Position(runner, dict(optimizer.items()) if several else optimizer, max_epochs, max_iters,
                                 epoch_length)  # fmt: skip
        self.param_name = "momentum" if hasattr(self.updater, "get_momentum") else "lr"
        self.updater.before_run(self.position)
        self.last_step = -1
        self.begin, self.end = 0, self.position.max_iters or NEVER_ENDS
        self.step()

    def step(self, *args: Any) -> None:
        """Goes on by one iteration. Past the end of the run nothing changes."""
        self.last_step += 1
        if self.last_step >= self.end:
            return
        self.position.iter = self.last_step
        if self.position.kind == "epoch" and self.position.inner_iter == 0:
            self.updater.before_train_epoch(self.position)
        self.updater.before_train_iter(self.position)

    def get_last_value(self) -> list[Any]:
        """The current value of each group."""
        wrappers = self.optimizer.values() if isinstance(self.position.optimizer, dict) else [self.optimizer]
        return [group.get(self.param_name) for wrapper in wrappers for group in wrapper.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """The position; the schedule itself comes from the config, its base values from the optimizer's groups."""
        return {"last_step": self.last_step}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes to a position: in the middle of an epoch too, the values are those of a run that came here."""
        self.last_step = state_dict["last_step"]
        self.updater.before_run(self.position)
        if self.last_step < self.end:
            if self.position.kind == "epoch":
                self.position.iter = self.last_step - self.last_step % (self.position.epoch_length or 1)
                self.updater.before_train_epoch(self.position)
            self.position.iter = self.last_step
            self.updater.before_train_iter(self.position)


class UpdaterType(type):
    """The class of updaters that give a scheduler when they are built with an optimizer."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if "optimizer" in kwargs:
            return UpdaterScheduler(cls, kwargs.pop("optimizer"), *args, **kwargs)
        return super().__call__(*args, **kwargs)

    def plain(cls, **kwargs: Any) -> Any:
        """The v2 object itself."""
        return super().__call__(**kwargs)

    def build_iter_from_epoch(
        cls, *args: Any, epoch_length: int, by_epoch: bool = True, begin: int = 0, end: int = NEVER_ENDS, **kwargs: Any
    ) -> Any:
        """The scheduler for epochs of `epoch_length` iterations; runners call this for `convert_to_iter_based=True`."""
        return cls(*args, epoch_length=epoch_length, **kwargs)


_MADE: dict[str, UpdaterType] = {}


def adapted_updater(v2_class: type) -> Any:
    """A v2 updater class, as its project registered it, as a scheduler; None for a hook that updates nothing."""
    if isinstance(v2_class, UpdaterType):
        return v2_class
    if not (hasattr(v2_class, "get_lr") or hasattr(v2_class, "get_momentum")):
        return None
    return UpdaterType(v2_class.__name__, (v2_class,), {"__doc__": v2_class.__doc__, "__module__": v2_class.__module__})


def __getattr__(name: str) -> Any:
    if not name.endswith("UpdaterHook"):
        raise AttributeError(name)
    if name not in _MADE:
        base = getattr(import_path("mmcv.runner"), name)
        _MADE[name] = UpdaterType(name, (base,), {"__doc__": base.__doc__, "__module__": __name__})
    return _MADE[name]
