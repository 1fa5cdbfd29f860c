"""Which hooks are called, in which order, at which stage."""

import pytest

from mmmigrate.runtime_v3 import Hook
from mmmigrate.runtime_v3.hooks.hook import takes_part
from mmmigrate.runtime_v3.runner.hooking import HookRegister


class Noting(Hook):
    def __init__(self, name: str, notes: list[str]) -> None:
        self.name, self.notes = name, notes

    def before_train(self, runner) -> None:
        self.notes.append(self.name)


def register(*entries: tuple[str, object]) -> tuple[HookRegister, list[str]]:
    hooks, notes = HookRegister(), []
    for name, priority in entries:
        hooks.register_hook(Noting(name, notes), priority)
    return hooks, notes


def test_lower_priorities_act_first_and_equal_ones_as_registered():
    hooks, notes = register(("late", "LOWEST"), ("a", 50), ("early", "HIGHEST"), ("b", "NORMAL"), ("c", 49))
    hooks.call_hook("before_train")
    assert notes == ["early", "c", "a", "b", "late"]


def test_priority_in_a_config_overrides_that_of_the_class_and_the_config_stays_whole():
    hooks = HookRegister()
    cfg = {"type": "IterTimerHook", "priority": "VERY_LOW"}
    hooks.register_hook(cfg)
    assert hooks.hooks[0].priority == "VERY_LOW"
    assert cfg == {"type": "IterTimerHook", "priority": "VERY_LOW"}


def test_hooks_that_were_added_or_removed_by_hand_are_noticed():
    hooks, notes = register(("a", None), ("b", None))
    hooks.call_hook("before_train")
    hooks.hooks.pop(0)
    hooks.hooks.append(Noting("c", notes))
    hooks.call_hook("before_train")
    assert notes == ["a", "b", "b", "c"]


def test_a_hook_that_overrides_nothing_at_a_stage_is_not_called():
    assert not takes_part(Hook(), "before_train_iter")
    assert takes_part(Noting("a", []), "before_train")
    assert not takes_part(Noting("a", []), "before_train_iter")


def test_the_shared_methods_take_part_in_all_their_stages():
    class Shared(Hook):
        def _after_epoch(self, runner, mode="train") -> None: ...

    assert Shared().get_triggered_stages() == ["after_train_epoch", "after_val_epoch", "after_test_epoch"]


def test_stages_of_ones_own_can_be_called():
    class Own(Hook):
        def before_everything(self, runner, value) -> None:
            self.value = value

    hooks = HookRegister()
    own = Own()
    hooks.register_hook(own)
    hooks.call_hook("before_everything", value=3)
    assert own.value == 3


def test_what_is_not_a_hook_is_refused():
    with pytest.raises(TypeError, match="hook should be an instance of Hook or dict"):
        HookRegister().register_hook(print)


@pytest.mark.parametrize(
    ("n", "start", "expected"), [(3, 0, [3, 6, 9]), (3, 2, [2, 5, 8]), (-1, 0, []), (4, 5, [5, 9])]
)
def test_intervals_are_counted_from_one_and_from_start(n, start, expected):
    class At:
        epoch = iter = 0

    hook, due = Hook(), []
    for At.epoch in range(10):
        At.iter = At.epoch
        assert hook.every_n_epochs(At, n, start) == hook.every_n_train_iters(At, n, start)
        if hook.every_n_epochs(At, n, start):
            due.append(At.epoch + 1)
    assert due == expected
