"""What one conversion is to do besides the fixed correspondence of the parts."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mmmigrate.compat.checkpoint.experiment import Experiment


def _same_name(name: str) -> str:
    return name


@dataclass(frozen=True)
class Plan:
    """`experiment`: the config; `rename`: the weights' names; `schedule`: whether to compute the schedulers' states."""

    experiment: Experiment = field(default_factory=Experiment)
    rename: Callable[[str], str] = _same_name
    schedule: bool = False

    def renamed(self, weights: Mapping[str, Any], prefix: str = "") -> OrderedDict[str, Any]:
        """The weights under their new names; where all have a `prefix`, that stays."""
        found: OrderedDict[str, Any] = OrderedDict()
        for name, value in weights.items():
            own = name.removeprefix(prefix)
            found[prefix + self.rename(own) if name.startswith(prefix) else name] = value
        if hasattr(weights, "_metadata"):
            found._metadata = weights._metadata  # type: ignore[attr-defined]
        return found
