"""The parameter groups that a config tells of, without its model: one for each learning rate that differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class PredictionError(ValueError):
    """The config does something that cannot be predicted without running it."""


# Optimizers with neither a momentum nor betas.
_WITHOUT_MOMENTUM = ("Adagrad", "Adadelta", "Rprop", "LBFGS", "ASGD", "Adafactor")
_MULTIPLIERS = {"bias_lr_mult": "biases", "dcn_offset_lr_mult": "offsets of deformable convolutions"}


@dataclass(frozen=True, slots=True)
class Group:
    """The base values of one group: ``name`` is empty for the parameters that no option singles out."""

    optimizer: str  # its key among several, else empty
    name: str
    lr: float
    momentum: float  # or Adam's first beta; 0 where there is none

    @property
    def title(self) -> str:
        return ".".join(part for part in (self.optimizer, self.name) if part) or "all parameters"


def groups_v2(config: Mapping[str, Any]) -> list[Group]:
    """The groups of every optimizer of a v2 config, in order."""
    given = config.get("optimizer", config.get("optimizers"))
    if not isinstance(given, Mapping):
        raise PredictionError("the config has no optimizer")
    parts = {"": given} if "type" in given else {name: part for name, part in given.items() if name != "_delete_"}
    return [group for name, part in parts.items() for group in _groups(name, part, part.get("paramwise_cfg"))]


def groups_v3(config: Mapping[str, Any]) -> list[Group]:
    """The groups of every optim wrapper of a v3 config, in order."""
    given = config.get("optim_wrapper")
    if not isinstance(given, Mapping):
        raise PredictionError("the config has no optim_wrapper")
    parts = {"": given}
    if "optimizer" not in given:
        parts = {name: part for name, part in given.items() if isinstance(part, Mapping) and "optimizer" in part}
    if not parts:
        raise PredictionError("optim_wrapper has no optimizer")
    return [
        group for name, part in parts.items() for group in _groups(name, part["optimizer"], part.get("paramwise_cfg"))
    ]


def _groups(part: str, optimizer: Any, paramwise: Any) -> list[Group]:
    where = f"optimizer {part}" if part else "the optimizer"
    if not isinstance(optimizer, Mapping) or "type" not in optimizer:
        raise PredictionError(f"{where} has no type")
    if not isinstance(optimizer.get("lr"), (int, float)):
        raise PredictionError(f"{where} has no lr")
    lr, momentum = optimizer["lr"], _momentum(optimizer)
    found = [Group(part, "", lr, momentum)]
    options = paramwise if isinstance(paramwise, Mapping) else {}
    named = [(title, options[key]) for key, title in _MULTIPLIERS.items() if key in options]
    for key, settings in (options.get("custom_keys") or {}).items():
        if isinstance(settings, Mapping):
            named.append((str(key), settings.get("lr_mult", 1)))
    for name, multiplier in named:
        if isinstance(multiplier, (int, float)) and multiplier != 1:
            found.append(Group(part, name, lr * multiplier, momentum))
    return found


def _momentum(optimizer: Mapping[str, Any]) -> float:
    kind = str(optimizer["type"]).rpartition(".")[2]
    if kind in _WITHOUT_MOMENTUM:
        return 0
    value: float = (
        optimizer.get("momentum", 0) if kind in ("SGD", "RMSprop") else optimizer.get("betas", (0.9, 0.999))[0]
    )
    return value
