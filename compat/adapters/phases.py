"""What a val phase of a v2 workflow does around its batches: v2 hooks are told, losses are averaged and logged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mmmigrate.compat.adapters.batch import opened


def losses_of(runner: Any, batch: Any, *, by_epoch: bool) -> dict[str, Any]:
    """The losses of a batch as v2's `val_step` gives them (`loss`, `log_vars`); nothing is trained.

    Only v2's epoch runner hands the optimizer on. A v3 model's losses are those of its `loss` mode.
    """
    model = getattr(runner.model, "module", runner.model)
    if hasattr(model, "v2_val_step"):
        wrapper = runner.optim_wrapper
        several = hasattr(wrapper, "optim_wrappers")
        optimizer = {name: one.optimizer for name, one in wrapper.items()} if several else wrapper.optimizer
        outputs: dict[str, Any] = model.v2_val_step(batch, *([optimizer] if by_epoch else []))
        return outputs
    data = model.data_preprocessor(batch, True)
    total, log_vars = model.parse_losses(model._run_forward(data, mode="loss"))
    return {"loss": total, "log_vars": dict(log_vars)}


class PhaseLog:
    """Averages of the logged values over a phase, weighted by samples."""

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self._count = 0.0

    def add(self, outputs: dict[str, Any]) -> dict[str, Any]:
        """Takes a batch's outputs in and gives them back."""
        weight = float(outputs.get("num_samples", 1))
        for name, value in outputs.get("log_vars", {}).items():
            self._sums[name] = self._sums.get(name, 0.0) + float(value) * weight
        self._count += weight
        return outputs

    def averages(self) -> dict[str, float]:
        """By the names under which the model logs."""
        return {name: total / self._count for name, total in self._sums.items()} if self._count else {}

    def write(self, runner: Any, step: int) -> None:
        """To the log, the message hub and the visualizer, as `val/<name>`."""
        averages = {f"val/{name}": value for name, value in self.averages().items()}
        for name, value in averages.items():
            runner.message_hub.update_scalar(name, value)
        if averages:
            text = ", ".join(f"{name.removeprefix('val/')}: {value:.4f}" for name, value in averages.items())
            runner.logger.info(f"Loss(val) [{step}]  {text}")
            runner.visualizer.add_scalars(averages, step=step)


class Stage:
    """A val phase in progress, as v2 hooks that run adapted see it."""

    def __init__(self, facade: Any) -> None:
        self._facade = facade

    @contextmanager
    def iteration(self, index: int, batch: Any) -> Iterator[None]:
        """Around a batch: `before_val_iter` and `after_val_iter` of v2 hooks."""
        if self._facade is not None:
            self._facade.inner_iter, self._facade.data_batch = index, opened(batch)
            self._facade.call_hook("before_val_iter")
        yield
        if self._facade is not None:
            self._facade.call_hook("after_val_iter")

    def took(self, outputs: Mapping[str, Any]) -> None:
        """Notes the batch's outputs for v2 hooks."""
        if self._facade is not None:
            self._facade._outputs = outputs


@contextmanager
def v2_stage(runner: Any, unit: str | None, *, swap_averages: bool) -> Iterator[Stage]:
    """A val phase: v2 hooks hear of its `unit` (None: of its iterations only); EMA hooks lend their averages."""
    averaging = [hook for hook in runner.hooks if swap_averages and hasattr(hook, "swap_for_phase")]
    facade = None
    if any(hasattr(hook, "v2_hook") for hook in runner.hooks):
        from mmmigrate.compat.adapters.facade import facade_of

        facade = facade_of(runner)
        facade.mode = "val"
    for hook in averaging:
        hook.swap_for_phase()
    if facade is not None and unit is not None:
        facade.call_hook(f"before_val_{unit}")
    yield Stage(facade)
    if facade is not None:
        if unit is not None:
            facade.call_hook(f"after_val_{unit}")
        facade.mode = "train"
    for hook in averaging:
        hook.swap_for_phase()
