"""A v3 hook, unmodified, as a hook of a v2 runner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import torch

from mmmigrate.compat.adapters.engine import of_engine, v2_hook_base
from mmmigrate.compat.adapters.v3_facade import V3RunnerFacade, v3_facade_of


class V3HookAdapter:
    """Calls the v3 hook at the stages that v2 has, with the facade as its runner.

    v3's `before_run` and `before_train` come at v2's `before_run`, `after_train` and `after_run` at its `after_run`.
    v3's validation stages come around v2's evaluation, with its metrics, and around val phases of a workflow, without.
    `before_save_checkpoint` gets v2's checkpoint in the process that writes it; `after_load_checkpoint` comes after
    `before_run`, as in v3, with what runtime_v2 was resumed from or has loaded (mmcv's runner does not say what).
    """

    def __init__(self, v3_hook: Any) -> None:
        self.v3_hook = v3_hook
        self._facade: V3RunnerFacade | None = None

    def _runner(self, runner: Any) -> V3RunnerFacade:
        facade = self._facade
        if facade is None or facade.v2 is not runner:
            facade = self._facade = v3_facade_of(runner)
        return facade

    def before_run(self, runner: Any) -> None:
        facade = self._runner(runner)
        self.v3_hook.before_run(facade)
        tell_of_saving(runner, facade)
        if type(self.v3_hook).after_load_checkpoint is not of_engine("hooks").Hook.after_load_checkpoint:
            show_loaded(runner, self.v3_hook, facade)
        for hook in runner.hooks:
            if hasattr(hook, "_do_evaluate"):
                tell_of_evaluation(hook, facade)
        self.v3_hook.before_train(facade)

    def after_run(self, runner: Any) -> None:
        facade = self._runner(runner)
        self.v3_hook.after_train(facade)
        self.v3_hook.after_run(facade)

    def before_epoch(self, runner: Any) -> None:
        self.v3_hook.before_train_epoch(self._runner(runner))

    def after_epoch(self, runner: Any) -> None:
        self.v3_hook.after_train_epoch(self._runner(runner))

    def before_train_iter(self, runner: Any) -> None:
        self.v3_hook.before_train_iter(self._runner(runner), _index(runner), runner.data_batch)

    def after_train_iter(self, runner: Any) -> None:
        outputs = runner.outputs
        logged = dict(outputs.get("log_vars") or {})
        if "loss" in outputs:
            logged["loss"] = outputs["loss"]
        self.v3_hook.after_train_iter(self._runner(runner), _index(runner), runner.data_batch, logged)

    def before_val_epoch(self, runner: Any) -> None:
        facade = self._runner(runner)
        self.v3_hook.before_val(facade)
        self.v3_hook.before_val_epoch(facade)

    def before_val_iter(self, runner: Any) -> None:
        self.v3_hook.before_val_iter(self._runner(runner), runner.inner_iter, runner.data_batch)

    def after_val_iter(self, runner: Any) -> None:
        self.v3_hook.after_val_iter(self._runner(runner), runner.inner_iter, runner.data_batch, runner.outputs)

    def after_val_epoch(self, runner: Any) -> None:
        facade = self._runner(runner)
        self.v3_hook.after_val_epoch(facade, None)
        self.v3_hook.after_val(facade)


def _index(runner: Any) -> int:
    """v3's `batch_idx`: within the epoch, or of the whole iteration run."""
    return int(runner.inner_iter if runner.max_epochs is not None else runner.iter)


def tell_of_saving(runner: Any, facade: V3RunnerFacade) -> None:
    """Lets the v2 runner show v3 hooks each checkpoint before it is written; once."""
    if getattr(runner.save_checkpoint, "tells_v3_hooks", False):
        return
    save = runner.save_checkpoint

    def saved(*args: Any, **kwargs: Any) -> Any:
        with _shown(lambda checkpoint: facade.call_hook("before_save_checkpoint", checkpoint=checkpoint)):
            return save(*args, **kwargs)

    saved.tells_v3_hooks = True  # type: ignore[attr-defined]
    runner.save_checkpoint = saved


@contextmanager
def _shown(tell: Callable[[dict[str, Any]], None]) -> Iterator[None]:
    """Shows checkpoints on their way to `torch.save`: neither v2 runner has a place where hooks could see them."""
    write = torch.save

    def save(content: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(content, dict) and {"meta", "state_dict"} <= content.keys():
            tell(content)
        return write(content, *args, **kwargs)

    torch.save = save  # type: ignore[assignment]
    try:
        yield
    finally:
        torch.save = write


def show_loaded(runner: Any, v3_hook: Any, facade: V3RunnerFacade) -> None:
    """Shows a v3 hook the checkpoint that the run began with, and gives the model the weights that it leaves there."""
    filename = getattr(runner, "loaded_from", None)
    if filename is None:
        return
    loading = import_module("mmmigrate.runtime_v2.checkpoint.loading")
    checkpoint = facade.loaded or loading._load_checkpoint(filename, "cpu")
    facade.loaded = checkpoint  # the next hook sees what this one has left
    v3_hook.after_load_checkpoint(facade, checkpoint=checkpoint)
    loading.load_state_dict(runner.model, checkpoint["state_dict"], logger=runner.logger)
    if getattr(runner, "resume_points", None) is not None:
        runner.resume_points.revise(checkpoint["state_dict"])


def tell_of_evaluation(eval_hook: Any, facade: V3RunnerFacade) -> None:
    """Lets v2's EvalHook call v3's validation stages around its evaluation; once."""
    if getattr(eval_hook, "_tells_v3_hooks", False):
        return
    evaluate, work = eval_hook.evaluate, eval_hook._do_evaluate
    metrics: dict[str, Any] = {}

    def evaluated(runner: Any, results: Any) -> Any:
        output = runner.log_buffer.output
        before = dict(output)
        output.clear()
        score = evaluate(runner, results)
        metrics.update(output)
        output.update({**before, **metrics})
        return score

    def around(runner: Any) -> None:
        if not eval_hook._should_evaluate(runner):
            return
        metrics.clear()
        facade.call_hook("before_val")
        facade.call_hook("before_val_epoch")
        work(runner)
        facade.call_hook("after_val_epoch", metrics=dict(metrics))
        facade.call_hook("after_val")

    eval_hook.evaluate, eval_hook._do_evaluate, eval_hook._tells_v3_hooks = evaluated, around, True


def V3Hook(hook: Any) -> Any:  # configs name it like a class
    """A v3 hook (an object, or a config) for a v2 runner where v2 has one of the same name."""
    made = of_engine("registry").HOOKS.build(dict(hook)) if isinstance(hook, dict) else hook
    return type(type(made).__name__, (V3HookAdapter, v2_hook_base()), {"__doc__": type(made).__doc__})(made)


def adapted_v3_hook(v3_class: type[Any]) -> Any:
    """What a v2 registry builds hooks of the v3 class with."""

    def build(*args: Any, **kwargs: Any) -> Any:
        return V3Hook(v3_class(*args, **kwargs))

    build.__name__ = v3_class.__name__
    return build
