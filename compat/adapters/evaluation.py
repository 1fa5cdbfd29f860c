"""A v2 evaluation hook as v3's validation loop: when and how it evaluates stays as it is.

    from mmmigrate.compat.adapters.evaluation import EvalHook

    class OwnEvalHook(EvalHook):
        def evaluate(self, runner, results):
            ...

    val_cfg = dict(type='package.OwnEvalHook', interval=2, metric='bbox')

mmcv's evaluation hooks are found here under their own names, its `Hook` as `EvaluationHook` for those that stand on
their own. Built with a `runner`, as v3's Runner builds its loops, a class gives a loop; built without, the v2 object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from torch.utils.data import DataLoader

from mmmigrate.compat.adapters.batch import opened
from mmmigrate.compat.adapters.engine import engine_root, of_engine
from mmmigrate.compat.adapters.hook import wrapped_hook
from mmmigrate.compat.adapters.parallel import data_parallel
from mmmigrate.compat.aliases import import_path

_BASES = {"EvalHook": "EvalHook", "DistEvalHook": "DistEvalHook", "EvaluationHook": "Hook"}
_NO_METRIC = "eval_iter_num"  # tells mmcv's text logger how long the evaluation was


class OpenedLoader(DataLoader[Any]):
    """A loader that gives v2's batches, whatever holds them on their way through v3's collate function."""

    @classmethod
    def of(cls, loader: DataLoader[Any]) -> OpenedLoader:
        """The same loader, seen by a v2 hook."""
        made = object.__new__(cls)
        made.__dict__.update(loader.__dict__)
        return made

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        for batch in super().__iter__():
            yield opened(batch)


class EvaluationLoop:
    """Hangs the hook into the run at the place that it had in v2; v3's stages of validation come around it.

    `val_interval` has no say: the hook decides by its own arguments. What it logs is what `after_val_epoch` is given.
    Mixed into the engine's `BaseLoop`.
    """

    def __init__(
        self,
        hook_class: EvaluationType,
        runner: Any,
        dataloader: Any,
        evaluator: Any = None,
        fp16: bool = False,
        priority: Any = "LOW",
        **arguments: Any,
    ) -> None:
        super().__init__(runner, dataloader)  # type: ignore[call-arg]
        self.evaluator, self.fp16 = evaluator, fp16
        self.metrics: dict[str, Any] = {}
        self.loader = OpenedLoader.of(self.dataloader)  # type: ignore[attr-defined]
        self.hook = hook_class.plain(self.loader, **arguments)
        if hasattr(self.hook, "_do_evaluate"):
            self.hook._do_evaluate = self._in_stages(self.hook._do_evaluate)
        adapter = wrapped_hook(self.hook)
        adapter.before_train = self._first(adapter.before_train)
        self._trains = False
        runner.register_hook(adapter, priority)

    def _first(self, before_train: Callable[[Any], None]) -> Callable[[Any], None]:
        def begin(runner: Any) -> None:
            self._trains = True
            before_train(runner)

        return begin

    def _in_stages(self, evaluate: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """v3's hooks of validation see an evaluation: averages take the model's place, the metrics are logged."""

        def evaluated(v2_runner: Any) -> Any:
            runner, output = v2_runner.v3, v2_runner.log_buffer.output
            with self._counted(v2_runner):
                runner.call_hook("before_val")
                runner.call_hook("before_val_epoch")
            before, output.hub = dict(output), None
            v2_runner.tests = True
            try:
                result = evaluate(v2_runner)
            finally:
                output.hub, v2_runner.tests = runner.message_hub, False
            self.metrics = {
                name: value
                for name, value in output.items()
                if name != _NO_METRIC and (name not in before or before[name] is not value)
            }
            with self._counted(v2_runner):
                runner.call_hook("after_val_epoch", metrics=dict(self.metrics))
                runner.call_hook("after_val")
            return result

        return evaluated

    @contextmanager
    def _counted(self, v2_runner: Any) -> Iterator[None]:
        """v3 evaluates when an epoch or iteration is counted, v2 before; its hooks write the number into names."""
        counter = "_epoch" if self.hook.by_epoch else "_iter"
        loop, done = v2_runner.v3.train_loop, int(v2_runner.has_iterated)
        setattr(loop, counter, getattr(loop, counter) + done)
        try:
            yield
        finally:
            setattr(loop, counter, getattr(loop, counter) - done)

    def run(self) -> dict[str, Any]:
        """The metrics of the last evaluation. Outside training the hook's test is made now.

        ValueError for a hook whose test cannot be made without a training run.
        """
        if self._trains:
            return self.metrics
        test = getattr(self.hook, "test_fn", None)
        if test is None:
            raise ValueError(f"{type(self.hook).__name__} evaluates only while training: it has no test_fn")
        runner: Any = self._runner  # type: ignore[attr-defined]
        results = test(data_parallel(getattr(runner.model, "module", runner.model)), self.loader)
        dataset: Any = self.loader.dataset
        return dict(dataset.evaluate(results, logger=runner.logger, **self.hook.eval_kwargs))


@cache
def _loop_class(root: str) -> Any:
    """The loop on the `BaseLoop` of the engine that trains."""
    return type("EvaluationLoop", (EvaluationLoop, of_engine("runner").BaseLoop), {"__doc__": EvaluationLoop.__doc__})


class EvaluationType(type):
    """The class of evaluation hooks that give a loop when they are built with a runner."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if "runner" in kwargs:
            return _loop_class(engine_root())(cls, *args, **kwargs)
        return super().__call__(*args, **kwargs)

    def plain(cls, *args: Any, **kwargs: Any) -> Any:
        """The v2 object itself."""
        return super().__call__(*args, **kwargs)


_MADE: dict[str, EvaluationType] = {}


def __getattr__(name: str) -> Any:
    if name not in _BASES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name not in _MADE:
        base = getattr(import_path("mmcv.runner"), _BASES[name])
        _MADE[name] = EvaluationType(name, (base,), {"__doc__": base.__doc__, "__module__": __name__})
    return _MADE[name]
