"""Hooks, schedules and constructors of users' kinds: converted, they train to the same bits in every engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from differential.runs import Case, Tree, differences, run_everywhere

FIXTURES = Path(__file__).parents[2] / "fixtures" / "code"
SOURCES = {
    "after_iteration": "HKC001/after_iteration",
    "best": "HKC001/messages_of_the_run",
    "check": "HKC001/helpers_are_given_what_they_ask_for",
    "reports": "HKC001/inherited_and_super",
    "stages": "HKC001/stages_and_names",
    "steps": "HKC002/steps_the_optimizer",
    "relatives": "HKC002/relatives_stay_together",
    "evaluates": "HKC005/stands_alone",
    "stepping": "HKC006/kinds",
    "accumulates": "HKC006/accumulates_and_freezes",
    "runners": "HKC007/kinds",
    "cool": "HKC004/by_epoch_or_iteration",
    "falling": "HKC004/momentum_and_another_policy",
    "first": "OWC001/default_constructor",
    "halves": "OWC001/standing_alone",
}
TEXTS = {
    "gradients": """
from mmcv.runner import HOOKS, Hook


@HOOKS.register_module()
class GradientHook(Hook):

    def after_train_iter(self, runner):
        self.norm = max(float(p.grad.norm()) for p in runner.model.parameters())
        runner.logger.info(self.norm.hex())
""",
    "rates": """
from mmcv.runner import HOOKS, Hook


@HOOKS.register_module()
class RateHook(Hook):

    def __init__(self, factor=0.5):
        self.factor, self.seen = factor, []

    def before_train_iter(self, runner):
        for group in runner.optimizer.param_groups:
            group['lr'] = 0.1 * self.factor**runner.iter
        self.seen = self.seen + runner.current_lr()

    def after_train_iter(self, runner):
        if self.every_n_inner_iters(runner, 2) or self.end_of_epoch(runner):
            runner.log_buffer.update(dict(a=runner.iter), 3)
            runner.log_buffer.update({'b': runner.outputs['loss'].item(), 'c': 1})
            self.log(runner, {'d': runner.outputs['log_vars']['loss_main']})

    def log(self, runner, values):
        runner.log_buffer.update(values, 2)
""",
    "average": """
import copy

import torch
from mmcv.parallel import is_module_wrapper
from mmcv.runner.hooks import HOOKS, Hook


@HOOKS.register_module()
class AverageHook(Hook):
    \"\"\"Averages the weights, and puts them in place at the end.\"\"\"

    def __init__(self, momentum=0.2, interval=1):
        self.momentum, self.interval = momentum, interval

    @staticmethod
    def _inner(model):
        return model.module if is_module_wrapper(model) else model

    @torch.no_grad()
    def before_run(self, runner):
        self.averaged = {name: value.clone() for name, value in runner.model.module.named_parameters()}
        self._note(runner)

    @torch.no_grad()
    def after_iter(self, runner):
        if not self.every_n_iters(runner, self.interval):
            return
        for name, value in runner.model.module.named_parameters():
            self.averaged[name].lerp_(value, self.momentum)
        if self.is_last_iter(runner):
            runner.model.module.load_state_dict(self.averaged, strict=False)

    def after_run(self, runner):
        self._note(runner)

    def _note(self, runner):
        runner.logger.info('%d of %d', runner.iter, runner._max_epochs)
""",
    "modes": """
from mmcv.runner import HOOKS, Hook
from torch.nn.modules.batchnorm import _BatchNorm


@HOOKS.register_module()
class FreezeNormHook(Hook):

    def before_train_epoch(self, runner):
        self.trained = runner.model.module.training
        if runner.epoch >= 2:
            for module in runner.model.modules():
                if isinstance(module, _BatchNorm):
                    module.eval()
""",
    "project": """
import torch
from mmcv.parallel import DataContainer
from mmcv.runner import BaseModule
from mmcv.utils import Registry
from torch import nn
from torch.utils.data import Dataset

DATASETS = Registry('dataset')
DETECTORS = Registry('detector')


class BaseDetector(BaseModule):

    def __init__(self, init_cfg=None):
        super().__init__(init_cfg)
        self.layer = nn.Linear(2, 1)

    def forward(self, img, target=None, return_loss=True, **kwargs):
        if return_loss:
            return self.forward_train(img, target, **kwargs)
        return self.layer(img)[:, 0].tolist()

    def train_step(self, data, optimizer, **kwargs):
        losses = self(**data)
        loss = sum(losses.values())
        log_vars = {name: value.item() for name, value in losses.items()}
        return dict(loss=loss, log_vars=dict(log_vars, loss=loss.item()), num_samples=len(data['img']))


@DETECTORS.register_module()
class Net(BaseDetector):

    def forward_train(self, img, target, meta):
        assert all(isinstance(index, int) for index in meta)
        return dict(loss_main=((self.layer(img)[:, 0] - target)**2).mean())

    def train_step(self, data, optimizer, **kwargs):
        outputs = super().train_step(data, optimizer)
        outputs['loss'] = 3 * outputs['loss']
        return outputs


class CustomDataset(Dataset):
    CLASSES = ('sum', )

    def __len__(self):
        return 5

    def evaluate(self, results, logger=None, **kwargs):
        return dict(mean=float(sum(results) / len(results)), count=len(results))


@DATASETS.register_module()
class Points(CustomDataset):

    def __getitem__(self, index):
        point = torch.tensor([index / 7, 1.0])
        return dict(img=DataContainer(point, stack=True, pad_dims=None), target=point.sum(),
                    meta=DataContainer(index, cpu_only=True))
""",
    "past": """
from mmcv.runner import HOOKS, LrUpdaterHook


@HOOKS.register_module()
class FallingLrUpdaterHook(LrUpdaterHook):
    \"\"\"Its rate depends on the loss, so no position in the run says what it is.\"\"\"

    best = 10.0

    def get_lr(self, runner, base_lr):
        return base_lr * min(1.0, self.best)

    def after_train_iter(self, runner):
        super().after_train_iter(runner)
        self.best = min(self.best, runner.outputs['loss'].item())
""",
}
CLIP = {"grad_clip": {"max_norm": 0.3}}
CASES = [
    Case("stepping", "DistOptimizerHook", "optimizer_hook", {"update_interval": 2, **CLIP}),
    Case("stepping", "DistOptimizerHook", "optimizer_hook", CLIP, {"named": True}, "as a hook"),
    Case("stepping", "SkipNaN", "optimizer_hook", CLIP),
    Case("stepping", "Own", "optimizer_hook", {"limit": 0.2, "grad_clip": {"max_norm": 0.1}}),
    Case("stepping", "Logged", "optimizer_hook", {"frozen": {"layer": 4}, **CLIP}),
    Case("stepping", "Reports", "optimizer_hook"),
    Case("stepping", "Weighted", "optimizer_hook", {"factor": 0.5, **CLIP}, {"by_epoch": False}),
    Case("accumulates", "AccumulateHook", "optimizer_hook", {"update_interval": 5, "frozen_layers_cfg": {"last": 7}}),
    Case(
        "accumulates", "AccumulateHook", "optimizer_hook", {"update_interval": 5}, {"by_epoch": False}, "by iteration"
    ),
    Case("modes", "FreezeNormHook"),
    Case("project", "Net", "project"),
    Case("past", "FallingLrUpdaterHook", args={"by_epoch": False}),
    Case("best", "Best"),
    Case("check", "Check"),
    Case("reports", "Reporting"),
    Case("stages", "Everything", about="built"),
    Case("steps", "SecondStep"),
    Case("steps", "Plain"),
    Case("gradients", "GradientHook"),
    Case("rates", "RateHook"),
    Case("average", "AverageHook", args={"interval": 2}),
    Case("evaluates", "EvalIterHook", "evaluation", {"interval": 5}, {"model": "v2"}),
    Case("evaluates", "ScoresOf", "evaluation", {"interval": 4, "domain": "b"}, {"model": "v2"}),
    Case("runners", "EndlessRunner", "runner"),
    Case("runners", "HalfRunner", "runner"),
    Case("runners", "SkipRunner", "runner", options={"by_epoch": False}),
    Case("cool", "CoolDownLrUpdaterHook", "schedule", {"floor": 0.01}),
    Case(
        "cool",
        "CoolDownLrUpdaterHook",
        "schedule",
        {"floor": 0.01, "by_epoch": False, "warmup": "linear", "warmup_iters": 4},
        about="by iteration in epochs",
    ),
    Case(
        "cool",
        "CoolDownLrUpdaterHook",
        "schedule",
        {"by_epoch": False, "warmup": "exp", "warmup_iters": 4},
        {"by_epoch": False},
        "by iteration",
    ),
    Case(
        "cool",
        "CoolDownLrUpdaterHook",
        "schedule",
        {"warmup": "constant", "warmup_iters": 1, "warmup_by_epoch": True},
        {},
        "warm-up in epochs",
    ),
    Case("falling", "FallingMomentumUpdaterHook", "schedule", {"by_epoch": False}),
    Case("falling", "HalvedLrUpdaterHook", "schedule", {"step": [1, 2], "warmup": "linear", "warmup_iters": 4}),
    Case(
        "first",
        "HeadFirst",
        "constructor",
        options={"optimizer": {"type": "SGD", "lr": 0.1, "constructor": "HeadFirst", "paramwise_cfg": {"a": 1}}},
    ),
    Case(
        "halves",
        "Halves",
        "constructor",
        options={"optimizer": {"type": "SGD", "lr": 0.1, "constructor": "Halves", "paramwise_cfg": {"a": 1}}},
    ),
]


@pytest.fixture(scope="module")
def results(tmp_path_factory, peer_v2: Path, peer_v3: Path) -> dict:
    tree = Tree(tmp_path_factory.mktemp("code"))
    for name, fixture in SOURCES.items():
        tree.add_text(name, (FIXTURES / fixture / "before.py").read_text())
    for name, text in TEXTS.items():
        tree.add_text(name, text)
    return run_everywhere(peer_v2, peer_v3, tree, CASES)


@pytest.mark.parametrize("engine", ["mmcv", "runtime_v3", "mmengine"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_converted_class_trains_to_the_same_bits(results: dict, case: Case, engine: str) -> None:
    assert differences(results["runtime_v2"][case.name], results[engine][case.name]) == []
