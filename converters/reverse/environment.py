"""``env_cfg``, ``randomness``, ``load_from``, ``resume`` and the registry's scope -> the keys that v2 has for them."""

from __future__ import annotations

from mmmigrate.converters.read.traced import TracedDict
from mmmigrate.converters.reverse.reversal import Reversal, Reverse
from mmmigrate.converters.rules.experiment import Section


def convert(rev: Reversal) -> None:
    _env(rev)
    _randomness(rev)
    _resume(rev)
    if "default_scope" in rev.v3:
        rev.use("default_scope")
        rev.note("v2 has no registry scopes: types are looked up in the codebase that trains", "default_scope")
    wrapper = rev.get("model_wrapper_cfg")
    if wrapper is not None:
        rev.use("model_wrapper_cfg")
        if isinstance(wrapper, dict) and wrapper.get("type") == "MMSeparateDistributedDataParallel":
            rev.put("use_ddp_wrapper", True)
        else:
            rev.cannot("model_wrapper_cfg: v2 wraps the model itself", "model_wrapper_cfg")
    if not rev.told_by_pack:
        _untold(rev)
    if rev.complete:
        for key, value in (("dist_params", TracedDict([("backend", "nccl")])), ("log_level", "INFO")):
            if key not in rev.v2 and key not in rev.v3:
                rev.put(key, value)


def _untold(rev: Reversal) -> None:
    """What no pack knows of the codebase's own settings."""
    if "data_preprocessor" in rev.v3:
        rev.use("data_preprocessor")
        rev.cannot(
            "data_preprocessor: v2 normalizes and pads in the pipeline (Normalize, Pad); it is dropped",
            "data_preprocessor",
        )
    for key in ("model", "train_dataloader"):
        if isinstance(rev.get(key), dict):
            rev.cannot(f"{key}: classes and arguments of the codebase keep their v3 names", key)
    for key in ("tta_model", "tta_pipeline"):
        if key in rev.v3:
            rev.cannot(f"{key}: v2 augments at test time inside the test pipeline (MultiScaleFlipAug); it is kept", key)


def _env(rev: Reversal) -> None:
    env = rev.section("env_cfg")
    rev.use("env_cfg")
    if env is None:
        return
    if "cudnn_benchmark" in env:
        rev.put("cudnn_benchmark", env.take("cudnn_benchmark"))
    processes = env.take("mp_cfg").value
    mp = Section("env_cfg.mp_cfg", processes if isinstance(processes, dict) else {})
    for key in ("mp_start_method", "opencv_num_threads"):
        if key in mp:
            rev.put(key, mp.take(key))
    if "dist_cfg" in env:
        rev.put("dist_params", env.take("dist_cfg"))
    rev.report_rest(mp)
    rev.report_rest(env)


def _randomness(rev: Reversal) -> None:
    seeds = rev.section("randomness")
    rev.use("randomness")
    if seeds is None:
        return
    for v3, v2 in _RANDOMNESS.items():
        if v3 in seeds:
            rev.put(v2, seeds.take(v3))
    rev.report_rest(seeds)


def _resume(rev: Reversal) -> None:
    """mmengine resumes from `load_from` when `resume` is true, or finds the newest checkpoint if that is None."""
    resume, weights = rev.slot("resume"), rev.slot("load_from")
    rev.use("resume", "load_from")
    resumes = bool(resume.value) and weights.value is not None
    if "load_from" in rev.v3 or rev.complete:
        rev.put("load_from", None if resumes else weights)
    if "resume" in rev.v3 or rev.complete:
        rev.put("resume_from", weights if resumes else None)
    if resume.value and weights.value is None:
        rev.put("auto_resume", True)
    if isinstance(resume.value, str):
        rev.cannot("resume is a switch in mmengine, not a path", "resume", resume)


_RANDOMNESS = {"seed": "seed", "deterministic": "deterministic", "diff_rank_seed": "diff_seed"}
_ENV = ("dist_params", "cudnn_benchmark", "mp_start_method", "opencv_num_threads")
REVERSE = Reverse(
    "ENV001",
    {
        **dict.fromkeys(_ENV, ("env_cfg",)),
        **dict.fromkeys(("seed", "deterministic"), ("randomness",)),
        "load_from": ("load_from",),
        "resume_from": ("resume", "load_from"),
        "auto_resume": ("resume", "load_from"),
    },
    convert,
)
