"""Where each part of a checkpoint goes."""

import pytest
import torch

from mmmigrate.compat.checkpoint import CheckpointError
from mmmigrate.compat.checkpoint.convert import Options, convert

from .checkpoints import v2_checkpoint, v3_checkpoint


def to_v3(checkpoint, name="epoch_2.pth", **options):
    return convert({"checkpoint": checkpoint}, name, Options("v3", schedule=False, **options)).files["checkpoint"]


def to_v2(checkpoint):
    return convert({"checkpoint": checkpoint}, "epoch_2.pth", Options("v2")).files["checkpoint"]


def test_meta_goes_to_meta_and_message_hub():
    new = to_v3(v2_checkpoint())
    assert {key: new["meta"][key] for key in ("epoch", "iter", "seed", "experiment_name")} == {
        "epoch": 2,
        "iter": 10,
        "seed": 3,
        "experiment_name": "faster_rcnn.py",
    }
    assert new["meta"]["dataset_meta"] == {"classes": ("cat", "dog"), "palette": [(1, 2, 3), (4, 5, 6)]}
    info = new["message_hub"]["runtime_info"]
    assert (info["best_score"], info["last_ckpt"]) == (0.5, "work/epoch_2.pth")


def test_message_hub_goes_to_meta():
    meta = to_v2(v3_checkpoint())["meta"]
    assert meta["hook_msgs"] == {"best_score": 0.5, "last_ckpt": "work/epoch_2.pth"}
    assert (meta["CLASSES"], meta["exp_name"], meta["epoch"]) == (("cat", "dog"), "faster_rcnn_20261123", 2)


def test_averages_stand_in_v3s_state_dict_and_the_trained_weights_in_ema_state_dict():
    new = to_v3(v2_checkpoint(state_dict={"w": torch.tensor(1.0), "ema_w": torch.tensor(2.0)}))
    # written without an EMAHook before it in the config: after an epoch mmcv has swapped them by then
    assert new["state_dict"]["w"] == 1.0
    assert new["ema_state_dict"]["module.w"] == 2.0
    assert new["ema_state_dict"]["steps"] == 10


def test_averages_are_not_swapped_yet_where_the_hook_comes_after_the_checkpoint():
    config = "runner = dict(type='EpochBasedRunner', max_epochs=4)\ncustom_hooks = [dict(type='EMAHook')]\n"
    old = v2_checkpoint(state_dict={"w": torch.tensor(1.0), "ema_w": torch.tensor(2.0)}, meta={"config": config})
    new = to_v3(old)
    assert (new["state_dict"]["w"], new["ema_state_dict"]["module.w"]) == (2.0, 1.0)


def test_averages_become_buffers():
    new = to_v2(v3_checkpoint())["state_dict"]
    assert torch.equal(new["head.weight"], torch.full((2, 3), 0.25))
    assert torch.equal(new["ema_head_weight"], torch.full((2, 3), 0.5))
    assert "ema_norm_running_mean" not in new


@pytest.mark.parametrize(("name", "saved", "done"), [("iter_10.pth", 9, 10), ("iter_10.pth", 10, 10)])
def test_an_iteration_runner_counts_one_less_than_it_has_done(name, saved, done):
    new = to_v3(v2_checkpoint(meta={"epoch": 1, "iter": saved}), name)
    assert (new["meta"]["epoch"], new["meta"]["iter"]) == (0, done)


SCALER = {"scale": 1024.0, "growth_factor": 2.0, "backoff_factor": 0.5, "growth_interval": 2000, "_growth_tracker": 3}


def test_the_scaler_of_mixed_precision_goes_to_the_optimizer_and_back():
    new = to_v3(v2_checkpoint(meta={"fp16": {"loss_scaler": SCALER}}))
    assert new["optimizer"]["loss_scaler"] == SCALER
    trained = {key: value for key, value in new.items() if key != "mmmigrate"}
    assert to_v2(trained)["meta"]["fp16"] == {"loss_scaler": SCALER}


def test_several_optimizers_keep_their_names():
    state = v2_checkpoint()["optimizer"]
    new = to_v3(v2_checkpoint(optimizer={"generator": state, "discriminator": state}))
    assert list(new["optimizer"]) == ["generator", "discriminator"]
    assert new["optimizer"]["generator"]["param_groups"][0]["params"] == [0]


def test_a_schedule_without_a_config_is_refused():
    with pytest.raises(CheckpointError, match="give --config"):
        convert({"checkpoint": v2_checkpoint()}, "epoch_2.pth", Options("v3"))


V2_CONFIG = """
model = dict(type='Net')
data = dict(samples_per_gpu=2, train=dict(type='Set'))
optimizer = dict(type='SGD', lr=0.02, momentum=0.9)
optimizer_config = dict(grad_clip=None)
lr_config = dict(policy='step', step=[2, 4], warmup='linear', warmup_iters=3, warmup_ratio=0.1)
runner = dict(type='EpochBasedRunner', max_epochs=5)
"""


def test_the_config_text_in_the_checkpoint_gives_the_position_of_the_schedule():
    new = convert({"checkpoint": v2_checkpoint(meta={"config": V2_CONFIG})}, "epoch_2.pth", Options("v3"))
    files = new.files["checkpoint"]
    warmup, steps = files["param_schedulers"]
    assert (warmup["last_step"], steps["last_step"]) == (3, 2)  # the warm-up has ended, by iteration; the rest by epoch
    assert files["optimizer"]["param_groups"][0]["lr"] == pytest.approx(0.002)
    assert "optim_wrapper" in files["meta"]["cfg"]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (V2_CONFIG.replace("type='SGD', lr=0.02, momentum=0.9", "type='Adam', lr=0.02"), "has no betas"),
        (
            V2_CONFIG.replace("momentum=0.9)", "momentum=0.9, paramwise_cfg=dict(norm_decay_mult=0.))"),
            "one group for each parameter",
        ),
    ],
)
def test_an_optimizer_that_the_config_cannot_have_made_is_refused(config, message, tmp_path):
    path = tmp_path / "config.py"
    path.write_text(config)
    old = v2_checkpoint()
    old["optimizer"]["param_groups"][0]["params"] = [0, 1]
    with pytest.raises(CheckpointError, match=message):
        convert({"checkpoint": old}, "epoch_2.pth", Options("v3", path))


@pytest.mark.parametrize(("hooks", "weight"), [("", 2.0), ("custom_hooks = [dict(type='EMAHook')]\n", 1.0)])
def test_a_run_that_averages_no_more_goes_on_with_the_weights_as_trained(hooks, weight, tmp_path):
    path = tmp_path / "config.py"
    path.write_text("train_cfg = dict(by_epoch=True, max_epochs=4)\noptim_wrapper = dict()\n" + hooks)
    old = v2_checkpoint(state_dict={"w": torch.tensor(1.0), "ema_w": torch.tensor(2.0)})
    new = convert({"checkpoint": old}, "epoch_2.pth", Options("v3", path))
    assert new.files["checkpoint"]["state_dict"]["w"] == weight
    assert ("no EMA hook" in "".join(new.notes)) == (not hooks)
    back = convert(new.files, "x.pth", Options("v2")).files["checkpoint"]
    assert back["state_dict"] == old["state_dict"]
