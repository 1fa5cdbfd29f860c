"""Runner classes of v2 as train loops: what drives, who is called, where it is validated, ended and resumed."""

import logging

import pytest

from mmmigrate import runtime_v2
from mmmigrate.compat.adapters.runner_loop import EpochBasedRunner, IterBasedRunner
from mmmigrate.runtime_v3.hooks import Hook
from mmmigrate.runtime_v3.registry import HOOKS, LOOPS

from .tiny_project import Line


@LOOPS.register_module()
class KeepingRunner(EpochBasedRunner):
    def run_iter(self, data_batch, train_mode, **kwargs):
        self.seen = [*getattr(self, "seen", []), type(data_batch["img"]).__name__]
        super().run_iter(data_batch, train_mode, **kwargs)


@LOOPS.register_module()
class KeepingIterRunner(IterBasedRunner):
    def train(self, data_loader, **kwargs):
        super().train(data_loader, **kwargs)
        self.passes = [*getattr(self, "passes", []), data_loader.epoch]


@HOOKS.register_module()
class NotesPositions(Hook):
    def __init__(self, stop_after=None, begin=(0, 0)):
        self.validated, self.trained, self.stop_after, self.begin = [], [], stop_after, begin

    def before_run(self, runner):
        runner.train_loop._epoch, runner.train_loop._iter = self.begin  # as a resumed checkpoint does

    def before_val(self, runner):
        self.validated.append((runner.epoch, runner.iter))

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.trained.append((runner.epoch, runner.iter, batch_idx, sorted(outputs)))
        if runner.iter + 1 == self.stop_after:
            runner.train_loop.stop_training = True


@pytest.fixture
def run(train_v3):
    def run(loop, **notes):
        runner = train_v3([{"type": "NotesPositions", **notes}], validate=True, loop=loop)
        return runner, next(hook for hook in runner.hooks if isinstance(hook, NotesPositions))

    return run


def test_its_own_methods_drive_and_hooks_of_v3_are_called(run):
    runner, notes = run({"type": "KeepingRunner", "max_epochs": 2})
    assert runner.train_loop.v2.seen == ["DataContainer"] * 6
    assert notes.trained == [(n // 3, n, n % 3, ["half", "loss"]) for n in range(6)]


@pytest.mark.parametrize(("interval", "expected"), [(1, [(1, 3), (2, 6), (3, 9)]), (2, [(2, 6), (3, 9)])])
def test_validation_comes_where_the_loop_of_v3_has_it(run, interval, expected):
    _, notes = run({"type": "KeepingRunner", "max_epochs": 3, "val_interval": interval})
    assert notes.validated == expected


def test_a_run_by_iteration_validates_by_iteration_and_counts_its_passes(run):
    runner, notes = run({"type": "KeepingIterRunner", "max_iters": 5, "val_interval": 2, "val_begin": 3})
    assert [position[1] for position in notes.validated] == [4, 5]
    assert runner.train_loop.v2.passes == [0, 0, 0, 1, 1]


def test_a_hook_of_v3_ends_the_run(run):
    _, notes = run({"type": "KeepingRunner", "max_epochs": 5}, stop_after=3)
    assert len(notes.trained) == 3


def test_a_resumed_run_goes_on(run):
    _, notes = run({"type": "KeepingRunner", "max_epochs": 2}, begin=(1, 3))
    assert [position[:2] for position in notes.trained] == [(1, 3), (1, 4), (1, 5)]


def test_without_a_runner_of_v3_it_is_the_v2_runner(tmp_path):
    runner = KeepingRunner(Line(), work_dir=str(tmp_path), logger=logging.getLogger("t"), max_epochs=1)
    calls = []
    runner.register_hook(type("Calls", (runtime_v2.Hook,), {"before_epoch": lambda self, _: calls.append(1)})())
    runner.call_hook("before_epoch")
    assert isinstance(runner, runtime_v2.EpochBasedRunner) and calls == [1]
