"""Keys of a config that nothing reads, and what to do about them. mmengine passes over them without a word."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

# What mmcv 1.x read, and where it is said now.
V2_KEYS = {
    "checkpoint_config": "default_hooks.checkpoint",
    "cudnn_benchmark": "env_cfg.cudnn_benchmark",
    "data": "train_dataloader, val_dataloader and test_dataloader",
    "dist_params": "env_cfg.dist_cfg",
    "evaluation": "val_evaluator, train_cfg.val_interval and default_hooks.checkpoint.save_best",
    "fp16": "optim_wrapper.type='AmpOptimWrapper'",
    "gpu_ids": "the launcher",
    "log_config": "default_hooks.logger and visualizer",
    "lr_config": "param_scheduler",
    "momentum_config": "param_scheduler",
    "mp_start_method": "env_cfg.mp_cfg.mp_start_method",
    "opencv_num_threads": "env_cfg.mp_cfg.opencv_num_threads",
    "optimizer": "optim_wrapper.optimizer",
    "optimizer_config": "optim_wrapper (clip_grad, accumulative_counts)",
    "resume_from": "load_from with resume=True",
    "runner": "train_cfg",
    "seed": "randomness.seed",
    "total_epochs": "train_cfg.max_epochs",
    "total_iters": "train_cfg.max_iters",
    "workflow": "train_cfg.val_interval, or a custom loop",
}

# Read by the runner or by those who prepare its config, beside the arguments of `Runner`.
OTHER_KEYS = (
    "_scope_",
    "activation_checkpointing",
    "cfg",
    "compile",
    "custom_imports",
    "efficient_conv_bn_eval",
    "find_unused_parameters",
    "model_wrapper_cfg",
    "runner_type",
    "strategy",
    "sync_bn",
    "tta_model",
    "tta_pipeline",
)


def unread_key_messages(keys: Iterable[str], known: Iterable[str]) -> list[str]:
    """One message for each key that looks like a left-over of mmcv 1.x or like a misspelt key of the runner.

    Other unknown keys are a config's own variables (`data_root`, `train_pipeline`), of which nothing is said.

    >>> unread_key_messages(["lr_config"], ["param_scheduler"])
    ["'lr_config' is a key of mmcv 1.x and has no effect here: use param_scheduler, or convert the config"]
    """
    known = {*known, *OTHER_KEYS}
    messages = []
    for key in keys:
        if key in known:
            continue
        if key in V2_KEYS:
            messages.append(
                f"{key!r} is a key of mmcv 1.x and has no effect here: use {V2_KEYS[key]}, or convert the config"
            )
            continue
        near = difflib.get_close_matches(key, known, n=1, cutoff=0.85)
        if near:
            messages.append(f"{key!r} is not a key of the runner and has no effect: did you mean {near[0]!r}?")
    return messages
