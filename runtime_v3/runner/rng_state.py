"""The state of the random generators, so that a resumed run draws what the uninterrupted one would have drawn."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch

from mmmigrate.runtime_v3.device import is_cuda_available


def capture_rng_state() -> dict[str, Any]:
    """The states of random, numpy and torch, as numbers and tensors. mmengine does not save them."""
    version, internal, gauss = random.getstate()
    _, keys, position, has_gauss, cached = np.random.get_state()
    state: dict[str, Any] = {
        "python": (version, list(internal), gauss),
        "numpy": (torch.from_numpy(np.asarray(keys, dtype=np.int64)), int(position), int(has_gauss), float(cached)),
        "torch": torch.get_rng_state(),
    }
    if is_cuda_available():
        state["cuda"] = torch.cuda.get_rng_state_all()
    return state


def restore_rng_state(state: dict[str, Any]) -> None:
    """Sets what `capture_rng_state` gave; a part that this machine has no generator for is left."""
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))
    keys, position, has_gauss, cached = state["numpy"]
    np.random.set_state(("MT19937", keys.numpy().astype(np.uint32), position, has_gauss, cached))
    torch.set_rng_state(state["torch"].cpu())
    saved = state.get("cuda")
    if saved and is_cuda_available() and len(saved) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all([entry.cpu() for entry in saved])
