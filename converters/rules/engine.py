"""All rules on one merged config: every v2 key ends translated, kept or in a finding."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.generation import generation_of
from mmmigrate.converters.read.traced import TracedDict
from mmmigrate.converters.rules.experiment import Experiment, Note, Options, Rejected
from mmmigrate.converters.rules.rule import CLASH, DEFERRED, UNHANDLED, Rule

# A fragment writes a v3 key only if it holds this v2 key. Two bases of one file never hold the same v2 key (mmcv
# refuses that), so their conversions never write the same v3 key either (mmengine would refuse that).
_OWNER = {
    "custom_hooks": ("custom_hooks",),
    "default_hooks": ("checkpoint_config",),
    "env_cfg": ("dist_params",),
    "load_from": ("load_from",),
    "log_processor": ("log_config",),
    "optim_wrapper": ("optimizer", "optimizers"),
    "param_scheduler": ("lr_config",),
    "randomness": ("seed",),
    "resume": ("resume_from",),
    "val_evaluator": ("data",),
    "test_evaluator": ("data",),
}
# v2 runtime keys that no rule takes yet, with what v3 has for them.
_UNHANDLED = {
    "fp16": "",
    "momentum_config": "",
    "optimizer_config": "",
    "lr_config": "",
    "runner": "",
    "data": "",
    "workflow": "",
    "optimizer": "",
    "optimizers": "",
    "detect_anomalous_params": "there is no such switch in v3",
    "precise_bn": "mmaction and mmcls registered a PreciseBNHook; in v3 it is a custom hook of the codebase",
    "prefetch": "mmselfsup moved samples to the GPU ahead; v3 has no such switch",
    "use_adversarial_train": "mmhuman3d chose another way to train by it; in v3 that is the model's train_step",
}
# Evaluation adds to the loop and to the checkpoint hook; the older model form frees two names before all others.
_ORDER = [
    "model_train_cfg",
    "optimizer",
    "optimizer_config",
    "mixed_precision",
    "lr_config",
    "lr_config_exact",
    "lr_config_adapted",
    "momentum_config",
    "runner",
    "workflow",
    "data",
    "checkpoint_config",
    "evaluation",
    "log_config",
    "custom_hooks",
    "resume_from",
    "environment",
    "codebase",
]


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule there is, in the order in which they run: the named ones first, then those discovered besides."""
    package = __package__ or "mmmigrate.converters.rules"
    path = importlib.import_module(package).__path__
    found = {}
    for module in pkgutil.iter_modules(path):
        rule = getattr(importlib.import_module(f"{package}.{module.name}"), "RULE", None)
        if isinstance(rule, Rule):
            found[module.name] = rule
    ordered = [name for name in _ORDER if name in found] + sorted(found.keys() - set(_ORDER))
    return tuple(found[name] for name in ordered)


@cache
def v3_keys() -> frozenset[str]:
    """Top-level keys that rules write."""
    return frozenset(key for rule in rules() for key in rule.makes)


@cache
def sources_of(v3_key: str) -> tuple[str, ...]:
    """The v2 keys that a v3 key is made from, the most telling first."""
    keys = [key for rule in rules() for key in rule.makes.get(v3_key, ())]
    return tuple(dict.fromkeys((*_OWNER.get(v3_key, ()), *keys)))


def translate(v2: TracedDict, options: Options) -> Experiment:
    """What a merged v2 config means in v3. Raises Rejected where mmcv would refuse the config."""
    exp = Experiment(v2, options)
    for rule in rules():
        if options.wants(rule.code):
            _run(rule, exp)
    _defer(exp)
    made = v3_keys() if generation_of(v2) == "v2" else frozenset()
    for key, slot in v2.slots():
        if key in exp.used:
            continue
        if key in exp.v3 or (key in made and key not in sources_of(key)):
            message = f"{CLASH.title}: {key!r} would be read by the v3 runner; rename it in the config"
            exp.reject(key, message)
        if key in _UNHANDLED and not any(note.key == key for note in exp.notes):
            hint = f": {_UNHANDLED[key]}" if _UNHANDLED[key] else ""
            exp.remark(UNHANDLED, f"{key} is not translated{hint}; it is kept and has no effect in v3", key)
        exp.v3.put(key, slot)
    return exp


def _run(rule: Rule, exp: Experiment) -> None:
    """One rule. A fragment that mmcv would refuse is not refused: the configs that inherit it may mend it."""
    exp.rule = rule
    try:
        rule.convert(exp)
    except Rejected as error:
        if "model" in exp.v2:
            raise
        exp.__dict__["run_length"] = None
        exp.use(error.note.key)
        exp.remark(
            DEFERRED, f"by itself mmcv would refuse this ({error}); left to the configs that inherit it", error.note.key
        )


def _defer(exp: Experiment) -> None:
    """Take back what a fragment cannot own; what is lost so is said, and comes back in the configs that inherit it."""
    if exp.complete:
        return
    adapted = {key for key, _ in exp.hooks}
    for key, owners in _OWNER.items():
        if key in exp.v3 and not any(owner in exp.v2 for owner in owners):
            exp.v3.drop(key)
            sources = adapted if key == "custom_hooks" else sources_of(key)
            exp.deferred.update(source for source in sources if source in exp.used)
    makes = [item for rule in rules() for item in rule.makes.items() if item[0] != "custom_hooks"]
    made = adapted | {source for key, sources in makes if key in exp.v3 for source in sources}
    may_make = {source for _, sources in makes for source in sources} - {"workflow"}
    for key in sorted(((exp.used & may_make) - made) | exp.deferred):
        if exp.get(key) is not None:
            effect = Effect.MANUAL if "model" in exp.v2 else DEFERRED.effect  # an experiment that nobody may inherit
            message = f"{key}: what this file cannot say alone moves into the configs that inherit it"
            exp.notes.append(Note(DEFERRED, effect, message, key, exp.slot(key)))
