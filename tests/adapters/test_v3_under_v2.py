"""v3 hooks, models, data sets, metrics and constructors under a v2 runner: the same trace as under v3."""

import logging
import subprocess
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from mmmigrate.compat.adapters import V2Hook, V3Hook
from mmmigrate.compat.adapters.v3_dataset import adapted_v3_dataset
from mmmigrate.compat.adapters.v3_model import adapted_v3_model
from mmmigrate.runtime_v2 import HOOKS, OPTIMIZER_BUILDERS, EpochBasedRunner, EvalHook, IterBasedRunner, OptimizerHook
from mmmigrate.runtime_v2.optim import build_optimizer
from mmmigrate.runtime_v2.parallel import MMDataParallel, collate
from mmmigrate.runtime_v3 import Hook, Runner
from mmmigrate.runtime_v3 import registry as v3
from mmmigrate.runtime_v3.evaluator import BaseMetric
from mmmigrate.runtime_v3.hooks import CheckpointHook, EarlyStoppingHook, EMAHook
from mmmigrate.runtime_v3.model import BaseModel
from mmmigrate.runtime_v3.runner.dataloader import build_dataloader


class Points(Dataset):
    @property
    def metainfo(self):
        return {"classes": ("sum",)}

    def __len__(self):
        return 7

    def __getitem__(self, index):
        point = torch.tensor([index / 7, 1.0])
        return {"inputs": point, "target": point.sum()}


class Line(BaseModel):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 1)
        nn.init.constant_(self.layer.weight, 0.3)
        nn.init.constant_(self.layer.bias, 0.0)

    def forward(self, inputs, target=None, mode="tensor"):
        predicted = self.layer(torch.stack(list(inputs)))[:, 0]
        if mode == "predict":
            return predicted.tolist()
        loss = ((predicted - torch.stack(list(target))) ** 2).mean()
        return {"loss_line": loss, "loss_more": loss / 2}


class Mean(BaseMetric):
    def process(self, data_batch, data_samples):
        self.results.extend(data_samples)

    def compute_metrics(self, results):
        return {"mean": sum(results) / len(results), "count": len(results)}


STAGES = [stage for stage in Hook.stages if "test" not in stage and "checkpoint" not in stage and "val" not in stage]


class Spy(Hook):
    def __init__(self):
        self.seen = []

    def note(self, stage, runner, batch_idx=None, outputs=None):
        facts = {
            "stage": stage,
            "at": (runner.epoch, runner.iter, runner.max_epochs, runner.max_iters, batch_idx),
            "lr": (runner.optim_wrapper.get_lr(), runner.optim_wrapper.get_momentum()),
            "weight": runner.model.layer.weight.detach().tolist(),
            "loader": len(runner.train_dataloader) if "iter" in stage else None,
            "outputs": None if outputs is None else {name: float(value) for name, value in outputs.items()},
            "last": (self.is_last_train_iter(runner), self.every_n_train_iters(runner, 2)) if "iter" in stage else None,
        }
        self.seen.append(facts)


def noting(stage):
    def method(self, runner, batch_idx=None, data_batch=None, outputs=None):
        self.note(stage, runner, batch_idx, outputs)

    return method


for name in STAGES:
    setattr(Spy, name, noting(name))


def train_v3(hooks, folder, by_epoch):
    torch.manual_seed(0)
    loader = {"batch_size": 3, "num_workers": 0, "sampler": {"type": "DefaultSampler", "shuffle": False}}
    runner = Runner(
        model=Line(),
        work_dir=str(folder),
        train_dataloader=build_dataloader({**loader, "dataset": Points()}),
        train_cfg={"by_epoch": True, "max_epochs": 2} if by_epoch else {"by_epoch": False, "max_iters": 5},
        optim_wrapper={"optimizer": {"type": "SGD", "lr": 0.1, "momentum": 0.9}},
        default_hooks={"checkpoint": None},
        randomness={"seed": 0},
        experiment_name=folder.parent.name,
    )
    for hook in hooks:
        runner.register_hook(hook)
    runner.train()
    return runner


def train_v2(hooks, folder, by_epoch, evaluation=None, max_epochs=2, resume=None):
    torch.manual_seed(0)
    model = adapted_v3_model(Line)()
    kind, length = (EpochBasedRunner, {"max_epochs": max_epochs}) if by_epoch else (IterBasedRunner, {"max_iters": 5})
    dataset = adapted_v3_dataset(Points)(metrics=Mean())
    loader = DataLoader(dataset, 3, collate_fn=partial(collate, samples_per_gpu=3))
    runner = kind(
        MMDataParallel(model),
        optimizer=torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9),
        work_dir=str(folder),
        logger=logging.getLogger("t"),
        meta={},
        **length,
    )
    runner.register_hook(OptimizerHook(), priority="ABOVE_NORMAL")
    if evaluation is not None:
        runner.register_hook(EvalHook(loader, by_epoch=by_epoch, **evaluation), priority="LOW")
    for hook in hooks:
        runner.register_hook(V3Hook(hook))
    if resume is not None:
        runner.resume(str(resume))
    runner.run([loader], [("train", 1)])
    return runner


@pytest.mark.parametrize("by_epoch", [True, False])
def test_a_v3_hook_and_a_v3_model_have_the_same_trace(tmp_path, by_epoch):
    old, new = Spy(), Spy()
    train_v3([old], tmp_path / "v3", by_epoch)
    train_v2([new], tmp_path / "v2", by_epoch)
    assert [facts["stage"] for facts in new.seen] == [facts["stage"] for facts in old.seen]
    for before, after in zip(old.seen, new.seen):
        assert after == before


def test_v3s_averages_are_the_same_under_v2(tmp_path):
    old, new = EMAHook(momentum=0.2), EMAHook(momentum=0.2)
    train_v3([old], tmp_path / "v3", True)
    train_v2([new], tmp_path / "v2", True)
    assert torch.equal(old.ema_model.module.layer.weight, new.ema_model.module.layer.weight)


class Seen(Hook):
    def __init__(self):
        self.metrics = []

    def before_val_epoch(self, runner):
        self.metrics.append("begins")

    def after_val_epoch(self, runner, metrics=None):
        self.metrics.append(metrics)


def test_v3_hooks_hear_of_v2s_evaluation_with_the_metrics_of_v3(tmp_path):
    seen = Seen()
    train_v2([seen], tmp_path, True, evaluation={"interval": 2})
    assert seen.metrics[0] == "begins"
    assert seen.metrics[1]["count"] == 7
    assert len(seen.metrics) == 2


def test_early_stopping_ends_a_v2_run(tmp_path):
    stop = EarlyStoppingHook(monitor="count", patience=1, min_delta=1, rule="greater")
    runner = train_v2([stop], tmp_path, True, evaluation={"interval": 1}, max_epochs=9)
    assert runner.epoch == 2


def test_v3s_checkpoint_hook_saves_v2_checkpoints(tmp_path):
    train_v2([CheckpointHook(interval=1)], tmp_path, True)
    saved = torch.load(tmp_path / "epoch_2.pth", weights_only=True)
    assert (saved["meta"]["epoch"], saved["meta"]["iter"]) == (2, 6)


class Marked(Hook):
    """Writes into each checkpoint, and notes what it finds in one."""

    found = None

    def before_save_checkpoint(self, runner, checkpoint):
        checkpoint["mark"] = runner.epoch

    def after_load_checkpoint(self, runner, checkpoint):
        self.found = checkpoint["mark"]
        checkpoint["state_dict"]["layer.bias"] = torch.tensor([7.0])


def test_v3_hooks_see_checkpoints_before_they_are_written_and_after_they_are_read(tmp_path):
    train_v2([Marked(), CheckpointHook(interval=1)], tmp_path, True)
    assert torch.load(tmp_path / "epoch_2.pth", weights_only=True)["mark"] == 1
    mark = Marked()
    runner = train_v2([mark], tmp_path / "more", True, resume=tmp_path / "epoch_2.pth")
    assert mark.found == 1
    assert runner.model.module.layer.bias.item() == 7.0


def test_v3s_averages_go_on_in_a_v2_run_that_is_resumed(tmp_path):
    whole, rest = EMAHook(momentum=0.2), EMAHook(momentum=0.2)
    one = train_v2([whole, CheckpointHook(interval=1)], tmp_path, True, max_epochs=3)
    saved = torch.load(tmp_path / "epoch_1.pth", weights_only=True)
    assert not torch.equal(saved["state_dict"]["layer.weight"], saved["ema_state_dict"]["module.layer.weight"])
    two = train_v2([rest], tmp_path / "rest", True, max_epochs=3, resume=tmp_path / "epoch_1.pth")
    assert torch.equal(one.model.module.layer.weight, two.model.module.layer.weight)
    assert torch.equal(whole.ema_model.module.layer.weight, rest.ema_model.module.layer.weight)
    assert rest.ema_model.steps == whole.ema_model.steps


def test_v2_configs_find_v3_hooks_by_name():
    assert HOOKS.build({"type": "EarlyStoppingHook", "monitor": "acc"}).v3_hook.monitor == "acc"


def test_a_data_set_without_metrics_says_what_to_do():
    with pytest.raises(TypeError, match="give it metrics"):
        adapted_v3_dataset(Points)().evaluate([1.0])


class TwoRates:
    """A v3 constructor of one's own."""

    def __init__(self, optim_wrapper_cfg, paramwise_cfg=None):
        self.cfg, self.scale = dict(optim_wrapper_cfg), (paramwise_cfg or {}).get("scale", 1)

    def __call__(self, model):
        cfg = dict(self.cfg)
        optimizer = cfg.pop("optimizer")
        optimizer["params"] = [
            {"params": [p], "lr": optimizer["lr"] * self.scale**i} for i, p in enumerate(model.parameters())
        ]
        return v3.OPTIM_WRAPPERS.build(cfg, default_args={"optimizer": v3.OPTIMIZERS.build(optimizer)})


class HalfRate:
    """A v2 constructor of one's own."""

    def __init__(self, optimizer_cfg, paramwise_cfg=None):
        self.cfg = dict(optimizer_cfg)

    def __call__(self, model):
        kind = getattr(torch.optim, self.cfg.pop("type"))
        return kind(model.parameters(), **{**self.cfg, "lr": self.cfg["lr"] / 2})


def test_constructors_serve_the_other_generation():
    v3.OPTIM_WRAPPER_CONSTRUCTORS.register_module(name="TwoRates", module=TwoRates, force=True)
    OPTIMIZER_BUILDERS.register_module(name="HalfRate", module=HalfRate, force=True)
    model = nn.Linear(2, 1)
    options = {"constructor": "TwoRates", "paramwise_cfg": {"scale": 0.5}}
    optimizer = build_optimizer(model, {"type": "SGD", "lr": 0.1, **options})
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.05]
    from mmmigrate.runtime_v3.optim import build_optim_wrapper

    wrapper = build_optim_wrapper(model, {"optimizer": {"type": "SGD", "lr": 0.1}, "constructor": "HalfRate"})
    assert wrapper.get_lr() == {"lr": [0.05]}


def test_a_v2_optimizer_hook_steps_a_v3_model_once(tmp_path):
    plain = train_v3([], tmp_path / "a", True).model.layer.weight
    stepped = train_v3([V2Hook(OptimizerHook())], tmp_path / "b", True).model.layer.weight
    assert torch.equal(plain, stepped)


@pytest.mark.peer
def test_v3_hooks_act_in_real_mmcv(tmp_path, peer_v2):
    script = Path(__file__).with_name("v3_hooks_in_mmcv.py")
    done = subprocess.run([str(peer_v2), str(script), str(tmp_path)], capture_output=True, text=True)
    seen = "saw [(0, 2, 2, ['half', 'loss']), 7, (1, 3, 0, ['half', 'loss'])] 2 6"
    assert seen in done.stdout, done.stderr[-3000:]
