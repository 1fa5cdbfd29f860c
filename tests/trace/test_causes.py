import re

import pytest

from mmmigrate.compat.cli.catalogue import titles
from mmmigrate.compat.trace.causes import cause
from mmmigrate.compat.trace.stages import STAGES

NAMES = ("lr[0]", "generator.momentum[1]", "weight_decay[0]", "group[0].nesterov", "iteration", "optimizer.steps", "w")


@pytest.mark.parametrize("stage", STAGES)
def test_every_cause_names_a_rule_that_can_be_explained(stage):
    for name in NAMES:
        codes = re.findall(r"\[(\w+)\]$", cause(stage, name))
        assert all(code in titles() for code in codes), codes
        assert cause(stage, name)


@pytest.mark.parametrize(
    ("stage", "name", "code"),
    [("schedule", "lr[0]", "SCH001"), ("schedule", "momentum[0]", "SCH004"), ("clip", "norm", "OPT002"),
     ("checkpoint", "epoch_1.pth", "CKP001"), ("data", "iteration", "RUN001"), ("data", "batch", "DAT001"),
     ("evaluation", "mAP", "EVA001"), ("ema", "ema/head.weight", "HOK001")],
)  # fmt: skip
def test_the_rule_is_that_of_the_key_that_decides(stage, name, code):
    assert cause(stage, name).endswith(f"[{code}]")
