"""The custom classes of mmdet 2.28.2, mmcls 0.25.0 and mmseg 0.30.0, and how each takes part in a run."""

from __future__ import annotations

from differential.runs import Case

FILES = {
    "mmdet": [
        "mmdet/core/evaluation/eval_hooks.py",
        "mmdet/core/hook/checkloss_hook.py",
        "mmdet/core/hook/ema.py",
        "mmdet/core/hook/memory_profiler_hook.py",
        "mmdet/core/hook/set_epoch_info_hook.py",
        "mmdet/core/hook/sync_norm_hook.py",
        "mmdet/core/hook/sync_random_size_hook.py",
        "mmdet/core/hook/wandblogger_hook.py",
        "mmdet/core/hook/yolox_lrupdater_hook.py",
        "mmdet/core/hook/yolox_mode_switch_hook.py",
        "mmdet/core/optimizers/builder.py",
        "mmdet/core/optimizers/layer_decay_optimizer_constructor.py",
        "mmdet/core/utils/dist_utils.py",
        "mmdet/datasets/utils.py",
    ],
    "mmcls": [
        "mmcls/core/evaluation/eval_hooks.py",
        "mmcls/core/hook/class_num_check_hook.py",
        "mmcls/core/hook/lr_updater.py",
        "mmcls/core/hook/precise_bn_hook.py",
        "mmcls/core/hook/wandblogger_hook.py",
        "mmcls/core/optimizers/lamb.py",
        "mmcls/core/utils/dist_utils.py",
    ],
    "mmseg": [
        "mmseg/core/builder.py",
        "mmseg/core/evaluation/eval_hooks.py",
        "mmseg/core/hook/wandblogger_hook.py",
        "mmseg/core/optimizers/layer_decay_optimizer_constructor.py",
    ],
}
BY_EPOCH = {"by_epoch": True}
WITH_V2_MODEL = {"model": "v2"}  # it runs the model the v2 way: the model is behind the bridge as well


def decayed(constructor: str, **paramwise) -> dict:
    return {"type": "AdamW", "lr": 0.01, "weight_decay": 0.05, "constructor": constructor, "paramwise_cfg": paramwise}


CASES = [
    Case("mmdet.core.hook.checkloss_hook", "CheckInvalidLossHook", args={"interval": 2}),
    Case("mmdet.core.hook.ema", "ExpMomentumEMAHook", args={"total_iter": 5, "momentum": 0.1}),
    Case(
        "mmdet.core.hook.ema",
        "LinearMomentumEMAHook",
        args={"warm_up": 3, "momentum": 0.3, "interval": 2, "skip_buffers": True},
    ),
    Case("mmdet.core.hook.memory_profiler_hook", "MemoryProfilerHook", args={"interval": 2}),
    Case("mmdet.core.hook.set_epoch_info_hook", "SetEpochInfoHook"),
    Case("mmdet.core.hook.sync_norm_hook", "SyncNormHook", args={"num_last_epochs": 1, "interval": 2}),
    Case("mmdet.core.hook.sync_random_size_hook", "SyncRandomSizeHook", args={"device": "cpu", "ratio_range": [3, 3]}),
    Case(
        "mmdet.core.hook.yolox_lrupdater_hook",
        "YOLOXLrUpdaterHook",
        "schedule",
        {"num_last_epochs": 1, "min_lr_ratio": 0.05, "by_epoch": False, "warmup": "exp", "warmup_iters": 4},
    ),
    Case("mmdet.core.hook.yolox_mode_switch_hook", "YOLOXModeSwitchHook", args={"num_last_epochs": 2}),
    Case("mmdet.datasets.utils", "NumClassCheckHook"),
    Case(
        "mmdet.core.optimizers.layer_decay_optimizer_constructor",
        "LearningRateDecayOptimizerConstructor",
        "constructor",
        options={
            "backbone": "ConvNeXt",
            "optimizer": decayed(
                "mmdet.LearningRateDecayOptimizerConstructor", num_layers=6, decay_rate=0.7, decay_type="layer_wise"
            ),
        },
    ),
    Case("mmcls.core.hook.class_num_check_hook", "ClassNumCheckHook"),
    Case(
        "mmcls.core.hook.class_num_check_hook", "ClassNumCheckHook", options={"by_epoch": False}, about="by iteration"
    ),
    Case(
        "mmcls.core.hook.lr_updater",
        "CosineAnnealingCooldownLrUpdaterHook",
        "schedule",
        {"min_lr_ratio": 0.1, "cool_down_time": 2},
    ),
    Case(
        "mmcls.core.hook.lr_updater",
        "CosineAnnealingCooldownLrUpdaterHook",
        "schedule",
        {"min_lr": 0.001, "cool_down_time": 3, "by_epoch": False, "warmup": "linear", "warmup_iters": 3},
        {"by_epoch": False},
        "by iteration",
    ),
    Case(
        "mmcls.core.optimizers.lamb",
        "Lamb",
        "optimizer",
        options={"optimizer": {"type": "Lamb", "lr": 0.01, "weight_decay": 0.1}},
    ),
    Case(
        "mmseg.core.optimizers.layer_decay_optimizer_constructor",
        "LayerDecayOptimizerConstructor",
        "constructor",
        options={
            "backbone": "BEiT",
            "optimizer": decayed("mmseg.LayerDecayOptimizerConstructor", num_layers=3, layer_decay_rate=0.7),
        },
    ),
    Case(
        "mmseg.core.optimizers.layer_decay_optimizer_constructor",
        "LearningRateDecayOptimizerConstructor",
        "constructor",
        options={
            "backbone": "ConvNeXt",
            "optimizer": decayed(
                "mmseg.LearningRateDecayOptimizerConstructor", num_layers=6, decay_rate=0.7, decay_type="stage_wise"
            ),
        },
    ),
]
CASES += [
    Case(f"{codebase}.core.utils.dist_utils", "DistOptimizerHook", "optimizer_hook", {"grad_clip": {"max_norm": 0.5}})
    for codebase in ("mmdet", "mmcls")
]
CASES += [
    Case(f"{codebase}.core.evaluation.eval_hooks", name, "evaluation", {**given, **BY_EPOCH}, options, about)
    for codebase, own in (
        ("mmdet", {"dynamic_intervals": [(1, 1), (3, 2)], "start": 1}),
        ("mmcls", {"start": 0}),
        ("mmseg", {"pre_eval": True}),
    )
    for name, options in (("EvalHook", WITH_V2_MODEL), ("DistEvalHook", {**WITH_V2_MODEL, "distributed": True}))
    for about, given in (
        ("", {}),
        ("with its own arguments", own),
        ("best", {"save_best": "mean", "rule": "less", "interval": 2}),
    )
]
ADAPTED = [
    Case("mmcls.core.hook.precise_bn_hook", "PreciseBNHook", args={"num_samples": 4}, options=WITH_V2_MODEL),
]

TRACKED = {"log_checkpoint": True, "log_checkpoint_metadata": True, "num_eval_images": 0, "interval": 2}
ADAPTED += [
    Case(
        f"{codebase}.core.hook.wandblogger_hook",
        name,
        "logger",
        TRACKED,
        {**WITH_V2_MODEL, "evaluation": f"{codebase}.core.evaluation.eval_hooks"},
    )
    for codebase, name in (("mmdet", "MMDetWandbHook"), ("mmcls", "MMClsWandbHook"), ("mmseg", "MMSegWandbHook"))
]
