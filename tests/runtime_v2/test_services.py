"""Experiment tracking: Weights & Biases offline and MLflow on local files for real, the others against stand-ins."""

import logging
import struct
import sys
import types

import numpy as np
import pytest
import torch
from torch import nn

from mmmigrate.runtime_v2 import HOOKS, EpochBasedRunner, EvalHook, IterBasedRunner

WANDB_HEADER_BYTES = 7
BLOCK_BYTES = 32768


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def forward(self, img):
        return self.layer(img)

    def train_step(self, data, optimizer):
        loss = self.layer(data["img"]).sum()
        return {"loss": loss, "log_vars": {"loss": loss.item()}, "num_samples": 4}


class Batches(list):
    sampler = batch_sampler = None


def runner_of(folder, kind=EpochBasedRunner, meta=None, **length):
    model = Model()
    return kind(
        model,
        optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
        work_dir=str(folder),
        logger=logging.Logger("test"),
        meta={} if meta is None else meta,
        **(length or {"max_epochs": 2}),
    )


def run(runner, *hooks, interval=1):
    runner.register_training_hooks(
        {"policy": "step", "step": 1}, {}, {"interval": 1}, {"interval": interval, "hooks": list(hooks)}
    )
    runner.run([Batches([{"img": torch.ones(4, 2)} for _ in range(3)])], [("train", 1)])


@pytest.fixture
def wandb_records(tmp_path, monkeypatch):
    """Reads what an offline run has written, record by record."""
    import wandb
    from wandb.proto.wandb_internal_pb2 import Record

    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    for kind in ("CACHE", "CONFIG", "DATA"):
        monkeypatch.setenv(f"WANDB_{kind}_DIR", str(tmp_path / kind))

    def read(kind):
        wandb.teardown()  # until its process has ended, the file need not be whole
        (file,) = tmp_path.glob("wandb/offline-run-*/run-*.wandb")
        data, at, body, records = file.read_bytes(), WANDB_HEADER_BYTES, b"", []
        while at + 7 <= len(data):
            if BLOCK_BYTES - at % BLOCK_BYTES < 7:
                at += BLOCK_BYTES - at % BLOCK_BYTES
            _, size, part = struct.unpack_from("<IHB", data, at)
            body += data[at + 7 : at + 7 + size]
            at += 7 + size
            if part in (1, 4):  # a whole record, or the last part of one
                record = Record()
                record.ParseFromString(body)
                records.append(record)
                body = b""
        return [getattr(record, kind) for record in records if record.WhichOneof("record_type") == kind]

    return read


def history(records):
    rows = [{item.key or ".".join(item.nested_key): item.value_json for item in row.item} for row in records]
    return [{key: float(value) for key, value in row.items() if key[0] != "_" or key == "_step"} for row in rows]


def test_wandb_gets_the_values_at_their_iterations(tmp_path, wandb_records):
    hook = {
        "type": "WandbLoggerHook",
        "init_kwargs": {"project": "p", "dir": str(tmp_path)},
        "define_metric_cfg": {"train/loss": "min"},
    }
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "config.py").write_text("lr = 0.1\n")
    run(runner_of(tmp_path / "work"), hook)
    rows = history(wandb_records("history"))
    assert [row["_step"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row["learning_rate"] for row in rows] == [0.1] * 3 + [pytest.approx(0.01)] * 3
    assert all("train/loss" in row for row in rows)
    assert [metric.name for metric in wandb_records("metric") if metric.summary.min] == ["train/loss"]
    assert [artifact.type for artifact in wandb_records("artifact")] == ["model"]


def test_wandb_gets_the_iteration_as_a_value_if_asked(tmp_path, wandb_records):
    init = {"project": "p", "dir": str(tmp_path)}
    hook = {"type": "WandbLoggerHook", "init_kwargs": init, "with_step": False, "log_artifact": False}
    run(runner_of(tmp_path / "work"), hook, interval=3)
    assert [row["global_step"] for row in history(wandb_records("history"))] == [3, 6]
    assert wandb_records("artifact") == []


def test_mlflow_gets_values_tags_and_parameters(tmp_path, monkeypatch):
    import mlflow

    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    mlflow.set_tracking_uri((tmp_path / "runs").as_uri())
    hook = {
        "type": "MlflowLoggerHook",
        "exp_name": "moving",
        "tags": {"who": "test"},
        "params": {"depth": 50},
        "log_model": False,
    }
    try:
        run(runner_of(tmp_path / "work"), hook)
        number = mlflow.active_run().info.run_id
    finally:
        mlflow.end_run()
    client = mlflow.MlflowClient()
    found = client.get_run(number)
    assert found.data.params == {"depth": "50"}
    assert found.data.tags["who"] == "test"
    assert client.get_experiment(found.info.experiment_id).name == "moving"
    rates = client.get_metric_history(number, "learning_rate")
    assert [(rate.step, round(rate.value, 6)) for rate in rates] == [(i, 0.1 if i < 4 else 0.01) for i in range(1, 7)]
    assert len(client.get_metric_history(number, "train/loss")) == 6


def test_mlflows_missing_part_is_named_before_the_run(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow.pytorch", None)
    with pytest.raises(ImportError, match="pip install mlflow"):
        HOOKS.build({"type": "MlflowLoggerHook"})


class Writer:
    """Notes what Pavi would get."""

    def __init__(self, **options):
        self.options, self.notes = options, []
        Writer.last = self

    def __getattr__(self, name):
        return lambda *args, **kwargs: self.notes.append((name, args, kwargs))

    def named(self, name):
        return [(args, kwargs) for note, args, kwargs in self.notes if note == name]


@pytest.fixture
def pavi(monkeypatch):
    module = types.ModuleType("pavi")
    module.SummaryWriter = Writer
    monkeypatch.setitem(sys.modules, "pavi", module)


def test_pavi_gets_config_values_graphs_and_checkpoints(tmp_path, pavi):
    hook = {
        "type": "PaviLoggerHook",
        "init_kwargs": {"project": "p"},
        "add_last_ckpt": True,
        "add_graph_kwargs": {"active": True, "start": 2},
        "add_ckpt_kwargs": {"active": True, "interval": 2},
    }
    runner = runner_of(tmp_path / "work", meta={"config_dict": {"depth": 50}})
    runner._max_iters = 6
    run(runner, hook)
    writer = Writer.last
    assert writer.options == {
        "project": "p",
        "name": "work",
        "model": "Model",
        "session_text": "depth: 50\nmax_iter: 6\n",
    }
    assert [(mode, step) for (mode, _, step), _ in writer.named("add_scalars")] == [("train", i) for i in range(1, 7)]
    assert [kwargs["tag"] for _, kwargs in writer.named("add_graph")] == ["work_2"]
    sent = [(kwargs["iteration"], kwargs["snapshot_file_path"]) for _, kwargs in writer.named("add_snapshot_file")]
    last = str(tmp_path / "work" / "epoch_2.pth")
    assert sent == [(2, last), (2, last)]  # when it was due, and as the last one
    assert writer.notes[-1][0] == "close"
    assert "forward" not in vars(runner.model)


def test_pavi_counts_iterations_if_asked(tmp_path, pavi):
    hook = {"type": "PaviLoggerHook", "by_epoch": False, "add_graph": True, "add_graph_kwargs": {"interval": 2}}
    with pytest.warns(DeprecationWarning, match="add_graph_kwargs"):
        run(runner_of(tmp_path / "work", IterBasedRunner, max_iters=3), hook)
    assert [kwargs["tag"] for _, kwargs in Writer.last.named("add_graph")] == ["work_2"]


class Notes(dict):
    """Stands in for a service's module or object: every call is noted with its path."""

    def __init__(self, calls, path=""):
        super().__init__()
        self.calls, self.path = calls, path

    def __getattr__(self, name):
        return Notes(self.calls, f"{self.path}.{name}")

    def __missing__(self, name):
        return Notes(self.calls, f"{self.path}[{name}]")

    def __call__(self, *args, **kwargs):
        self.calls.append((self.path, args, kwargs))
        return Notes(self.calls, f"{self.path}()")


def calls_of(monkeypatch, folder, *hooks):
    calls = []
    service = "mmmigrate.runtime_v2.hooks.logger.services.import_module"
    monkeypatch.setattr(service, lambda name: Notes(calls, name))
    run(runner_of(folder), *hooks, interval=3)
    return calls


def test_neptune_gets_series_and_is_stopped(monkeypatch, tmp_path):
    calls = calls_of(monkeypatch, tmp_path, {"type": "NeptuneLoggerHook", "init_kwargs": {"project": "p"}})
    assert calls[0] == ("neptune.new.init", (), {"project": "p"})
    rates = [call for call in calls if "[learning_rate]" in call[0]]
    assert [(path.rpartition(".")[2], kwargs) for path, _, kwargs in rates] == [("log", {"step": i}) for i in (3, 6)]
    assert calls[-1][0].endswith("stop")


def test_clearml_gets_scalars(monkeypatch, tmp_path):
    calls = calls_of(monkeypatch, tmp_path, {"type": "ClearMLLoggerHook", "init_kwargs": {"task_name": "t"}})
    assert calls[0] == ("clearml.Task.init", (), {"task_name": "t"})
    rates = [args for path, args, _ in calls if path.endswith("report_scalar") and args[0] == "learning_rate"]
    assert [args[3] for args in rates] == [3, 6]


def test_segmind_gets_metrics_at_the_epoch(monkeypatch, tmp_path):
    calls = calls_of(monkeypatch, tmp_path, {"type": "SegmindLoggerHook"})
    assert [kwargs for path, _, kwargs in calls if path.endswith("try_mlflow_log")] == [
        {"step": 0, "epoch": 0},
        {"step": 1, "epoch": 1},
    ]


def test_dvclive_gets_metrics_and_the_checkpoint_after_each_epoch(monkeypatch, tmp_path):
    model = tmp_path / "live" / "model.pth"
    hook = {"type": "DvcliveLoggerHook", "model_file": str(model), "dir": "d"}
    # counting by epoch it averages nothing itself, in mmcv too
    calls = calls_of(monkeypatch, tmp_path, {"type": "TextLoggerHook"}, hook)
    assert calls[0] == ("dvclive.Live", (), {"dir": "d"})
    assert [args for path, args, _ in calls if path.endswith("set_step")] == [(1,), (2,)]
    # releases from 3.0 on have log_metric only
    assert [args[0] for path, args, _ in calls if path.endswith(".log")][:1] == ["train/loss"]
    assert torch.load(model, weights_only=False)["meta"]["epoch"] == 2


class LoadImageFromFile:
    def __call__(self, info):
        image = np.zeros((6, 8, 3), np.uint8)
        image[..., 0] = info["img_info"]["number"]
        return {"img": image}


class Images(torch.utils.data.Dataset):
    CLASSES = ("cat", "dog")
    img_prefix = ""
    pipeline = types.SimpleNamespace(transforms=[LoadImageFromFile()])
    data_infos = tuple({"filename": f"{number}.jpg", "number": number, "height": 6, "width": 8} for number in range(3))

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return torch.zeros(2)

    def get_ann_info(self, index):
        mask = np.zeros((6, 8), bool)
        mask[:2] = True
        return {"bboxes": np.array([[0.0, 1, 2, 3]]), "labels": np.array([index % 2]), "masks": [mask]}

    def evaluate(self, results, logger=None):
        return {"mAP": 0.5}


def detections(model, loader):
    boxes = [np.array([[0, 0, 4, 4, 0.9], [1, 1, 2, 2, 0.1]]), np.array([[2, 2, 5, 5, 0.8]])]
    masks = [[np.ones((6, 8), bool), np.zeros((6, 8), bool)], [np.eye(6, 8, dtype=bool)]]
    return [(boxes, masks)] * 3


def tables_run(tmp_path, **options):
    runner = runner_of(tmp_path / "work")
    hook = {"type": "MMDetWandbHook", "init_kwargs": {"project": "p", "dir": str(tmp_path)}, "interval": 1, **options}
    runner.register_hook(EvalHook(torch.utils.data.DataLoader(Images()), test_fn=detections), priority="LOW")
    run(runner, hook)
    return next(hook for hook in runner.hooks if type(hook).__name__ == "MMDetWandbHook")


def test_wandb_gets_a_table_of_predictions_for_each_evaluation(tmp_path, wandb_records):
    hook = tables_run(tmp_path, num_eval_images=2)
    artifacts = [(artifact.type, sorted(artifact.aliases)) for artifact in wandb_records("artifact")]
    assert artifacts == [
        ("evaluation", ["epoch_1", "latest"]),
        ("model", ["epoch_2", "latest"]),
        ("evaluation", ["epoch_2", "latest"]),
    ]
    shuffled = np.random.RandomState(42).permutation(3)[:2].tolist()
    assert [row[0] for row in hook.data_table.data] == [f"{number}.jpg" for number in shuffled]
    image = hook.data_table.data[0][1]
    assert np.asarray(image.image)[0, 0].tolist() == [0, 0, shuffled[0]]
    assert image._boxes["ground_truth"]._val[0]["box_caption"] == ("cat", "dog")[shuffled[0] % 2]


def test_wandb_gets_only_boxes_above_the_threshold(tmp_path, wandb_records):
    hook = tables_run(tmp_path, num_eval_images=1)
    shown = hook._annotator.prediction(hook.data_table.data[0][1], detections(None, None)[0])
    captions = [box["box_caption"] for box in shown._boxes["predictions"]._val]
    assert captions == ["cat 0.90", "dog 0.80"]
    assert sorted(shown._masks) == ["cat", "dog"]


def test_wandb_gets_every_checkpoint_with_its_metrics(tmp_path, wandb_records):
    tables_run(tmp_path, num_eval_images=0, log_checkpoint=True, log_checkpoint_metadata=True)
    found = [(sorted(artifact.aliases), artifact.metadata) for artifact in wandb_records("artifact")]
    assert [aliases[0] for aliases, _ in found] == ["epoch_1", "epoch_2"]
    assert '"mAP": 0.5' in found[0][1].replace('":0', '": 0')


def test_wandb_gets_no_tables_without_an_evaluation(tmp_path, wandb_records):
    hook = {"type": "MMDetWandbHook", "init_kwargs": {"project": "p", "dir": str(tmp_path)}, "interval": 1}
    run(runner_of(tmp_path / "work"), hook)
    assert [artifact.type for artifact in wandb_records("artifact")] == ["model"]
