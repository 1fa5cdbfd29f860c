"""Where to look, given what differed first: the old key, what it became, and the rule that translates it."""

from __future__ import annotations

_BY_STAGE = {
    "schedule": ("lr_config → param_scheduler", "SCH001"),
    "init": ("model, its init_cfg and load_from: the runs did not start from the same weights", ""),
    "data": ("data → train_dataloader: sampler, batch size, pipeline; and the seed", "DAT001"),
    "forward": ("model: the forward pass or its buffers", ""),
    "loss": ("model: the loss", ""),
    "gradient": ("optimizer_config, fp16 → optim_wrapper: backward pass, accumulation, loss scale", "OPT003"),
    "clip": ("optimizer_config.grad_clip → optim_wrapper.clip_grad", "OPT002"),
    "step": ("optimizer → optim_wrapper.optimizer", "OPT001"),
    "ema": ("custom_hooks: EMAHook (momentum, interval, warm-up, first update)", "HOK001"),
    "evaluation": ("evaluation → val_evaluator, train_cfg.val_interval, val_begin", "EVA001"),
    "checkpoint": ("checkpoint_config, evaluation.save_best → default_hooks.checkpoint", "CKP001"),
}
_BY_NAME = (
    ("lr[", "lr_config → param_scheduler: policy, milestones, by_epoch; length and end of the warm-up", "SCH001"),
    ("momentum[", "momentum_config → param_scheduler, optimizer.momentum", "SCH004"),
    ("weight_decay[", "optimizer, paramwise_cfg → optim_wrapper: weight_decay", "OPT001"),
    ("group[", "optimizer, paramwise_cfg → optim_wrapper: the parameter groups and their options", "OPT001"),
    ("iteration", "runner, total_epochs, total_iters → train_cfg: how many iterations are run", "RUN001"),
    ("optimizer.steps", "optimizer_config (cumulative_iters) → optim_wrapper.accumulative_counts", "OPT002"),
)


def cause(stage: str, name: str) -> str:
    """A line that says which keys decide `name`, and which rule translates them (`mmmigrate explain` knows it).

    >>> cause("clip", "norm")
    'optimizer_config.grad_clip → optim_wrapper.clip_grad [OPT002]'
    """
    for start, text, code in _BY_NAME:
        if start in name and stage in ("schedule", "init", "step", "data"):
            return f"{text} [{code}]"
    text, code = _BY_STAGE.get(stage, ("", ""))
    return f"{text} [{code}]" if code else text
