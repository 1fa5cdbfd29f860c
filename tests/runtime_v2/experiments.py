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
    "checkpoints and logs elsewhere": of(
        checkpoint_config={"interval": 2, "out_dir": "elsewhere", "create_symlink": False},
        log_config={"interval": 2, "hooks": [{"type": "TextLoggerHook", "out_dir": "elsewhere", "keep_local": True}]},
        evaluation={"interval": 1, "save_best": "accuracy", "out_dir": "elsewhere"},
    ),
    "half precision, dynamic, accumulated": of(
        optimizer_config={
            "type": "GradientCumulativeFp16OptimizerHook",
            "cumulative_iters": 2,
            "loss_scale": "dynamic",
            "grad_clip": {"max_norm": 1.0},
        }
    ),
    "half precision with a dict": of(
        optimizer_config={"type": "Fp16OptimizerHook", "loss_scale": {"init_scale": 32.0, "growth_interval": 2}}
    ),
    "accumulation in epochs": of(optimizer_config={"type": "GradientCumulativeOptimizerHook", "cumulative_iters": 5}),
    "one cycle by optimizer": of(
        optimizer={"backbone": {**SGD, "lr": 0.1}, "head": {"type": "Adam", "lr": 0.001}},
        optimizer_config=None,
        lr_config={"policy": "OneCycle", "max_lr": {"backbone": [0.1], "head": [0.01]}, "three_phase": True},
        momentum_config={"policy": "OneCycle", "base_momentum": {"backbone": [0.8], "head": [0.85]}},
    ),
    "sampler seed, empty cache": of(
        custom_hooks_config=[{"type": "DistSamplerSeedHook"}, {"type": "EmptyCacheHook", "after_iter": True}]
    ),
    "resumed with a start of evaluation": of(
        parts=[
            {"runner": {"type": "EpochBasedRunner", "max_epochs": 1}},
            {"resume": "epoch_1.pth", "runner": EPOCHS},
        ],
        evaluation={"start": 1, "interval": 2, "save_best": "auto"},
    ),
    "resumed with several optimizers": of(
        optimizer={"backbone": {**SGD, "lr": 0.1}, "head": {"type": "AdamW", "lr": 0.001}},
        optimizer_config=None,
        lr_config={"policy": "CosineAnnealing", "min_lr_ratio": 0.1, "by_epoch": False},
        parts=[
            {"runner": {"type": "EpochBasedRunner", "max_epochs": 1}},
            {"resume": "latest.pth", "runner": EPOCHS},
        ],
    ),
    "too many workflow phases": of(workflow=[["train", 1], ["test", 1]]),
    "an unknown hook": of(custom_hooks_config=[{"type": "EMAHok"}]),
    "an unknown policy": of(lr_config={"policy": "stpe", "step": 1}),
}

RATES = {
    "fixed": {"policy": "fixed"},
    "step floor": {"policy": "step", "step": [1, 2], "gamma": 0.2, "min_lr": 0.008},
    "exp": {"policy": "exp", "gamma": 0.9},
    "poly": {"policy": "poly", "power": 0.8, "min_lr": 0.001},
    "inv": {"policy": "inv", "gamma": 0.3, "power": 0.7},
    "cosine": {"policy": "CosineAnnealing", "min_lr_ratio": 0.01},
    "flat cosine": {"policy": "FlatCosineAnnealing", "start_percent": 0.3, "min_lr": 0.001},
    "restart": {"policy": "CosineRestart", "periods": [7, 20], "restart_weights": [1, 0.5], "min_lr": 0.001},
    "linear": {"policy": "LinearAnnealing", "min_lr": 0.002},
    "cyclic": {"policy": "cyclic", "cyclic_times": 2, "step_ratio_up": 0.3, "gamma": 0.7},
    "one cycle": {"policy": "OneCycle", "max_lr": 0.2, "anneal_strategy": "linear", "three_phase": True},
}
MOMENTA = {
    "step": {"policy": "step", "step": 1, "gamma": 0.8, "min_momentum": 0.6},
    "cosine": {"policy": "CosineAnnealing", "min_momentum": 0.5, "by_epoch": False},
    "linear": {"policy": "LinearAnnealing", "min_momentum_ratio": 0.5},
    "cyclic": {"policy": "cyclic", "anneal_strategy": "linear", "cyclic_times": 2, "gamma": 0.9},
    "one cycle": {"policy": "OneCycle", "pct_start": 0.4},
}
ADAM = {"type": "AdamW", "lr": 0.01, "betas": [0.9, 0.99]}
WARMUPS = {
    "constant": {"warmup": "constant", "warmup_iters": 2, "warmup_ratio": 0.25},
    "linear": {"warmup": "linear", "warmup_iters": 5, "warmup_ratio": 0.1},
    "exp": {"warmup": "exp", "warmup_iters": 1, "warmup_by_epoch": True},
}
for number, (name, policy) in enumerate(RATES.items()):
    kind = list(WARMUPS)[number % len(WARMUPS)]
    by_epoch = {} if name in ("cyclic", "one cycle") else {"by_epoch": name != "restart" and number % 2 == 0}
    EXPERIMENTS[f"rate: {name}, {kind} warm-up"] = of(lr_config={**policy, **by_epoch, **WARMUPS[kind]})
    plain = WARMUPS["linear"]
    EXPERIMENTS[f"rate by iteration: {name}"] = of(runner=ITERS, lr_config={**policy, **plain})
for name, policy in MOMENTA.items():
    EXPERIMENTS[f"momentum: {name}"] = of(momentum_config=policy)
    EXPERIMENTS[f"momentum of Adam: {name}"] = of(momentum_config=policy, optimizer=ADAM, optimizer_config={})
