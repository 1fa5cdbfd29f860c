"""What every scheduler is: a recurrence on the current value of one setting of the parameter groups."""

from __future__ import annotations

from typing import Any, ClassVar, TypeAlias, TypeVar

from mmmigrate.compat.argument_errors import ArgumentValueError
from mmmigrate.runtime_v3.logging import print_log
from mmmigrate.runtime_v3.optim.scheduler.order import warn_if_not_stepped, watch_first_step

INF = 1_000_000_000

# A torch Optimizer or its wrapper: told by its groups, since schedules are also predicted where torch is not imported.
OptimizerType: TypeAlias = Any
S = TypeVar("S", bound="_ParamScheduler")


class _ParamScheduler:
    """Changes `param_name` in every group at the steps from `begin` to `end` (exclusive), of epochs or iterations.

    Building it takes step 0; the runner then steps it after every iteration or epoch. A subclass gives the values of
    step `last_step` (counted from `begin`) by `_get_value`, or one factor for all groups by `_factor`.
    """

    # Arguments measured in steps: they grow with the epochs' length when epochs are counted in iterations.
    step_arguments: ClassVar[tuple[str, ...]] = ()
    # Attributes that are made anew from the arguments, not saved.
    unsaved: ClassVar[tuple[str, ...]] = ("optimizer",)

    def __init__(
        self,
        optimizer: OptimizerType,
        param_name: str,
        begin: int = 0,
        end: int = INF,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> None:
        if not hasattr(optimizer, "param_groups"):
            raise TypeError(f"optimizer should be an Optimizer or its wrapper, got {type(optimizer).__name__}")
        if end <= begin:
            raise ValueError(f"{type(self).__name__}: end should be larger than begin, got begin={begin}, end={end}")
        if not isinstance(last_step, int) or last_step < -1:
            raise ArgumentValueError(
                f"{type(self).__name__}: last_step must be an integer from -1 on, got {last_step!r}"
            )
        self.optimizer = optimizer
        self.param_name = param_name
        self.begin = begin
        self.end = end
        self.by_epoch = by_epoch
        self.verbose = verbose
        initial = f"initial_{param_name}"
        for index, group in enumerate(optimizer.param_groups):
            if last_step == -1:
                if param_name not in group:
                    raise KeyError(f"{type(self).__name__}: the groups of this optimizer have no {param_name!r}")
                group.setdefault(initial, group[param_name])
            elif initial not in group:
                raise KeyError(
                    f"{type(self).__name__}: param {initial!r} is not specified in group {index}, and step {last_step} "
                    "cannot be gone on from without it"
                )
        self.base_values = [group[initial] for group in optimizer.param_groups]
        self.last_step = last_step
        self._global_step = -1
        self._last_value: list[Any] = []
        watch_first_step(getattr(optimizer, "optimizer", optimizer))
        self.step()

    @classmethod
    def build_iter_from_epoch(
        cls: type[S],
        *args: Any,
        begin: int | float = 0,
        end: int | float = INF,
        by_epoch: bool = True,
        epoch_length: int | None = None,
        **kwargs: Any,
    ) -> S:
        """The scheduler by iteration for arguments in epochs; `epoch_length` is the number of iterations of one."""
        if not by_epoch:
            raise ArgumentValueError(
                f"{cls.__name__}: only a schedule by epoch (by_epoch=True) can be converted to iterations"
            )
        if not isinstance(epoch_length, int) or epoch_length <= 0:
            raise ArgumentValueError(f"{cls.__name__}: epoch_length must be a positive integer, got {epoch_length!r}")
        for name in cls.step_arguments:
            value = kwargs.get(name)
            if value is not None:
                many = isinstance(value, (list, tuple))
                kwargs[name] = [entry * epoch_length for entry in value] if many else value * epoch_length
        last = end if end == INF else int(end * epoch_length)
        kwargs.update(begin=int(begin * epoch_length), end=last, by_epoch=False)
        return cls(*args, **kwargs)

    def state_dict(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key not in self.unsaved}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.__dict__.update({key: value for key, value in state_dict.items() if key not in self.unsaved})

    def get_last_value(self) -> list[Any]:
        """The values after the last step, one for each group."""
        return self._last_value

    def _factor(self) -> float:
        raise NotImplementedError(f"{type(self).__name__} must define _get_value, or _factor")

    def _get_value(self) -> list[Any]:
        """The groups' values at `last_step`."""
        name = self.param_name
        factor = self._factor()
        if factor == 1:
            return [group[name] for group in self.optimizer.param_groups]
        return [group[name] * factor for group in self.optimizer.param_groups]

    def print_value(self, is_verbose: bool, group: int, value: float) -> None:
        if is_verbose:
            print_log(f"Adjusting parameter value of group {group} to {value:.4e}.", logger="current")

    def step(self) -> None:
        """Goes one step on, and sets the values if it lies between `begin` and `end`."""
        if self._global_step == 0:
            warn_if_not_stepped(getattr(self.optimizer, "optimizer", self.optimizer))
        self._global_step += 1
        groups = self.optimizer.param_groups
        name = self.param_name
        if self.begin <= self._global_step < self.end:
            self.last_step += 1
            for index, (group, value) in enumerate(zip(groups, self._get_value())):
                group[name] = value
                if self.verbose:
                    self.print_value(True, index, value)
        self._last_value = [group[name] for group in groups]
