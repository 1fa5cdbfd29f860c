"""Checkpoint files and what is done with their parts."""

from __future__ import annotations

import io
import logging
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mmmigrate.compat.atomic import atomic_write
from mmmigrate.compat.checkpoint_loading import Schemes, fill_in, part_of, renamed
from mmmigrate.compat.dist import get_dist_info
from mmmigrate.runtime_v3 import storage
from mmmigrate.runtime_v3.logging import print_log
from mmmigrate.runtime_v3.model.wrappers import is_model_wrapper
from mmmigrate.runtime_v3.runner.safe_load import load_safely
from mmmigrate.runtime_v3.sharding import is_sharded, part_weights, whole

REVISE = (("^module\\.", ""),)


class CheckpointLoader(Schemes):
    """Chooses a loader by how a path begins. Further ones are added by `register_scheme`."""

    @classmethod
    def load_checkpoint(cls, filename: str, map_location: Any = None, logger: Any = "current") -> Any:
        loader = cls._get_checkpoint_loader(filename)
        print_log(f"Loads checkpoint by {loader.__name__[10:]} backend from path: {filename}", logger=logger)
        return loader(filename, map_location)


def load_from_local(filename: str, map_location: Any = None) -> Any:
    """From a path, or through fsspec from a URL whose scheme has no loader of its own."""
    if storage.is_url(filename):
        return load_safely(io.BytesIO(storage.read_bytes(filename)), map_location)
    path = Path(filename).expanduser()
    if not path.is_file():
        near = sorted(entry.name for entry in path.parent.glob("*.pth")) if path.parent.is_dir() else []
        hint = f"; there are {near}" if near else ""
        raise FileNotFoundError(f"{filename} can not be found{hint}")
    return load_safely(path, map_location)


def load_from_http(filename: str, map_location: Any = None, model_dir: str | None = None, progress: bool = True) -> Any:
    rank, world_size = get_dist_info()
    folder = Path(model_dir or torch.hub.get_dir()) / "checkpoints"
    path = folder / filename.rpartition("/")[2]
    if rank == 0 and not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(filename, str(path), progress=progress)
    if world_size > 1:
        torch.distributed.barrier()
    return load_safely(path, map_location)


CheckpointLoader.register_scheme("", load_from_local)
CheckpointLoader.register_scheme(("http://", "https://"), load_from_http)


def load_checkpoint_file(filename: str, map_location: Any = None, logger: Any = None) -> dict[str, Any]:
    """The dict in a checkpoint file. Raises RuntimeError if it is not a dict."""
    checkpoint = CheckpointLoader.load_checkpoint(filename, map_location, logger)
    if not isinstance(checkpoint, dict):
        raise RuntimeError(f"{filename} holds a {type(checkpoint).__name__}, not a checkpoint")
    return checkpoint


_load_checkpoint = load_checkpoint_file


def load_part(prefix: str, filename: str, map_location: Any = None) -> dict[str, Any]:
    """The weights under `prefix.`, without that prefix. Raises KeyError if there are none."""
    return part_of(load_checkpoint_file(filename, map_location), prefix, filename)


_load_checkpoint_with_prefix = load_part


def load_checkpoint(
    model: nn.Module,
    filename: str,
    map_location: Any = None,
    strict: bool = False,
    logger: Any = None,
    revise_keys: Sequence[tuple[str, str]] = REVISE,
) -> dict[str, Any]:
    """Loads a checkpoint file into `model` and returns its content."""
    return load_into(model, load_checkpoint_file(filename, map_location, logger), strict, logger, revise_keys)


def load_into(
    model: nn.Module,
    checkpoint: dict[str, Any],
    strict: bool = False,
    logger: Any = None,
    revise_keys: Sequence[tuple[str, str]] = REVISE,
) -> dict[str, Any]:
    """Loads the weights of a checkpoint, or bare weights, after replacing patterns in their names."""
    weights = renamed(checkpoint.get("state_dict", checkpoint), revise_keys)
    load_state_dict(model, weights, strict, logger)
    return checkpoint


def load_state_dict(
    module: nn.Module, state_dict: dict[str, Any], strict: bool = False, logger: Any = "current"
) -> None:
    """Loads what fits. What does not (missing, unexpected, of another shape) is one warning, or with `strict` an error.

    Counters of batches (`num_batches_tracked`) may be missing.
    """
    if is_sharded(module):
        state_dict = part_weights(state_dict, module)
    message = fill_in(module, state_dict, _wraps)
    if message is None or get_dist_info()[0] != 0:
        return
    if strict:
        raise RuntimeError(message)
    print_log(message, logger=logger, level=logging.WARNING)


def _wraps(module: nn.Module) -> bool:
    return is_model_wrapper(module) or any(kind.__name__ == "BaseTTAModel" for kind in type(module).__mro__)


def weights_to_cpu(state_dict: dict[str, Any]) -> dict[str, Any]:
    """The same weights on the CPU."""
    moved = OrderedDict((key, to_cpu(value)) for key, value in state_dict.items())
    moved._metadata = getattr(state_dict, "_metadata", OrderedDict())  # type: ignore[attr-defined]
    return moved


def to_cpu(data: Any) -> Any:
    """The same containers with all tensors on the CPU."""
    if isinstance(data, torch.Tensor):
        return whole(data).cpu()
    if isinstance(data, dict):
        return type(data)((key, to_cpu(value)) for key, value in data.items())
    if isinstance(data, (list, tuple)) and not hasattr(data, "_fields"):
        return type(data)(to_cpu(value) for value in data)
    return data


def get_state_dict(module: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> dict[str, Any]:
    """`module.state_dict()`, without the wrapper and without those inside, at any depth."""
    inner = module.module if is_model_wrapper(module) else module
    weights: dict[str, Any] = inner.state_dict(destination=destination, prefix=prefix, keep_vars=keep_vars)
    wrapped = [f"{prefix}{name}." for name, part in inner.named_modules() if name and is_model_wrapper(part)]
    if not wrapped:
        return weights

    def bare(name: str) -> str:
        # The outermost comes last: until then the names inside are those of the wrapped modules.
        for start in reversed(wrapped):
            if f"{name}.".startswith(f"{start}module."):
                name = (start + f"{name}."[len(start) + len("module.") :]).removesuffix(".")
        return name

    found = OrderedDict((bare(name), value) for name, value in weights.items())
    metadata = getattr(weights, "_metadata", {})
    found._metadata = OrderedDict((bare(name), value) for name, value in metadata.items())  # type: ignore[attr-defined]
    return found


def checkpoint_bytes(checkpoint: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    torch.save(checkpoint, buffer)
    return buffer.getvalue()


def save_checkpoint(
    checkpoint: dict[str, Any],
    filename: str,
    file_client_args: dict[str, Any] | None = None,
    backend_args: dict[str, Any] | None = None,
) -> None:
    """Writes a checkpoint whole or not at all, and makes its folder; `filename` may be a URL."""
    if file_client_args is not None and backend_args is not None:
        raise ValueError('"file_client_args" and "backend_args" cannot be set at the same time')
    if storage.is_url(filename):
        storage.write_bytes(checkpoint_bytes(checkpoint), filename, backend_args or file_client_args)
        return
    Path(filename).parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(filename, "wb") as file:
        torch.save(checkpoint, file)


def find_latest_checkpoint(path: str) -> str | None:
    """The checkpoint that `last_checkpoint` in this folder names; None if there is no such file."""
    record = Path(path) / "last_checkpoint"
    if not record.is_file():
        print_log("Did not find last_checkpoint to be resumed.")
        return None
    return record.read_text().strip()
