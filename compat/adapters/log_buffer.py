"""What v2 hooks know as `runner.log_buffer`: v2's own, whose additions reach v3's message hub too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmmigrate.runtime_v2.runner.log_buffer import LogBuffer

_LOGGED_BY_V3 = ("time", "data_time")
_UNREAD = 1000


class HubLogBuffer(LogBuffer):
    """v2's log buffer. What hooks put in is logged by v3 as well; the model's own values are there already."""

    def __init__(self, message_hub: Any) -> None:
        super().__init__()
        self._hub = message_hub
        self.output: _Output = _Output(message_hub)
        self.is_read = False
        """Whether a v2 logger reads and clears it; if not, it must not grow with the run."""

    def update(self, vars: Mapping[str, Any], count: int = 1) -> None:  # v2's own parameter names
        super().update(vars, count)
        for name, value in vars.items():
            if name not in _LOGGED_BY_V3:
                self._hub.update_scalar(f"train/{name}", value, count)

    def take(self, log_vars: Mapping[str, Any], count: int) -> None:
        """Notes what the model reported."""
        super().update(log_vars, count)
        if not self.is_read and any(len(history) > _UNREAD for history in self.val_history.values()):
            self.clear()

    def average(self, n: int = 0) -> None:
        self.output.hub = None
        super().average(n)
        self.output.hub = self._hub


class _Output(dict[str, Any]):
    def __init__(self, message_hub: Any) -> None:
        super().__init__()
        self.hub = message_hub

    def update(self, *others: Any, **values: Any) -> None:
        """As a dict does, one by one, so that each value is logged."""
        for name, value in dict(*others, **values).items():
            self[name] = value

    def setdefault(self, name: str, default: Any = None) -> Any:
        if name not in self:
            self[name] = default
        return self[name]

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(name, value)
        if self.hub is not None and isinstance(value, (int, float)) and name != "eval_iter_num":
            self.hub.update_scalar(f"train/{name}", value)
