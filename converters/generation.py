"""Which generation a config belongs to, by the keys that only one of them has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

V3_KEYS = frozenset(
    [
        "optim_wrapper",
        "param_scheduler",
        "default_hooks",
        "train_dataloader",
        "val_dataloader",
        "test_dataloader",
        "val_evaluator",
        "test_evaluator",
        "env_cfg",
        "default_scope",
        "vis_backends",
        "visualizer",
        "log_processor",
        "randomness",
    ]
)
V2_KEYS = frozenset(
    [
        "optimizer",
        "optimizers",
        "optimizer_config",
        "lr_config",
        "momentum_config",
        "runner",
        "total_epochs",
        "total_iters",
        "checkpoint_config",
        "log_config",
        "evaluation",
        "workflow",
        "data",
        "dist_params",
        "resume_from",
        "cudnn_benchmark",
        "opencv_num_threads",
        "mp_start_method",
        "fp16",
        "seed",
        "deterministic",
        "gpu_ids",
        "diff_seed",
        "use_ddp_wrapper",
        "auto_resume",
    ]
)


def generation_of(tree: Mapping[str, Any]) -> str | None:
    """``v2``, ``v3``, or None for a file that is neither: a model, a list of classes.

    A file with keys of both is v3 with left-overs: what a conversion leaves behind when it cannot translate a key.
    """
    loops = any("Loop" in str(_type_of(tree.get(key))) for key in ("train_cfg", "val_cfg", "test_cfg"))
    if loops or V3_KEYS & tree.keys():
        return "v3"
    older_model = any(isinstance(tree.get(key), Mapping) for key in ("train_cfg", "test_cfg"))
    return "v2" if older_model or V2_KEYS & tree.keys() else None


def left_over(tree: Mapping[str, Any]) -> list[str]:
    """v2 keys in a v3 config."""
    return [key for key in tree if key in V2_KEYS]


def _type_of(value: Any) -> Any:
    return value.get("type") if isinstance(value, Mapping) else None
