"""v2 hooks under the v3 Runner: what they see and what they change is what it was under v2."""

import pytest
import torch

from mmmigrate.runtime_v2 import HOOKS, Hook, OptimizerHook

STAGES = [
    f"{when}_{what}"
    for what in ("run", "epoch", "train_epoch", "val_epoch", "iter", "train_iter", "val_iter")
    for when in ("before", "after")
]


def note(stage):
    def stage_method(self, runner):
        self.seen.append(self.look(stage, runner))
        getattr(Hook, stage)(self, runner)

    return stage_method


class Spy(Hook):
    """Notes at each stage all that v2 hooks usually look at."""

    def __init__(self):
        self.seen = []
        type(self).last = self

    def look(self, stage, runner):
        facts = {
            "stage": stage,
            "at": (runner.epoch, runner.iter, runner.inner_iter),
            "length": (runner._max_epochs, runner.max_iters, runner._epoch, runner._iter),
            "lr": (runner.current_lr(), runner.current_momentum(), runner.optimizer.param_groups[0]["lr"]),
            "weight": runner.model.module.layer.weight.detach().clone().tolist(),
            "mode": runner.mode if stage.endswith("train_iter") else None,
            "every": (self.every_n_epochs(runner, 2), self.every_n_iters(runner, 2), self.is_last_iter(runner)),
            "loader": len(runner.data_loader) if stage.endswith("train_iter") else None,
        }
        if stage == "after_train_iter":
            facts["outputs"] = (
                runner.outputs["loss"].item(),
                runner.outputs["log_vars"],
                runner.outputs["num_samples"],
            )
        return facts


for name in STAGES:
    setattr(Spy, name, note(name))


@pytest.fixture(autouse=True)
def registered():
    HOOKS.register_module(name="Spy", force=True, module=Spy)
    yield
    HOOKS.module_dict.pop("Spy")


@pytest.mark.parametrize("by_epoch", [True, False])
def test_a_v2_hook_is_called_at_the_same_stages_and_sees_the_same_values(train_v2, train_v3, by_epoch):
    old = Spy()
    train_v2([old], by_epoch)
    train_v3([{"type": "Spy"}], by_epoch)
    new = Spy.last
    assert [facts["stage"] for facts in new.seen] == [facts["stage"] for facts in old.seen]
    for before, after in zip(old.seen, new.seen):
        assert after == before


class Scale(Hook):
    """Changes training the way custom hooks do: the rate before an iteration, the weights after it."""

    def before_train_iter(self, runner):
        for group in runner.optimizer.param_groups:
            group["lr"] = 0.1 / (runner.iter + 1)

    def after_train_iter(self, runner):
        with torch.no_grad():
            runner.model.module.layer.bias.mul_(0.5)


def test_a_v2_hook_changes_training_to_the_same_bits(train_v2, train_v3):
    old = train_v2([Scale()]).model.module
    HOOKS.register_module(name="Scale", force=True, module=Scale)
    new = train_v3([{"type": "Scale"}]).model
    HOOKS.module_dict.pop("Scale")
    assert torch.equal(new.layer.weight, old.layer.weight)
    assert torch.equal(new.layer.bias, old.layer.bias)


class DoubleStep(OptimizerHook):
    """A v2 optimizer hook of one's own, which does backward and step itself."""

    def after_train_iter(self, runner):
        runner.optimizer.zero_grad()
        (2 * runner.outputs["loss"]).backward()
        runner.optimizer.step()


def test_an_optimizer_hook_of_ones_own_does_the_step_instead_of_the_wrapper(train_v2, train_v3):
    old = train_v2([], optimizer_hook=DoubleStep()).model.module
    HOOKS.register_module(name="DoubleStep", force=True, module=DoubleStep)
    new = train_v3([{"type": "DoubleStep"}]).model
    HOOKS.module_dict.pop("DoubleStep")
    assert torch.equal(new.layer.weight, old.layer.weight)


class Saver(Hook):
    def after_train_epoch(self, runner):
        runner.save_checkpoint(runner.work_dir, "mine_{}.pth")
        runner.log_buffer.update({"seen": 3.0}, 2)
        runner.log_buffer.output["single"] = 7.0


def test_checkpoints_and_log_values_of_a_v2_hook_reach_v3(train_v3, tmp_path):
    HOOKS.register_module(name="Saver", force=True, module=Saver)
    runner = train_v3([{"type": "Saver"}])
    HOOKS.module_dict.pop("Saver")
    assert sorted(path.name for path in (tmp_path / "v3").glob("mine_*")) == ["mine_1.pth", "mine_2.pth"]
    assert runner.message_hub.get_scalar("train/seen").current() == 3.0
    assert runner.message_hub.get_scalar("train/single").current() == 7.0


class Late(Hook):
    def before_run(self, runner):
        runner.register_hook(Spy())


def test_a_hook_that_a_v2_hook_registers_acts_too(train_v3):
    HOOKS.register_module(name="Late", force=True, module=Late)
    train_v3([{"type": "Late"}])
    HOOKS.module_dict.pop("Late")
    assert [facts["stage"] for facts in Spy.last.seen].count("after_train_iter") == 6
