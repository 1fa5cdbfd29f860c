"""Backends of tracking services, with stand-ins for the packages: what each is told."""

import sys
from unittest.mock import MagicMock, call

import numpy as np
import pytest
import torch

from mmmigrate.runtime_v3 import VISBACKENDS, Visualizer
from mmmigrate.runtime_v3.config import Config

SERVICES = {
    "WandbVisBackend": "wandb",
    "MLflowVisBackend": "mlflow",
    "ClearMLVisBackend": "clearml",
    "NeptuneVisBackend": "neptune",
    "DVCLiveVisBackend": "dvclive",
    "AimVisBackend": "aim",
}
IMAGE = np.full((2, 3, 3), 255, dtype=np.uint8)


@pytest.fixture
def service(monkeypatch, tmp_path):
    """A function that replaces a package by a stand-in and builds the backend through its config."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")

    def make(backend, **settings):
        package = SERVICES[backend]
        stand_in = MagicMock(name=package)
        monkeypatch.setitem(sys.modules, package, stand_in)
        monkeypatch.setitem(sys.modules, "neptune.types", stand_in.types)
        built = VISBACKENDS.build({"type": backend, "save_dir": str(tmp_path / "run" / "vis_data"), **settings})
        return built, stand_in

    return make


@pytest.mark.parametrize("backend", SERVICES)
def test_a_missing_package_is_named_with_what_to_install(backend, monkeypatch, tmp_path):
    package = SERVICES[backend]
    monkeypatch.setitem(sys.modules, package, None)
    built = VISBACKENDS.build({"type": backend, "save_dir": str(tmp_path)})
    with pytest.raises(ImportError, match=rf"{backend} needs {package}: pip install 'mmmigrate\[{package}\]'"):
        built.add_scalar("loss", 1.0)


@pytest.mark.parametrize("backend", SERVICES)
def test_an_unused_backend_begins_no_run(backend, service):
    built, stand_in = service(backend)
    built.close()
    assert stand_in.mock_calls == []


def test_wandb_gets_records_without_a_step(service):
    built, wandb = service("WandbVisBackend", init_kwargs={"project": "p"}, define_metric_cfg={"acc": "max"})
    built.add_scalars({"loss": 0.5, "acc": 1}, step=7)
    built.add_config(Config({"a": 1}))
    built.close()
    assert wandb.init.call_args == call(dir=built._save_dir, project="p")
    assert wandb.define_metric.call_args == call(name="acc", summary="max")
    assert wandb.log.call_args == call({"loss": 0.5, "acc": 1}, commit=True)
    assert wandb.config.update.call_args == call({"a": 1}, allow_val_change=False)
    assert wandb.finish.call_count == 1


def test_mlflow_gets_flat_parameters_numbers_and_the_files_of_the_work_folder(service, tmp_path):
    built, mlflow = service("MLflowVisBackend", exp_name="e", tags={"t": 1})
    mlflow.get_experiment_by_name.return_value = None
    (tmp_path / "work" / "logs").mkdir(parents=True)
    for name in ("logs/run.log", "epoch_1.pth"):
        (tmp_path / "work" / name).write_text("")
    built.add_config(Config({"model": {"type": "Net"}, "work_dir": str(tmp_path / "work")}))
    built.add_scalars({"loss": torch.tensor(0.5), "text": "a"}, step=3)
    built.add_image("boxes", IMAGE, step=2)
    built.close()
    assert mlflow.set_tracking_uri.call_args == call((tmp_path / "run" / "vis_data").as_uri())
    assert mlflow.create_experiment.call_args == call("e", artifact_location=None)
    assert mlflow.log_params.call_args == call({"model.type": "Net", "work_dir": str(tmp_path / "work")})
    assert mlflow.log_metric.call_args_list == [call("loss", 0.5, 3)]
    assert mlflow.log_image.call_args.args[1] == "boxes_2.png"
    assert mlflow.log_artifact.call_args_list == [call(str(tmp_path / "work/logs/run.log"), "logs")]


def test_mlflow_logs_only_the_keys_asked_for(service):
    built, mlflow = service("MLflowVisBackend", tracked_config_keys=["b"])
    built.add_config(Config({"a": 1, "b": {"c": 2}}))
    assert mlflow.log_params.call_args == call({"b.c": 2})


def test_clearml_gets_numbers_by_title_and_uploads_at_the_end(service, tmp_path):
    built, clearml = service("ClearMLVisBackend", init_kwargs={"task_name": "t"})
    task = clearml.Task.init.return_value
    (tmp_path / "best.pth").write_text("")
    built.add_config(Config({"work_dir": str(tmp_path)}))
    built.add_scalar("loss", 0.5, step=3)
    built.close()
    assert task.get_logger().report_scalar.call_args == call(title="loss", series="loss", value=0.5, iteration=3)
    assert task.upload_artifact.call_args == call("best.pth", str(tmp_path / "best.pth"))


def test_neptune_is_offline_by_default_and_gets_images_from_0_to_1(service):
    built, neptune = service("NeptuneVisBackend")
    built.add_scalar("loss", 0.5, step=3)
    built.add_image("boxes", IMAGE)
    run = neptune.init_run.return_value
    assert neptune.init_run.call_args == call(mode="offline")
    assert call("loss") in run.__getitem__.call_args_list
    assert neptune.types.File.as_image.call_args.args[0].max() == 1.0


def test_dvclive_keeps_to_files_outside_of_a_repository(service):
    built, dvclive = service("DVCLiveVisBackend")
    built.add_config(Config({"size": (1, 2)}))
    built.add_scalars({"loss": 0.5}, step=4)
    live = dvclive.Live.return_value
    assert dvclive.Live.call_args == call(dir=built._save_dir, save_dvc_exp=False, cache_images=False)
    assert live.log_params.call_args == call({"size": [1, 2]})
    assert (live.step, live.log_metric.call_args) == (4, call("loss", 0.5))


def test_aim_names_the_experiment_after_the_folder(service):
    built, aim = service("AimVisBackend")
    built.add_scalar("loss", 0.5, step=4)
    assert aim.Run.call_args == call(experiment="run_vis_data")
    assert aim.Run.return_value.track.call_args == call(name="loss", value=0.5, step=4)


@pytest.mark.parametrize("backend", [name for name in SERVICES if name != "WandbVisBackend"])
def test_a_step_among_the_scalars_is_refused(backend, service):
    built, _ = service(backend)
    with pytest.raises(ValueError, match="pass step="):
        built.add_scalars({"step": 1})


def test_the_visualizer_reaches_several_services(service, tmp_path):
    wandb_backend, wandb = service("WandbVisBackend")
    aim_backend, aim = service("AimVisBackend")
    visualizer = Visualizer(vis_backends=[wandb_backend, aim_backend], save_dir=str(tmp_path))
    visualizer.add_scalars({"loss": 0.5}, step=1)
    visualizer.close()
    assert wandb.log.call_count == aim.Run.return_value.track.call_count == 1
