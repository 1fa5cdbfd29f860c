"""BaseModule: a module that knows from its `init_cfg` how to initialize its weights."""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Iterable
from typing import Any

from torch import nn

from mmmigrate.compat import init_notes
from mmmigrate.runtime_v2.dist import master_only
from mmmigrate.runtime_v2.logs import get_logger, logger_initialized
from mmmigrate.runtime_v2.module.initializers import initialize

InitConfig = dict[str, Any] | list[dict[str, Any]] | None


class BaseModule(nn.Module):
    """A module with an `init_cfg`, which `init_weights()` applies before it asks the children to do the same.

    So a child's own `init_cfg` has the last word, except after 'Pretrained', which leaves the children alone.
    """

    def __init__(self, init_cfg: InitConfig = None) -> None:
        super().__init__()
        self._is_init = False
        self.init_cfg = copy.deepcopy(init_cfg)

    @property
    def is_init(self) -> bool:
        """Whether `init_weights` was called."""
        return self._is_init

    def init_weights(self) -> None:
        """Initialize the weights; the outermost call logs who initialized what."""
        outermost = init_notes.begin(self)
        try:
            self._init_own_and_children()
        finally:
            notes = init_notes.end(self) if outermost else {}
        if outermost:
            self._dump_init_info(notes)

    def _init_own_and_children(self) -> None:
        if self._is_init:
            warnings.warn(f"init_weights of {type(self).__name__} has been called more than once.", stacklevel=3)
            return
        if self.init_cfg:
            _logger().info(f"initialize {type(self).__name__} with init_cfg {self.init_cfg}")
            initialize(self, self.init_cfg)
            if isinstance(self.init_cfg, dict) and self.init_cfg["type"] == "Pretrained":
                return
        for child in self.children():
            initialize_child: Any = getattr(child, "init_weights", None)
            if initialize_child is not None:
                initialize_child()
                note = f"Initialized by user-defined `init_weights` in {type(child).__name__} "
                init_notes.update_init_info(child, note)
        self._is_init = True

    @master_only
    def _dump_init_info(self, notes: dict[nn.Parameter, dict[str, Any]]) -> None:
        """Write the notes to the log file, if the logger has one."""
        lines = [
            f"\n{name} - {param.shape}: \n{notes[param]['init_info']} \n"
            for name, param in self.named_parameters()
            if param in notes
        ]
        for handler in _logger().handlers:
            if isinstance(handler, logging.FileHandler) and handler.stream is not None:
                handler.stream.write("".join(["Name of parameter - Initialization information\n", *lines]))
                handler.stream.flush()

    def __repr__(self) -> str:
        text = super().__repr__()
        return f"{text}\ninit_cfg={self.init_cfg}" if self.init_cfg else text


class Sequential(BaseModule, nn.Sequential):
    """`nn.Sequential` with an `init_cfg`."""

    def __init__(self, *args: Any, init_cfg: InitConfig = None) -> None:
        BaseModule.__init__(self, init_cfg)
        nn.Sequential.__init__(self, *args)


class ModuleList(BaseModule, nn.ModuleList):
    """`nn.ModuleList` with an `init_cfg`."""

    def __init__(self, modules: Iterable[nn.Module] | None = None, init_cfg: InitConfig = None) -> None:
        BaseModule.__init__(self, init_cfg)
        nn.ModuleList.__init__(self, modules)


class ModuleDict(BaseModule, nn.ModuleDict):
    """`nn.ModuleDict` with an `init_cfg`."""

    def __init__(self, modules: dict[str, nn.Module] | None = None, init_cfg: InitConfig = None) -> None:
        BaseModule.__init__(self, init_cfg)
        nn.ModuleDict.__init__(self, modules)


def _logger() -> logging.Logger:
    return get_logger(next(iter(logger_initialized), "mmcv"))
