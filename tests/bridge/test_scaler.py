"""A scaler of mixed precision that really scales, on a CPU: its state goes on in the other generation."""

import copy

import pytest
import torch
from torch import nn

from mmmigrate.compat.checkpoint.convert import Options, convert
from mmmigrate.runtime_v2.hooks import Fp16OptimizerHook
from mmmigrate.runtime_v3.optim.optimizer.amp_optimizer_wrapper import AmpOptimWrapper

from .checkpoints import v2_checkpoint

GROWS = {"init_scale": 1024.0, "growth_interval": 2, "backoff_factor": 0.25, "device": "cpu", "enabled": True}
INFINITE = {3, 7}  # iterations whose gradients overflow: no step is made, and the scale shrinks


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(3, 1)

    def loss(self, iteration):
        value = self.layer(torch.full((2, 3), 0.1 * (iteration + 1))).square().mean()
        return value * float("inf") if iteration in INFINITE else value


class Runner:
    """What Fp16OptimizerHook touches of a v2 runner."""

    def __init__(self, model):
        self.model = model
        self.optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        self.meta, self.outputs = {}, {}
        self.log_buffer = None


def hook_that_scales():
    hook = Fp16OptimizerHook(loss_scale={"enabled": False})
    hook.loss_scaler = torch.amp.GradScaler(**GROWS)
    return hook


def train_v2(runner, hook, iterations):
    for iteration in iterations:
        runner.outputs = {"loss": runner.model.loss(iteration)}
        hook.after_train_iter(runner)


def wrapper_that_scales(model):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    wrapper = AmpOptimWrapper(optimizer=optimizer, loss_scale={k: v for k, v in GROWS.items() if k != "device"})
    assert wrapper.loss_scaler.is_enabled()
    return wrapper


def train_v3(model, wrapper, iterations):
    for iteration in iterations:
        wrapper.update_params(model.loss(iteration))


def state_of(model, optimizer, scaler):
    momenta = [entry["momentum_buffer"] for entry in optimizer.state_dict()["state"].values()]
    return [*model.state_dict().values(), *momenta], scaler.state_dict()


def same(one, other):
    return all(map(torch.equal, one[0], other[0])) and one[1] == other[1]


@pytest.mark.parametrize("done", [0, 1, 3, 4, 6])
def test_what_v2_scaled_goes_on_in_v3(done):
    whole, hook = Runner(Net()), hook_that_scales()
    train_v2(whole, hook, range(10))
    assert hook.loss_scaler.get_scale() not in (1.0, 1024.0)
    part, first = Runner(Net()), hook_that_scales()
    train_v2(part, first, range(done))
    old = v2_checkpoint(
        state_dict=copy.deepcopy(part.model.state_dict()), optimizer=part.optimizer.state_dict(), meta=part.meta
    )
    new = convert({"checkpoint": old}, "epoch_2.pth", Options("v3", schedule=False)).files["checkpoint"]
    model = Net()
    model.load_state_dict(new["state_dict"])
    wrapper = wrapper_that_scales(model)
    wrapper.load_state_dict(new["optimizer"])
    train_v3(model, wrapper, range(done, 10))
    assert same(
        state_of(whole.model, whole.optimizer, hook.loss_scaler),
        state_of(model, wrapper.optimizer, wrapper.loss_scaler),
    )


@pytest.mark.parametrize("done", [1, 4, 6])
def test_what_v3_scaled_goes_on_in_v2(done):
    whole = Net()
    wrapper = wrapper_that_scales(whole)
    train_v3(whole, wrapper, range(10))
    part = Net()
    first = wrapper_that_scales(part)
    train_v3(part, first, range(done))
    saved = {
        "state_dict": part.state_dict(), "optimizer": first.state_dict(), "message_hub": {"runtime_info": {}},
        "meta": {"epoch": 1, "iter": done},
    }  # fmt: skip
    old = convert({"checkpoint": saved}, "epoch_1.pth", Options("v2")).files["checkpoint"]
    runner, hook = Runner(Net()), hook_that_scales()
    runner.model.load_state_dict(old["state_dict"])
    runner.optimizer.load_state_dict(old["optimizer"])
    hook.loss_scaler.load_state_dict(old["meta"]["fp16"]["loss_scaler"])
    train_v2(runner, hook, range(done, 10))
    assert same(
        state_of(whole, wrapper.optimizer, wrapper.loss_scaler),
        state_of(runner.model, runner.optimizer, hook.loss_scaler),
    )
