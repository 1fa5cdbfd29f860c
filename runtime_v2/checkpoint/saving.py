"""Writing checkpoints: meta, weights on the CPU, and the optimizer's state."""

from __future__ import annotations

import io
import time
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim import Optimizer

from mmmigrate.compat.argument_errors import ArgumentTypeError
from mmmigrate.compat.atomic import atomic_write
from mmmigrate.runtime_v2.fileio import FileClient
from mmmigrate.runtime_v2.optim.types import Optimizers
from mmmigrate.runtime_v2.parallel.wrappers import is_module_wrapper

MMCV_VERSION = "1.7.2"
"""The generation of the format, which readers of checkpoints look at."""


def save_checkpoint(
    model: nn.Module,
    filename: str,
    optimizer: Optimizers | None = None,
    meta: dict[str, Any] | None = None,
    file_client_args: dict[str, Any] | None = None,
) -> None:
    """Save a checkpoint that holds `meta` (with version, time and the model's CLASSES), `state_dict` and `optimizer`.

    A killed process leaves no half-written file. The folder is made if it does not exist.
    """
    if meta is None:
        meta = {}
    elif not isinstance(meta, dict):
        raise ArgumentTypeError(f"meta must be a dict or None, got {type(meta).__name__}")
    meta.update(mmcv_version=MMCV_VERSION, time=time.asctime())
    inner: Any = model.module if is_module_wrapper(model) else model
    if getattr(inner, "CLASSES", None) is not None:
        meta["CLASSES"] = inner.CLASSES
    checkpoint: dict[str, Any] = {"meta": plain(meta), "state_dict": weights_to_cpu(get_state_dict(inner))}
    if isinstance(optimizer, Optimizer):
        checkpoint["optimizer"] = optimizer.state_dict()
    elif isinstance(optimizer, dict):
        checkpoint["optimizer"] = {name: each.state_dict() for name, each in optimizer.items()}
    _write(checkpoint, filename, file_client_args)


def get_state_dict(
    module: nn.Module,
    destination: OrderedDict[str, Any] | None = None,
    prefix: str = "",
    keep_vars: bool = False,
) -> OrderedDict[str, Any]:
    """A module's whole state, as `state_dict()` gives it, but through wrappers at any depth.

    Buffers registered as non-persistent are included too, as in mmcv.
    """
    if is_module_wrapper(module):
        module = module.module  # type: ignore[assignment]
    if destination is None:
        destination = OrderedDict()
        destination._metadata = OrderedDict()  # type: ignore[attr-defined]
    local_metadata = {"version": module._version}
    destination._metadata[prefix[:-1]] = local_metadata  # type: ignore[attr-defined]
    for name, tensor in (*module._parameters.items(), *module._buffers.items()):
        if tensor is not None:
            destination[prefix + name] = tensor if keep_vars else tensor.detach()
    for name, child in module._modules.items():
        if child is not None:
            get_state_dict(child, destination, f"{prefix}{name}.", keep_vars)
    for hook in module._state_dict_hooks.values():
        changed = hook(module, destination, prefix, local_metadata)
        destination = destination if changed is None else changed
    return destination


def weights_to_cpu(state_dict: OrderedDict[str, Any]) -> OrderedDict[str, Any]:
    """The state dict with every tensor on the CPU."""
    on_cpu: OrderedDict[str, Any] = OrderedDict((key, value.cpu()) for key, value in state_dict.items())
    on_cpu._metadata = getattr(state_dict, "_metadata", OrderedDict())  # type: ignore[attr-defined]
    return on_cpu


def plain(value: Any) -> Any:
    """`value` with numpy numbers as Python's and subclasses of dict, list and tuple as these.

    Only so can a checkpoint be read back without executing what it names (`weights_only`).
    """
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, tuple):
        return tuple(plain(item) for item in value)
    return value.item() if isinstance(value, np.generic) else value


def _write(checkpoint: dict[str, Any], filename: str, file_client_args: dict[str, Any] | None) -> None:
    if file_client_args is None and "://" not in filename:
        Path(filename).parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(filename, "wb") as file:
            torch.save(checkpoint, file)
        return
    with io.BytesIO() as buffer:
        torch.save(checkpoint, buffer)
        FileClient.infer_client(file_client_args, filename).put(buffer.getvalue(), filename)
