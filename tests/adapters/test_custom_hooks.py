"""Hooks of users' own kinds through the adapter: the same trace as under v2, and what they ask a runner for."""

import runpy
from pathlib import Path

import pytest
import torch

from mmmigrate.compat.adapters import V2Hook
from mmmigrate.compat.adapters.facade import facade_of
from mmmigrate.runtime_v2 import HOOKS, Hook

from .v2_hooks import run_v2, run_v3

FIXTURES = Path(__file__).parents[2] / "fixtures" / "code"
FILES = {
    "HKC001/after_iteration": [{"type": "StopOnNaN"}],
    "HKC001/messages_of_the_run": [{"type": "Best"}],
    "HKC001/helpers_are_given_what_they_ask_for": [{"type": "Check"}],
    "HKC001/inherited_and_super": [{"type": "Reporting"}],
    "HKC001/several_optimizers": [{"type": "Freeze"}],
    "HKC002/steps_the_optimizer": [{"type": "SecondStep"}, {"type": "Plain"}],
    "HKC002/relatives_stay_together": [{"type": "Walks"}],
    "HKC002/names_that_v3_calls": [{"type": "OwnStage"}, {"type": "SecondName"}, {"type": "Static"}],
    "HKC004/momentum_and_another_policy": [
        {"type": "FallingMomentumUpdaterHook", "by_epoch": False, "priority": "HIGH"},
        {"type": "HalvedLrUpdaterHook", "step": [1], "priority": "VERY_HIGH"},
    ],
    "HKC004/by_epoch_or_iteration": [{"type": "CoolDownLrUpdaterHook", "by_epoch": False, "priority": "VERY_HIGH"}],
}


@pytest.fixture
def registered():
    known = dict(HOOKS.module_dict)
    yield
    HOOKS.module_dict.clear()
    HOOKS.module_dict.update(known)


@pytest.fixture
def both(tmp_path):
    """The notes of the same hooks in runtime_v2 and in runtime_v3."""
    from mmmigrate.runtime_v3 import Hook as V3Hook
    from mmmigrate.runtime_v3 import Runner
    from mmmigrate.runtime_v3.runner.dataloader import build_dataloader

    def run(case, by_epoch=True, steps_in_v3=True):
        given = case if steps_in_v3 else [None, *case]
        new = run_v3(given, tmp_path / "v3" / "run", by_epoch, Runner, V3Hook, build_dataloader)
        return run_v2(case, tmp_path / "v2" / "run", by_epoch), new

    return run


@pytest.mark.parametrize("by_epoch", [True, False])
@pytest.mark.parametrize("file", FILES)
def test_hooks_of_converted_projects_have_the_same_trace_unconverted(both, registered, file, by_epoch):
    runpy.run_path(str(FIXTURES / file / "before.py"))
    old, new = both(FILES[file], by_epoch)
    assert new == old


class BeforeTheStep(Hook):
    """Acts before v2's optimizer hook: sees the loss and the weights of before the step, and changes the loss."""

    def after_train_iter(self, runner):
        self.seen = [*getattr(self, "seen", []), runner.model.module.layer.weight.tolist()]
        runner.outputs["loss"] = runner.outputs["loss"] * 2


def test_a_hook_before_the_optimizer_hook_acts_before_the_step(both, registered):
    HOOKS.register_module(name="BeforeTheStep", module=BeforeTheStep)
    case = [{"type": "BeforeTheStep", "priority": "HIGH"}]
    old, new = both(case)
    assert new == old
    # the same where v3's own wrapper steps, which then waits
    old, new = both(case, steps_in_v3=False)
    assert new == old


class EndsEarly(Hook):
    def after_train_epoch(self, runner):
        runner._max_epochs = runner.epoch + 1


def test_a_hook_ends_the_run_as_hooks_do_in_v2(both, registered):
    HOOKS.register_module(name="EndsEarly", module=EndsEarly)
    old, new = both([{"type": "EndsEarly"}])
    assert [seen[0] for seen in new].count("after_train_iter") == 3
    assert new == old


class Asks(Hook):
    """Asks a runner for what v2 hooks ask it for."""

    def after_train_iter(self, runner):
        Asks.last = self
        if runner.iter == 2:
            runner.meta["hook_msgs"]["mine"] = 7
            self.names = [runner.model_name, runner.rank, runner.world_size, runner._inner_iter, runner.mode]
            self.info = runner.get_hook_info()
            self.batch = runner.data_batch
            self.found = [hook for hook in runner.hooks if isinstance(hook, Asks)]
            assert runner._hooks == runner.hooks
            runner.call_hook("after_iter")
            runner.register_hook_from_cfg({"type": "EmptyCacheHook", "priority": "LOW"})

    def after_iter(self, runner):
        self.called = True


def test_what_hooks_ask_a_runner_for_is_answered(train_v3):
    train_v3([V2Hook(Asks())])
    asks = Asks.last
    assert asks.names == ["Line", 0, 1, 2, "train"]
    assert "Asks" in asks.info
    assert asks.called
    assert asks.found == [asks]
    assert set(asks.batch) == {"img", "target", "meta"}


def test_what_a_hook_writes_into_meta_comes_back_after_resuming(train_v3, tmp_path):
    runner = train_v3([V2Hook(Asks())])
    saved = torch.load(tmp_path / "v3" / "epoch_2.pth", weights_only=True)
    assert saved["message_hub"]["runtime_info"]["v2_meta"]["hook_msgs"] == {"mine": 7}
    assert facade_of(runner).meta["exp_name"] == runner.experiment_name


def test_counters_that_a_hook_sets_are_the_runners(train_v3):
    facade = facade_of(train_v3([]))
    facade._iter, facade._epoch, facade._max_iters, facade._inner_iter = 3, 1, 9, 2
    assert (facade.v3.iter, facade.v3.epoch, facade.v3.max_iters, facade.inner_iter) == (3, 1, 9, 2)
