"""The table of experiments that run in our runtime and in real mmengine and must leave the same trace.

Each entry changes the base config; what it covers is its name. Values are literals, so that both engines read the same.
"""

from __future__ import annotations

import copy
from typing import Any


def loader(shuffle: bool, **changes: Any) -> dict[str, Any]:
    base = {
        "batch_size": 8,
        "num_workers": 0,
        "sampler": {"type": "DefaultSampler", "shuffle": shuffle},
        "collate_fn": {"type": "default_collate"},
        "dataset": {"type": "Points", "size": 36},
    }
    return {**base, **changes}


BASE: dict[str, Any] = {
    "model": {"type": "Net"},
    "train_dataloader": loader(True),
    "val_dataloader": loader(False),
    "val_evaluator": {"type": "Share"},
    "val_cfg": {},
    "train_cfg": {"by_epoch": True, "max_epochs": 3},
    "optim_wrapper": {"optimizer": {"type": "SGD", "lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}},
    "randomness": {"seed": 3},
    "default_hooks": {"logger": {"type": "LoggerHook", "interval": 2}},
}

# Every entry: a name that says what is covered, and the keys that differ from BASE (None takes a key out).
EXPERIMENTS: dict[str, dict[str, Any]] = {
    "by_epoch": {},
    "no_validation": {"val_dataloader": None, "val_evaluator": None, "val_cfg": None},
    "val_begin_and_interval": {"train_cfg": {"by_epoch": True, "max_epochs": 5, "val_begin": 2, "val_interval": 3}},
    "dynamic_intervals": {
        "train_cfg": {"by_epoch": True, "max_epochs": 6, "val_interval": 3, "dynamic_intervals": [(4, 1)]}
    },
    "loops_by_type": {
        "train_cfg": {"type": "EpochBasedTrainLoop", "max_epochs": 2},
        "val_cfg": {"type": "ValLoop"},
    },
    "by_iteration_infinite_sampler": {
        "train_cfg": {"by_epoch": False, "max_iters": 17, "val_interval": 6},
        "train_dataloader": loader(True, sampler={"type": "InfiniteSampler"}),
        "param_scheduler": {"type": "PolyLR", "power": 0.9, "eta_min": 1e-4, "by_epoch": False},
        "log_processor": {"by_epoch": False},
        "default_hooks": {
            "logger": {"type": "LoggerHook", "interval": 4, "log_metric_by_epoch": False},
            "checkpoint": {"type": "CheckpointHook", "by_epoch": False, "interval": 5},
        },
    },
    "by_iteration_restarting_loader": {
        "train_cfg": {"by_epoch": False, "max_iters": 8, "val_interval": 100},
        "default_hooks": {"checkpoint": {"type": "CheckpointHook", "by_epoch": False, "interval": 100}},
    },
    "clip_by_norm": {
        "optim_wrapper": {"optimizer": {"type": "SGD", "lr": 0.1}, "clip_grad": {"max_norm": 0.3, "norm_type": 2}}
    },
    "clip_by_value": {
        "optim_wrapper": {
            "type": "OptimWrapper",
            "optimizer": {"type": "SGD", "lr": 0.1},
            "clip_grad": {"type": "value", "clip_value": 0.05},
        }
    },
    "accumulation_with_remainder": {
        "train_cfg": {"by_epoch": True, "max_epochs": 2},
        "optim_wrapper": {"optimizer": {"type": "AdamW", "lr": 0.01}, "accumulative_counts": 3},
    },
    "paramwise_multipliers": {
        "optim_wrapper": {
            "optimizer": {"type": "SGD", "lr": 0.1, "momentum": 0.9, "weight_decay": 0.01},
            "paramwise_cfg": {
                "norm_decay_mult": 0.0,
                "bias_lr_mult": 2.0,
                "bias_decay_mult": 0.5,
                "dwconv_decay_mult": 0.1,
            },
        },
        "param_scheduler": {"type": "MultiStepLR", "milestones": [1, 2], "gamma": 0.1},
    },
    "paramwise_custom_keys": {
        "optim_wrapper": {
            "optimizer": {"type": "AdamW", "lr": 0.01, "weight_decay": 0.05, "betas": (0.9, 0.99)},
            "paramwise_cfg": {
                "flat_decay_mult": 0.0,
                "bypass_duplicate": True,
                "custom_keys": {"body": {"lr_mult": 0.1}, "body.0": {"lr_mult": 0.5, "decay_mult": 2.0}},
            },
        },
        "param_scheduler": [
            {"type": "LinearLR", "start_factor": 0.1, "by_epoch": False, "end": 7},
            {"type": "CosineAnnealingLR", "eta_min_ratio": 0.05, "by_epoch": True, "convert_to_iter_based": True},
        ],
    },
    "momentum_schedules": {
        "optim_wrapper": {"optimizer": {"type": "Adam", "lr": 0.01}},
        "param_scheduler": [
            {"type": "OneCycleLR", "eta_max": 0.02, "by_epoch": False},
            {"type": "CosineAnnealingMomentum", "eta_min": 0.6, "by_epoch": False, "end": 8},
        ],
    },
    "plateau": {
        "train_cfg": {"by_epoch": True, "max_epochs": 6},
        "param_scheduler": {"type": "ReduceOnPlateauLR", "monitor": "share", "rule": "less", "patience": 1},
    },
    "auto_scaled_rate": {"auto_scale_lr": {"enable": True, "base_batch_size": 64}},
    "different_seeds_for_ranks": {"randomness": {"seed": 5, "diff_rank_seed": True}},
    "worker_processes": {
        "train_cfg": {"by_epoch": True, "max_epochs": 2},
        "train_dataloader": loader(True, num_workers=2, persistent_workers=True, drop_last=True),
    },
    "shortened_epochs": {"train_dataloader": loader(True, num_batch_per_epoch=2)},
    "several_optimizers": {
        "model": {"type": "TwoSteps"},
        "optim_wrapper": {"constructor": "TwoOptimizers"},
        "param_scheduler": {
            "body": [{"type": "StepLR", "step_size": 1, "gamma": 0.5}],
            "head": [{"type": "ExponentialLR", "gamma": 0.9, "by_epoch": False}],
        },
    },
    "losses_in_validation": {"model": {"type": "Net", "val_losses": True}},
    "several_losses": {"model": {"type": "Net", "extra_losses": True}},
    "initialized_weights": {
        "model": {
            "type": "Net",
            "init_cfg": [
                {"type": "Kaiming", "layer": ["Linear"], "mode": "fan_in", "bias": 0.1},
                {"type": "Constant", "layer": "_BatchNorm", "val": 0.5, "override": {"name": "head"}},
            ],
        }
    },
    "initializers": {
        "model": {
            "type": "Net",
            "init_cfg": [
                {
                    "type": "Xavier",
                    "layer": "Linear",
                    "distribution": "uniform",
                    "override": [
                        {"name": "head", "type": "TruncNormal", "std": 0.02, "bias_prob": 0.01},
                        {"name": "scale", "type": "Uniform", "a": -0.5},
                    ],
                },
                {"type": "Normal", "layer": "BatchNorm1d", "mean": 1.0, "std": 0.1},
            ],
        }
    },
    "best_checkpoint": {
        "train_cfg": {"by_epoch": True, "max_epochs": 4},
        "default_hooks": {
            "checkpoint": {
                "type": "CheckpointHook",
                "interval": 2,
                "save_best": "share",
                "rule": "greater",
                "max_keep_ckpts": 1,
            }
        },
    },
    "best_checkpoints_of_two_metrics": {
        "default_hooks": {
            "checkpoint": {
                "type": "CheckpointHook",
                "interval": -1,
                "save_best": ["share", "loss_like"],
                "rule": ["greater", "less"],
                "save_last": False,
            }
        },
    },
    "best_checkpoint_chosen_automatically": {
        "val_evaluator": {"type": "Share", "prefix": "acc"},
        "default_hooks": {
            "checkpoint": {
                "type": "CheckpointHook",
                "interval": 1,
                "save_best": "auto",
                "save_begin": 2,
                "filename_tmpl": "e{}.pth",
                "save_optimizer": False,
                "save_param_scheduler": False,
            }
        },
    },
    "published_checkpoint": {
        "default_hooks": {
            "checkpoint": {"type": "CheckpointHook", "interval": 3, "published_keys": ["meta", "state_dict"]}
        }
    },
    "log_statistics": {
        "log_processor": {
            "window_size": 3,
            "num_digits": 6,
            "log_with_hierarchy": True,
            "custom_cfg": [
                {"data_src": "loss", "log_name": "loss_max", "method_name": "max", "window_size": "epoch"},
                {"data_src": "loss", "log_name": "loss_min", "method_name": "min", "window_size": 4},
                {"data_src": "loss", "log_name": "loss_all", "method_name": "mean", "window_size": "global"},
            ],
        }
    },
    "log_last_batch": {
        "default_hooks": {"logger": {"type": "LoggerHook", "interval": 3, "ignore_last": False, "interval_exp_name": 4}}
    },
    "hook_priorities": {
        "custom_hooks": [
            {"type": "Marker", "label": "a", "priority": "VERY_HIGH"},
            {"type": "Marker", "label": "b", "priority": 45},
            {"type": "Marker", "label": "c"},
            {"type": "Marker", "label": "d", "priority": "LOWEST"},
        ],
        "default_hooks": {"timer": {"type": "IterTimerHook", "priority": "HIGH"}, "param_scheduler": None},
    },
    "stopped_early": {"custom_hooks": [{"type": "Stopper", "at_iter": 7}]},
    "averaged_weights": {
        "custom_hooks": [{"type": "EMAHook", "momentum": 0.1}],
        "default_hooks": {
            "checkpoint": {"type": "CheckpointHook", "interval": 1, "save_best": "share", "rule": "greater"}
        },
    },
    "averaged_weights_late": {
        "custom_hooks": [
            {"type": "EMAHook", "ema_type": "StochasticWeightAverage", "begin_epoch": 2, "interval": 2, "priority": 49}
        ]
    },
    "averaged_weights_and_buffers": {
        "custom_hooks": [
            {
                "type": "EMAHook",
                "ema_type": "MomentumAnnealingEMA",
                "momentum": 0.05,
                "gamma": 5,
                "update_buffers": True,
                "begin_iter": 4,
            }
        ]
    },
    "early_stopping": {
        "train_cfg": {"by_epoch": True, "max_epochs": 8},
        "custom_hooks": [
            {"type": "EarlyStoppingHook", "monitor": "share", "rule": "greater", "min_delta": 0.2, "patience": 2},
            {"type": "EmptyCacheHook", "after_iter": True},
            {"type": "SyncBuffersHook"},
        ],
    },
    "loop_of_ones_own": {
        "train_cfg": {"type": "EveryOtherBatch", "max_epochs": 3},
        "val_cfg": {"type": "CountedValidation"},
    },
    "by_iteration_dynamic_intervals": {
        "train_cfg": {
            "by_epoch": False,
            "max_iters": 12,
            "val_begin": 3,
            "val_interval": 4,
            "dynamic_intervals": [(8, 1)],
        },
        "train_dataloader": loader(True, sampler={"type": "InfiniteSampler", "shuffle": True}),
        "default_hooks": {
            "checkpoint": {"type": "CheckpointHook", "by_epoch": False, "interval": 6, "save_last": False}
        },
    },
    "several_metrics_and_predictions_dumped": {
        "val_evaluator": [
            {"type": "Share", "prefix": "first"},
            {"type": "Share", "prefix": "second", "collect_device": "cpu"},
            {"type": "DumpResults", "out_file_path": "predictions.pkl"},
        ]
    },
    "best_checkpoint_by_keys": {
        "default_hooks": {
            "checkpoint": {
                "type": "CheckpointHook",
                "interval": 2,
                "save_best": "share",
                "greater_keys": ["share"],
                "less_keys": ["loss_like"],
                "out_dir": "elsewhere",
            }
        }
    },
    "deterministic_and_environment": {
        "randomness": {"seed": 11, "deterministic": True},
        "env_cfg": {"cudnn_benchmark": False, "mp_cfg": {"mp_start_method": "fork", "opencv_num_threads": 0}},
    },
    # Not the first part: where no input needs a gradient, mmengine's reentrant form leaves the parameters untrained.
    "activation_checkpointing": {"activation_checkpointing": ["scale", "head"]},
    "any_setting_scheduled": {
        "param_scheduler": [
            {"type": "MultiStepParamScheduler", "param_name": "weight_decay", "milestones": [1, 2], "gamma": 0.5},
            {"type": "LinearParamScheduler", "param_name": "momentum", "start_factor": 0.5, "end": 2},
            {
                "type": "CosineRestartLR",
                "periods": [4, 8],
                "restart_weights": [1, 0.5],
                "eta_min": 0,
                "by_epoch": False,
            },
        ]
    },
    "plateau_of_momentum": {
        "train_cfg": {"by_epoch": True, "max_epochs": 4},
        "param_scheduler": {"type": "ReduceOnPlateauMomentum", "monitor": "loss_like", "patience": 0, "threshold": 9.0},
    },
    "adaptive_optimizer_without_bias_decay": {
        "optim_wrapper": {
            "optimizer": {"type": "RAdam", "lr": 0.01, "weight_decay": 0.1},
            "paramwise_cfg": {"bias_decay_mult": 0.0, "norm_decay_mult": 0.0},
            "clip_grad": {"max_norm": 1.0, "error_if_nonfinite": True},
            "accumulative_counts": 2,
        }
    },
    "images": {
        "model": {
            "type": "Net",
            "images": True,
            "data_preprocessor": {
                "type": "ImgDataPreprocessor",
                "mean": [0.1, 0.2, 0.3],
                "std": [0.9, 1.1, 1.2],
                "pad_size_divisor": 4,
                "pad_value": 0.5,
                "bgr_to_rgb": True,
            },
        },
        "train_dataloader": loader(True, dataset={"type": "Points", "size": 20, "images": True}, collate_fn=None),
        "val_dataloader": loader(False, dataset={"type": "Points", "size": 9, "images": True}, collate_fn=None),
    },
}


def config_of(name: str) -> dict[str, Any]:
    """The whole config of an experiment; keys set to None are taken out."""
    merged = copy.deepcopy({**BASE, **EXPERIMENTS[name]})
    for loader_name in ("train_dataloader", "val_dataloader"):
        cfg = merged.get(loader_name)
        if cfg is not None and cfg.get("collate_fn", "") is None:
            del cfg["collate_fn"]
    return {key: value for key, value in merged.items() if value is not None}
