"""The stages of both generations as data: names, parameters, and what a runner answers."""

from __future__ import annotations

from dataclasses import dataclass

HOOK = "mmcv.runner.Hook"


@dataclass(frozen=True)
class Stage:
    """A stage of a v2 hook: ``name`` in v3, the parameters that v3 adds, and the loop that it belongs to."""

    name: str
    added: tuple[str, ...] = ()
    loop: str = "train"  # train or val


_ITER = ("batch_idx", "data_batch")
_AFTER_ITER = (*_ITER, "outputs")

# v2 calls `before_run` when the weights are initialized and loaded, and only to train: v3's `before_train`. A stage
# for both modes goes on in training alone, since the evaluation of a v2 run calls no hooks.
STAGES = {
    "before_run": Stage("before_train"),
    "after_run": Stage("after_train"),
    "before_epoch": Stage("before_train_epoch"),
    "after_epoch": Stage("after_train_epoch"),
    "before_iter": Stage("before_train_iter", _ITER),
    "after_iter": Stage("after_train_iter", _AFTER_ITER),
    "before_train_epoch": Stage("before_train_epoch"),
    "after_train_epoch": Stage("after_train_epoch"),
    "before_train_iter": Stage("before_train_iter", _ITER),
    "after_train_iter": Stage("after_train_iter", _AFTER_ITER),
    "before_val_epoch": Stage("before_val_epoch", loop="val"),
    "after_val_epoch": Stage("after_val_epoch", ("metrics",), "val"),
    "before_val_iter": Stage("before_val_iter", _ITER, "val"),
    "after_val_iter": Stage("after_val_iter", _AFTER_ITER, "val"),
}
SHARED = {
    "before_epoch": ("before_train_epoch", "before_val_epoch"),
    "after_epoch": ("after_train_epoch", "after_val_epoch"),
    "before_iter": ("before_train_iter", "before_val_iter"),
    "after_iter": ("after_train_iter", "after_val_iter"),
}
# Stages that v3 has and v2 has not: a method of that name was the class's own, and v3's runner would call it.
ONLY_V3 = frozenset(
    {"before_train", "after_train", "before_val", "after_val", "before_test", "after_test"}
    | {"before_test_epoch", "after_test_epoch", "before_test_iter", "after_test_iter"}
    | {"before_save_checkpoint", "after_load_checkpoint"}
    | {"_before_epoch", "_after_epoch", "_before_iter", "_after_iter"}
)
REQUIRED = frozenset({"batch_idx"})  # the others have a default

# What both runners have under the same name, with the same meaning while training by epoch.
KEPT = frozenset(
    {"epoch", "iter", "max_epochs", "max_iters", "rank", "world_size", "logger", "work_dir", "timestamp"}
    | {"load_checkpoint", "resume"}
)
RENAMED = {"_epoch": "epoch", "_iter": "iter", "_max_epochs": "max_epochs", "_max_iters": "max_iters"}
RENAMED |= {"_rank": "rank", "_world_size": "world_size"}

# Questions that a hook asks itself about the runner; `runner` stays their argument.
QUESTIONS = {
    "every_n_epochs": "every_n_epochs",
    "every_n_iters": "every_n_train_iters",
    "is_last_epoch": "is_last_train_epoch",
    "is_last_iter": "is_last_train_iter",
}
# What an iteration loop of v3 does otherwise than v2's iteration runner.
BY_EPOCH_ONLY = frozenset({"epoch", "_epoch", "max_epochs", "_max_epochs", "inner_iter", "_inner_iter"})
RUNNERS = frozenset(f"mmcv.runner.{name}" for name in ("BaseRunner", "EpochBasedRunner", "IterBasedRunner", "Runner"))
LOOPS = {"mmcv.runner.EpochBasedRunner": "EpochBasedTrainLoop", "mmcv.runner.IterBasedRunner": "IterBasedTrainLoop"}
