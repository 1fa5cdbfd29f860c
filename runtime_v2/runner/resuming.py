"""How a runner loads weights, and takes up a run where a checkpoint left it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import torch
from torch.optim import Optimizer

from mmmigrate.compat.argument_errors import ArgumentTypeError, MissingKeyError
from mmmigrate.runtime_v2.checkpoint.loading import REVISE_KEYS, load_checkpoint
from mmmigrate.runtime_v2.config import Config
from mmmigrate.runtime_v2.optim.types import Optimizers

MapLocation = str | Callable[..., Any] | torch.device | None


class Resuming:
    """The part of a runner that reads checkpoints."""

    model: Any
    optimizer: Optimizers | None
    logger: logging.Logger
    meta: dict[str, Any] | None
    _epoch: int
    _iter: int
    _inner_iter: int
    _world_size: int
    loaded_from: str | None

    def load_checkpoint(
        self,
        filename: str,
        map_location: MapLocation = "cpu",
        strict: bool = False,
        revise_keys: list[tuple[str, str]] = REVISE_KEYS,
    ) -> dict[str, Any]:
        """Load a checkpoint's weights into the model; gives the whole checkpoint."""
        self.loaded_from = filename
        return load_checkpoint(self.model, filename, map_location, strict, self.logger, revise_keys)

    def resume(self, checkpoint: str, resume_optimizer: bool = True, map_location: MapLocation = "default") -> None:
        """Continue after the epoch and iteration of `checkpoint`, with its weights, optimizer and meta.

        If the number of GPUs changed since (the saved config names `gpu_ids`), the iteration count is scaled.
        """
        loaded = self._load_to_resume(checkpoint, map_location)
        self._scale_iteration(loaded["meta"])
        self.meta = loaded["meta"]
        if resume_optimizer:
            self._resume_optimizer(loaded)
        self.logger.info("resumed epoch %d, iter %d", self._epoch, self._iter)

    def _load_to_resume(self, checkpoint: str, map_location: MapLocation) -> dict[str, Any]:
        if map_location == "default":
            map_location = f"cuda:{torch.cuda.current_device()}" if torch.cuda.is_available() else "cpu"
        loaded = self.load_checkpoint(checkpoint, map_location=map_location)
        missing = {"epoch", "iter"} - set(loaded.get("meta", {}))
        if missing:
            raise MissingKeyError(
                f"{checkpoint} cannot be resumed: its meta lacks {sorted(missing)}. "
                "To start from its weights only, use load_from."
            )
        self._epoch, self._iter = loaded["meta"]["epoch"], loaded["meta"]["iter"]
        return loaded

    def _scale_iteration(self, meta: dict[str, Any]) -> None:
        if "config" not in meta:
            return
        gpu_ids = Config.fromstring(meta["config"], file_format=".py").get("gpu_ids", None)
        if gpu_ids and len(gpu_ids) != self._world_size:
            self._iter = int(self._iter * len(gpu_ids) / self._world_size)
            self.logger.info("the iteration number is changed due to change of GPU number")

    def _resume_optimizer(self, loaded: dict[str, Any]) -> None:
        if "optimizer" not in loaded:
            return
        if isinstance(self.optimizer, Optimizer):
            self.optimizer.load_state_dict(loaded["optimizer"])
        elif isinstance(self.optimizer, dict):
            for name, optimizer in self.optimizer.items():
                optimizer.load_state_dict(loaded["optimizer"][name])
        else:
            raise ArgumentTypeError(
                "the checkpoint holds an optimizer's state, but the runner has no optimizer to resume"
            )
