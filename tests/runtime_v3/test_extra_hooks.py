"""Hooks that are not on by default: profiler, buffers over processes, pictures, test-time augmentation."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from mmmigrate.runtime_v3 import (
    DATASETS,
    LOOPS,
    METRICS,
    MODELS,
    BaseDataElement,
    BaseMetric,
    BaseModel,
    BaseTTAModel,
    EpochBasedTrainLoop,
    NaiveVisualizationHook,
    ProfilerHook,
    Runner,
    SyncBuffersHook,
    build_runner_with_tta,
)


@DATASETS.register_module()
class Versions(torch.utils.data.Dataset):
    """Each sample is a number; with a pipeline for augmentation, two versions of it."""

    def __init__(self, pipeline=None):
        self.pipeline = pipeline

    def __len__(self):
        return 4

    def __getitem__(self, index):
        number = torch.tensor([float(index)])
        return {"inputs": number if self.pipeline is None else [number, -3 * number]}


@MODELS.register_module()
class Echo(BaseModel):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(1, 1)

    def forward(self, inputs, mode="tensor"):
        batch = torch.stack(list(inputs))
        return {"loss": self.layer(batch).mean()} if mode == "loss" else batch.flatten().tolist()


@MODELS.register_module()
class Mean(BaseTTAModel):
    def merge_preds(self, data_samples_list):
        return [sum(versions) / len(versions) for versions in data_samples_list]


@LOOPS.register_module()
class OwnLoop(EpochBasedTrainLoop):
    pass


@METRICS.register_module()
class Listed(BaseMetric):
    def process(self, data_batch, data_samples):
        self.results.extend(data_samples)

    def compute_metrics(self, results):
        return {"first": results[0], "last": results[-1]}


def config(folder, **changes):
    loader = {"batch_size": 2, "dataset": {"type": "Versions"}, "sampler": {"type": "DefaultSampler", "shuffle": False}}
    return {
        "model": {"type": "Echo"},
        "work_dir": str(folder),
        "train_dataloader": loader,
        "train_cfg": {"by_epoch": True, "max_epochs": 2},
        "optim_wrapper": {"optimizer": {"type": "SGD", "lr": 0.1}},
        "test_dataloader": {**loader, "dataset": {"type": "Versions"}},
        "test_cfg": {},
        "test_evaluator": {"type": "Listed"},
        **changes,
    }


def train_profiled(folder, **settings):
    Runner.from_cfg(config(folder, custom_hooks=[{"type": "ProfilerHook", **settings}])).train()


def test_the_profiler_writes_a_trace_of_the_first_epoch(tmp_path):
    train_profiled(tmp_path, json_trace_path=str(tmp_path / "trace.json"))
    names = [event["name"] for event in json.loads((tmp_path / "trace.json").read_text())["traceEvents"]]
    assert sum(name == "aten::linear" for name in names) == 2, "two iterations are one epoch"


def test_the_profiler_can_stop_after_some_iterations(tmp_path):
    profiles = []
    train_profiled(tmp_path, by_epoch=False, profile_times=1, on_trace_ready=profiles.append)
    counts = {event.key: event.count for event in profiles[0].key_averages()}
    assert counts["aten::linear"] == 1


def test_a_table_of_the_profile_can_be_printed(tmp_path, capsys):
    train_profiled(tmp_path, on_trace_ready={"type": "log_trace", "row_limit": 3})
    assert "Self CPU time total" in capsys.readouterr().out


def test_traces_for_tensorboard_lie_in_the_log_folder(tmp_path):
    train_profiled(tmp_path, on_trace_ready={"type": "tb_trace"})
    assert len(list(tmp_path.glob("*/tf_tracing_logs/*.pt.trace.json"))) == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"profile_times": 0}, "at least 1"),
        ({"profile_times": 2}, "2 epochs would take very long"),
        ({"on_trace_ready": 1}, "a function or a dict"),
    ],
)
def test_wrong_settings_of_the_profiler_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        ProfilerHook(**settings)


def test_more_iterations_than_there_are_cannot_be_profiled(tmp_path):
    with pytest.raises(ValueError, match="profile_times=9, but training has only 4"):
        train_profiled(tmp_path, by_epoch=False, profile_times=9)


def test_buffers_are_averaged_after_an_epoch_and_not_again_before_its_validation(monkeypatch):
    hook_stages = ["after_train_epoch", "before_val_epoch", "before_val_epoch"]
    counts = []
    for end in range(1, 4):
        calls = []
        monkeypatch.setattr("mmmigrate.runtime_v3.hooks.sync_buffer_hook.is_distributed", lambda: True)
        monkeypatch.setattr(
            "mmmigrate.runtime_v3.hooks.sync_buffer_hook.all_reduce_params",
            lambda buffers, op, calls=calls: calls.append(op),
        )
        hook = SyncBuffersHook()
        for stage in hook_stages[:end]:
            getattr(hook, stage)(SimpleNamespace(model=nn.BatchNorm1d(2)))
        counts.append(calls)
    assert counts == [["mean"], ["mean"], ["mean", "mean"]]


def test_one_process_has_no_buffers_to_average(monkeypatch):
    calls = []
    monkeypatch.setattr(
        "mmmigrate.runtime_v3.hooks.sync_buffer_hook.all_reduce_params", lambda *args, **kwargs: calls.append(args)
    )
    hook = SyncBuffersHook()
    hook.after_train_epoch(SimpleNamespace(model=nn.BatchNorm1d(2)))
    hook.before_val_epoch(SimpleNamespace(model=nn.BatchNorm1d(2)))
    assert calls == []


class Shown:
    """A visualizer that keeps what it is told."""

    def __init__(self):
        self.samples = []

    def add_datasample(self, name, image, data_sample, draw_gt, draw_pred):
        self.samples.append((name, image, data_sample, draw_gt, draw_pred))


def entry(**metainfo):
    sample = BaseDataElement(metainfo={"ori_width": 4, "ori_height": 2, "img_path": "a/cat.png", **metainfo})
    return {"inputs": torch.arange(3.0).reshape(1, 3, 1, 1).expand(1, 3, 2, 4), "data_sample": sample}


def test_pictures_of_every_nth_batch_reach_the_visualizer_in_their_first_size():
    hook, runner = NaiveVisualizationHook(interval=2, draw_gt=False), SimpleNamespace(visualizer=Shown())
    for batch_idx in range(2):
        hook.after_test_iter(runner, batch_idx, [entry()], ["found"])
    [(name, image, sample, draw_gt, draw_pred)] = runner.visualizer.samples
    assert (name, sample, draw_gt, draw_pred) == ("cat.png", "found", False, True)
    assert image.shape == (2, 4, 3)
    assert image[0, 0].tolist() == [2.0, 1.0, 0.0], "channels are turned round"


def test_pictures_are_brought_back_to_their_first_values():
    runner = SimpleNamespace(visualizer=Shown())
    norm = {"mean": [10, 10, 10], "std": [2, 2, 2], "to_bgr": False}
    NaiveVisualizationHook().after_test_iter(runner, 0, [entry(img_norm_cfg=norm)], ["found"])
    assert np.array_equal(runner.visualizer.samples[0][1][0, 0], [10.0, 12.0, 14.0])


def test_test_time_augmentation_merges_the_versions_of_each_sample(tmp_path):
    runner = build_runner_with_tta(config(tmp_path, tta_model={"type": "Mean"}, tta_pipeline=["flip"]))
    metrics = runner.test()
    assert isinstance(runner.model, Mean)
    assert metrics == {"first": 0.0, "last": -3.0}


def test_without_augmentation_the_predictions_are_those_of_the_model(tmp_path):
    assert Runner.from_cfg(config(tmp_path)).test() == {"first": 0.0, "last": 3.0}


def test_test_time_augmentation_needs_its_keys(tmp_path):
    with pytest.raises(KeyError, match="tta_pipeline"):
        build_runner_with_tta(config(tmp_path, tta_model={"type": "Mean"}))


def test_a_tta_model_wraps_only_what_can_be_tested():
    with pytest.raises(TypeError, match="a model that has test_step, got Linear"):
        Mean(module=nn.Linear(1, 1))


def test_a_loss_that_is_not_a_number_stops_the_run_at_its_iteration(tmp_path):
    broken = {"optimizer": {"type": "SGD", "lr": float("nan")}}
    cfg = config(tmp_path, optim_wrapper=broken, custom_hooks=[{"type": "CheckInvalidLossHook", "interval": 1}])
    with pytest.raises(ValueError, match=r"iteration 2: loss is nan\. Lower the learning rate"):
        Runner.from_cfg(cfg).train()


@pytest.mark.parametrize(
    "option",
    [
        {"activation_checkpointing": ["layer"]},
        {"compile": {"backend": "eager"}},
        {"train_cfg": {"type": "OwnLoop", "max_epochs": 2}},
    ],
)
def test_options_that_change_how_the_model_computes_keep_its_weights(tmp_path, option):
    weights = []
    for name, changes in (("plain", {}), ("option", option)):
        model = Runner.from_cfg(config(tmp_path / name, randomness={"seed": 1}, **changes)).train()
        weights.append(model.state_dict())
    assert torch.equal(weights[0]["layer.weight"], weights[1]["layer.weight"])
