"""Logged scalars in the other generation's form: curves continue, and the way home gives the same bytes."""

import json

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from mmmigrate.compat.cli.main import main
from mmmigrate.compat.scalar_logs import LogError, convert_log

META = {"env_info": "Python: 3.9", "seed": 3, "exp_name": "faster_rcnn.py"}
V2 = [
    META,
    {"mode": "train", "epoch": 1, "iter": 50, "lr": 0.01, "memory": 100, "data_time": 0.1, "loss": 2.0, "time": 0.3},
    {"mode": "train", "epoch": 1, "iter": 100, "lr": 0.02, "memory": 100, "data_time": 0.1, "loss": 1.5, "time": 0.3},
    {"mode": "val", "epoch": 1, "iter": 625, "lr": 0.02, "bbox_mAP": 0.2, "bbox_mAP_copypaste": "0.2 0.3"},
    {"mode": "train", "epoch": 2, "iter": 50, "lr": 0.02, "memory": 100, "data_time": 0.1, "loss": 1.0, "time": 0.3},
]
TEXT_LOG = "2026-11-23 - mmdet - INFO - Epoch [1][50/120]\tlr: 1.000e-02, eta: 0:10\n"


def written(path, lines, end="\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(map(json.dumps, lines)) + end)
    return path


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_v2s_lines_become_v3s_with_the_iteration_of_the_run(tmp_path):
    source = written(tmp_path / "20261123.log.json", V2)
    (tmp_path / "20261123.log").write_text(TEXT_LOG)  # says how long an epoch is
    kept, *new = read(convert_log(source, tmp_path / "scalars.json", "v3"))
    assert list(kept) == ["mmmigrate"]  # tools leave out lines of one key
    assert [line["step"] for line in new] == [50, 100, 1, 170]
    assert new[0] == {
        "lr": 0.01,
        "memory": 100,
        "data_time": 0.1,
        "loss": 2.0,
        "time": 0.3,
        "iter": 50,
        "epoch": 1,
        "step": 50,
    }
    assert new[2] == {"bbox_mAP": 0.2, "bbox_mAP_copypaste": "0.2 0.3", "step": 1}


def test_v3s_lines_become_v2s_with_the_iteration_of_the_epoch(tmp_path):
    lines = [
        {"lr": 0.02, "data_time": 0.1, "loss": 1.0, "time": 0.2, "iter": 170, "epoch": 2, "step": 170},
        {"coco/bbox_mAP": 0.3, "data_time": 0.1, "time": 0.2, "step": 2},
    ]
    source = written(tmp_path / "run/vis_data/scalars.json", lines)
    (tmp_path / "run/run.log").write_text("2026 - mmengine - INFO - Epoch(train)  [1][ 50/120]  lr: 1e-2\n")
    _, train, val = read(convert_log(source, tmp_path / "a.log.json", "v2"))
    assert list(train.items())[:4] == [("mode", "train"), ("epoch", 2), ("iter", 50), ("lr", 0.02)]
    assert (val["mode"], val["epoch"], val["coco/bbox_mAP"]) == ("val", 2, 0.3)


def test_runs_by_iteration_keep_their_numbers(tmp_path):
    lines = [
        {"mode": "train", "epoch": 1, "iter": 500, "lr": {"generator": 0.1, "critic": 0.2}, "loss": 1.0},
        {"mode": "train", "epoch": 1, "iter": 1000, "lr": {"generator": 0.1, "critic": 0.2}, "loss": 0.5},
        {"mode": "val", "epoch": 1, "iter": 30, "lr": {"generator": 0.1, "critic": 0.2}, "mIoU": 0.4},
    ]
    source = written(tmp_path / "a.log.json", lines)
    _, *new = read(convert_log(source, tmp_path / "scalars.json", "v3"))
    assert [line["step"] for line in new] == [500, 1000, 1000]
    assert (new[0]["generator.lr"], new[0]["critic.lr"]) == (0.1, 0.2)


NUMBERS = st.floats(allow_nan=False) | st.integers(-5, 10**6)
NAMES = st.sampled_from(["loss", "acc", "grad_norm", "time", "memory", "x/y", "lr"])
ENTRY = st.builds(
    lambda mode, epoch, number, values: {"mode": mode, "epoch": epoch, "iter": number, **values},
    st.sampled_from(["train", "val"]),
    st.integers(1, 4),
    st.integers(1, 50),
    st.dictionaries(NAMES, NUMBERS, max_size=4),
)
V3_ENTRY = st.builds(
    lambda values, place: {**values, **place},
    st.dictionaries(NAMES, NUMBERS, max_size=4),
    st.one_of(
        st.builds(lambda n, e: {"iter": n, "epoch": e, "step": n}, st.integers(1, 99), st.integers(1, 4)),
        st.builds(lambda n: {"step": n}, st.integers(0, 9)),
    ),
)


@settings(max_examples=60, deadline=None)
@given(entries=st.lists(ENTRY, min_size=1, max_size=6), meta=st.booleans(), cut=st.booleans())
def test_a_v2_log_comes_back_byte_for_byte(tmp_path_factory, entries, meta, cut):
    folder = tmp_path_factory.mktemp("logs")
    source = written(folder / "a.log.json", [*([META] if meta else []), *entries], '\n{"mode": "tr' if cut else "\n")
    there = convert_log(source, folder / "scalars.json", "v3", 60)
    assert convert_log(there, folder / "b.log.json", "v2").read_bytes() == source.read_bytes()


@settings(max_examples=60, deadline=None)
@given(entries=st.lists(V3_ENTRY, min_size=1, max_size=6))
def test_a_v3_log_comes_back_byte_for_byte(tmp_path_factory, entries):
    folder = tmp_path_factory.mktemp("logs")
    source = written(folder / "scalars.json", entries)
    there = convert_log(source, folder / "a.log.json", "v2", 60)
    assert convert_log(there, folder / "again.json", "v3").read_bytes() == source.read_bytes()


def test_a_run_that_went_on_keeps_its_new_lines_on_the_way_home(tmp_path):
    there = convert_log(written(tmp_path / "a.log.json", V2), tmp_path / "scalars.json", "v3", 120)
    more = {"lr": 0.02, "loss": 0.9, "iter": 290, "epoch": 3, "step": 290}
    there.write_text(there.read_text() + json.dumps(more) + "\n")
    home = read(convert_log(there, tmp_path / "b.log.json", "v2"))
    assert home[:-1] == V2
    assert home[-1] == {"mode": "train", "epoch": 3, "iter": 50, "lr": 0.02, "loss": 0.9}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the log is empty"),
        ("{broken}\n{}\n", ":1: not a line of a log"),
        ('{"mode": "train", "epoch": 1, "iter": 1}\n[1]\n', ":2: not a line of a log: a line must be an object"),
        ('{"lr": 1, "iter": 1, "step": 1}\n', "is a log of v3 already"),
    ],
)
def test_faults_are_named_and_nothing_is_written(tmp_path, text, message):
    source = tmp_path / "a.log.json"
    source.write_text(text)
    with pytest.raises(LogError, match=r"a\.log\.json") as caught:
        convert_log(source, tmp_path / "out.json", "v3", 10)
    assert message in str(caught.value)
    assert not (tmp_path / "out.json").exists()


def test_an_unknown_length_of_the_epochs_is_asked_for(tmp_path):
    source = written(tmp_path / "a.log.json", V2)
    done = CliRunner().invoke(main, ["log", str(source), str(tmp_path / "b.json"), "--to", "v3"])
    assert (done.exit_code, "--iters-per-epoch" in done.output) == (2, True)


def test_a_work_folder_becomes_the_folders_of_v3_runs_and_back(tmp_path):
    for name in ("20261123_1", "20261124_1"):
        written(tmp_path / f"work/{name}.log.json", V2)
    arguments = ["log", str(tmp_path / "work"), str(tmp_path / "new"), "--to", "v3", "--iters-per-epoch", "120"]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    assert (tmp_path / "new/20261123_1/vis_data/scalars.json").is_file()
    assert CliRunner().invoke(main, ["log", str(tmp_path / "new"), str(tmp_path / "back"), "--to", "v2"]).exit_code == 0
    assert read(tmp_path / "back/20261124_1.log.json") == V2
