"""Top-level ``train_cfg``/``test_cfg`` of the older form -> ``model.train_cfg``/``model.test_cfg``."""

from __future__ import annotations

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.generation import generation_of
from mmmigrate.converters.read.traced import TracedDict
from mmmigrate.converters.rules.experiment import Experiment
from mmmigrate.converters.rules.rule import Rule

KEYS = ("train_cfg", "test_cfg")


def convert(exp: Experiment) -> None:
    found = [key for key in KEYS if key in exp.v2]
    model = exp.get("model")
    if not found or not isinstance(model, dict):
        if generation_of(exp.v2) == "v2":  # a fragment: those that inherit it have the model
            exp.use(*found)
            exp.deferred.update(found)
        return
    exp.use("model", *found)
    both = [key for key in found if exp.get(key) is not None and model.get(key) is not None]
    for key in both:
        if exp.get(key) and exp.get(key) != model.get(key):
            message = (
                f"{key} is given in model too: builders that read the one outside refuse both, others read model's"
            )
            exp.note(f"{message}; the one outside is dropped", key, effect=Effect.MANUAL)
    # where both are given, nothing outside is read: an empty one would be an argument that the model may not have
    given = [key for key in found if exp.get(key) is not None and key not in both and (exp.get(key) or not both)]
    if not given:
        exp.put("model", exp.slot("model"))
        exp.note(
            f"{' and '.join(found)} at the top level: has another meaning in v3; dropped", found[0], effect=Effect.EXACT
        )
        return
    merged = TracedDict(model)
    for key in given:
        merged.put(key, exp.slot(key))
    exp.put("model", merged)
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
