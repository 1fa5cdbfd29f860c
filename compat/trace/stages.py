"""The causal order of what one training iteration does: an earlier difference explains a later one."""

STAGES = (
    "init",
    "schedule",
    "data",
    "forward",
    "loss",
    "gradient",
    "clip",
    "step",
    "ema",
    "evaluation",
    "checkpoint",
)
RANK = {stage: rank for rank, stage in enumerate(STAGES)}

INIT_ITERATION = -1
"""The iteration number under which the state before the first iteration is recorded."""
