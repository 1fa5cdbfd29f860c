"""``param_scheduler`` -> ``lr_config`` and ``momentum_config``."""

from __future__ import annotations

from typing import Any

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.read.traced import TracedDict
from mmmigrate.converters.reverse.recurrence import Inexpressible, Scheduler, read, schedule
from mmmigrate.converters.reverse.reversal import Reversal, Reverse
from mmmigrate.converters.rules.experiment import RunLength
from mmmigrate.converters.rules.lr_config_adapted import SCHEDULERS_OF_V3

_CLOSED = {
    "mmmigrate.compat.adapters.ClosedFormLR": "lr_config",
    "mmmigrate.compat.adapters.ClosedFormMomentum": "momentum_config",
    "ClosedFormLR": "lr_config",
    "ClosedFormMomentum": "momentum_config",
}
_OF_CLOSED = {"type", "policy_by_epoch", "runner", "max_epochs", "max_iters", "by_epoch", "convert_to_iter_based",
              "optimizer_name", "begin", "end"}  # fmt: skip
_ITERATION_ONLY = ("cyclic", "Cyclic", "OneCycle")
_EQUAL = "mmcv's policy is equal to these schedulers to 1e-12 of the peak at every iteration"


def convert(rev: Reversal) -> None:
    if "param_scheduler" not in rev.v3:
        if rev.complete:
            rev.put("lr_config", None)
        return
    run = rev.run_length
    if run is None:
        rev.use("param_scheduler")
        if rev.get("param_scheduler"):
            rev.deferred.add("param_scheduler")
        return
    try:
        made = _configs(rev, run)
    except Inexpressible as error:
        message = f"no policy of mmcv is equal to it: {error}; a hook of mmmigrate steps these schedulers"
        rev.cannot(f"{message} (policy {SCHEDULERS_OF_V3!r}): in mmcv itself import it first", "param_scheduler")
        made = {"lr_config": TracedDict([("policy", SCHEDULERS_OF_V3), ("schedulers", rev.slot("param_scheduler"))])}
    rev.use("param_scheduler")
    for key, config in made.items():
        rev.put(key, config)


def _configs(rev: Reversal, run: RunLength) -> dict[str, TracedDict | None]:
    given: Any = rev.get("param_scheduler")
    if isinstance(given, dict) and "type" not in given:
        return _by_optimizer(given, run)
    entries = [given] if isinstance(given, dict) else list(given or [])
    configs: dict[str, TracedDict | None] = {}
    stock: dict[str, list[Scheduler]] = {"lr": [], "momentum": []}
    for entry in entries:
        key = _CLOSED.get(str(entry.get("type"))) if isinstance(entry, dict) else None
        own = _own_policy(entry)
        if key is not None:
            configs[key] = _closed(entry, run)
        elif own is not None:
            configs[own[0]] = _closed(entry, run, own[1])
        elif isinstance(entry, dict):
            scheduler = read(entry, run)
            stock[scheduler.quantity].append(scheduler)
        else:
            raise Inexpressible(f"{entry!r} is no scheduler")
    for quantity, schedulers in stock.items():
        key = f"{quantity}_config"
        if schedulers and key in configs:
            raise Inexpressible("schedulers beside the closed form")
        if schedulers:
            configs[key] = schedule(schedulers)
            rev.note(_EQUAL, "param_scheduler", effect=Effect.MEASURED)
    if "lr_config" not in configs:
        return {"lr_config": None, **configs}  # the rate stays as it is
    return configs


def _by_optimizer(given: dict[str, Any], run: RunLength) -> dict[str, TracedDict | None]:
    """Schedulers of several optimizers: one config where all say the same."""
    found: list[dict[str, TracedDict | None]] = []
    for entries in given.values():
        configs: dict[str, TracedDict | None] = {}
        for entry in entries if isinstance(entries, list) else [entries]:
            key = _CLOSED.get(str(entry.get("type")))
            if key is None:
                raise Inexpressible("schedulers of their own for each optimizer")
            configs[key] = _closed(entry, run)
        found.append(configs)
    if not found or any(configs != found[0] for configs in found):
        raise Inexpressible("schedulers of their own for each optimizer")
    return found[0]


def _own_policy(entry: Any) -> tuple[str, str] | None:
    """The v2 key and the policy of an updater class of the codebase that is run as a scheduler."""
    kind = str(entry.get("type")) if isinstance(entry, dict) else ""
    for suffix, key in (("LrUpdaterHook", "lr_config"), ("MomentumUpdaterHook", "momentum_config")):
        if kind.endswith(suffix) and kind != suffix:
            return key, kind.removesuffix(suffix)
    return None


def _closed(entry: Any, run: RunLength, policy: str | None = None) -> TracedDict:
    """mmcv's own arguments, which the closed form, or the updater class of a policy, was given."""
    kind = entry.get("runner", "epoch")
    length = entry.get("max_epochs") if kind == "epoch" else entry.get("max_iters")
    if kind != run.kind or length != run.length.value:
        raise Inexpressible(f"a closed form for {length} {kind}s in a run of {run.length.value} {run.kind}s")
    items = entry if isinstance(entry, TracedDict) else TracedDict(entry)
    config = TracedDict(item for item in items.slots() if item[0] not in _OF_CLOSED)
    if policy is not None:
        config = TracedDict([("policy", policy), *config.slots()])
    by_epoch = entry.get("policy_by_epoch")
    momentum = "Momentum" in str(entry["type"])
    default = entry.get("policy") not in _ITERATION_ONLY and (run.kind == "epoch" or momentum)
    if by_epoch is not None and by_epoch is not default:
        config.put("by_epoch", by_epoch)
    return config


REVERSE = Reverse(
    "SCH001",
    {"lr_config": ("param_scheduler", "train_cfg"), "momentum_config": ("param_scheduler", "train_cfg")},
    convert,
)
