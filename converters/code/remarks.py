"""Codes for what the conversion of code has to say that rewrites nothing by itself."""

from __future__ import annotations

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.rules.rule import Remark

BRIDGED = Remark(
    "SYM002",
    "name that is gone, kept running by mmmigrate",
    "mmengine has no counterpart with the same behaviour. The name is imported from mmmigrate's own runtime, which "
    "does the same as before; the message says what the new generation has instead.",
    Effect.MANUAL,
)
BRIDGED_BACK = Remark(
    "SYM102",
    "name that mmcv 1.x has not, kept running by mmmigrate",
    "mmcv has no counterpart. The name is imported from mmmigrate's own runtime of v3, which needs no mmengine "
    "and does the same.",
    Effect.EXACT,
)
DIFFERS = Remark(
    "SYM003",
    "name that moved and changed",
    "The new class or function has another signature or does more: look at how it is called.",
    Effect.MANUAL,
)
GONE = Remark(
    "SYM004",
    "name that is gone",
    "Nothing does the same in the new generation. The import is left as it was, with a marker: a person must decide.",
    Effect.MANUAL,
)
UNKNOWN_BASE = Remark(
    "HKC003",
    "hook whose base class is not converted with it",
    "Whether its base has v2's or v3's methods cannot be known here: convert both together, or give its stages the "
    "parameters that v3 passes (batch_idx, data_batch, outputs).",
    Effect.MANUAL,
)
UNKNOWN_CONSTRUCTOR = Remark(
    "OWC002",
    "optimizer constructor of an unknown form",
    "mmengine passes the whole optim_wrapper and takes a wrapper back. What this class is given, or what it gives, "
    "cannot be read with certainty.",
    Effect.MANUAL,
)
UNKNOWN_MODEL = Remark(
    "MDC003",
    "train_step of a model whose base class is not converted with it",
    "mmengine calls train_step(data, optim_wrapper=...) and expects the step to be made in it.",
    Effect.MANUAL,
)
OWN_SCRIPT = Remark(
    "SCR002",
    "script that does more than train by the config",
    "Runner.from_cfg(cfg) builds everything from the config; what the script does besides must be done by a hook, by "
    "the config, or on the runner before runner.train().",
    Effect.MANUAL,
)
CODE_REMARKS = (BRIDGED, BRIDGED_BACK, DIFFERS, GONE, UNKNOWN_BASE, UNKNOWN_CONSTRUCTOR, UNKNOWN_MODEL, OWN_SCRIPT)
CODE_ERRORS = {
    "COD001": "not valid Python",
    "COD002": "a file that cannot be read or decoded",
    "COD003": "a fault of a rule: nothing is written",
}
