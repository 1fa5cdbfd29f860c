"""A v2 hook, unmodified, as a hook of a v3 Runner."""

from __future__ import annotations

from typing import Any

from mmmigrate.compat.adapters.batch import opened
from mmmigrate.compat.adapters.engine import of_engine
from mmmigrate.compat.adapters.facade import V2RunnerFacade, facade_of
from mmmigrate.compat.adapters.gradients import keep_gradients
from mmmigrate.compat.adapters.loss import step_late, steps
from mmmigrate.compat.priority import Priority, get_priority


class V2HookAdapter:
    """Calls the v2 hook at the stages that v2 has, with the facade as its runner.

    v2's stages of evaluation belong to its `workflow`; the evaluation of a v2 run calls no hooks, so v3's validation
    stages are not passed on. v2's `before_run` comes when weights are initialised and loaded: in v3 that is
    `before_train`. A hook that steps the optimizer does it instead of the optimizer wrapper; one that acts before
    v2's optimizer hook (a higher priority than ABOVE_NORMAL) acts before the step here too. Gradients stay in place
    after an iteration, as in v2.
    """

    v2_class: type[Any]
    priority: Any = "NORMAL"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        self.v2_hook: Any = self.v2_class(*args, **kwargs)
        self._facade: V2RunnerFacade | None = None
        self._evaluating: list[Any] = []  # parts of the model that the hook has switched for the epoch that begins

    def _runner(self, runner: Any) -> V2RunnerFacade:
        facade = self._facade
        if facade is None or facade.v3 is not runner:
            facade = self._facade = facade_of(runner)
            facade.adapted.append(self)
        return facade

    def before_train(self, runner: Any) -> None:
        facade = self._runner(runner)
        kinds = {kind.__name__ for kind in type(self.v2_hook).__mro__}
        if steps(self.v2_hook):
            facade.losses.hold()
        elif get_priority(self.priority) < get_priority(Priority.ABOVE_NORMAL) and _acts(
            self.v2_hook, "after_train_iter"
        ):
            step_late(facade, _hook_base(type(self)))
        facade.log_buffer.is_read |= "LoggerHook" in kinds
        keep_gradients(runner.optim_wrapper)
        self.v2_hook.before_run(facade)

    def after_train(self, runner: Any) -> None:
        self.v2_hook.after_run(self._runner(runner))

    def before_train_epoch(self, runner: Any) -> None:
        facade = self._runner(runner)
        if not facade.by_epoch:
            self.v2_hook.before_epoch(facade)
            return
        # v2 switches the model to training before the hooks of an epoch, v3 after them, and undoes what they did
        switches = _acts(self.v2_hook, "before_train_epoch")
        if switches:
            runner.model.train()
        self.v2_hook.before_train_epoch(facade)
        if switches:
            self._evaluating = [part for part in runner.model.modules() if not part.training]

    def after_train_epoch(self, runner: Any) -> None:
        facade = self._runner(runner)
        if not facade.by_epoch:
            facade.inner_iter = 1  # what v2's iteration runner leaves behind
        (self.v2_hook.after_train_epoch if facade.by_epoch else self.v2_hook.after_epoch)(facade)

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        facade = self._runner(runner)
        while self._evaluating:
            self._evaluating.pop().training = False
        facade.begins(batch_idx, opened(data_batch))
        self.v2_hook.before_train_iter(facade)

    def after_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        facade = self._runner(runner)
        facade.took(outputs)
        self.v2_hook.after_train_iter(facade)


def adapted_hook(v2_class: type[Any], hook_base: type[Any]) -> type[Any]:
    """A class of v3 hooks (`hook_base` is v3's `Hook`) that wraps instances of the v2 hook class."""
    return type(v2_class.__name__, (V2HookAdapter, hook_base), {"v2_class": v2_class, "__doc__": v2_class.__doc__})


def wrapped_hook(v2_hook: Any, hook_base: type[Any] | None = None) -> Any:
    """A v3 hook around a v2 hook object; `hook_base` is v3's `Hook`, by default that of the engine that trains."""
    made: Any = object.__new__(adapted_hook(type(v2_hook), hook_base or of_engine("hooks").Hook))
    made.v2_hook, made._facade, made._evaluating = v2_hook, None, []
    return made


def V2Hook(hook: Any) -> Any:  # configs name it like a class
    """A v2 hook where v3 has one of the same name: `dict(type='mmmigrate.compat.adapters.V2Hook', hook=dict(…))`."""
    from mmmigrate.runtime_v2.hooks import HOOKS

    return wrapped_hook(HOOKS.build(dict(hook)) if isinstance(hook, dict) else hook)


def _acts(hook: Any, stage: str) -> bool:
    """Whether a v2 hook does anything at a stage of its class or its general form."""
    triggered = getattr(hook, "get_triggered_stages", None)
    return triggered is None or stage in triggered()


def _hook_base(adapter: type[Any]) -> type[Any]:
    return next(base for base in adapter.__mro__ if base.__name__ == "Hook")
