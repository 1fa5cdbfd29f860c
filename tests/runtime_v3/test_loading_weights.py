"""Weights into models that are wrapped, differ, or hold only a part."""

import pytest
import torch
from torch import nn

from mmmigrate.runtime_v3 import BaseModel, BaseTTAModel
from mmmigrate.runtime_v3.runner.checkpoint import (
    CheckpointLoader,
    get_state_dict,
    load_into,
    load_part,
    load_state_dict,
)


class Inner(BaseModel):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 1)

    def forward(self, inputs, mode="tensor"):
        return inputs


class Averaging(BaseTTAModel):
    def merge_preds(self, data_samples_list):
        return data_samples_list


def test_weights_go_through_a_model_for_augmentation():
    model = Averaging(Inner())
    load_state_dict(model, {"layer.weight": torch.full((1, 2), 7.0), "layer.bias": torch.zeros(1)}, strict=True)
    assert model.module.layer.weight.tolist() == [[7.0, 7.0]]


def test_weights_of_a_wrapped_part_are_saved_without_the_wrapper_and_load_again():
    model = nn.ModuleDict({"part": nn.DataParallel(nn.BatchNorm1d(2))})
    weights = get_state_dict(model)
    assert "part.weight" in weights
    assert weights._metadata["part"] == {"version": 2}
    load_state_dict(model, weights, strict=True)


def test_all_that_does_not_fit_is_one_error():
    with pytest.raises(RuntimeError) as caught:
        load_state_dict(nn.Linear(2, 1), {"weight": torch.ones(3, 3), "extra": torch.ones(1)}, strict=True)
    for part in ("size mismatch for weight", "unexpected key in source state_dict: extra", "missing keys", "bias"):
        assert part in str(caught.value)


def test_prefixes_are_cut_off_by_patterns():
    model = nn.Linear(1, 1)
    load_into(
        model, {"state_dict": {"module.weight": torch.full((1, 1), 5.0), "module.bias": torch.ones(1)}}, strict=True
    )
    assert model.weight.item() == 5.0


@pytest.mark.parametrize(
    ("path", "loader"),
    [
        ("https://host/x.pth", "load_from_http"),
        ("modelzoo://x", "load_from_torchvision"),
        ("openmmlab://x", "load_from_openmmlab"),
        ("s3://bucket/x.pth", "load_from_ceph"),
        ("open-mmlab:s3://bucket/x.pth", "load_from_ceph"),
        ("openmmlabs3://bucket/x.pth", "load_from_local"),
        ("memory://x.pth", "load_from_local"),
        ("folder/x.pth", "load_from_local"),
    ],
)
def test_the_scheme_chooses_the_loader(path, loader):
    assert CheckpointLoader._get_checkpoint_loader(path).__name__ == loader


def test_weights_are_read_through_any_file_system(tmp_path):
    file = tmp_path / "x.pth"
    torch.save({"state_dict": {"weight": torch.ones(1)}}, file)
    for path in (str(file), f"file://{file}"):
        assert CheckpointLoader.load_checkpoint(path)["state_dict"]["weight"] == 1


def test_a_missing_part_names_those_there_are(tmp_path):
    torch.save({"state_dict": {"head.weight": torch.ones(1)}}, tmp_path / "a.pth")
    with pytest.raises(KeyError, match=r"neck\. is not in the pretrained model .*there are \['head'\]"):
        load_part("neck", str(tmp_path / "a.pth"))


def test_each_runtime_has_its_own_table_of_schemes():
    from mmmigrate.runtime_v2.checkpoint.loading import CheckpointLoader as Old

    CheckpointLoader.register_scheme("only-new://", lambda filename, map_location: {"found": filename})
    assert CheckpointLoader.load_checkpoint("only-new://a") == {"found": "only-new://a"}
    assert "only-new://" not in Old._schemes
    with pytest.raises(KeyError, match="already registered"):
        CheckpointLoader.register_scheme("only-new://", lambda filename, map_location: {})
