"""Checkpoints: never half written, read without running what they name, found again."""

import pickle

import numpy as np
import pytest
import torch
from torch import nn

from mmmigrate.runtime_v2 import CheckpointLoader, load_checkpoint, save_checkpoint
from mmmigrate.runtime_v2.checkpoint import saving, zoo
from mmmigrate.runtime_v2.runner.saving import point_latest
from mmmigrate.runtime_v2.train import find_latest_checkpoint


class Danger:
    def __reduce__(self):
        return (print, ("this must not run",))


def test_a_save_that_fails_midway_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model.pth"
    save_checkpoint(nn.Linear(1, 1), str(path))
    before = path.read_bytes()

    def half(checkpoint, file):
        file.write(b"half a checkpoint")
        raise KeyboardInterrupt

    monkeypatch.setattr(saving.torch, "save", half)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(nn.Linear(1, 1), str(path))
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["model.pth"]


def test_a_checkpoint_that_names_code_is_refused_and_not_run(tmp_path, capsys):
    path = tmp_path / "model.pth"
    torch.save({"state_dict": {}, "meta": Danger()}, path)
    with pytest.raises(pickle.UnpicklingError, match="more than weights"):
        load_checkpoint(nn.Linear(1, 1), str(path))
    assert "this must not run" not in capsys.readouterr().out


def test_numpy_values_in_the_meta_are_read_and_written_plainly(tmp_path):
    path = tmp_path / "model.pth"
    model = nn.Linear(1, 1)
    torch.save({"state_dict": model.state_dict(), "meta": {"score": np.float64(0.5), "all": np.arange(3)}}, path)
    assert load_checkpoint(model, str(path))["meta"]["score"] == 0.5
    save_checkpoint(model, str(path), meta={"score": np.float32(0.25), "names": ("a", np.int64(3))})
    meta = torch.load(path, weights_only=True)["meta"]
    assert (type(meta["score"]), meta["names"]) == (float, ("a", 3))


def test_latest_is_replaced(tmp_path):
    for name in ("epoch_1.pth", "epoch_2.pth"):
        (tmp_path / name).write_bytes(b"")
        point_latest(tmp_path, name)
    assert (tmp_path / "latest.pth").resolve().name == "epoch_2.pth"
    assert len(list(tmp_path.iterdir())) == 3


def test_the_highest_number_is_the_latest_and_the_best_does_not_count(tmp_path):
    for name in ("epoch_9.pth", "epoch_10.pth", "best_mAP_epoch_12.pth", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    assert find_latest_checkpoint(str(tmp_path)).endswith("epoch_10.pth")


def test_an_empty_folder_has_no_latest(tmp_path):
    assert find_latest_checkpoint(str(tmp_path)) is None


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(FileNotFoundError, match=r"nowhere\.pth"):
        load_checkpoint(nn.Linear(1, 1), "nowhere.pth")


def test_a_project_can_add_a_scheme():
    given = {"state_dict": {"weight": torch.ones(1, 1), "bias": torch.zeros(1)}}
    CheckpointLoader.register_scheme("memory://", lambda filename, map_location: given)
    model = nn.Linear(1, 1)
    try:
        load_checkpoint(model, "memory://anything")
    finally:
        del CheckpointLoader._schemes["memory://"]
    assert model.weight.item() == 1


def test_a_scheme_is_not_replaced_by_accident():
    with pytest.raises(KeyError, match="force=True"):
        CheckpointLoader.register_scheme("http://", print)


@pytest.fixture
def downloads(monkeypatch):
    """What would be downloaded, as the only thing that a checkpoint holds."""
    monkeypatch.setattr(zoo, "load_from_http", lambda url, map_location=None: {"backbone.url": url})
    return zoo.CheckpointLoader.load_checkpoint


def test_weights_are_found_by_the_names_of_their_publishers(downloads, tmp_path, monkeypatch):
    monkeypatch.setenv("MMCV_HOME", str(tmp_path))
    assert downloads("torchvision://resnet50")["backbone.url"].endswith("/resnet50-0676ba61.pth")
    assert "openmmlab.com/mmclassification/v0/vgg" in downloads("mmcls://vgg11")["state_dict"]["url"]
    with pytest.warns(DeprecationWarning, match="open-mmlab://resnet50_caffe is deprecated in favor of"):
        assert downloads("open-mmlab://resnet50_caffe")["backbone.url"].endswith("resnet50_caffe-788b5fa3.pth")


def test_a_table_in_mmcv_home_names_files_there(downloads, tmp_path, monkeypatch):
    monkeypatch.setenv("MMCV_HOME", str(tmp_path))
    (tmp_path / "open_mmlab.json").write_text('{"ours": "ours.pth", "gone": "gone.pth"}')
    torch.save({"weight": torch.ones(2)}, tmp_path / "ours.pth")
    assert torch.equal(downloads("openmmlab://ours")["weight"], torch.ones(2))
    with pytest.raises(FileNotFoundError, match=r"gone\.pth can not be found"):
        downloads("open-mmlab://gone")


def test_an_unknown_name_of_weights_is_compared_with_known_ones(downloads):
    with pytest.raises(KeyError, match="torchvision:// knows no weights called 'resnet5'; did you mean 'resnet"):
        downloads("torchvision://resnet5")
