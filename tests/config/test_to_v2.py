"""`--to v2`: what v2 can express, what it cannot, and that the way back and forth is the identity."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from mmmigrate.compat.cli import main
from mmmigrate.compat.findings import Finding
from mmmigrate.converters.convert import ConfigConverter
from mmmigrate.converters.read.traced import plain, same, traced
from mmmigrate.converters.reverse.engine import translate as to_v2
from mmmigrate.converters.rules.engine import translate as to_v3
from mmmigrate.converters.rules.experiment import Options

MODEL = "model = dict(type='M')\n"
LOOP = "train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12)\n"
ITERS = "train_cfg = dict(type='IterBasedTrainLoop', max_iters=100, val_interval=10)\n"
WRAPPER = "optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1))\n"


def back(folder: Path, text: str, name: str = "config", **options):
    (folder / f"{name}.py").write_text(text)
    return ConfigConverter(Options(to="v2", **options)).convert(folder / f"{name}.py")


def tree(folder: Path, text: str) -> dict:
    return plain(back(folder, text).tree)


def said(findings: list[Finding], code: str = "REV001") -> list[str]:
    return [finding.message for finding in findings if finding.code == code]


def test_an_experiment_in_v2_words(tmp_path: Path) -> None:
    new = back(
        tmp_path,
        "# the optimizer\noptim_wrapper = dict(\n    type='OptimWrapper',\n"
        "    optimizer=dict(type='SGD', lr=0.02, momentum=0.9),  # for 8 GPUs\n"
        "    clip_grad=dict(max_norm=35, norm_type=2))\n"
        "# warm-up, then two steps\nparam_scheduler = [\n"
        "    dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=501),\n"
        "    dict(type='MultiStepLR', by_epoch=True, begin=0, end=12, milestones=[8, 11], gamma=0.1)\n]\n"
        "train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12)\n",
    )
    assert new.text == (
        "# the optimizer\n# for 8 GPUs\noptimizer = dict(type='SGD', lr=0.02, momentum=0.9)\n"
        "optimizer_config = dict(grad_clip=dict(max_norm=35, norm_type=2))\n"
        "# warm-up, then two steps\nlr_config = dict(\n    policy='step',\n    step=[8, 11],\n    warmup='linear',\n"
        "    warmup_iters=500,\n    warmup_ratio=0.001)\n"
        "runner = dict(type='EpochBasedRunner', max_epochs=12)\nworkflow = [('train', 1)]\n"
    )


SCHEDULES = {
    # what people write for a warm-up of 500 iterations reaches the full rate one iteration earlier
    "[dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=500)]": {
        "policy": "fixed",
        "warmup": "linear",
        "warmup_iters": 499,
        "warmup_ratio": 0.1,
    },
    "[dict(type='ConstantLR', factor=0.5, by_epoch=False, end=11)]": {
        "policy": "fixed",
        "warmup": "constant",
        "warmup_iters": 10,
        "warmup_ratio": 0.5,
    },
    "dict(type='MultiStepLR', milestones=[11, 8], begin=1)": {"policy": "step", "step": [9, 12]},
    "dict(type='MultiStepLR', milestones=[3, 8], end=5)": {"policy": "step", "step": [3]},
    "dict(type='StepLR', step_size=3, gamma=0.5, convert_to_iter_based=True)": {
        "policy": "step",
        "step": 3,
        "gamma": 0.5,
    },
    "dict(type='StepLR', step_size=30, by_epoch=False)": {"policy": "step", "step": 30, "by_epoch": False},
    "dict(type='ExponentialLR', gamma=0.9)": {"policy": "exp", "gamma": 0.9},
    "dict(type='PolyLR', power=0.9, eta_min=1e-4, end=13)": {"policy": "poly", "power": 0.9, "min_lr": 1e-4},
    "dict(type='CosineAnnealingLR', T_max=12, eta_min=0.001)": {"policy": "CosineAnnealing", "min_lr": 0.001},
    "dict(type='CosineAnnealingLR', eta_min_ratio=0.1, end=12, convert_to_iter_based=True)": {
        "policy": "CosineAnnealing",
        "min_lr_ratio": 0.1,
        "by_epoch": False,
    },
    "dict(type='CosineAnnealingLR', begin=3, T_max=9, end=12)": {
        "policy": "FlatCosineAnnealing",
        "start_percent": 0.25,
        "min_lr": 0,
    },
    "dict(type='LinearLR', start_factor=1.0, end_factor=0.1, end=13)": {
        "policy": "LinearAnnealing",
        "min_lr_ratio": 0.1,
    },
    "dict(type='OneCycleLR', eta_max=0.3, convert_to_iter_based=True)": {"policy": "OneCycle", "max_lr": 0.3},
    "[]": None,
}


@pytest.mark.parametrize("scheduler", SCHEDULES)
def test_schedulers_that_a_policy_equals(tmp_path: Path, scheduler: str) -> None:
    new = back(tmp_path, MODEL + LOOP + f"param_scheduler = {scheduler}\n")
    assert plain(new.tree)["lr_config"] == SCHEDULES[scheduler]
    assert not [message for message in said(new.findings) if "policy" in message]


INEXPRESSIBLE = {
    "dict(type='PolyLR', power=0.9, end=12)": "end=13",
    "dict(type='CosineAnnealingLR', begin=1, T_max=12, end=13)": "12",
    "[dict(type='LinearLR', by_epoch=True, end=2, convert_to_iter_based=True)]": "only the data",
    "[dict(type='LinearLR', by_epoch=True, end=2)]": "once in an epoch",
    "[dict(type='LinearLR', by_epoch=False, end=9), dict(type='CosineAnnealingLR', T_max=12, eta_min=0.1)]": "floor",
    "[dict(type='StepLR', step_size=3), dict(type='ExponentialLR', gamma=0.9)]": "2 schedulers",
    "dict(type='mmdet.QuadraticWarmupLR', end=5)": "QuadraticWarmupLR",
    "dict(type='StepLR', step_size=3, end=6)": "until 6",
    "dict(type='ConstantLR', factor=0.5, by_epoch=False, begin=3, end=11)": "begins at 3",
}


@pytest.mark.parametrize("scheduler", INEXPRESSIBLE)
def test_schedulers_that_no_policy_equals_are_stepped_by_a_hook_and_named(tmp_path: Path, scheduler: str) -> None:
    new = back(tmp_path, MODEL + LOOP + f"param_scheduler = {scheduler}\n")
    config = plain(new.tree)["lr_config"]
    assert config == {"policy": "mmmigrate.compat.adapters.V3", "schedulers": eval(scheduler)}
    (message,) = [message for message in said(new.findings) if "policy" in message]
    assert INEXPRESSIBLE[scheduler] in message


def test_a_schedule_by_epoch_in_an_iteration_run_never_steps(tmp_path: Path) -> None:
    new = back(tmp_path, MODEL + ITERS + "param_scheduler = dict(type='StepLR', step_size=3)\n")
    assert any("never steps" in message for message in said(new.findings))


def test_mixed_precision_and_accumulation(tmp_path: Path) -> None:
    amp = WRAPPER.replace("OptimWrapper'", "AmpOptimWrapper'")
    assert tree(tmp_path, amp)["fp16"] == {"loss_scale": "dynamic"}
    assert tree(tmp_path, amp.replace("lr=0.1)", "lr=0.1), loss_scale=512"))["fp16"] == {"loss_scale": 512.0}
    assert tree(tmp_path, amp.replace("lr=0.1)", "lr=0.1), accumulative_counts=4"))["optimizer_config"] == {
        "type": "GradientCumulativeFp16OptimizerHook", "cumulative_iters": 4, "loss_scale": "dynamic",
        "grad_clip": None,
    }  # fmt: skip


def test_evaluation_starts_where_v3_first_evaluates(tmp_path: Path) -> None:
    data = "val_dataloader = dict(dataset=dict(type='D'))\n"
    loop = LOOP.replace("12)", "12, val_interval=3, val_begin=5)")
    assert tree(tmp_path, MODEL + data + loop)["evaluation"] == {"interval": 3, "start": 6}
    assert tree(tmp_path, MODEL + data + LOOP.replace("12)", "12, val_interval=30)"))["evaluation"]["start"] == 12
    assert tree(tmp_path, MODEL + data + LOOP.replace("12)", "12, val_begin=13)"))["evaluation"] is None


def test_dataloaders_share_what_they_have_in_common(tmp_path: Path) -> None:
    text = (
        "train_dataloader = dict(batch_size=2, num_workers=4, persistent_workers=True, dataset=dict(type='A'),\n"
        "    sampler=dict(type='DefaultSampler', shuffle=True))\n"
        "val_dataloader = dict(batch_size=1, num_workers=4, dataset=dict(type='B'), drop_last=False,\n"
        "    sampler=dict(type='DefaultSampler', shuffle=False))\n"
        "test_dataloader = dict(batch_size=8, num_workers=1, dataset=dict(type='C'))\n"
    )
    assert tree(tmp_path, text)["data"] == {
        "samples_per_gpu": 2, "workers_per_gpu": 4, "persistent_workers": True,
        "train": {"type": "A"}, "val": {"type": "B"}, "test": {"type": "C"},
        "val_dataloader": {"drop_last": False},
        "test_dataloader": {"samples_per_gpu": 8, "workers_per_gpu": 1},
    }  # fmt: skip


def test_what_v2_would_read_as_its_own_key_does_not_stay(tmp_path: Path) -> None:
    new = back(tmp_path, "fp16 = dict(loss_scale=1.)\noptimizer = dict(type='Adam', lr=1)\n" + WRAPPER)
    assert plain(new.tree)["optimizer"] == {"type": "SGD", "lr": 0.1}
    assert "fp16" not in new.tree


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (WRAPPER.replace("OptimWrapper'", "ApexOptimWrapper'"), "ApexOptimWrapper"),
        (WRAPPER.replace("lr=0.1)", "lr=0.1), clip_grad=dict(type='value', clip_value=1)"), "clips the norm"),
        ("train_cfg = dict(type='MyLoop', max_epochs=3)\n", "MyLoop"),
        ("custom_hooks = [dict(type='EMAHook')]\n", "EMAHook"),
        ("default_hooks = dict(early=dict(type='EarlyStoppingHook'))\n", "EarlyStoppingHook"),
        ("val_evaluator = dict(type='CocoMetric')\n", "CocoMetric"),
        ("tta_model = dict(type='T')\n", "tta_model"),
        ("train_dataloader = dict(batch_sampler=dict(type='B'))\n", "'B'"),
    ],
)
def test_what_v2_cannot_express_is_named(tmp_path: Path, text: str, word: str) -> None:
    assert any(word in message for message in said(back(tmp_path, text).findings))


def test_inheritance_expressions_and_comments_stay(tmp_path: Path) -> None:
    (tmp_path / "base.py").write_text("lr = 0.1\n" + WRAPPER.replace("lr=0.1", "lr=lr") + LOOP + "names = ['a']\n")
    new = back(
        tmp_path,
        "_base_ = './base.py'\n# twice as long\ntrain_cfg = dict(max_epochs=24)\n"
        "optim_wrapper = dict(optimizer=dict(lr=_base_.lr))  # the same\ncopy = _base_.names\n"
        "_base_.optim_wrapper.type = 'AmpOptimWrapper'\n",
    )
    assert "\n# twice as long\nrunner = dict(max_epochs=24)\n" in new.text
    assert "copy = {{_base_.names}}" in new.text
    assert "# the same" in new.text
    assert "_base_." not in new.text.replace("{{_base_.names}}", "")


def test_a_pure_python_config_becomes_one_with_bases(tmp_path: Path) -> None:
    (tmp_path / "base.py").write_text(
        "from torch.optim import SGD\noptim_wrapper = dict(type='OptimWrapper', optimizer=dict(type=SGD, lr=0.1))\n"
    )
    new = back(
        tmp_path,
        "from mmengine.config import read_base\nwith read_base():\n    from .base import *\n"
        "from mmdet.models import R\n# mine\nmodel = dict(type=R, depth=50)\noptim_wrapper.optimizer.lr = 0.2\n",
    )
    assert new.text == ("_base_ = ['./base.py']\n# mine\nmodel = dict(type='R', depth=50)\noptimizer = dict(lr=0.2)\n")


def test_the_command_converts_back_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "config.py").write_text(WRAPPER)
    result = CliRunner().invoke(main, ["config", str(tmp_path / "config.py"), "--to", "v2", "-q"])
    assert result.stdout == "optimizer = dict(type='SGD', lr=0.1)\noptimizer_config = dict(grad_clip=None)\n"
    (tmp_path / "config.py").write_text(result.stdout)
    assert CliRunner().invoke(main, ["config", str(tmp_path), "--to", "v2", "--check"]).exit_code == 0


RATES = st.sampled_from([0.1, 0.02])
RUNS = st.sampled_from([("epoch", 12), ("iter", 400)])
LR_CONFIGS = st.sampled_from(
    [
        None,
        {"policy": "step", "step": [3, 8], "warmup": "linear", "warmup_iters": 50, "warmup_ratio": 0.1},
        {"policy": "step", "step": 4, "gamma": 0.5},
        {"policy": "poly", "power": 0.9, "min_lr": 1e-4},
        {"policy": "poly", "power": 0.9, "min_lr": 1e-4, "warmup": "exp", "warmup_iters": 9, "warmup_ratio": 0.1},
        {"policy": "CosineAnnealing", "min_lr": 0, "warmup": "constant", "warmup_iters": 9, "warmup_ratio": 0.3},
        {"policy": "CosineAnnealing", "min_lr_ratio": 0.01, "by_epoch": False},
        {"policy": "FlatCosineAnnealing", "start_percent": 0.5, "min_lr": 0.0, "by_epoch": False},
        {"policy": "cyclic", "target_ratio": (10, 1e-4)},
        {"policy": "OneCycle", "max_lr": 0.3},
        {"policy": "exp", "gamma": 0.9, "by_epoch": False},
        {"policy": "Mine", "gain": 2},
    ]
)
EVALUATIONS = st.sampled_from([{}, {"interval": 5}, {"interval": 4, "start": 6, "metric": "mAP", "save_best": "auto"}])
OPTIONAL = st.fixed_dictionaries(
    {},
    optional={
        "optimizer_config": st.sampled_from(
            [{"grad_clip": None}, {"grad_clip": {"max_norm": 1}},
             {"type": "GradientCumulativeOptimizerHook", "cumulative_iters": 4}]
        ),
        "fp16": st.sampled_from([{"loss_scale": 512.0}, {"loss_scale": "dynamic"}]),
        "momentum_config": st.sampled_from([{"policy": "cyclic"}, {"policy": "step", "step": [2]}]),
        "checkpoint_config": st.sampled_from([None, {"interval": 1}, {"interval": 2, "max_keep_ckpts": 3}]),
        "log_config": st.sampled_from(
            [None, {"interval": 5, "hooks": [{"type": "TextLoggerHook"}, {"type": "TensorboardLoggerHook"}]}]
        ),
        "workflow": st.sampled_from([[("train", 1)], [("train", 1), ("val", 1)]]),
        "custom_hooks": st.sampled_from([[], [{"type": "EMAHook", "momentum": 0.01}, {"type": "Mine"}]]),
        "resume_from": st.sampled_from([None, "a.pth"]),
        "load_from": st.sampled_from([None, "b.pth"]),
        "seed": st.just(3),
        "cudnn_benchmark": st.booleans(),
    },
)  # fmt: skip
DATA = {"samples_per_gpu": 2, "workers_per_gpu": 1, "train": {"type": "A"}, "val": {"type": "B"}, "test": {"type": "B"}}


@settings(max_examples=200, deadline=None)
@given(RATES, RUNS, LR_CONFIGS, EVALUATIONS, OPTIONAL, st.sampled_from(["auto", "exact"]))
def test_there_and_back_is_the_identity_on_what_a_conversion_writes(rate, run, lr, evaluation, more, schedule) -> None:
    kind, length = run
    cls = "EpochBasedRunner" if kind == "epoch" else "IterBasedRunner"
    v2 = {
        "model": {"type": "M"},
        "optimizer": {"type": "SGD", "lr": rate, "momentum": 0.9},
        "lr_config": lr,
        "runner": {"type": cls, f"max_{kind}s": length},
        "data": DATA,
        "evaluation": evaluation,
        "dist_params": {"backend": "gloo"},  # what every v2 config says, and the way back spells out
        **more,
    }
    options = Options(schedule=schedule, packs=("none",))
    there = to_v3(traced(v2), options).v3
    back = to_v2(there, options).v2
    again = to_v3(back, options).v3
    assert same({key: again[key] for key in there}, dict(there))  # the way back only spells defaults out
    assert same(to_v2(again, options).v2, back)
    assert same(to_v3(to_v2(again, options).v2, options).v3, again)
