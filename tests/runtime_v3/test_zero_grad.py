"""Gradients are taken off without the optimizer's own method where that is torch's, and by that method elsewhere."""

import pytest
import torch
from torch import nn

from mmmigrate.runtime_v3.optim import OptimWrapper


class Counting(torch.optim.SGD):
    calls = 0

    def zero_grad(self, set_to_none=True):
        self.calls += 1
        super().zero_grad(set_to_none)


@pytest.fixture
def net():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    net(torch.ones(1, 2)).sum().backward()
    return net


def gradients(net):
    return [parameter.grad for parameter in net.parameters()]


def test_no_gradient_is_left(net):
    groups = [{"params": net[0].parameters()}, {"params": net[1].parameters()}]
    OptimWrapper(torch.optim.SGD(groups, lr=0.1)).zero_grad()
    assert gradients(net) == [None] * 4


def test_gradients_of_others_stay(net):
    OptimWrapper(torch.optim.SGD(net[0].parameters(), lr=0.1)).zero_grad()
    assert [gradient is None for gradient in gradients(net)] == [True, True, False, False]


def test_an_optimizer_with_a_method_of_its_own_is_asked(net):
    optimizer = Counting(net.parameters(), lr=0.1)
    OptimWrapper(optimizer).zero_grad()
    assert optimizer.calls == 1


def test_a_method_that_was_put_in_place_is_asked(net, monkeypatch):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    calls = []
    monkeypatch.setattr(optimizer, "zero_grad", lambda: calls.append(1))
    OptimWrapper(optimizer).zero_grad()
    assert calls == [1]


def test_arguments_are_handed_on(net):
    OptimWrapper(torch.optim.SGD(net.parameters(), lr=0.1)).zero_grad(set_to_none=False)
    assert all(torch.equal(gradient, torch.zeros_like(gradient)) for gradient in gradients(net))


def test_a_profiler_finds_its_label(net):
    wrapper = OptimWrapper(torch.optim.SGD(net.parameters(), lr=0.1))
    with torch.profiler.profile() as profile:
        wrapper.zero_grad()
    assert "Optimizer.zero_grad#SGD.zero_grad" in {event.key for event in profile.key_averages()}
