"""Several optimizers, each under its name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, NoReturn

import torch
from torch import nn

from mmmigrate.compat.argument_errors import ArgumentTypeError, MissingKeyError
from mmmigrate.runtime_v3.optim.optimizer.optimizer_wrapper import OptimWrapper


class OptimWrapperDict(OptimWrapper):
    """A dict of optimizer wrappers; the model's own `train_step` says which one acts when.

    What would have to choose one (update_params, backward, step, optim_context) raises an error that says so.
    """

    def __init__(self, **optim_wrapper_dict: OptimWrapper) -> None:
        for name, wrapper in optim_wrapper_dict.items():
            if not isinstance(wrapper, OptimWrapper):
                raise ArgumentTypeError(
                    f"`OptimWrapperDict` only accept OptimWrapper instances, but {name} is a {type(wrapper).__name__}"
                )
        self.optim_wrappers = optim_wrapper_dict

    def _choose(self, method: str) -> NoReturn:
        names = ", ".join(f"optim_wrapper['{name}']" for name in self.optim_wrappers)
        raise NotImplementedError(f"`{method}` should be called by each optimizer: in train_step, of one of {names}")

    def update_params(
        self,
        loss: torch.Tensor,
        step_kwargs: dict[str, Any] | None = None,
        zero_kwargs: dict[str, Any] | None = None,
    ) -> None:
        self._choose("update_params")

    def backward(self, loss: torch.Tensor, **kwargs: Any) -> None:
        self._choose("backward")

    def step(self, **kwargs: Any) -> None:
        self._choose("step")

    def optim_context(self, model: nn.Module) -> AbstractContextManager[Any]:
        self._choose("optim_context")

    def zero_grad(self, **kwargs: Any) -> None:
        for wrapper in self.optim_wrappers.values():
            wrapper.zero_grad(**kwargs)

    def initialize_count_status(self, model: nn.Module, cur_iter: int, max_iters: int) -> None:
        """Nothing: how often each optimizer acts in an iteration is up to the model."""

    @property
    def param_groups(self) -> dict[str, Any]:
        return {name: wrapper.param_groups for name, wrapper in self.optim_wrappers.items()}

    def get_lr(self) -> dict[str, list[float]]:
        return self._named("get_lr")

    def get_momentum(self) -> dict[str, list[float]]:
        return self._named("get_momentum")

    def _named(self, method: str) -> dict[str, list[float]]:
        return {
            f"{name}.{key}": values
            for name, wrapper in self.optim_wrappers.items()
            for key, values in getattr(wrapper, method)().items()
        }

    def state_dict(self) -> dict[str, Any]:
        return {name: wrapper.state_dict() for name, wrapper in self.optim_wrappers.items()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        for name, state in state_dict.items():
            if name not in self.optim_wrappers:
                raise MissingKeyError(
                    f"Mismatched `state_dict`: there is no optimizer {name!r}, only {sorted(self.keys())}"
                )
            self[name].load_state_dict(state)

    def items(self) -> Iterator[tuple[str, OptimWrapper]]:
        yield from self.optim_wrappers.items()

    def values(self) -> Iterator[OptimWrapper]:
        yield from self.optim_wrappers.values()

    def keys(self) -> Iterator[str]:
        yield from self.optim_wrappers

    def __getitem__(self, key: str) -> OptimWrapper:
        if key not in self.optim_wrappers:
            raise MissingKeyError(f"there is no optimizer {key!r}; there are {sorted(self.optim_wrappers)}")
        return self.optim_wrappers[key]

    def __contains__(self, key: str) -> bool:
        return key in self.optim_wrappers

    def __len__(self) -> int:
        return len(self.optim_wrappers)

    def __repr__(self) -> str:
        return "".join(f"name: {name}\n{wrapper!r}" for name, wrapper in self.optim_wrappers.items())
