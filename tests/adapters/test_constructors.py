"""Optimizers of converted configs: groups by regular expression, and one optimizer for each part of a model."""

from __future__ import annotations

import pytest
from torch import nn

import mmmigrate.compat.adapters  # noqa: F401  # makes the constructors known by their full names
from mmmigrate.runtime_v3.optim import OptimWrapperDict, build_optim_wrapper

REGEX = "mmmigrate.compat.adapters.RegexOptimWrapperConstructor"
PARTS = "mmmigrate.compat.adapters.PartsOptimWrapperConstructor"
V2 = "mmmigrate.compat.adapters.V2OptimWrapperConstructor"


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.bn1, self.fc = nn.Conv2d(2, 2, 1), nn.BatchNorm2d(2), nn.Linear(2, 2)
        self.depthwise = nn.Conv2d(2, 2, 1, groups=2)
        self.fc.weight.requires_grad_(False)


def groups(**wrapper: object) -> dict[str, dict]:
    """The group of each parameter by its name."""
    model = Net()
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    built = build_optim_wrapper(model, wrapper)
    return {names[id(p)]: group for group in built.optimizer.param_groups for p in group["params"]}


SGD = {"type": "SGD", "lr": 0.5, "weight_decay": 0.25, "momentum": 0.9}


def test_all_expressions_that_fit_apply_in_order() -> None:
    options = {"bias": {"weight_decay": 0.0, "lars_exclude": True}, r"(bn|gn)(\d+)?.(weight|bias)": {"lr_mult": 2.0}}
    found = groups(constructor=REGEX, optimizer=SGD, paramwise_cfg=options)
    assert (found["conv.weight"]["lr"], found["conv.weight"]["weight_decay"]) == (0.5, 0.25)
    assert (found["conv.bias"]["weight_decay"], found["conv.bias"]["lars_exclude"]) == (0.0, True)
    assert (found["bn1.weight"]["lr"], found["bn1.weight"]["weight_decay"]) == (1.0, 0.25)
    assert (found["bn1.bias"]["lr"], found["bn1.bias"]["weight_decay"]) == (1.0, 0.0)


def test_a_frozen_parameter_keeps_the_optimizers_settings() -> None:
    found = groups(constructor=REGEX, optimizer=SGD, paramwise_cfg={"fc": {"lr": 9.0}})
    assert (found["fc.weight"]["lr"], found["fc.bias"]["lr"]) == (0.5, 9.0)


def test_a_multiplier_of_nothing_is_named() -> None:
    with pytest.raises(KeyError, match="dampening_mult"):
        groups(constructor=REGEX, optimizer=SGD, paramwise_cfg={"conv": {"dampening_mult": 2}})


def test_biases_of_norms_and_depthwise_convolutions_keep_the_decay_that_mmcv_gives_them() -> None:
    options = {"bias_decay_mult": 0.0, "bias_lr_mult": 2.0, "norm_decay_mult": 0.5}
    found = groups(constructor=V2, optimizer=SGD, paramwise_cfg=options)
    assert {name: group["weight_decay"] for name, group in found.items() if name.endswith("bias")} == {
        "conv.bias": 0.0, "bn1.bias": 0.125, "fc.bias": 0.0, "depthwise.bias": 0.25,
    }  # fmt: skip
    assert (found["bn1.bias"]["lr"], found["depthwise.bias"]["lr"]) == (0.5, 1.0)


def test_further_settings_of_a_custom_key_do_nothing_as_in_mmcv() -> None:
    options = {"custom_keys": {"conv": {"lr_mult": 0.1, "weight_decay": 7.0}}}
    assert groups(constructor=V2, optimizer=SGD, paramwise_cfg=options)["conv.weight"]["weight_decay"] == 0.25


def test_each_part_gets_its_optimizer() -> None:
    model = nn.ModuleDict({"generator": Net(), "discriminator": nn.Linear(1, 1)})
    model.generator, model.discriminator = model["generator"], model["discriminator"]
    cfg = {
        "constructor": PARTS,
        "generator": {"optimizer": SGD, "paramwise_cfg": {"custom_keys": {"conv": {"lr_mult": 0.1}}}},
        "discriminator": {"type": "OptimWrapper", "optimizer": {"type": "Adam", "lr": 1.0}},
    }
    built = build_optim_wrapper(model, cfg)
    assert isinstance(built, OptimWrapperDict)
    assert [type(wrapper.optimizer).__name__ for wrapper in built.values()] == ["SGD", "Adam"]
    assert built["generator"].optimizer.param_groups[0]["lr"] == 0.05
    assert built["discriminator"].optimizer.param_groups[0]["params"] == list(model["discriminator"].parameters())


def test_what_is_not_a_part_is_refused() -> None:
    with pytest.raises(TypeError, match="clip_grad"):
        build_optim_wrapper(Net(), {"constructor": PARTS, "conv": {"optimizer": SGD}, "clip_grad": 3})
    with pytest.raises(AttributeError, match="nothing"):
        build_optim_wrapper(Net(), {"constructor": PARTS, "nothing": {"optimizer": SGD}})
