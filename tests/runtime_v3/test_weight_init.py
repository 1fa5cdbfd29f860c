"""`init_cfg`, which both runtimes read with the same code."""

import pytest
import torch
from torch import nn

from mmmigrate.runtime_v3 import BaseModule


class Two(BaseModule):
    def __init__(self, init_cfg):
        super().__init__(init_cfg)
        self.first, self.second = nn.Linear(2, 2), nn.Linear(2, 2)


def test_an_override_replaces_the_initializer_of_one_child():
    model = Two(
        {"type": "Constant", "val": 1, "layer": "Linear", "override": {"name": "second", "type": "Constant", "val": 2}}
    )
    model.init_weights()
    assert model.first.weight.unique().tolist() == [1]
    assert model.second.weight.unique().tolist() == [2]


def test_an_override_with_a_name_only_gets_the_same_initializer():
    model = Two({"type": "Constant", "val": 3, "override": {"name": "first"}})
    before = model.second.weight.clone()
    model.init_weights()
    assert model.first.weight.unique().tolist() == [3]
    assert torch.equal(model.second.weight, before)


def test_an_override_of_no_child_names_the_children():
    with pytest.raises(RuntimeError, match=r"attribute third.*It has \['first', 'second'\]"):
        Two({"type": "Constant", "val": 3, "override": {"name": "third"}}).init_weights()


def test_pretrained_weights_may_be_a_part_of_a_checkpoint(tmp_path):
    saved = Two(None)
    torch.save({"state_dict": {f"backbone.{k}": v for k, v in saved.state_dict().items()}}, tmp_path / "a.pth")
    model = Two({"type": "Pretrained", "checkpoint": str(tmp_path / "a.pth"), "prefix": "backbone"})
    model.init_weights()
    assert torch.equal(model.second.weight, saved.second.weight)


def test_no_note_stays_behind_on_the_modules():
    model = Two({"type": "Constant", "val": 1, "layer": "Linear"})
    model.init_weights()
    assert not any(hasattr(module, "_params_init_info") for module in model.modules())
