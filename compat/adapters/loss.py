"""Keeping the step back: in v2 a hook makes it after the iteration, in v3 the optimizer wrapper during it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mmmigrate.compat.priority import Priority, get_priority


class LossKeeper:
    """The loss of an iteration whose step is still to be made; None where the wrapper makes it at once."""

    def __init__(self, runner: Any) -> None:
        self._runner = runner
        self._update: Callable[..., Any] | None = None
        self.loss: Any = None

    def hold(self) -> None:
        """From now on the optimizer wrapper only notes the loss; what steps several optimizers is left alone."""
        wrapper = self._runner.optim_wrapper
        if self._update is None and not hasattr(wrapper, "optim_wrappers"):
            self._update = wrapper.update_params
            wrapper.update_params = self._note

    def _note(self, loss: Any, *args: Any, **kwargs: Any) -> None:
        self.loss = loss

    def step(self, loss: Any) -> None:
        """Makes the step that was held, by this loss: hooks may have changed it."""
        if self._update is not None and self.loss is not None:
            self.loss = None
            self._update(loss)


class LateStep:
    """Makes the step where v2's optimizer hook does: before all other hooks of priority ABOVE_NORMAL.

    Put in for v2 hooks that act before that hook, and so see the loss and the weights of before the step.
    """

    priority = "ABOVE_NORMAL"
    facade: Any

    def after_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        self.facade.losses.step(self.facade.outputs["loss"])


def steps(hook: Any) -> bool:
    """Whether a v2 hook steps the optimizer."""
    return any(kind.__name__ == "OptimizerHook" for kind in type(hook).__mro__)


def step_late(facade: Any, hook_base: type) -> None:
    """Holds the step back until the hooks of a higher priority than ABOVE_NORMAL have acted."""
    runner = facade.v3
    if any(isinstance(hook, LateStep) or steps(getattr(hook, "v2_hook", None)) for hook in runner.hooks):
        return
    facade.losses.hold()
    hook: Any = type("LateStep", (LateStep, hook_base), {})()
    hook.facade = facade
    level = get_priority(Priority.ABOVE_NORMAL)
    place = sum(get_priority(other.priority) < level for other in runner.hooks)
    runner.hooks.insert(place, hook)


def samples_in(batch: Any) -> int:
    """How many samples a batch has, as far as it tells."""
    if isinstance(batch, Mapping):
        return max((samples_in(value) for value in batch.values()), default=1)
    if isinstance(batch, Sequence) and not isinstance(batch, str):
        return len(batch)
    shape: Sequence[int] = getattr(batch, "shape", ())
    return int(shape[0]) if len(shape) else 1
