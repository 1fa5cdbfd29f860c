"""Laws of conversion over random config trees."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmmigrate.compat.findings import ConversionError
from mmmigrate.converters.convert import ConfigConverter
from mmmigrate.converters.delta.override import override
from mmmigrate.converters.merge.inherit import merge
from mmmigrate.converters.read.load import Loader
from mmmigrate.converters.read.traced import plain, same, traced
from mmmigrate.converters.rules.engine import translate
from mmmigrate.converters.rules.experiment import Options, Rejected

OPTIMIZER = st.sampled_from(
    [
        "optimizer = dict(type='SGD', lr=0.02, momentum=0.9)  # base rate\n",
        "optimizer = dict(\n    type='AdamW',\n    # for 8 GPUs\n    lr=base_lr,\n"
        "    paramwise_cfg=dict(norm_decay_mult=0.))\n",
        "optimizer = dict(type='SGD', lr=0.02, weight_decay=1e-4, paramwise_cfg=dict(bias_decay_mult=0.))\n",
        "optimizer = dict(\n    generator=dict(type='Adam', lr=1e-4),  # G\n"
        "    discriminator=dict(type='Adam', lr=base_lr))\n",
        "optimizers = dict(generator=dict(type='Adam', lr=1e-4))\n",
    ]
)
LR = st.sampled_from(
    [
        "lr_config = dict(policy='step', warmup='linear', warmup_iters=500, warmup_ratio=0.001, step=[8, 11])\n",
        "lr_config = dict(\n    policy='CosineAnnealing',\n    min_lr_ratio=1e-2,\n"
        "    warmup='exp',\n    warmup_iters=10)\n",
        "lr_config = dict(policy='poly', power=0.9, min_lr=1e-4, by_epoch=False)\n",
        "lr_config = dict(policy='fixed')\n",
        "lr_config = dict(policy='OneCycle', max_lr=base_lr)\n",
        "lr_config = dict(policy='cyclic', target_ratio=(10, 1e-4))\n"
        "momentum_config = dict(policy='cyclic', target_ratio=(0.85 / 0.95, 1))\n",
        "lr_config = dict(policy='Mine', gain=2)  # ours\n",
        "lr_config = None\n",
    ]
)
RUNNER = st.sampled_from(
    [
        "runner = dict(type='EpochBasedRunner', max_epochs=12)\n",
        "# long\ntotal_epochs = 24\n",
        "runner = dict(type='IterBasedRunner', max_iters=4000)\n",
        "runner = dict(type='DynamicIterBasedRunner', is_dynamic_ddp=False)\ntotal_iters = 800\n",
    ]
)
RUNTIME = st.sampled_from(
    [
        "checkpoint_config = dict(interval=1)\nlog_config = dict(interval=50, hooks=[dict(type='TextLoggerHook')])\n",
        "checkpoint_config = dict(interval=4, max_keep_ckpts=2)\nworkflow = [('train', 1)]\nresume_from = None\n",
        "checkpoint_config = dict(interval=1)\ncustom_hooks = [dict(type='EMAHook', momentum=0.1)]  # average\n"
        "log_config = dict(interval=9, hooks=[dict(type='WandbLoggerHook'), dict(type='Mine')])\n",
        "custom_hooks = []\ndist_params = dict(backend='nccl')\nseed = 3\nfp16 = dict(loss_scale='dynamic')\n",
    ]
)
DATA = (
    "data = dict(\n    samples_per_gpu=2,\n    workers_per_gpu=1,\n"
    "    train=dict(type='D', root=data_root + 'train'),\n"
    "    val=dict(type='D'),\n    test=dict(type='D'))\n"
)
EVALUATION = st.sampled_from(
    ["evaluation = dict(interval=2, metric='mIoU', save_best='auto')\n", "evaluation = dict(metric=['a'])\n"]
)
CHANGES = st.lists(
    st.sampled_from(
        [
            "optimizer = dict(lr=0.01)\n",
            "optimizer = dict(_delete_=True, type='Adam', lr=1e-3)\n",
            "optimizer_config = dict(grad_clip=dict(max_norm=1))\n",
            "lr_config = dict(warmup_iters=7)\n",
            "lr_config = dict(_delete_=True, policy='step', step=3)\n",
            "evaluation = dict(interval=5)\n",
            "checkpoint_config = dict(interval=3)  # more often\n",
            "data = dict(samples_per_gpu=4, train=dict(root='elsewhere'))\n",
            "data = dict(val=dict(_delete_=True, type='E'))\n",
            "log_config = dict(interval=10)\n",
            "dist_params = dict(backend='gloo')\n",
            "model = dict(depth=101)\n",
            "fp16 = dict(loss_scale=512.)\n",
            "fp16 = None\n",
            "momentum_config = dict(policy='step', step=[3])\n",
            "momentum_config = None\n",
            "lr_config = dict(_delete_=True, policy='Mine', gain=3)\n",
            "optimizer = dict(paramwise_cfg=dict(bias_decay_mult=0.5))\n",
            "optimizer_config = dict(_delete_=True, type='GradientCumulativeOptimizerHook', cumulative_iters=4)\n",
            "optimizer_config = dict(_delete_=True, type='MyOptimizerHook')\n",
            "workflow = [('train', 2), ('val', 1)]\n",
            "evaluation = dict(start=3, interval=7)\n",
            "evaluation = None\n",
            "custom_hooks = [dict(type='ExpMomentumEMAHook', priority=49), dict(type='Mine')]\n",
            "checkpoint_config = dict(sync_buffer=True, by_epoch=False)\n",
            "log_config = dict(hooks=[dict(type='TensorboardLoggerHook')])\n",
            "runner = dict(_delete_=True, type='EpochBasedRunner', max_epochs=24)\n",
            "data = dict(train_dataloader=dict(drop_last=True), val_dataloader=dict(samples_per_gpu=4))\n",
            "seed = 1\n",
            "cudnn_benchmark = True\n",
            "resume_from = 'a.pth'\n",
        ]
    ),
    unique_by=lambda line: line.split(" ")[0],
    max_size=5,
)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.py"
    path.write_text(text)
    return path


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(OPTIMIZER, LR, RUNNER, RUNTIME, EVALUATION, CHANGES, CHANGES)
def test_converting_file_by_file_is_converting_the_whole(
    tmp_path_factory, optimizer, lr, runner, runtime, evaluation, first, second
) -> None:
    """merge(convert(file), convert(bases)) == convert(merge(file, bases)), over three levels of inheritance."""
    folder = tmp_path_factory.mktemp("tree")
    write(folder, "schedule", "base_lr = 0.1\n" + optimizer + lr + runner)
    write(folder, "runtime", runtime)
    write(folder, "dataset", "data_root = 'data/'\n" + DATA + evaluation)
    bases = "_base_ = ['./schedule.py', './runtime.py', './dataset.py']\n"
    write(folder, "parent", bases + "model = dict(type='M', depth=50)\n" + "".join(first))
    write(folder, "child", "_base_ = './parent.py'\n" + "".join(second))
    converter, out = ConfigConverter(), tmp_path_factory.mktemp("out")
    for name in ("schedule", "runtime", "dataset", "parent", "child"):
        try:
            text = converter.convert(folder / f"{name}.py").text
        except ConversionError as error:
            if error.finding.code == "CFG006":  # a dict over something that is none: mmcv does not read it either
                return
            # what mmcv would refuse is refused as a whole too
            with pytest.raises(Rejected, match=re.escape(error.finding.message)):
                translate(Loader().load(folder / f"{name}.py").merged, Options())
            return
        write(out, name, text)
    for name in ("parent", "child"):
        whole = translate(Loader().load(folder / f"{name}.py").merged, Options()).v3
        merged = Loader().load(out / f"{name}.py").merged
        # a key that only a base has can be set to None, not removed
        assert same({key: value for key, value in merged.items() if key in whole or value is not None}, whole)
        assert ConfigConverter().convert(out / f"{name}.py").text == (out / f"{name}.py").read_text()


TREES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.text("ab", max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abcd"), inner, max_size=4) | st.lists(inner, max_size=2),
    max_leaves=10,
)
CONFIGS = st.dictionaries(st.sampled_from("abcd"), TREES, max_size=4)


@given(CONFIGS, CONFIGS)
def test_an_override_on_its_base_gives_the_whole(new: dict, base: dict) -> None:
    new = {**dict.fromkeys(base), **new}  # nothing can be removed at the top level
    assert same(plain(merge(override(traced(new), traced(base)), traced(base))), new)


@given(CONFIGS)
def test_nothing_is_said_where_nothing_differs(tree: dict) -> None:
    assert override(traced(tree), traced(tree)) == {}


@given(
    st.lists(
        st.sampled_from(["a = 1\n", "# note\n", "\n", "model = dict(type='M')  # x\n", "b = [\n    1,\n]\n"]),
        max_size=6,
    )
)
def test_a_file_without_old_keys_is_not_touched(tmp_path_factory, lines: list[str]) -> None:
    path = write(tmp_path_factory.mktemp("same"), "config", "".join(lines))
    assert ConfigConverter().convert(path).text == path.read_text()
