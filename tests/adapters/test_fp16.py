"""mmcv's decorators of mixed precision under v3's autocast: where they cast, and where they leave everything alone."""

import pytest
import torch
from torch import nn

from mmmigrate.compat.adapters.fp16 import auto_fp16, force_fp32

LOW = torch.bfloat16  # what autocast on the CPU takes


class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)
        self.fp16_enabled = False

    @auto_fp16(apply_to=("x",))
    def forward(self, x, y=None):
        return self.layer(x).dtype, x.dtype, None if y is None else y.dtype

    @force_fp32(apply_to=("x",))
    def loss(self, x):
        return self.layer(x).dtype, x.dtype

    @force_fp32(out_fp16=True)
    def back(self, x):
        return x * 2

    @force_fp32()
    def inner(self, x):
        return self(x)


class Plain(Head):
    def __init__(self):
        super().__init__()
        del self.fp16_enabled


@pytest.fixture
def x():
    return torch.ones(1, 2)


def test_in_single_precision_nothing_is_cast(x):
    assert Head()(x) == (torch.float, torch.float, None)
    assert Head().loss(x) == (torch.float, torch.float)


def test_under_autocast_the_named_arguments_are_cast(x):
    with torch.autocast("cpu", dtype=LOW):
        assert Head()(x, x) == (LOW, LOW, torch.float)


def test_a_loss_in_single_precision_leaves_autocast(x):
    with torch.autocast("cpu", dtype=LOW):
        assert Head().loss(x.to(LOW)) == (torch.float, torch.float)
        assert torch.is_autocast_enabled("cpu")
        assert Head().back(x.to(LOW)).dtype == LOW


def test_inside_a_part_in_single_precision_a_decorated_part_is_mixed_again_as_in_mmcv(x):
    with torch.autocast("cpu", dtype=LOW):
        assert Head().inner(x.to(LOW))[0] == LOW
    assert Head().inner(x) == (torch.float, torch.float, None)


def test_a_module_that_knows_of_no_mixed_precision_is_left_alone(x):
    with torch.autocast("cpu", dtype=LOW):
        assert Plain().loss(x.to(LOW)) == (LOW, LOW)
