"""``workflow`` of training phases only: what a v3 train loop does without saying so."""

from __future__ import annotations

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.rules.experiment import Experiment
from mmmigrate.converters.rules.rule import UNHANDLED, Rule


def convert(exp: Experiment) -> None:
    if "workflow" not in exp.v2:
        return
    workflow = exp.get("workflow")
    phases = workflow if isinstance(workflow, list) else []
    if phases and all(isinstance(phase, (tuple, list)) and len(phase) == 2 and phase[0] == "train" for phase in phases):
        exp.use("workflow")
    else:
        message = "phases other than training are not translated: mmengine would drop the loss on the validation set"
        exp.remark(UNHANDLED, f"{message}; `workflow` is kept", "workflow")


RULE = Rule(
    code="RUN002",
    title="workflow of training only",
    why="Both v2 runners go through the phases again and again until the run is over, so a workflow of train phases "
    "of any length is the plain loop.",
    before="workflow = [('train', 1)]",
    after="",
    effect=Effect.EXACT,
    reversible=True,
    makes={},
    convert=convert,
)
