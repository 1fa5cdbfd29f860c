"""Nothing is silent: what is not translated is said, where it stands, with a code."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmmigrate.compat.findings import ConversionError, Effect, Finding
from mmmigrate.converters.convert import ConfigConverter
from mmmigrate.converters.read.traced import plain
from mmmigrate.converters.rules.experiment import Options

RUN = "runner = dict(type='EpochBasedRunner', max_epochs=12)\n"
MODEL = "model = dict(type='M')\n"


def convert(folder: Path, text: str, options: Options | None = None):
    (folder / "config.py").write_text(text)
    return ConfigConverter(options).convert(folder / "config.py")


def said(findings: list[Finding], code: str) -> list[tuple[int, str]]:
    return [(finding.line, finding.message) for finding in findings if finding.code == code]


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("data = dict(train='elsewhere')", "data.train"),
        ("data = dict(train=dict(type='A'), val=7)", "data.val"),
    ],
)
def test_a_key_that_is_not_translated_stays_and_is_named(tmp_path: Path, line: str, word: str) -> None:
    result = convert(tmp_path, MODEL + RUN + line + "\n")
    assert line in result.text
    ((place, message),) = said(result.findings, "UNH001")
    assert place == 3
    assert word in message


@pytest.mark.parametrize(
    ("line", "code", "argument"),
    [
        ("optimizer_config = dict(grad_clip=None, detect_anomalous_params=True)", "OPT002", "detect_anomalous_params"),
        ("checkpoint_config = dict(interval=1, save_all=True)", "CKP001", "save_all"),
        ("log_config = dict(interval=1, hooks=[dict(type='TextLoggerHook', reset_flag=True)])", "LOG001", "reset_flag"),
        ("log_config = dict(interval=1, hooks=[dict(type='PaviLoggerHook')])", "LOG001", "PaviLoggerHook"),
        ("log_config = dict(interval=1, hooks=[dict(type='WandbLoggerHook', with_step=False)])", "LOG001", "with_step"),
        ("log_config = dict(interval=1, hooks=[dict(type='MlflowLoggerHook', log_model=True)])", "LOG001", "log_model"),
        ("log_config = dict(interval=1, hooks=[dict(type='ClearMLLoggerHook', interval=7)])", "LOG001", "interval"),
        ("lr_config = dict(policy='MyOwn', step=3)", "SCH003", "MyOwn"),
        ("momentum_config = dict(policy='MyOwn', step=3)", "SCH004", "MyOwn"),
        ("optimizer_config = dict(type='MyOptimizerHook')", "OPT002", "MyOptimizerHook"),
        ("evaluation = dict(type='GenerativeEvalHook', interval=1)", "EVA001", "GenerativeEvalHook"),
        ("evaluation = dict(out_dir='best')", "EVA001", "out_dir"),
        ("data = dict(samples_per_gpu=1, train_ratio=[2, 1], train=dict(type='A'))", "DAT001", "train_ratio"),
        ("data = dict(train=dict(type='A'))", "DAT001", "samples_per_gpu"),
        ("optimizer = dict(type='Lamb', lr=1)", "OPT001", "Lamb"),
        ("gpu_ids = [0]", "ENV001", "gpu_ids"),
        ("optimizer = dict(type='SGD', lr=1, constructor='Mine')", "OPT001", "Mine"),
    ],
)
def test_an_argument_without_counterpart_is_named(tmp_path: Path, line: str, code: str, argument: str) -> None:
    result = convert(tmp_path, MODEL + RUN + line + "\n")
    found = [f for f in result.findings if f.code == code and f.effect is Effect.MANUAL]
    assert [finding.line for finding in found] == [3]
    assert argument in found[0].message


REJECTED = {
    "lr_config = dict(policy='CosineAnnealing', min_lr=0, step=[8])": "step",
    "lr_config = dict(policy='CosineAnnealing')": "min_lr",
    "lr_config = dict(policy='step', step=[8], warmup='quadratic', warmup_iters=1)": "quadratic",
    "lr_config = dict(policy='step', step=[8], warmup='linear')": "warmup_iters",
    "lr_config = dict(step=[8])": "policy",
    "total_epochs = 13": "contradicts",
    "log_config = dict(hooks=[])": "interval",
    "custom_hooks = [dict(type='H', priority='URGENT')]": "URGENT",
    "train_dataloader = dict(batch_size=3)\noptimizer = 5": "v3",
}


@pytest.mark.parametrize("line", [line for line in REJECTED if "train_dataloader" not in line])
def test_what_mmcv_refuses_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(ConversionError) as error:
        convert(tmp_path, MODEL + RUN + line + "\n")
    finding = error.value.finding
    assert finding.code == "REJ001"
    assert finding.line == 3
    assert REJECTED[line] in finding.message


def test_a_variable_with_the_name_of_a_v3_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match="resume"):
        convert(tmp_path, MODEL + RUN + "resume = 'mine'\nresume_from = None\n".replace("resume_from = None\n", ""))


def test_a_fragment_leaves_to_its_heirs_what_it_cannot_say(tmp_path: Path) -> None:
    (tmp_path / "dataset.py").write_text(
        "data = dict(val=dict(type='D'))\nevaluation = dict(interval=3, save_best='a')\n"
    )
    (tmp_path / "schedule.py").write_text(RUN + "checkpoint_config = dict(interval=1)\n")
    (tmp_path / "config.py").write_text("_base_ = ['./dataset.py', './schedule.py']\n" + MODEL)
    converter = ConfigConverter()
    dataset = converter.convert(tmp_path / "dataset.py")
    assert said(dataset.findings, "DEF001") == [
        (2, "evaluation: what this file cannot say alone moves into the configs that inherit it")
    ]
    tree = plain(converter.convert(tmp_path / "config.py").tree)
    assert tree["train_cfg"]["val_interval"] == 3
    assert tree["default_hooks"]["checkpoint"]["save_best"] == "a"


def test_bases_that_would_collide_in_v3_make_one_flat_file(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(MODEL + RUN + "log_config = dict(interval=5, hooks=[])\n")
    (tmp_path / "two.py").write_text("checkpoint_config = dict(interval=2)\n")
    (tmp_path / "config.py").write_text(
        "_base_ = ['./one.py', './two.py']\n# mine\noptimizer = dict(type='SGD', lr=1)\n"
    )
    result = ConfigConverter().convert(tmp_path / "config.py")
    assert said(result.findings, "FLA001")
    assert "_base_" not in result.text
    assert "# mine" in result.text
    assert plain(result.tree)["default_hooks"]["logger"] == {"type": "LoggerHook", "interval": 5}


def test_an_experiment_without_checkpoints_or_logs_gets_none(tmp_path: Path) -> None:
    hooks = plain(convert(tmp_path, MODEL + RUN).tree)["default_hooks"]
    assert hooks == {"checkpoint": None, "logger": None}


def test_rules_can_be_left_out(tmp_path: Path) -> None:
    text = "optimizer = dict(type='SGD', lr=1)\ntotal_epochs = 3\n"
    assert "optimizer = dict" in convert(tmp_path, text, Options(ignore=("OPT",))).text
    assert convert(tmp_path, text, Options(select=("OPT",))).text.endswith("total_epochs = 3\n")


def test_a_left_over_key_in_a_v3_config_is_named(tmp_path: Path) -> None:
    result = convert(tmp_path, "optim_wrapper = dict(optimizer=dict(type='SGD', lr=1))\nfp16 = dict(loss_scale=1.)\n")
    assert not result.changed
    assert said(result.findings, "UNH001")[0][0] == 2


def test_an_absolute_base_is_named(tmp_path: Path) -> None:
    (tmp_path / "base.py").write_text("total_epochs = 3\n")
    result = convert(tmp_path, f"_base_ = '{tmp_path}/base.py'\noptimizer = dict(type='SGD', lr=1)\n")
    assert said(result.findings, "BAS001")[0][0] == 1


def test_milestones_of_dynamic_intervals_are_counted_as_v3_counts_them(tmp_path: Path) -> None:
    tree = convert(tmp_path, MODEL + RUN + "evaluation = dict(interval=4, dynamic_intervals=[(9, 1)])\n").tree
    assert plain(tree)["train_cfg"]["dynamic_intervals"] == [(10, 1)]


DATA = "data = dict(samples_per_gpu=1, train=dict(type='A'), val=dict(type='A'))\n"


@pytest.mark.parametrize(
    ("evaluation", "options", "said_or_not"),
    [
        ("interval=1, save_best='acc'", Options(), {"exactly 0": True, "regular checkpoint": True}),
        ("interval=2, save_best='acc'", Options(), {"exactly 0": True, "regular checkpoint": False}),
        ("interval=2, start=1, save_best='acc'", Options(), {"regular checkpoint": True}),
        ("interval=2, start=0, save_best='acc'", Options(), {"numbered 1 by mmcv": True}),
        ("interval=2, start=2, save_best='acc'", Options(), {"numbered 1 by mmcv": False}),
        ("interval=1", Options(), {"exactly 0": False, "batch-norm statistics of the first": True}),
        ("interval=1, broadcast_bn_buffer=False", Options(), {"batch-norm statistics of the first": False}),
        ("interval=1", Options(schedule="exact"), {"batch-norm statistics of the first": False}),
        ("interval=1", Options(order="v2"), {"batch-norm statistics of the first": False}),
    ],
)
def test_what_evaluation_does_otherwise_in_mmengine_is_said(tmp_path, evaluation, options, said_or_not) -> None:
    before = f"{MODEL}optimizer = dict(type='SGD', lr=1.)\n{RUN}{DATA}checkpoint_config = dict(interval=2)\n"
    text = f"{before}evaluation = dict({evaluation})\n"
    result = convert(tmp_path, text, options)
    told = " ".join(finding.message for finding in result.findings if finding.code == "EVA001")
    assert {part: part in told for part in said_or_not} == said_or_not
    hook = "mmmigrate.compat.adapters.V2NormStatisticsHook"
    assert (hook in result.text) is (options.schedule == "exact" and options.order == "v3")


def test_accumulation_in_several_processes_is_said_to_round_otherwise(tmp_path) -> None:
    hook = "optimizer_config = dict(type='GradientCumulativeOptimizerHook', cumulative_iters={})\n"
    text = RUN + "optimizer = dict(type='SGD', lr=1.)\n" + hook
    for count, is_said in ((4, True), (1, False)):
        found = said(convert(tmp_path, text.format(count)).findings, "OPT002")
        assert any("but for rounding" in message for _, message in found) is is_said


def test_the_order_of_later_passes_is_said_where_an_infinite_sampler_draws_it(tmp_path) -> None:
    text = "runner = dict(type='IterBasedRunner', max_iters=9)\n" + DATA
    stock, exact = convert(tmp_path, text), convert(tmp_path, text, Options(schedule="exact"))
    assert ("InfiniteSampler" in stock.text, "InfiniteSampler" in exact.text) == (True, False)
    assert any("another one later" in message for _, message in said(stock.findings, "DAT001"))
