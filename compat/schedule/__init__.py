"""Every learning-rate and momentum schedule of mmcv 1.x, once, as pure functions without torch."""

from mmmigrate.compat.schedule.anneal import cosine, linear
from mmmigrate.compat.schedule.catalogue import POLICIES, Entry, Quantity, build_policy, policy_name
from mmmigrate.compat.schedule.cycles import CosineRestart, Cyclic, OneCycle, OneCycleMomentum
from mmmigrate.compat.schedule.errors import ScheduleError
from mmmigrate.compat.schedule.plan import Plan, RunLength
from mmmigrate.compat.schedule.policies import (
    CosineAnnealing,
    Exp,
    Fixed,
    FlatCosineAnnealing,
    Inv,
    LinearAnnealing,
    Policy,
    Poly,
    Step,
)
from mmmigrate.compat.schedule.warmup import check_warmup, warmup_factor
from mmmigrate.compat.schedule.yolox import YOLOX

__all__ = [
    "POLICIES",
    "YOLOX",
    "CosineAnnealing",
    "CosineRestart",
    "Cyclic",
    "Entry",
    "Exp",
    "Fixed",
    "FlatCosineAnnealing",
    "Inv",
    "LinearAnnealing",
    "OneCycle",
    "OneCycleMomentum",
    "Plan",
    "Policy",
    "Poly",
    "Quantity",
    "RunLength",
    "ScheduleError",
    "Step",
    "build_policy",
    "check_warmup",
    "cosine",
    "linear",
    "policy_name",
    "warmup_factor",
]
