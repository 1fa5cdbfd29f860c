"""Modules that say in their config how they are initialized."""

from __future__ import annotations

import copy
import logging
from abc import ABCMeta
from collections.abc import Iterable
from typing import Any

from torch import nn

from mmmigrate.compat.init_notes import begin, end, update_init_info
from mmmigrate.runtime_v3.dist import master_only
from mmmigrate.runtime_v3.logging import MMLogger, print_log
from mmmigrate.runtime_v3.model.weight_init import PretrainedInit, initialize
from mmmigrate.runtime_v3.model.wrappers import is_model_wrapper


class BaseModule(nn.Module, metaclass=ABCMeta):
    """A module with `init_cfg`: one or several `dict(type='Kaiming', layer='Conv2d', …)`, applied by `init_weights`."""

    def __init__(self, init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None) -> None:
        super().__init__()
        self._is_init = False
        self.init_cfg = copy.deepcopy(init_cfg)

    @property
    def is_init(self) -> bool:
        return self._is_init

    @is_init.setter
    def is_init(self, value: bool) -> None:
        self._is_init = value

    def init_weights(self) -> None:
        """Applies this module's `init_cfg`, then the children's, then pretrained weights; once.

        The outermost call writes to the log file what initialized each parameter.
        """
        outermost = begin(self)
        if self._is_init:
            print_log(
                f"init_weights of {type(self).__name__} has been called more than once.", "current", logging.WARNING
            )
        else:
            self._init_tree()
            self._is_init = True
        if outermost:
            self._dump_init_info(end(self))

    def _init_tree(self) -> None:
        configs = [self.init_cfg] if isinstance(self.init_cfg, dict) else (self.init_cfg or [])
        pretrained = [cfg for cfg in configs if cfg["type"] == "Pretrained" or cfg["type"] is PretrainedInit]
        if configs:
            print_log(f"initialize {type(self).__name__} with init_cfg {self.init_cfg}", "current", logging.DEBUG)
            initialize(self, [cfg for cfg in configs if cfg not in pretrained])
        for module in self.children():
            child: Any = module
            if is_model_wrapper(child) and not hasattr(child, "init_weights"):
                child = child.module
            if hasattr(child, "init_weights") and not getattr(child, "is_init", False):
                child.init_weights()
                name = type(child).__name__
                update_init_info(child, f"Initialized by user-defined `init_weights` in {name} ")
        if pretrained:
            initialize(self, pretrained)

    @master_only
    def _dump_init_info(self, record: dict[nn.Parameter, dict[str, Any]]) -> None:
        lines = [f"\n{name} - {p.shape}: \n{record[p]['init_info']} \n" for name, p in self.named_parameters()]
        logger = MMLogger.get_current_instance()
        files: list[Any] = [handler for handler in logger.handlers if isinstance(handler, logging.FileHandler)]
        for handler in files:
            handler.stream.write("Name of parameter - Initialization information\n" + "".join(lines))
            handler.stream.flush()
        if not files:
            for line in lines:
                logger.info(line)

    def __repr__(self) -> str:
        return super().__repr__() + (f"\ninit_cfg={self.init_cfg}" if self.init_cfg else "")


class Sequential(BaseModule, nn.Sequential):
    """`nn.Sequential` with `init_cfg`."""

    def __init__(self, *args: Any, init_cfg: dict[str, Any] | None = None) -> None:
        BaseModule.__init__(self, init_cfg)
        nn.Sequential.__init__(self, *args)


class ModuleList(BaseModule, nn.ModuleList):
    """`nn.ModuleList` with `init_cfg`."""

    def __init__(self, modules: Iterable[nn.Module] | None = None, init_cfg: dict[str, Any] | None = None) -> None:
        BaseModule.__init__(self, init_cfg)
        nn.ModuleList.__init__(self, modules)


class ModuleDict(BaseModule, nn.ModuleDict):
    """`nn.ModuleDict` with `init_cfg`."""

    def __init__(self, modules: dict[str, nn.Module] | None = None, init_cfg: dict[str, Any] | None = None) -> None:
        BaseModule.__init__(self, init_cfg)
        nn.ModuleDict.__init__(self, modules)
