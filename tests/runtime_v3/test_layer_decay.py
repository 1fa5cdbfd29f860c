"""Rates that fall from the output to the input of a backbone."""

import pytest
import torch
from torch import nn

from mmmigrate.runtime_v3 import build_optim_wrapper

OPTIMIZER = {"type": "SGD", "lr": 1.0, "weight_decay": 0.1}


class TinyConvNeXt(nn.Module):
    def __init__(self):
        super().__init__()
        self.downsample_layers = nn.ModuleList(nn.Linear(2, 2) for _ in range(4))
        self.stages = nn.ModuleList(nn.Sequential(nn.Linear(2, 2)) for _ in range(4))


class Detector(nn.Module):
    def __init__(self, backbone=None):
        super().__init__()
        self.backbone = backbone or TinyConvNeXt()
        self.head = nn.Linear(2, 1)


def rates(model, constructor, **paramwise):
    wrapper = build_optim_wrapper(
        model, {"optimizer": OPTIMIZER, "constructor": constructor, "paramwise_cfg": paramwise}
    )
    names = {id(param): name for name, param in model.named_parameters()}
    groups = wrapper.optimizer.param_groups
    return {names[id(param)]: (group["lr"], group["weight_decay"]) for group in groups for param in group["params"]}


def test_layers_of_a_convnext_decay_by_their_distance_from_the_output():
    found = rates(Detector(), "LearningRateDecayOptimizerConstructor", num_layers=6, decay_rate=0.5)
    assert found["head.weight"] == (1.0, 0.1)
    assert found["head.bias"] == (1.0, 0.0)
    assert found["backbone.stages.3.0.weight"] == (0.5, 0.1)
    assert found["backbone.stages.2.0.weight"] == (0.5**4, 0.1)
    assert found["backbone.downsample_layers.0.weight"] == (0.5**7, 0.1)


def test_stages_of_a_convnext_decay_by_stage():
    found = rates(
        Detector(), "LearningRateDecayOptimizerConstructor", num_layers=4, decay_rate=0.5, decay_type="stage_wise"
    )
    assert found["backbone.stages.0.0.weight"] == (0.5**4, 0.1)
    assert found["backbone.downsample_layers.3.weight"] == (0.5**5, 0.1)


def test_another_backbone_is_refused_by_name():
    with pytest.raises(ValueError, match="of a ConvNeXt is known, got 'layer_wise' of Linear"):
        rates(Detector(nn.Linear(1, 1)), "LearningRateDecayOptimizerConstructor", num_layers=6, decay_rate=0.5)


def test_missing_settings_are_named():
    with pytest.raises(ValueError, match="needs num_layers"):
        rates(Detector(), "LearningRateDecayOptimizerConstructor", decay_rate=0.5)


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone, self.head = DepthAware(), nn.Linear(2, 1)


class DepthAware(nn.Module):
    """Says the depth of everything inside."""

    def __init__(self):
        super().__init__()
        self.patch, self.norm = nn.Linear(2, 2), nn.LayerNorm(2)

    def get_layer_depth(self, name, prefix):
        return (0 if ".patch." in name else 2), 4


def test_the_nearest_module_that_knows_its_depth_decides():
    found = rates(Classifier(), "LearningRateDecayOptimWrapperConstructor", layer_decay_rate=0.5, norm_decay_mult=0.0)
    assert found["backbone.patch.weight"] == (0.5**3, 0.1)
    assert found["backbone.norm.weight"] == (0.5, 0.0)
    assert found["head.weight"] == (1.0, 0.1)


def test_custom_keys_come_before_depth_and_flat_parameters_lose_their_decay():
    found = rates(
        Classifier(),
        "LearningRateDecayOptimWrapperConstructor",
        layer_decay_rate=0.5,
        flat_decay_mult=0.0,
        custom_keys={"backbone.patch": {"decay_mult": 2.0}},
    )
    assert found["backbone.patch.weight"] == (0.5**3, 0.2)
    assert found["head.bias"] == (1.0, 0.0)


def test_a_step_uses_the_decayed_rate():
    model = Classifier()
    wrapper = build_optim_wrapper(
        model,
        {
            "optimizer": {"type": "SGD", "lr": 1.0},
            "constructor": "LearningRateDecayOptimWrapperConstructor",
            "paramwise_cfg": {"layer_decay_rate": 0.5},
        },
    )
    before = model.backbone.patch.bias.detach().clone()
    wrapper.update_params(model.backbone.patch(torch.zeros(1, 2)).sum())
    assert torch.allclose(model.backbone.patch.bias, before - 0.125)
