"""``dist_params``, ``cudnn_benchmark`` and the multi-processing keys -> ``env_cfg``; seeds -> ``randomness``."""

from __future__ import annotations

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.rules.experiment import Experiment, build
from mmmigrate.converters.rules.rule import Rule

_ENV = {
    "cudnn_benchmark": "env_cfg.cudnn_benchmark",
    "mp_start_method": "env_cfg.mp_cfg.mp_start_method",
    "opencv_num_threads": "env_cfg.mp_cfg.opencv_num_threads",
    "dist_params": "env_cfg.dist_cfg",
    "seed": "randomness.seed",
    "deterministic": "randomness.deterministic",
    "diff_seed": "randomness.diff_rank_seed",
}
# The command line's business, or the machine's
_OF_THE_COMMAND = {
    "gpu_ids": "mmengine takes the devices that are visible (CUDA_VISIBLE_DEVICES)",
    "device": "mmengine takes the device that there is",
}


def convert(exp: Experiment) -> None:
    for key, path in _ENV.items():
        if key in exp.v2:
            exp.put(path, exp.slot(key))
            exp.use(key)
    for key, why in _OF_THE_COMMAND.items():
        if key in exp.v2:
            exp.use(key)
            exp.note(f"{key}: {why}", key, effect=Effect.MANUAL)
    if "use_ddp_wrapper" in exp.v2:
        _wrap_parts(exp)


def _wrap_parts(exp: Experiment) -> None:
    """mmgeneration's switch: a distributed wrapper around each part of the model that trains."""
    exp.use("use_ddp_wrapper")
    if exp.get("use_ddp_wrapper"):
        wrapper = build(type="MMSeparateDistributedDataParallel", broadcast_buffers=False)
        wrapper.put("find_unused_parameters", exp.get("find_unused_parameters") or False)
        exp.put("model_wrapper_cfg", wrapper)
        exp.note("use_ddp_wrapper: mmengine names the wrapper of the parts", "use_ddp_wrapper", effect=Effect.MEASURED)


RULE = Rule(
    code="ENV001",
    title="environment keys at the top level",
    why="mmengine reads these from `env_cfg` and `randomness`; the values mean the same.",
    before="dist_params = dict(backend='nccl')\ncudnn_benchmark = True",
    after="env_cfg = dict(cudnn_benchmark=True, dist_cfg=dict(backend='nccl'))",
    effect=Effect.EXACT,
    reversible=True,
    makes={
        "env_cfg": ("dist_params", "cudnn_benchmark", "mp_start_method", "opencv_num_threads"),
        "randomness": ("seed", "deterministic", "diff_seed"),
        "model_wrapper_cfg": ("use_ddp_wrapper",),
    },
    convert=convert,
)
