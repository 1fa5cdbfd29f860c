"""Evaluation hooks of v2 as validation loops: batches as in v2, v3's hooks around it, a run without training."""

import pytest
from torch.utils.data import DataLoader

from mmmigrate import runtime_v2
from mmmigrate.compat.adapters.dataset import adapted_dataset
from mmmigrate.compat.adapters.evaluation import EvalHook, EvaluationHook
from mmmigrate.compat.adapters.model import adapted_model
from mmmigrate.runtime_v3 import Runner
from mmmigrate.runtime_v3.hooks import Hook
from mmmigrate.runtime_v3.registry import HOOKS, LOOPS

from .tiny_project import Line, Points

STAGES = ("before_val", "before_val_epoch", "after_val_epoch", "after_val")


@LOOPS.register_module()
class KeepingEvalHook(EvalHook):
    def evaluate(self, runner, results):
        self.seen = [*getattr(self, "seen", []), (runner.epoch, runner.iter, len(results))]
        return super().evaluate(runner, results)


@LOOPS.register_module()
class OwnEvalHook(EvaluationHook):
    """It has no EvalHook among its bases: nothing says where its test begins."""

    def __init__(self, dataloader, interval):
        self.dataloader, self.interval, self.seen = dataloader, interval, []

    def after_train_iter(self, runner):
        if self.every_n_iters(runner, self.interval):
            self.seen.append([type(batch["img"]).__name__ for batch in self.dataloader])


@HOOKS.register_module()
class NotesValidation(Hook):
    def __init__(self):
        self.calls, self.positions = [], []

    def before_val(self, runner):
        self.calls.append(("before_val", None))
        self.positions.append((runner.epoch, runner.iter))


for _stage in STAGES[1:]:
    setattr(NotesValidation, _stage, lambda self, _, metrics=None, stage=_stage: self.calls.append((stage, metrics)))


@pytest.fixture
def run(train_v3):
    def run(**loop) -> tuple[Runner, list]:
        runner = train_v3([{"type": "NotesValidation"}], validate=loop)
        return runner, next(hook.calls for hook in runner.hooks if isinstance(hook, NotesValidation))

    return run


@pytest.fixture
def untrained(tmp_path):
    def make(**loop) -> Runner:
        loader = {"batch_size": 3, "dataset": adapted_dataset(Points)(), "sampler": {"type": "DefaultSampler"}}
        return Runner(
            model=adapted_model(Line)(),
            work_dir=str(tmp_path),
            val_dataloader=loader,
            val_cfg=loop,
            val_evaluator=[],
            experiment_name=tmp_path.name,
        )

    return make


def test_the_hook_evaluates_where_it_did_and_gets_batches_of_v2(run):
    runner, _ = run(type="KeepingEvalHook", interval=1)
    assert runner.val_loop.hook.seen == [(0, 3, 7), (1, 6, 7)]


def test_its_own_interval_and_start_decide_whatever_the_train_loop_asks(run):
    runner, _ = run(type="KeepingEvalHook", interval=2, by_epoch=False, start=3)
    assert [position[1] for position in runner.val_loop.hook.seen] == [2, 4]


def test_hooks_of_v3_see_an_evaluation_with_its_metrics(run):
    runner, notes = run(type="KeepingEvalHook", interval=2, scale=3)
    assert [stage for stage, _ in notes] == list(STAGES)
    metrics = notes[2][1]
    assert metrics == runner.val_loop.run() == {"mean": metrics["mean"], "count": 7}
    assert runner.message_hub.get_scalar("val/mean").data[0].tolist() == [metrics["mean"]]
    assert "train/mean" not in runner.message_hub.log_scalars


@pytest.mark.parametrize(("by_epoch", "expected"), [(True, [(1, 3), (2, 6)]), (False, [(0, 2), (1, 4), (1, 6)])])
def test_hooks_of_v3_see_the_epoch_or_iteration_counted_as_in_v3(run, by_epoch, expected):
    runner, _ = run(type="KeepingEvalHook", interval=1 if by_epoch else 2, by_epoch=by_epoch)
    assert next(hook.positions for hook in runner.hooks if isinstance(hook, NotesValidation)) == expected


def test_a_run_that_only_validates_tests_the_model(untrained):
    metrics = untrained(type="KeepingEvalHook", scale=2).val()
    expected = sum(0.3 * (index / 7 + 1) for index in range(7)) / 7  # the weights that `Line` begins with
    assert metrics == {"mean": pytest.approx(2 * expected), "count": 7}


def test_a_hook_that_stands_alone_keeps_its_place(run):
    runner, notes = run(type="OwnEvalHook", interval=3)
    assert runner.val_loop.hook.seen == [["DataContainer"] * 3] * 2 and notes == []


def test_a_hook_without_a_test_of_its_own_is_named_where_nothing_trains(untrained):
    with pytest.raises(ValueError, match="OwnEvalHook evaluates only while training"):
        untrained(type="OwnEvalHook", interval=3).val()


def test_without_a_runner_the_class_makes_the_plain_hook():
    hook = KeepingEvalHook(DataLoader(Points()), interval=3)
    assert isinstance(hook, runtime_v2.EvalHook) and hook.interval == 3
