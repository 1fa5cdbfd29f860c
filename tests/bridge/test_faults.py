"""Files that are no checkpoints, half of one, or a trap: each is refused with its fault, and nothing is written."""

import io
import os
import pickle

import pytest
import torch
from click.testing import CliRunner

from mmmigrate.compat.cli.main import main

from .checkpoints import v2_checkpoint, v3_checkpoint


def run(*arguments):
    return CliRunner().invoke(main, ["checkpoint", *map(str, arguments)])


def refused(path, message):
    target = path.parent / "new" / "out.pth"
    result = run(path, target, "--to", "v3", "--no-schedule")
    assert result.exit_code == 2, result.output
    assert str(path) in result.output
    assert message in result.output
    assert not target.parent.exists()


class Payload:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


class Nested:
    """Hides a pickle in the bytes of a storage, which torch's own reader would load without restriction."""

    def __init__(self, inner):
        self.inner = inner

    def __reduce__(self):
        return torch.storage._load_from_bytes, (self.inner,)


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("nested", [False, True])
def test_a_pickle_that_would_run_code_is_refused_and_not_run(tmp_path, legacy, nested):
    marker, path = tmp_path / "marker", tmp_path / "evil.pth"
    payload = Payload(marker)
    if nested:
        buffer = io.BytesIO()
        torch.save(payload, buffer)
        payload = Nested(buffer.getvalue())
    torch.save({**v2_checkpoint(), "extra": payload}, path, _use_new_zipfile_serialization=not legacy)
    refused(path, "refused, nothing in it was executed")
    assert not marker.exists()


def test_a_bare_pickle_with_code_is_refused(tmp_path):
    marker, path = tmp_path / "marker", tmp_path / "evil.pth"
    path.write_bytes(pickle.dumps(Payload(marker)))
    assert run(path, tmp_path / "new.pth", "--to", "v3").exit_code == 2
    assert not marker.exists()


@pytest.mark.parametrize("size", [0, 1, 100, 1000, -100, -1])
def test_a_file_that_was_cut_short_says_so(tmp_path, size):
    path = tmp_path / "cut.pth"
    torch.save(v2_checkpoint(), path)
    path.write_bytes(path.read_bytes()[:size])
    refused(path, "the file is empty" if not size else "cut short" if size != 1 else "not a checkpoint of torch.save")


def test_a_damaged_file_says_which_part(tmp_path):
    path = tmp_path / "damaged.pth"
    torch.save(v2_checkpoint(), path)
    content = bytearray(path.read_bytes())
    content[content.index(b"head.weight") + 1] ^= 0xFF
    path.write_bytes(content)
    refused(path, "does not match its checksum")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"model": {"w": torch.ones(1)}, "epoch": 3}, "has no 'state_dict', but 'model', 'epoch'"),
        ([1, 2], "holds a list, not a checkpoint"),
        ({}, "has no 'state_dict', but nothing"),
        (v3_checkpoint(), "is a v3 checkpoint already"),
    ],
)
def test_a_foreign_file_is_named(tmp_path, content, message):
    path = tmp_path / "foreign.pth"
    torch.save(content, path)
    refused(path, message)


@pytest.mark.parametrize(
    "change",
    [
        {"meta": {"hook_msgs": 5}},
        {"optimizer": {"param_groups": 3}},
        {"optimizer": [1]},
        {"state_dict": {1: torch.ones(1)}},
        {"state_dict": [torch.ones(1)]},
    ],
)
def test_a_part_that_is_not_as_it_should_be_is_named(tmp_path, change):
    path = tmp_path / "odd.pth"
    old = v2_checkpoint()
    old["meta"].update(change.pop("meta", {}))
    torch.save({**old, **change}, path)
    refused(path, "a part of it is not as v2 writes it")


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path):
    path = tmp_path / "a.pth"
    torch.save(v2_checkpoint(), path)
    (tmp_path / "file").write_text("")
    result = run(path, tmp_path / "file" / "b.pth", "--to", "v3", "--no-schedule")
    assert (result.exit_code, "error:" in result.output) == (2, True)


def test_text_is_no_checkpoint(tmp_path):
    path = tmp_path / "page.pth"
    path.write_text("<html>Not found</html>")
    refused(path, "it begins with b'<html>No'")


def test_a_torchscript_program_is_refused(tmp_path):
    path = tmp_path / "program.pth"
    torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), path)
    result = run(path, tmp_path / "new.pth", "--to", "v3")
    assert result.exit_code == 2
    assert "TorchScript" in result.output


def test_a_converted_file_does_not_replace_its_original(tmp_path):
    path = tmp_path / "a.pth"
    torch.save(v2_checkpoint(), path)
    before = path.read_bytes()
    assert run(path, path, "--to", "v3", "--no-schedule").exit_code == 2
    assert path.read_bytes() == before


def test_a_dry_run_says_what_would_change_and_writes_nothing(tmp_path):
    path = tmp_path / "a.pth"
    torch.save(v2_checkpoint(), path)
    result = run(path, tmp_path / "b.pth", "--to", "v3", "--no-schedule", "--dry-run")
    assert result.exit_code == 0
    for words in ("2 epochs, 10 iterations", "ema_state_dict", "meta.mmcv_version", "1 groups"):
        assert words in result.output
    assert not (tmp_path / "b.pth").exists()


def test_a_whole_work_folder_with_its_pointer(tmp_path):
    old, new, again = tmp_path / "old", tmp_path / "new", tmp_path / "again"
    old.mkdir()
    for name in ("epoch_1.pth", "epoch_2.pth"):
        torch.save(v2_checkpoint(), old / name)
    (old / "latest.pth").symlink_to("epoch_2.pth")
    (old / "broken.pth").write_bytes(b"PK\x03\x04")
    result = run(old, new, "--to", "v3", "--no-schedule")
    assert result.exit_code == 2  # one of them could not be converted
    assert "broken.pth: cut short" in result.output
    assert (new / "last_checkpoint").read_text() == str(new / "epoch_2.pth")
    assert run(new, again, "--to", "v2").exit_code == 0
    assert (again / "latest.pth").resolve() == again / "epoch_2.pth"
    assert sorted(path.name for path in again.glob("*.pth")) == ["epoch_1.pth", "epoch_2.pth", "latest.pth"]
