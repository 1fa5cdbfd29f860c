"""``load_from``, ``resume_from`` and ``auto_resume`` -> ``load_from`` and ``resume``."""

from __future__ import annotations

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.rules.experiment import Experiment
from mmmigrate.converters.rules.rule import Rule


def convert(exp: Experiment) -> None:
    resume = exp.slot("resume_from")
    if "resume_from" in exp.v2:
        exp.put("resume", resume.value is not None)
    if resume.value is not None:
        exp.put("load_from", resume)  # mmcv resumes and does not look at load_from then
        message = "a v2 checkpoint has no message hub or schedulers: `mmmigrate checkpoint --to v3` before resuming"
        exp.note(message, "resume_from", resume, Effect.MANUAL)
    elif "load_from" in exp.v2:
        exp.put("load_from", exp.slot("load_from"))
    if exp.get("auto_resume"):
        exp.put("resume", True)
    exp.use("load_from", "resume_from", "auto_resume")


RULE = Rule(
    code="RES001",
    title="resume_from",
    why="mmengine resumes from `load_from` when `resume` is true, or finds the last checkpoint if that is None.",
    before="load_from = None\nresume_from = 'work/epoch_3.pth'",
    after="load_from = 'work/epoch_3.pth'\nresume = True",
    effect=Effect.EXACT,
    reversible=True,
    makes={"load_from": ("load_from", "resume_from"), "resume": ("resume_from", "auto_resume")},
    convert=convert,
)
