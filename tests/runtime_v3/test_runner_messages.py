"""What the runner says about configs that would not do what they seem to say."""

from pathlib import Path

import pytest
import torch
from torch import nn

from mmmigrate.runtime_v3 import DATASETS, MODELS, BaseMetric, BaseModel, Runner
from mmmigrate.runtime_v3.runner.config_keys import unread_key_messages
from mmmigrate.runtime_v3.runner.scheduler_config import check_scheduler_config


@DATASETS.register_module()
class Ones(torch.utils.data.Dataset):
    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> dict:
        return {"inputs": torch.ones(2)}


@MODELS.register_module()
class Linear(BaseModel):
    def __init__(self, losses: str = "loss", bad: float = 1.0) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 1)
        self.losses, self.bad = losses, bad

    def forward(self, inputs, mode="tensor"):
        if mode == "predict":
            return [self.layer(entry) for entry in inputs]
        return {self.losses: self.layer(torch.stack(inputs)).mean() * self.bad}


def config(tmp_path: Path, **changes) -> dict:
    return {
        "model": {"type": "Linear"},
        "work_dir": str(tmp_path),
        "train_dataloader": {"batch_size": 2, "dataset": {"type": "Ones"}, "sampler": {"type": "DefaultSampler"}},
        "train_cfg": {"by_epoch": True, "max_epochs": 1},
        "optim_wrapper": {"optimizer": {"type": "SGD", "lr": 0.1}},
        **changes,
    }


def log_of(tmp_path: Path) -> str:
    return next(tmp_path.rglob("*.log")).read_text()


def test_a_key_of_mmcv_is_named_with_its_successor(tmp_path):
    Runner.from_cfg(config(tmp_path, lr_config={"policy": "step"}))
    assert "WARNING - 'lr_config' is a key of mmcv 1.x and has no effect here: use param_scheduler" in log_of(tmp_path)


def test_a_misspelt_key_is_named_with_the_nearest(tmp_path):
    Runner.from_cfg(config(tmp_path, custom_hook=[]))
    assert "'custom_hook' is not a key of the runner and has no effect: did you mean 'custom_hooks'?" in log_of(
        tmp_path
    )


def test_variables_of_a_config_are_left_alone():
    assert unread_key_messages(["data_root", "train_pipeline", "num_classes", "base_lr"], ["train_cfg"]) == []


def test_loader_without_loop_is_refused_naming_what_is_missing(tmp_path):
    with pytest.raises(ValueError, match="only train_dataloader, optim_wrapper is given, not train_cfg"):
        Runner.from_cfg(config(tmp_path, train_cfg=None))


def test_config_without_work_dir_is_refused(tmp_path):
    with pytest.raises(KeyError, match="work_dir"):
        Runner.from_cfg(config(tmp_path, work_dir=None))


def test_loop_of_neither_kind_is_refused(tmp_path):
    with pytest.raises(KeyError, match="train_cfg needs a 'type' or by_epoch"):
        Runner.from_cfg(config(tmp_path, train_cfg={"max_epochs": 1})).train()


def test_misspelt_argument_of_a_loop_is_named_with_the_nearest(tmp_path):
    with pytest.raises(TypeError, match=r"val_intervall.*val_interval"):
        Runner.from_cfg(config(tmp_path, train_cfg={"by_epoch": True, "max_epochs": 1, "val_intervall": 2})).train()


def test_missing_standard_hook_cannot_be_taken_out(tmp_path):
    with pytest.raises(ValueError, match="default_hooks: chekpoint=None, but there is no such hook"):
        Runner.from_cfg(config(tmp_path, default_hooks={"chekpoint": None}))


def test_losses_without_a_loss_are_refused(tmp_path):
    with pytest.raises(ValueError, match="no entry of the losses has 'loss' in its name"):
        Runner.from_cfg(config(tmp_path, model={"type": "Linear", "losses": "error"})).train()


def test_checkpoint_of_mmcv_is_refused_with_the_way_out(tmp_path):
    old = tmp_path / "old.pth"
    torch.save({"meta": {"epoch": 1, "iter": 2}, "state_dict": Linear().state_dict(), "optimizer": {}}, old)
    runner = Runner.from_cfg(config(tmp_path / "run", load_from=str(old), resume=True))
    with pytest.raises(KeyError, match=r"saved by mmcv 1\.x\. Convert it first: mmmigrate checkpoint"):
        runner.train()


def test_missing_checkpoint_is_reported_with_those_that_are_there(tmp_path):
    torch.save({}, tmp_path / "epoch_3.pth")
    runner = Runner.from_cfg(config(tmp_path, load_from=str(tmp_path / "epoch_4.pth")))
    with pytest.raises(FileNotFoundError, match=r"epoch_4.pth can not be found; there are \['epoch_3.pth'\]"):
        runner.train()


def test_weights_of_another_shape_are_reported(tmp_path):
    weights = tmp_path / "weights.pth"
    torch.save({"layer.weight": torch.zeros(3, 2), "extra": torch.zeros(1)}, weights)
    Runner.from_cfg(config(tmp_path / "run", load_from=str(weights))).train()
    log = log_of(tmp_path / "run")
    assert "size mismatch for layer.weight" in log
    assert "missing keys in source state_dict: layer.bias" in log
    assert "unexpected key in source state_dict: extra" in log


def test_checkpoint_that_would_run_code_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return (print, ("code was run",))

    path = tmp_path / "evil.pth"
    torch.save({"state_dict": {}, "meta": Evil()}, path)
    runner = Runner.from_cfg(config(tmp_path / "run", load_from=str(path)))
    with pytest.raises(Exception, match=r"contains (builtins|__builtin__).print, which could run code"):
        runner.train()


@pytest.mark.parametrize(
    ("given", "error"),
    [("LinearLR", TypeError), ([{"gamma": 1}], KeyError), ({"generator": 3}, TypeError), ([3], TypeError)],
)
def test_param_scheduler_of_another_form_is_refused(given, error):
    with pytest.raises(error, match="param_scheduler"):
        check_scheduler_config(given)


def test_two_runs_within_a_second_share_no_history(tmp_path):
    first, second = (Runner.from_cfg(config(tmp_path / name)) for name in ("first", "second"))
    assert first.message_hub is not second.message_hub
    assert first.logger is not second.logger


def test_hook_whose_method_fails_is_reported_with_its_own_traceback(tmp_path):
    from mmmigrate.runtime_v3 import Hook

    class Broken(Hook):
        def before_train(self, runner):
            return len(3)

    runner = Runner.from_cfg(config(tmp_path, custom_hooks=[Broken()]))
    with pytest.raises(TypeError, match="object of type 'int' has no len") as caught:
        runner.train()
    assert caught.traceback[-1].name == "before_train"


def test_a_validation_alone_leaves_the_config_of_a_scheduler_alone(tmp_path):
    class Counted(BaseMetric):
        def process(self, data_batch, data_samples):
            self.results.append(len(data_batch["inputs"]))

        def compute_metrics(self, results):
            return {"seen": sum(results)}

    loader = {"batch_size": 2, "dataset": {"type": "Ones"}, "sampler": {"type": "DefaultSampler"}}
    changes = {"val_dataloader": loader, "val_cfg": {}, "val_evaluator": {"type": Counted}}
    runner = Runner.from_cfg(config(tmp_path, param_scheduler={"type": "StepLR", "step_size": 1}, **changes))
    assert runner.val() == {"seen": 4}


def test_mistakes_are_caught_as_mmengine_raises_them(tmp_path):
    with pytest.raises(AssertionError, match="Lack of `base_batch_size`"):
        Runner.from_cfg(config(tmp_path, auto_scale_lr={"enable": True})).train()
    with pytest.raises(AssertionError, match="whole number"):
        Runner.from_cfg(config(tmp_path, train_cfg={"by_epoch": True, "max_epochs": 1.5})).train()
