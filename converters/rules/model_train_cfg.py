"""Top-level ``train_cfg``/``test_cfg`` of the older form -> ``model.train_cfg``/``model.test_cfg``."""

from __future__ import annotations

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.read.traced import TracedDict
from mmmigrate.converters.rules.experiment import Experiment
from mmmigrate.converters.rules.rule import Rule

KEYS = ("train_cfg", "test_cfg")


def convert(exp: Experiment) -> None:
    found = [key for key in KEYS if key in exp.v2]
    model = exp.get("model")
    if not found or not isinstance(model, dict):
        return
    merged = TracedDict(model)
    for key in found:
        if exp.get(key) is not None and model.get(key) is not None:
            exp.reject(
                key, f"{key} is given both at the top level and in model: builders of that age assert against it"
            )
        if exp.get(key) is not None:
            merged.put(key, exp.slot(key))
    exp.use("model", *found)
    exp.put("model", merged if any(exp.get(key) is not None for key in found) else exp.slot("model"))
    exp.note(f"{' and '.join(found)} of the older form: moved into model", found[0], effect=Effect.EXACT)


RULE = Rule(
    code="MOD001",
    title="train_cfg or test_cfg at the top level",
    why="Before mmdet 2.9 they stood beside the model and were passed to its constructor; in v3 these are the loops.",
    before="model = dict(type='RPN')\ntrain_cfg = dict(rpn=dict(pos_weight=-1))",
    after="model = dict(type='RPN', train_cfg=dict(rpn=dict(pos_weight=-1)))",
    effect=Effect.EXACT,
    reversible=False,
    makes={"model": ("model", "train_cfg", "test_cfg")},
    convert=convert,
)
