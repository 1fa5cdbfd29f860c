"""Reading checkpoints into models, whatever wraps the one or the other."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable, Sequence
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from mmmigrate.compat.checkpoint_loading import Schemes, fill_in, part_of, renamed
from mmmigrate.runtime_v2.dist import get_dist_info
from mmmigrate.runtime_v2.logs import print_log
from mmmigrate.runtime_v2.parallel.wrappers import is_module_wrapper

MapLocation = str | Callable[..., Any] | torch.device | None
REVISE_KEYS = [(r"^module\.", "")]
"""By default, the prefix that a wrapper puts before every name is cut off."""


def load_checkpoint(
    model: nn.Module,
    filename: str,
    map_location: MapLocation = None,
    strict: bool = False,
    logger: logging.Logger | None = None,
    revise_keys: Sequence[tuple[str, str]] = REVISE_KEYS,
) -> dict[str, Any]:
    """Load a checkpoint's weights into `model`; gives the whole checkpoint.

    `filename` is a path or a URI (see `CheckpointLoader`). Each (pattern, replacement) of `revise_keys` is applied
    to the names. What does not match is logged, or an error if `strict`.
    """
    checkpoint = _load_checkpoint(filename, map_location, logger)
    if not isinstance(checkpoint, dict):
        raise RuntimeError(f"No state_dict found in checkpoint file {filename}")
    weights = renamed(checkpoint.get("state_dict", checkpoint), revise_keys)
    load_state_dict(model, weights, strict, logger)
    return checkpoint


def load_state_dict(
    module: nn.Module, state_dict: Any, strict: bool = False, logger: logging.Logger | None = None
) -> None:
    """Load weights into `module` and everything inside, through wrappers at any depth.

    Missing, unexpected and ill-shaped entries are reported in one message: an error if `strict`, else logged (or
    printed). A batch norm's missing `num_batches_tracked` is no fault.
    """
    message = fill_in(module, state_dict, is_module_wrapper)
    if message is not None and get_dist_info()[0] == 0:
        _report(message, strict, logger)


def _report(message: str, strict: bool, logger: logging.Logger | None) -> None:
    if strict:
        raise RuntimeError(message)
    if logger is not None:
        logger.warning(message)
    else:
        print(message)


class CheckpointLoader(Schemes):
    """Reads a checkpoint by the scheme of its URI; others can be added with `register_scheme`."""

    @classmethod
    def load_checkpoint(
        cls, filename: str, map_location: MapLocation = None, logger: logging.Logger | None = None
    ) -> Any:
        """What the scheme's loader gives for `filename`."""
        loader = cls._get_checkpoint_loader(filename)
        print_log(f"load checkpoint from {loader.__name__.removeprefix('load_from_')} path: {filename}", logger)
        return loader(filename, map_location)


def load_from_local(filename: str, map_location: MapLocation = None) -> Any:
    """The checkpoint in a file of this machine."""
    path = Path(filename).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"{filename} can not be found.")
    return load_safely(path, map_location)


def load_from_http(filename: str, map_location: MapLocation = None, model_dir: str | None = None) -> Any:
    """The checkpoint at a URL, downloaded once into torch's cache (or `model_dir`), by rank 0 first."""
    rank, world_size = get_dist_info()
    for turn in range(2 if world_size > 1 else 1):
        if turn == min(rank, 1):
            checkpoint = load_url(filename, model_dir=model_dir, map_location=map_location)
        if world_size > 1:
            torch.distributed.barrier()
    return checkpoint


def load_url(url: str, model_dir: str | None = None, map_location: MapLocation = None) -> Any:
    """The checkpoint at a URL, downloaded unless torch's cache (or `model_dir`) has it."""
    return torch.hub.load_state_dict_from_url(url, model_dir, map_location=map_location, weights_only=True)


CheckpointLoader.register_scheme("", load_from_local)
CheckpointLoader.register_scheme(("http://", "https://"), load_from_http)


def load_safely(path: Path, map_location: MapLocation = None) -> Any:
    """`torch.load` of a file without executing anything that it names; numpy values are allowed."""
    try:
        with torch.serialization.safe_globals(_numpy_globals()):
            # a project may have put a function of its own in torch.load's place, with the arguments of its time
            safe = {"weights_only": True} if "weights_only" in signature(torch.load).parameters else {}
            return torch.load(str(path), map_location=map_location, **safe)
    except pickle.UnpicklingError as error:
        reason = str(error).split("\n")[0]
        raise pickle.UnpicklingError(
            f"{path} holds more than weights and plain values and was not read, since that could run its code "
            f"({reason}). If you trust it, allow the class with torch.serialization.add_safe_globals([...]) first."
        ) from error


def _numpy_globals() -> list[Any]:
    """What numpy scalars and arrays are pickled with, under the names of old and new releases."""
    scalar = np.float64(0).__reduce__()[0]
    rebuild = np.zeros(1).__reduce__()[0]
    dtypes = {type(np.dtype(code)) for code in "?bhilqBHILQefdg"}
    old_names = [(scalar, "numpy.core.multiarray.scalar"), (rebuild, "numpy.core.multiarray._reconstruct")]
    return [scalar, rebuild, np.ndarray, np.dtype, *dtypes, *old_names]


def _load_checkpoint(filename: str, map_location: MapLocation = None, logger: logging.Logger | None = None) -> Any:
    """The checkpoint at a path or URI."""
    return CheckpointLoader.load_checkpoint(filename, map_location, logger)


def _load_checkpoint_with_prefix(prefix: str, filename: str, map_location: MapLocation = None) -> dict[str, Any]:
    """The weights whose names begin with `prefix`, without it: those of one part of the saved model."""
    return part_of(_load_checkpoint(filename, map_location), prefix, filename)
