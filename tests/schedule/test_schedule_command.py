"""`mmmigrate schedule`: the whole run of a config of either generation, from its text alone."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mmmigrate.compat.cli import main

V2 = (
    "model = dict(type='M')\n"
    "optimizer = dict(type='SGD', lr=0.1, momentum=0.9,\n"
    "    paramwise_cfg=dict(custom_keys={'backbone': dict(lr_mult=0.1)}))\n"
    "lr_config = dict(policy='step', step=[2], warmup='linear', warmup_iters=2, warmup_ratio=0.5)\n"
    "runner = dict(type='EpochBasedRunner', max_epochs=3)\ncheckpoint_config = dict(interval=2)\n"
    "data = dict(train=dict(type='A'), val=dict(type='A'))\nevaluation = dict(interval=1, start=2)\n"
)
BY_EPOCH = (
    "optimizer = dict(type='Adam', lr=1.)\nlr_config = dict(policy='step', step=[2])\ntotal_epochs = 3\n"
    "momentum_config = dict(policy='step', step=[1], gamma=0.5)\n"
)


def run(*args: object) -> Result:
    return CliRunner().invoke(main, ["schedule", *map(str, args)])


def write(folder: Path, text: str, name: str = "config.py") -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_the_table_shows_rates_by_group_and_what_happens(tmp_path: Path) -> None:
    lines = run(write(tmp_path, V2), "--iters-per-epoch", 4).stdout.splitlines()
    assert lines == [
        "v2, 3 epochs of 4 iterations, 2 evaluations, 2 checkpoints; highest lr: all parameters: 0.1, backbone: 0.01",
        "",
        "iteration  lr (all parameters)  lr (backbone)  momentum  after it",
        "      1-4          0.05 -> 0.1  0.005 -> 0.01       0.9",
        "      5-8                  0.1           0.01       0.9  evaluation, epoch_2.pth",
        "     9-12                 0.01          0.001       0.9  evaluation, epoch_3.pth",
    ]


def test_every_iteration_as_csv_and_json(tmp_path: Path) -> None:
    path = write(tmp_path, V2)
    out, document = tmp_path / "out.csv", tmp_path / "out.json"
    assert run(path, "--iters-per-epoch", 4, "--csv", out, "--json", document).exit_code == 0
    rows = list(csv.reader(out.read_text().splitlines()))
    assert rows[0] == ["iteration", "lr[0]", "lr[1]", "momentum[0]", "momentum[1]", "evaluates", "checkpoint"]
    assert rows[2] == ["2", "0.07500000000000001", "0.0075000000000000015", "0.9", "0.9", "0", ""]
    assert rows[12][5:] == ["1", "epoch_3.pth"]
    data = json.loads(document.read_text())
    assert (data["version"], data["generation"], data["steps"], data["unit"]) == (1, "v2", 12, "iteration")
    assert [group["name"] for group in data["groups"]] == ["all parameters", "backbone"]
    assert data["groups"][0]["lr"][:3] == [0.05, 0.07500000000000001, 0.1]
    assert data["evaluations"] == [8, 12]
    assert data["checkpoints"] == [{"step": 8, "name": "epoch_2.pth"}, {"step": 12, "name": "epoch_3.pth"}]


@pytest.mark.parametrize("length", [1, 4, 9])
def test_a_converted_config_has_the_same_schedule(tmp_path: Path, length: int) -> None:
    path = write(tmp_path, V2)
    converted = CliRunner().invoke(main, ["config", str(path), "-q", "--schedule", "exact"]).stdout
    new = write(tmp_path, converted, "new.py")
    old, new = (json.loads(run(p, "--iters-per-epoch", length, "--json", "-").stdout) for p in (path, new))
    assert new["generation"] == "v3"
    assert {**old, "config": "", "generation": ""} == {**new, "config": "", "generation": ""}


def test_epochs_are_enough_where_nothing_counts_iterations(tmp_path: Path) -> None:
    lines = run(write(tmp_path, BY_EPOCH)).stdout.splitlines()
    assert lines[2:] == [
        "epoch   lr  momentum  after it",
        "    1    1       0.9",
        "    2    1      0.45",
        "    3  0.1      0.45",
    ]


@pytest.mark.parametrize(
    "text",
    [
        V2,
        BY_EPOCH.replace("step=[2]", "step=[2], by_epoch=False"),
        BY_EPOCH + "checkpoint_config = dict(interval=5, by_epoch=False)\n",
        "optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=1.))\n"
        "param_scheduler = dict(type='LinearLR', by_epoch=False, end=5)\n"
        "train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=2)\n",
    ],
)
def test_a_length_that_is_needed_and_unknown_is_asked_for(tmp_path: Path, text: str) -> None:
    result = run(write(tmp_path, text))
    assert result.exit_code == 2
    assert "--iters-per-epoch N" in result.stderr


def test_iterations_need_no_length(tmp_path: Path) -> None:
    text = BY_EPOCH.replace("total_epochs = 3", "total_iters = 4").replace("momentum_config", "unused")
    assert [line.split()[:2] for line in run(write(tmp_path, text)).stdout.splitlines()[3:]] == [
        ["1", "1"], ["2", "1"], ["3", "0.1"], ["4", "0.1"]
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("optimizer = dict(type='SGD', lr=1.)\n", "how long is the run"),
        ("total_epochs = 3\n", "no optimizer"),
        ("optimizer = dict(type='SGD')\ntotal_iters = 3\n", "no lr"),
        ("optimizer = dict(type='SGD', lr=1.)\ntotal_iters = 10**9\n", "20,000,000"),
        ("optimizer = dict(type='SGD', lr=1.)\ntotal_iters = 3\nlr_config = dict(policy='Mine')\n", "Mine"),
        ("optimizer = dict(type='SGD', lr=1.)\ntotal_iters = 3\nlr_config = dict(policy='poly', pwr=2)\n", "power"),
        ("x = (\n", "CFG001"),
    ],
)
def test_what_cannot_be_predicted_exits_2_with_the_reason(tmp_path: Path, text: str, message: str) -> None:
    result = run(write(tmp_path, text))
    assert result.exit_code == 2
    assert message in result.stderr
    assert not isinstance(result.exception, Exception)


def test_the_plot_is_a_picture_of_all_groups(tmp_path: Path) -> None:
    path = write(tmp_path, V2 + "momentum_config = dict(policy='cyclic')\n")
    assert run(path, "--iters-per-epoch", 4, "--plot", tmp_path / "a.svg").exit_code == 0
    root = xml.etree.ElementTree.parse(tmp_path / "a.svg").getroot()
    texts = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"config.py", "lr", "momentum", "backbone", "0.1", "iteration"} <= set(texts)
    assert run(path, "--iters-per-epoch", 4, "--plot", tmp_path / "a.png").exit_code == 0
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_that_cannot_be_drawn_says_what_to_install(tmp_path: Path, monkeypatch) -> None:
    path = write(tmp_path, BY_EPOCH)
    assert run(path, "--plot", tmp_path / "a.gif").exit_code == 2
    monkeypatch.setitem(sys.modules, "PIL", None)
    result = run(path, "--plot", tmp_path / "a.png")
    assert result.exit_code == 2
    assert "mmmigrate[drawing]" in result.stderr
    assert not (tmp_path / "a.png").exists()


@pytest.mark.parametrize("name", ["v2", "v3"])
def test_torch_is_not_imported(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, BY_EPOCH)
    if name == "v3":
        path = write(tmp_path, CliRunner().invoke(main, ["config", str(path), "-q"]).stdout, "new.py")
    code = (
        "import sys\nfrom mmmigrate.compat.cli import main\n"
        f"main(['schedule', {str(path)!r}, '--iters-per-epoch', '3'], standalone_mode=False)\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
