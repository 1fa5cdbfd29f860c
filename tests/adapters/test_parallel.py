"""v2's wrapper around a placed model: nothing moves, batches are opened, and v3's own wrapper is left out of tests."""

from types import SimpleNamespace

import torch
from torch import nn

from mmmigrate.compat.adapters.evaluation import EvalHook
from mmmigrate.compat.adapters.facade import facade_of
from mmmigrate.compat.adapters.parallel import data_parallel
from mmmigrate.runtime_v2.parallel import DataContainer, MMDataParallel
from mmmigrate.runtime_v3.registry import LOOPS

from .tiny_project import Line


def test_the_wrapper_opens_containers_and_leaves_the_model_where_it_is():
    model = Line()
    wrapped = data_parallel(model)
    image = DataContainer([torch.ones(2, 2)], stack=True, pad_dims=None)
    assert isinstance(wrapped, MMDataParallel) and wrapped.module is model and wrapped.device_ids == []
    assert wrapped(img=image, return_loss=False) == model(torch.ones(2, 2), return_loss=False)
    assert list(wrapped.state_dict()) == [f"module.{name}" for name in model.state_dict()]


def test_on_a_gpu_its_device_is_named(monkeypatch):
    model, gpu = Line(), torch.device("cuda", 1)
    monkeypatch.setattr(model, "parameters", lambda: iter([SimpleNamespace(device=gpu)]))
    wrapped = data_parallel(model)
    assert (wrapped.device_ids, wrapped.src_device_obj, wrapped.output_device) == ([1], gpu, 1)


@LOOPS.register_module()
class SeenModelEvalHook(EvalHook):
    def evaluate(self, runner, results):
        self.seen = [type(runner.model).__name__, type(runner.model.module).__name__, len(results)]
        return super().evaluate(runner, results)


class ManyProcesses(nn.Module):
    """What v3 puts around a model of several processes."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def train_step(self, data, optim_wrapper):
        return self.module.train_step(data, optim_wrapper)

    def val_step(self, data):
        return self.module.val_step(data)


def test_a_hook_tests_the_model_itself_in_several_processes(train_v3, monkeypatch):
    from mmmigrate.runtime_v3 import Runner

    monkeypatch.setattr(Runner, "wrap_model", lambda self, cfg, model: ManyProcesses(model))
    runner = train_v3([], validate={"type": "SeenModelEvalHook"})
    assert runner.val_loop.hook.seen == ["MMDataParallel", "Line", 7]
    assert facade_of(runner).model is runner.model
