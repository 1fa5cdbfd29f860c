"""What v2 hooks know as `runner.log_buffer`, on v3's message hub."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class HubLogBuffer:
    """`update` logs values as v3 does; `output` takes single values, as v2 hooks write them for the text log."""

    def __init__(self, message_hub: Any) -> None:
        self._hub = message_hub
        self.output = _Output(message_hub)
        self.ready = False

    def update(self, vars: Mapping[str, float], count: int = 1) -> None:  # v2's own parameter names
        for name, value in vars.items():
            self._hub.update_scalar(f"train/{name}", value, count)

    def average(self, n: int = 0) -> None:
        """v3 averages when it logs: nothing to do."""

    def clear(self) -> None:
        self.clear_output()

    def clear_output(self) -> None:
        self.output.clear()
        self.ready = False


class _Output(dict[str, Any]):
    def __init__(self, message_hub: Any) -> None:
        super().__init__()
        self._hub = message_hub

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(name, value)
        if isinstance(value, (int, float)):
            self._hub.update_scalar(f"train/{name}", value)
