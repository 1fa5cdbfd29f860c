"""A v2 hook, unmodified, as a hook of a v3 Runner."""

from __future__ import annotations

from typing import Any

from mmmigrate.compat.adapters.batch import opened
from mmmigrate.compat.adapters.facade import V2RunnerFacade, facade_of


class V2HookAdapter:
    """Calls the v2 hook at the stages that v2 has, with the facade as its runner.

    v2's stages of evaluation belong to its `workflow`; the evaluation of a v2 run calls no hooks, so v3's validation
    stages are not passed on. v2's `before_run` comes when weights are initialised and loaded: in v3 that is
    `before_train`.
    """

    v2_class: type[Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        self.v2_hook: Any = self.v2_class(*args, **kwargs)
        self._facade: V2RunnerFacade | None = None

    def _runner(self, runner: Any) -> V2RunnerFacade:
        if self._facade is None or self._facade.v3 is not runner:
            self._facade = facade_of(runner)
            self._facade.adapted.append(self)
        return self._facade

    def before_train(self, runner: Any) -> None:
        if any(kind.__name__ == "OptimizerHook" for kind in self.v2_class.__mro__):
            getattr(runner.model, "module", runner.model).steps_in_hook = True
        self.v2_hook.before_run(self._runner(runner))

    def after_train(self, runner: Any) -> None:
        self.v2_hook.after_run(self._runner(runner))

    def before_train_epoch(self, runner: Any) -> None:
        facade = self._runner(runner)
        (self.v2_hook.before_train_epoch if facade.by_epoch else self.v2_hook.before_epoch)(facade)

    def after_train_epoch(self, runner: Any) -> None:
        facade = self._runner(runner)
        if not facade.by_epoch:
            facade.inner_iter = 1  # what v2's iteration runner leaves behind
        (self.v2_hook.after_train_epoch if facade.by_epoch else self.v2_hook.after_epoch)(facade)

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        facade = self._runner(runner)
        facade.begins(batch_idx, opened(data_batch))
        self.v2_hook.before_train_iter(facade)

    def after_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        facade = self._runner(runner)
        facade.took(outputs)
        self.v2_hook.after_train_iter(facade)


def adapted_hook(v2_class: type[Any], hook_base: type[Any]) -> type[Any]:
    """A class of v3 hooks (`hook_base` is v3's `Hook`) that wraps instances of the v2 hook class."""
    return type(v2_class.__name__, (V2HookAdapter, hook_base), {"v2_class": v2_class, "__doc__": v2_class.__doc__})


def wrapped_hook(v2_hook: Any, like: type[V2HookAdapter]) -> Any:
    """A v3 hook around a v2 hook object; `like` is the adapter class of another hook of the same run."""
    adapter = adapted_hook(type(v2_hook), next(base for base in like.__mro__ if base.__name__ == "Hook"))
    made: Any = object.__new__(adapter)
    made.v2_hook, made._facade = v2_hook, None
    return made
