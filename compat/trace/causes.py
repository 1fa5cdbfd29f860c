"""Where to look, given what differed first: the old key and what it became."""

from __future__ import annotations

_BY_STAGE = {
    "init": "model, its init_cfg and load_from: the runs did not start from the same weights",
    "data": "data → train_dataloader: sampler, batch size, pipeline; and the seed",
    "forward": "model: the forward pass or its buffers",
    "loss": "model: the loss",
    "gradient": "optimizer_config, fp16 → optim_wrapper: backward pass, accumulation, loss scale",
    "clip": "optimizer_config.grad_clip → optim_wrapper.clip_grad",
    "step": "optimizer → optim_wrapper.optimizer",
    "ema": "custom_hooks: EMAHook (momentum, interval, warm-up, first update)",
    "evaluation": "evaluation → val_evaluator, train_cfg.val_interval, val_begin",
    "checkpoint": "checkpoint_config, evaluation.save_best → default_hooks.checkpoint",
}
_BY_NAME = (
    ("lr[", "lr_config → param_scheduler: policy, milestones, by_epoch; length and end of the warm-up"),
    ("momentum[", "momentum_config → param_scheduler, optimizer.momentum"),
    ("weight_decay[", "optimizer, paramwise_cfg → optim_wrapper: weight_decay"),
    ("group[", "optimizer, paramwise_cfg → optim_wrapper: the parameter groups and their options"),
    ("iteration", "runner, total_epochs, total_iters → train_cfg: how many iterations are run"),
    ("optimizer.steps", "optimizer_config (cumulative_iters) → optim_wrapper.accumulative_counts"),
)


def cause(stage: str, name: str) -> str:
    """A line that says which keys decide `name`.

    >>> cause("clip", "norm")
    'optimizer_config.grad_clip → optim_wrapper.clip_grad'
    """
    for start, text in _BY_NAME:
        if start in name and stage in ("schedule", "init", "step", "data"):
            return text
    return _BY_STAGE.get(stage, "")
