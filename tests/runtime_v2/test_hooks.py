"""Hooks one by one: what they do at which moment, and what they refuse."""

import logging

import pytest
import torch
from torch import nn

from mmmigrate.runtime_v2 import HOOKS, ClosureHook, EpochBasedRunner, EvalHook, Hook, IterBasedRunner, LogBuffer
from mmmigrate.runtime_v2.hooks.extra import EXTRA_HOOKS
from mmmigrate.runtime_v2.hooks.flat_average import FlatAverage
from mmmigrate.runtime_v2.runner.train_mode import TrainMode


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)
        self.head = nn.Sequential(nn.BatchNorm1d(2), nn.Dropout(0.5))
        self.epochs = []

    def set_epoch(self, epoch):
        self.epochs.append(epoch)

    def train_step(self, data, optimizer):
        loss = self.head(self.layer(data)).sum() * 0 + self.layer.weight.sum()
        return {"loss": loss, "log_vars": {"loss": loss.item()}, "num_samples": len(data)}

    val_step = train_step


class Batches(list):
    sampler = batch_sampler = None


def runner_of(kind=EpochBasedRunner, **length):
    model = Model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    logger = logging.Logger("test")
    return kind(model, optimizer=optimizer, logger=logger, meta={}, **(length or {"max_epochs": 2}))


def run(runner, count=3):
    runner.run([Batches([torch.randn(4, 2) for _ in range(count)])], [("train", 1)])


class Noting(Hook):
    def __init__(self, name, notes):
        self.name = name
        self.notes = notes

    def before_run(self, runner):
        self.notes.append(self.name)


def test_hooks_are_called_by_priority_and_then_by_registration():
    runner, notes = runner_of(), []
    for name, priority in (("a", "NORMAL"), ("b", "LOW"), ("c", 50), ("d", "VERY_HIGH"), ("e", "NORMAL")):
        runner.register_hook(Noting(name, notes), priority)
    runner.call_hook("before_run")
    assert notes == ["d", "a", "c", "e", "b"]


def test_a_hook_registered_during_the_run_is_called_from_then_on():
    runner, calls = runner_of(), []

    def add(runner):
        if runner.iter == 1:
            runner.register_hook(ClosureHook("after_train_iter", lambda r: calls.append(r.iter)), "LOW")

    runner.register_hook(ClosureHook("before_train_iter", add))
    run(runner)
    assert calls == [1, 2, 3, 4, 5]


def test_a_hook_put_into_the_list_directly_is_called():
    runner, calls = runner_of(), []
    runner.register_hook(ClosureHook("before_train_iter", lambda r: None))
    runner.call_hook("before_train_iter")
    runner.hooks.append(ClosureHook("before_train_iter", lambda r: calls.append(1)))
    runner.call_hook("before_train_iter")
    assert calls == [1]


def test_general_methods_serve_both_modes():
    runner, calls = runner_of(max_epochs=1), []

    class Both(Hook):
        def before_epoch(self, runner):
            calls.append(runner.mode)

    runner.register_hook(Both())
    batches = Batches([torch.randn(4, 2)])
    runner.run([batches, batches], [("train", 1), ("val", 1)])
    assert calls == ["train", "val"]


def test_triggered_stages_are_those_that_the_class_overrides():
    class Some(Hook):
        def after_iter(self, runner):
            pass

        def before_run(self, runner):
            pass

    assert Some().get_triggered_stages() == ["before_run", "after_train_iter", "after_val_iter"]


@pytest.mark.parametrize("wrong", [object(), "EMAHook"])
def test_only_hooks_can_be_registered(wrong):
    with pytest.raises(TypeError, match="must be a Hook"):
        runner_of().register_hook(wrong)


def test_a_hook_that_has_a_priority_of_its_own_is_refused():
    hook = Hook()
    hook.priority = 3
    with pytest.raises(ValueError, match="reserved"):
        runner_of().register_hook(hook)


def test_a_closure_needs_a_stage_that_exists():
    with pytest.raises(AttributeError, match="before_train_itre"):
        ClosureHook("before_train_itre", print)


def test_a_flat_average_has_the_bits_of_a_loop():
    torch.manual_seed(0)
    sources = [torch.randn(shape) for shape in ((3,), (5, 7), (), (2, 3, 4))]
    sources.append(torch.randn(4, 4, 3).permute(2, 0, 1))
    sources += [torch.tensor(5), torch.randn(3, dtype=torch.double)]
    loop = [source.clone() for source in sources]
    average = FlatAverage(sources)
    for step in range(5):
        for source in sources:
            if source.is_floating_point():
                source.add_(torch.randn_like(source))
        momentum = 0.1 / (step + 1)
        average.update(momentum)
        for value, source in zip(loop, sources):
            if value.is_floating_point():
                value.mul_(1 - momentum).add_(source, alpha=momentum)
    assert all(torch.equal(a, b) for a, b in zip(average.averages, loop))


def test_a_flat_average_follows_a_parameter_whose_data_is_replaced():
    param = nn.Parameter(torch.zeros(3))
    average = FlatAverage([param])
    average.update(0.5)
    param.data = torch.ones(3)
    average.update(0.5)
    assert torch.equal(average.averages[0], torch.full((3,), 0.5))


def test_swapping_twice_changes_nothing():
    param = nn.Parameter(torch.arange(3.0))
    average = FlatAverage([param])
    with torch.no_grad():
        param.add_(1)
    average.swap()
    assert torch.equal(param.data, torch.arange(3.0))
    average.swap()
    assert torch.equal(param.data, torch.arange(3.0) + 1)


def test_train_mode_is_set_again_after_a_hook_froze_a_part():
    runner, modes = runner_of(IterBasedRunner, max_iters=4), []
    runner.register_hook(ClosureHook("before_train_iter", lambda r: modes.append(r.model.head[0].training)))
    runner.register_hook(ClosureHook("after_train_iter", lambda r: r.model.head[0].eval()))
    run(runner)
    assert modes == [True] * 4


def test_train_mode_is_always_set_where_a_module_overrides_it():
    class Frozen(nn.BatchNorm1d):
        calls = 0

        def train(self, mode=True):
            Frozen.calls += 1
            return super().train(False)

    model, mode = nn.Sequential(Frozen(2)), TrainMode()
    for _ in range(3):
        mode.ensure(model)
    assert Frozen.calls == 3


def test_a_mean_is_weighted_by_the_samples():
    buffer = LogBuffer()
    buffer.update({"loss": 1.0}, 1)
    buffer.update({"loss": 4.0}, 2)
    buffer.average()
    assert buffer.output == {"loss": 3.0}


def test_an_infinite_loss_ends_the_run():
    hook = EXTRA_HOOKS.build({"type": "CheckInvalidLossHook", "interval": 2})
    runner = runner_of()
    runner.register_hook(hook)
    with torch.no_grad():
        runner.model.layer.weight.fill_(float("inf"))
    with pytest.raises(AssertionError, match="iteration 1"):
        run(runner)


def test_the_model_is_told_its_epoch():
    runner = runner_of()
    runner.register_custom_hooks({"type": "SetEpochInfoHook"})
    run(runner)
    assert runner.model.epochs == [0, 1]


@pytest.mark.parametrize(("classes", "fits"), [(("a", "b"), True), (("a",), False), ("ab", False)])
def test_the_number_of_classes_is_compared_with_the_heads(classes, fits):
    runner = runner_of()
    runner.model.head.num_classes = 2
    runner.register_custom_hooks({"type": "NumClassCheckHook"})
    batches = Batches([torch.randn(4, 2)])
    batches.dataset = type("Data", (), {"CLASSES": classes})()
    if fits:
        runner.run([batches], [("train", 1)])
    else:
        with pytest.raises(AssertionError, match="CLASSES"):
            runner.run([batches], [("train", 1)])


def test_a_projects_own_hook_of_mmdets_name_wins():
    assert HOOKS.get("SetEpochInfoHook") is EXTRA_HOOKS.get("SetEpochInfoHook")
    own = type("SetEpochInfoHook", (Hook,), {})
    HOOKS.register_module(module=own)
    try:
        assert HOOKS.get("SetEpochInfoHook") is own
    finally:
        del HOOKS.module_dict["SetEpochInfoHook"]


class Scores(torch.utils.data.Dataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return torch.zeros(2)

    def evaluate(self, results, logger=None):
        return {"mAP": 0.5}


def eval_hook(**options):
    return EvalHook(torch.utils.data.DataLoader(Scores()), test_fn=lambda model, loader: [], **options)


def test_dynamic_intervals_change_the_interval_on_the_way(tmp_path):
    runner, evaluated = runner_of(max_epochs=6), []
    runner.work_dir = str(tmp_path)
    hook = eval_hook(interval=3, dynamic_intervals=[(4, 1)])
    hook.test_fn = lambda model, loader: evaluated.append(runner.epoch + 1) or []
    runner.register_hook(hook)
    run(runner)
    assert evaluated == [3, 4, 5, 6]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"interval": 0}, ValueError),
        ({"start": -1}, ValueError),
        ({"by_epoch": 1}, TypeError),
        ({"save_best": True}, TypeError),
        ({"save_best": "mAP", "rule": "more"}, KeyError),
        ({"save_best": "spam"}, ValueError),
        ({"greater_keys": [1]}, TypeError),
    ],
)
def test_evaluation_refuses(options, error):
    with pytest.raises(error):
        eval_hook(**options)


@pytest.mark.parametrize(
    ("key", "rule"),
    [("bbox_mAP", "greater"), ("val_loss", "less"), ("ACC", "greater"), ("top1_loss", "greater"), ("loss", "less")],
)
def test_the_rule_follows_from_the_metrics_name(key, rule):
    assert eval_hook(save_best=key).rule == rule


@pytest.mark.parametrize("name", ["WandbLoggerHook", "NeptuneLoggerHook", "ClearMLLoggerHook", "SegmindLoggerHook"])
def test_a_logger_whose_package_is_missing_says_what_to_install(name, monkeypatch):
    def missing(module):
        raise ImportError(module)

    monkeypatch.setattr("mmmigrate.runtime_v2.hooks.logger.services.import_module", missing)
    with pytest.raises(ImportError, match=f"{name} needs .*pip install"):
        HOOKS.build({"type": name})
