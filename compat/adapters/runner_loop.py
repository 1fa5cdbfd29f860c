"""A v2 runner class of a project as v3's train loop: its own `train` and `run_iter` drive, v3's hooks are called.

    from mmmigrate.compat.adapters.runner_loop import EpochBasedRunner

    class OwnRunner(EpochBasedRunner):
        def train(self, data_loader, **kwargs):
            ...

    train_cfg = dict(type='package.OwnRunner', max_epochs=12, val_interval=1)

mmcv's runners are found here under their own names. Built with a `runner`, as v3's Runner builds its loops, a class
gives a loop; built without, the plain v2 object.
"""

from __future__ import annotations

from abc import ABCMeta
from functools import cache
from typing import Any

from mmmigrate.compat.adapters.engine import engine_root, of_engine
from mmmigrate.compat.adapters.evaluation import OpenedLoader
from mmmigrate.compat.adapters.loops import decide_interval
from mmmigrate.compat.adapters.parallel import data_parallel
from mmmigrate.compat.aliases import import_path

_KINDS = {"EpochBasedRunner": "EpochBasedTrainLoop", "Runner": "EpochBasedTrainLoop"}
_KINDS |= {"IterBasedRunner": "IterBasedTrainLoop"}
_STAGES = {"before_run": "before_train", "after_run": "after_train"}
_STAGES |= {"before_epoch": "before_train_epoch", "after_epoch": "after_train_epoch"}
_STAGES |= {name: name for name in ("before_train_epoch", "after_train_epoch", "before_train_iter", "after_train_iter")}


class UnderV3:
    """Mixed before mmcv's runner: with a loop, the stages of hooks are v3's; without one, everything is as in v2."""

    _loop: Any = None

    def call_hook(self, fn_name: str) -> None:
        """Calls v3's hooks at a stage of training; the stages of a val phase belong to v3's validation loop."""
        if self._loop is None:
            super().call_hook(fn_name)  # type: ignore[misc]
        elif fn_name in _STAGES:
            self._loop.stage(self, _STAGES[fn_name])

    def _calls(self) -> Any:
        """What runtime_v2's own `train` calls at each stage."""
        if self._loop is None:
            return super()._calls()  # type: ignore[misc]
        return {name: [lambda runner, name=name: runner.call_hook(name)] for name in _STAGES}


class RunnerLoop:
    """Mixed into the engine's train loop of the same kind: v2's `run` does the work, evaluations come where v3's do."""

    def __init__(
        self,
        runner_class: RunnerType,
        runner: Any,
        dataloader: Any,
        max_epochs: int | None = None,
        max_iters: int | None = None,
        val_begin: int = 1,
        val_interval: int = 1,
        dynamic_intervals: Any = None,
        **arguments: Any,
    ) -> None:
        length = {"max_epochs": max_epochs, "max_iters": max_iters}
        length = {name: number for name, number in length.items() if number is not None}
        super().__init__(  # type: ignore[call-arg]
            runner, dataloader, **length, val_begin=val_begin, val_interval=val_interval,
            dynamic_intervals=dynamic_intervals,
        )  # fmt: skip
        self.by_epoch = runner_class.loop == "EpochBasedTrainLoop"
        self.v2 = runner_class.plain(
            model=data_parallel(runner.model, _handed_on()),
            work_dir=runner.work_dir,
            logger=runner.logger,
            meta={},
            **length,
            **arguments,
        )
        self.v2._loop = self

    def run(self) -> Any:
        """Runs v2's workflow of training alone, from where a resumed checkpoint was."""
        runner: Any = self._runner  # type: ignore[attr-defined]
        self.v2.optimizer = runner.optim_wrapper
        self.v2._epoch, self.v2._iter = self._epoch, self._iter
        loader = OpenedLoader.of(self.dataloader)  # type: ignore[attr-defined]
        self.v2.run([loader], [("train", 1)])
        return runner.model

    def stage(self, v2: Any, name: str) -> None:
        """A stage that v2's runner has come to: v3's hooks, and after the last of an epoch or iteration the test."""
        runner: Any = self._runner  # type: ignore[attr-defined]
        self._take(v2)
        if not name.endswith("iter"):
            runner.call_hook(name)
        else:
            given = {"batch_idx": v2._inner_iter if self.by_epoch else v2._iter}
            given["data_batch"] = getattr(v2, "data_batch", None)
            if name.startswith("after"):
                given["outputs"] = v2.outputs
            runner.call_hook(name, **given)
        if name == ("after_train_epoch" if self.by_epoch else "after_train_iter"):
            self._evaluate(v2)

    def _take(self, v2: Any) -> None:
        """Shows v3 the counters of v2; v3 counts no passes over the data in a run by iteration."""
        self._iter = v2._iter
        if self.by_epoch:
            self._epoch = v2._epoch
        else:
            self.dataloader_iterator._epoch = v2._epoch  # type: ignore[attr-defined]

    def _evaluate(self, v2: Any) -> None:
        """v3 evaluates when the epoch or iteration is counted, which v2 does right after its hooks."""
        runner: Any = self._runner  # type: ignore[attr-defined]
        counter, length = ("_epoch", "_max_epochs") if self.by_epoch else ("_iter", "_max_iters")
        done = getattr(v2, counter) + 1
        setattr(self, counter, done)
        decide_interval(self, done)
        due = done % self.val_interval == 0 or done == getattr(v2, length)  # type: ignore[attr-defined]
        if runner.val_loop is not None and done >= self.val_begin and due:  # type: ignore[attr-defined]
            runner.val_loop.run()
        if self.stop_training:  # type: ignore[attr-defined]
            setattr(v2, length, done)

    _epoch: int
    _iter: int


@cache
def _handed_on() -> Any:
    """The data-parallel wrapper of v2, whose `train_step` is the model's own of v3."""
    base: Any = import_path("mmcv.parallel").MMDataParallel

    class HandedOn(base):  # type: ignore[misc]
        def train_step(self, data: Any, optimizer: Any = None, **kwargs: Any) -> Any:
            return self.module.train_step(data, optim_wrapper=optimizer, **kwargs)

    return HandedOn


@cache
def _loop_class(root: str, kind: str) -> Any:
    """The loop on the one of the engine that trains."""
    return type(f"Runner{kind}", (RunnerLoop, getattr(of_engine("runner"), kind)), {"__doc__": RunnerLoop.__doc__})


class RunnerType(ABCMeta):
    """The class of v2 runners that give a loop when they are built with a runner of v3."""

    loop = ""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if "runner" in kwargs:
            return _loop_class(engine_root(), cls.loop)(cls, *args, **kwargs)
        return super().__call__(*args, **kwargs)

    def plain(cls, *args: Any, **kwargs: Any) -> Any:
        """The v2 object itself."""
        return super().__call__(*args, **kwargs)


_MADE: dict[str, RunnerType] = {}


def __getattr__(name: str) -> Any:
    if name not in _KINDS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name not in _MADE:
        base = getattr(import_path("mmcv.runner"), name)
        body = {"__doc__": base.__doc__, "__module__": __name__, "loop": _KINDS[name]}
        _MADE[name] = RunnerType(name, (UnderV3, base), body)
    return _MADE[name]
