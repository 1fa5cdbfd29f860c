"""Where the parts of a run leave numbers and facts for each other."""

from __future__ import annotations

import copy
import logging
from typing import Any

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError, MissingKeyError
from mmmigrate.runtime_v3.logging.history_buffer import HistoryBuffer
from mmmigrate.runtime_v3.logging.logger import print_log
from mmmigrate.runtime_v3.logging.manager import ManagerMixin


class MessageHub(ManagerMixin):
    """Scalar histories (`train/loss`, …) and facts (`iter`, `max_epochs`, …), found by key.

    What is entered with `resumed=True` (the default) is saved in checkpoints.
    """

    def __init__(
        self,
        name: str,
        log_scalars: dict[str, HistoryBuffer] | None = None,
        runtime_info: dict[str, Any] | None = None,
        resumed_keys: dict[str, bool] | None = None,
    ) -> None:
        super().__init__(name)
        for key, given in (
            ("log_scalars", log_scalars),
            ("runtime_info", runtime_info),
            ("resumed_keys", resumed_keys),
        ):
            if given is not None and not isinstance(given, dict):
                raise TypeError(f"{key} must be a dict or None, got {type(given).__name__}")
        for key, history in (log_scalars or {}).items():
            if not isinstance(history, HistoryBuffer):
                raise ArgumentTypeError(f"log_scalars: {key} must be a HistoryBuffer, got {type(history).__name__}")
        for key in resumed_keys or {}:
            if key not in (log_scalars or {}) and key not in (runtime_info or {}):
                raise MissingKeyError(f"resumed_keys: {key} is neither in log_scalars nor in runtime_info")
        self._log_scalars: dict[str, HistoryBuffer] = dict(log_scalars or {})
        self._runtime_info: dict[str, Any] = dict(runtime_info or {})
        self._resumed_keys: dict[str, bool] = dict(resumed_keys or {})

    @classmethod
    def get_current_instance(cls) -> MessageHub:
        if not cls._instance_dict:
            cls.get_instance("mmengine")
        return super().get_current_instance()

    def update_scalar(self, key: str, value: Any, count: Any = 1, resumed: bool = True) -> None:
        """Appends a number (or an array or tensor of one element) to the history of `key`."""
        if self._resumed_keys.setdefault(key, resumed) is not resumed:
            self._refuse(key, resumed)
        if type(value) is not float and type(value) is not int:
            value = _number(key, value)
        if type(count) is not int and not isinstance(count, int):
            raise ArgumentTypeError(f"{key}: count must be an integer, got {count!r}")
        history = self._log_scalars.get(key)
        if history is None:
            history = self._log_scalars[key] = HistoryBuffer()
        history.update(value, count)

    def update_scalars(self, log_dict: dict[str, Any], resumed: bool = True) -> None:
        """Appends several: `{key: number}` or `{key: dict(value=number, count=n)}`."""
        _need_dict("log_dict", log_dict)
        for key, entry in log_dict.items():
            if isinstance(entry, dict):
                if "value" not in entry:
                    raise MissingKeyError(f"update_scalars: {key} has no 'value' in {entry}")
                self.update_scalar(key, entry["value"], _number(key, entry.get("count", 1)), resumed)
            else:
                self.update_scalar(key, entry, 1, resumed)

    def update_info(self, key: str, value: Any, resumed: bool = True) -> None:
        if self._resumed_keys.setdefault(key, resumed) is not resumed:
            self._refuse(key, resumed)
        self._runtime_info[key] = value

    def update_info_dict(self, info_dict: dict[str, Any], resumed: bool = True) -> None:
        _need_dict("info_dict", info_dict)
        for key, value in info_dict.items():
            self.update_info(key, value, resumed=resumed)

    def pop_info(self, key: str, default: Any = None) -> Any:
        return self._runtime_info.pop(key, default)

    def _refuse(self, key: str, resumed: bool) -> None:
        raise ArgumentValueError(f"{key} was first entered with resumed={self._resumed_keys[key]}, now with {resumed}")

    @property
    def log_scalars(self) -> dict[str, HistoryBuffer]:
        return self._log_scalars

    @property
    def runtime_info(self) -> dict[str, Any]:
        return self._runtime_info

    def get_scalar(self, key: str) -> HistoryBuffer:
        if key not in self._log_scalars:
            raise KeyError(f"{key!r} has no history in the message hub {self.instance_name!r}")
        return self._log_scalars[key]

    def get_info(self, key: str, default: Any = None) -> Any:
        return self._runtime_info.get(key, default)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps, as plain containers and tensors: `torch.load(weights_only=True)` accepts it."""
        import torch  # the registries use this package, and must not need torch

        scalars = {}
        for key, history in self._log_scalars.items():
            if self._resumed_keys.get(key):
                logs, counts = history.data
                scalars[key] = {
                    "log_history": torch.from_numpy(logs),
                    "count_history": torch.from_numpy(counts),
                    "max_length": history.max_length,
                }
        info = {k: _copied(k, v) for k, v in self._runtime_info.items() if self._resumed_keys.get(k)}
        return {"log_scalars": scalars, "runtime_info": info, "resumed_keys": dict(self._resumed_keys)}

    def load_state_dict(self, state_dict: dict[str, Any] | MessageHub) -> None:
        """Takes over a state of ours or of mmengine, whose histories are HistoryBuffer objects."""
        if isinstance(state_dict, MessageHub):
            self._log_scalars = copy.deepcopy(state_dict._log_scalars)
            self._runtime_info = copy.deepcopy(state_dict._runtime_info)
            self._resumed_keys = dict(state_dict._resumed_keys)
            return
        _need_dict("state_dict", state_dict)
        for part in ("log_scalars", "runtime_info", "resumed_keys"):
            if part not in state_dict:
                raise MissingKeyError(
                    f"the message hub of this checkpoint has no {part!r}: it has {sorted(state_dict)}"
                )
        for key, saved in state_dict["log_scalars"].items():
            history = _history(saved)
            if history is None:
                print_log(f"{key} in message_hub is not HistoryBuffer, it is skipped", "current", logging.WARNING)
            else:
                self._log_scalars[key] = history
        self._runtime_info.update(copy.deepcopy(state_dict["runtime_info"]))
        for key, resumed in state_dict["resumed_keys"].items():
            if key in self._log_scalars or key in self._runtime_info:
                self._resumed_keys[key] = resumed


def _need_dict(name: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise ArgumentTypeError(f"{name} must be a dict, got {type(value).__name__}")


def _copied(key: str, value: Any) -> Any:
    """A copy, so that what goes on does not change a checkpoint that is being written; or else the value itself."""
    try:
        return copy.deepcopy(value)
    except Exception as error:  # whatever a class of the user raises
        message = f"{key} in message_hub cannot be copied ({error!r}): the checkpoint gets the object itself"
        print_log(message, "current", logging.WARNING)
        return value


def _number(key: str, value: Any) -> int | float:
    try:
        number: int | float = value.item()  # of tensors, arrays and numpy's scalars; it fails for several elements
    except (AttributeError, ValueError, RuntimeError):
        number = value
    if isinstance(number, (int, float)):
        return number
    raise ArgumentTypeError(
        f"{key}: a scalar is a number or has exactly one element, got {type(value).__name__} {value!r}"
    )


def _history(saved: Any) -> HistoryBuffer | None:
    if isinstance(saved, HistoryBuffer):
        return saved
    if isinstance(saved, dict) and {"log_history", "count_history"} <= saved.keys():
        logs, counts = saved["log_history"].tolist(), saved["count_history"].tolist()
        return HistoryBuffer(logs, counts, saved.get("max_length", 1_000_000))
    return None
