"""``dist_params``, ``cudnn_benchmark`` and the multi-processing keys -> ``env_cfg``; seeds -> ``randomness``."""

from __future__ import annotations

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.rules.experiment import Experiment
from mmmigrate.converters.rules.rule import Rule

_ENV = {
    "cudnn_benchmark": "env_cfg.cudnn_benchmark",
    "mp_start_method": "env_cfg.mp_cfg.mp_start_method",
    "opencv_num_threads": "env_cfg.mp_cfg.opencv_num_threads",
    "dist_params": "env_cfg.dist_cfg",
    "seed": "randomness.seed",
    "deterministic": "randomness.deterministic",
}


def convert(exp: Experiment) -> None:
    for key, path in _ENV.items():
        if key in exp.v2:
            exp.put(path, exp.slot(key))
            exp.use(key)
    for key in ("gpu_ids", "device"):
        if key in exp.v2:
            exp.use(key)
            exp.note(
                f"{key}: mmengine takes the devices that are visible (CUDA_VISIBLE_DEVICES)", key, effect=Effect.MANUAL
            )


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
        "randomness": ("seed", "deterministic"),
    },
    convert=convert,
)
