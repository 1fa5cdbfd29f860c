"""Classes of v3 kinds, converted to v2: what they did in v3's engines they do in v2's, to the same bits."""

from __future__ import annotations

from pathlib import Path

import pytest
from differential.runs import Case, Tree, differences, run_everywhere

TEXTS = {
    "hooks": """
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.registry import HOOKS


class Counting(Hook):

    def before_train(self, runner):
        self.seen = 0

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.seen += 1


@HOOKS.register_module()
class Everything(Counting):

    def __init__(self, interval=2):
        self.interval, self.rates, self.last = interval, [], None

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        for group in runner.optim_wrapper.optimizer.param_groups:
            group['lr'] = 0.1 / (1 + runner.iter)
        self.rates = self.rates + runner.optim_wrapper.get_lr()['lr']

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        super().after_train_iter(runner, batch_idx, data_batch, outputs)
        if self.every_n_inner_iters(batch_idx, self.interval) or self.end_of_epoch(
                runner.train_dataloader, batch_idx):
            self.last = outputs['loss'].item()
            runner.logger.info(self.last.hex())
        if float(outputs['loss_main']) > 0.1:
            runner.logger.info('%d of %d', runner.iter, runner.max_iters)

    def after_train_epoch(self, runner):
        model = runner.model
        if is_model_wrapper(model):
            model = model.module
        model.set_epoch(runner.epoch)
        if self.is_last_train_epoch(runner):
            runner.logger.info(len(runner.train_dataloader))
""",
    "steps": """
from mmengine.hooks import Hook
from mmengine.registry import HOOKS


@HOOKS.register_module()
class Trims(Hook):
    \"\"\"It acts on the optim wrapper and hears of the run's own messages, so it stays v3 code.\"\"\"

    def __init__(self):
        self.scale = None

    def before_train(self, runner):
        runner.message_hub.update_info('trimmed', 0)

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.scale = runner.optim_wrapper.get_lr()
        for group in runner.optim_wrapper.param_groups:
            group['lr'] = 0.05 / (1 + batch_idx)

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        runner.message_hub.update_info('trimmed', runner.message_hub.get_info('trimmed') + 1)
        runner.logger.info(str(runner.message_hub.get_info('trimmed')))
""",
    "updaters": """
from mmengine.registry import PARAM_SCHEDULERS
from mmmigrate.compat.adapters.updater import LrUpdaterHook


@PARAM_SCHEDULERS.register_module()
class FallingLrUpdaterHook(LrUpdaterHook):

    def __init__(self, floor=0.0, **kwargs):
        self.floor = floor
        super().__init__(**kwargs)

    def get_lr(self, runner, base_lr):
        progress = runner.epoch if self.by_epoch else runner.iter
        return max(self.floor, base_lr / (1 + progress))
""",
    "constructors": """
import torch
from mmengine.optim import DefaultOptimWrapperConstructor
from mmengine.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIM_WRAPPERS


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class HeadFirst(DefaultOptimWrapperConstructor):

    def __init__(self, optim_wrapper_cfg, paramwise_cfg=None):
        super().__init__(optim_wrapper_cfg, None)

    def add_params(self, params, module, prefix='', **kwargs):
        for name, parameter in reversed(list(module.named_parameters())):
            params.append(dict(params=[parameter], lr=self.base_lr / (1 + len(name))))


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class Halves:

    def __init__(self, optim_wrapper_cfg, paramwise_cfg=None):
        self.optim_wrapper_cfg = dict(optim_wrapper_cfg)
        self.optim_wrapper_cfg.setdefault('type', 'OptimWrapper')
        optimizer_cfg = self.optim_wrapper_cfg.pop('optimizer')
        self.lr = optimizer_cfg['lr']

    def __call__(self, model):
        return OPTIM_WRAPPERS.build(
            self.optim_wrapper_cfg,
            default_args=dict(optimizer=torch.optim.SGD(model.parameters(), lr=self.lr / 2)))


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class Doubles(DefaultOptimWrapperConstructor):
    \"\"\"It looks at the wrapper itself, so it stays v3 code.\"\"\"

    def __call__(self, model):
        wrapper = super().__call__(model)
        for group in wrapper.param_groups:
            group['lr'] *= 2
        assert wrapper.get_lr()
        return self.checked(wrapper)

    def checked(self, wrapper):
        return wrapper
""",
    "project": """
import torch
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.registry import DATASETS, METRICS, MODELS
from torch import nn
from torch.utils.data import Dataset


class Base(BaseModel):

    def __init__(self, init_cfg=None):
        super().__init__(init_cfg=init_cfg)
        self.layer = nn.Linear(2, 1)

    def forward(self, inputs, target=None, mode='tensor'):
        predicted = self.layer(torch.stack(list(inputs)))[:, 0]
        if mode == 'loss':
            return self.loss(predicted, torch.stack(list(target)))
        return predicted.tolist()


@MODELS.register_module()
class Net(Base):

    def loss(self, predicted, target):
        loss = ((predicted - target)**2).mean()
        return dict(loss_main=loss, loss_half=loss / 2, acc=1 - loss.detach())


@DATASETS.register_module()
class Points(Dataset):
    metrics = [dict(type='Mean')]

    def __len__(self):
        return 5

    def __getitem__(self, index):
        point = torch.tensor([index / 7, 1.0])
        return dict(inputs=point, target=point.sum())


@METRICS.register_module()
class Mean(BaseMetric):

    def process(self, data_batch, data_samples):
        self.results.extend(data_samples)

    def compute_metrics(self, results):
        return dict(mean=sum(results) / len(results), count=len(results))
""",
}


def built(constructor: str) -> dict:
    return {"optimizer": {"type": "SGD", "lr": 0.1, "constructor": constructor}}


CASES = [
    Case("hooks", "Everything"),
    Case("hooks", "Everything", args={"interval": 3}, about="another interval"),
    Case("steps", "Trims"),
    Case("updaters", "FallingLrUpdaterHook", "schedule", {"floor": 0.02}),
    Case("updaters", "FallingLrUpdaterHook", "schedule", {"by_epoch": False, "warmup": "linear", "warmup_iters": 3},
         {"by_epoch": False}, "by iteration"),
    Case("constructors", "HeadFirst", "constructor", options=built("HeadFirst")),
    Case("constructors", "Halves", "constructor", options=built("Halves")),
    Case("constructors", "Doubles", "constructor", options=built("Doubles")),
    Case("project", "Net", "project", options={"evaluator": {"type": "Mean"}}),
]  # fmt: skip


@pytest.fixture(scope="module")
def results(tmp_path_factory, peer_v2: Path, peer_v3: Path) -> dict:
    tree = Tree(tmp_path_factory.mktemp("code"), to="v2")
    for name, text in TEXTS.items():
        tree.add_text(name, text)
    return run_everywhere(peer_v2, peer_v3, tree, CASES)


@pytest.mark.parametrize("engine", ["mmengine", "runtime_v2", "mmcv"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_class_converted_to_v2_trains_to_the_same_bits(results: dict, case: Case, engine: str) -> None:
    assert differences(results[engine][case.name], results["runtime_v3"][case.name]) == []
