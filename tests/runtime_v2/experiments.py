"""The table of experiments that are run in this runtime and in real mmcv: each a few settings that differ from BASE."""

SGD = {"type": "SGD", "lr": 0.05, "momentum": 0.9, "weight_decay": 0.01}
EPOCHS = {"type": "EpochBasedRunner", "max_epochs": 3}
ITERS = {"type": "IterBasedRunner", "max_iters": 11}
TEXT = {"interval": 2, "hooks": [{"type": "TextLoggerHook"}]}

BASE = {
    "runner": EPOCHS,
    "optimizer": SGD,
    "lr_config": {"policy": "step", "step": [1, 2]},
    "optimizer_config": {"grad_clip": {"max_norm": 1.0, "norm_type": 2}},
    "checkpoint_config": {"interval": 1},
    "log_config": TEXT,
}


def of(**settings):
    merged = {**BASE, **settings}
    return {key: value for key, value in merged.items() if value is not None}


EXPERIMENTS = {
    "epochs": of(),
    "iterations": of(runner=ITERS, checkpoint_config={"interval": 4}),
    "no clip": of(optimizer_config={}),
    "train and val": of(workflow=[["train", 1], ["val", 1]]),
    "two train, one val": of(workflow=[["train", 2], ["val", 1]]),
    "val in iterations": of(runner=ITERS, workflow=[["train", 3], ["val", 2]]),
    "warm-up": of(lr_config={"policy": "poly", "power": 0.9, "warmup": "linear", "warmup_iters": 5}),
    "warm-up by epoch": of(
        lr_config={
            "policy": "CosineAnnealing",
            "min_lr": 1e-4,
            "by_epoch": False,
            "warmup": "exp",
            "warmup_iters": 1,
            "warmup_by_epoch": True,
        }
    ),
    "cyclic with momentum": of(
        lr_config={"policy": "cyclic", "target_ratio": [5, 0.01]}, momentum_config={"policy": "cyclic"}
    ),
    "one cycle with Adam's betas": of(
        optimizer={"type": "Adam", "lr": 0.01},
        lr_config={"policy": "OneCycle", "max_lr": 0.02},
        momentum_config={"policy": "OneCycle"},
        log_config={"interval": 1, "hooks": [{"type": "TextLoggerHook"}]},
    ),
    "momentum warm-up": of(
        momentum_config={"policy": "step", "step": [1], "warmup": "linear", "warmup_iters": 4, "warmup_ratio": 0.95}
    ),
    "several groups": of(
        optimizer={
            **SGD,
            "nesterov": True,
            "paramwise_cfg": {
                "custom_keys": {"head": {"lr_mult": 2.0}, "backbone.0": {"decay_mult": 0.0}},
                "norm_decay_mult": 0.0,
                "bias_lr_mult": 2.0,
            },
        },
        lr_config={"policy": "step", "step": 1, "gamma": 0.3, "min_lr": 0.01},
    ),
    "several optimizers": of(
        optimizer={"backbone": {**SGD, "lr": 0.1}, "head": {"type": "AdamW", "lr": 0.001}},
        optimizer_config=None,
        momentum_config={"policy": "CosineAnnealing", "min_momentum_ratio": 0.5},
    ),
    "accumulation": of(
        optimizer_config={
            "type": "GradientCumulativeOptimizerHook",
            "cumulative_iters": 3,
            "grad_clip": {"max_norm": 0.5},
        },
        runner=ITERS,
    ),
    "anomalous parameters": of(optimizer_config={"detect_anomalous_params": True}),
    "half precision on a CPU": of(optimizer_config={"type": "Fp16OptimizerHook", "loss_scale": 512.0}),
    "evaluation with the best": of(
        evaluation={"interval": 1, "save_best": "accuracy", "scale": 100.0}, custom_hooks_config=[{"type": "OwnHook"}]
    ),
    "evaluation from a start, best by auto": of(evaluation={"start": 0, "interval": 2, "save_best": "auto"}),
    "evaluation, the least is best": of(evaluation={"start": 2, "interval": 1, "save_best": "spread", "rule": "less"}),
    "evaluation by iterations": of(
        runner=ITERS,
        evaluation={"interval": 3, "by_epoch": False, "save_best": "accuracy"},
        checkpoint_config={"interval": 5, "max_keep_ckpts": 1},
    ),
    "moving average": of(
        custom_hooks_config=[{"type": "EMAHook", "momentum": 0.3, "priority": "ABOVE_NORMAL"}],
        evaluation={"interval": 1, "save_best": "accuracy"},
    ),
    "moving average with an interval and a warm-up": of(
        custom_hooks_config=[{"type": "EMAHook", "momentum": 0.5, "interval": 2, "warm_up": 3}], runner=ITERS
    ),
    "profiler": of(profiler={"activities": ["cpu"], "profile_iters": 1}),
    "hook priorities": of(
        custom_hooks_config=[
            {"type": "OwnHook", "priority": "VERY_HIGH"},
            {"type": "OwnHook", "priority": 45},
            {"type": "EmptyCacheHook", "priority": "LOW"},
            {"type": "SyncBuffersHook"},
        ]
    ),
    "few checkpoints kept": of(
        runner={"type": "EpochBasedRunner", "max_epochs": 5},
        checkpoint_config={"interval": 2, "max_keep_ckpts": 1, "save_optimizer": False, "filename_tmpl": "e{}.pth"},
    ),
    "no last checkpoint": of(checkpoint_config={"interval": 2, "save_last": False, "create_symlink": False}),
    "two loggers": of(
        log_config={
            "interval": 3,
            "hooks": [{"type": "TextLoggerHook", "ignore_last": False}, {"type": "TensorboardLoggerHook"}],
        }
    ),
    "resumed epochs": of(
        parts=[
            {"runner": {"type": "EpochBasedRunner", "max_epochs": 2}},
            {"resume": "latest.pth", "runner": EPOCHS},
        ],
        evaluation={"interval": 1, "save_best": "accuracy"},
    ),
    "resumed iterations": of(
        parts=[
            {"runner": {"type": "IterBasedRunner", "max_iters": 6}},
            {"resume": "iter_6.pth", "runner": ITERS},
        ],
        checkpoint_config={"interval": 3},
    ),
    "an unknown policy": of(lr_config={"policy": "stpe", "step": 1}),
}
