"""Batches of images as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError


def tensor2imgs(
    tensor: torch.Tensor,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    to_bgr: bool = True,
) -> list[np.ndarray[Any, Any]]:
    """The images of an (N, C, H, W) batch, denormalized, as (H, W, C) arrays; C is 3 or 1.

    `to_bgr` swaps the channels of RGB images; it must be False for one channel.
    """
    if not isinstance(tensor, torch.Tensor) or tensor.ndim != 4:
        raise ArgumentTypeError(f"tensor2imgs needs an (N, C, H, W) tensor, got {type(tensor).__name__}")
    channels = tensor.shape[1]
    mean = (0,) * channels if mean is None else mean
    std = (1,) * channels if std is None else std
    fits = len(mean) == len(std) == channels
    if channels not in (1, 3) or not fits or (channels == 1 and to_bgr):
        raise ArgumentValueError(
            f"tensor2imgs: {channels} channels, {len(mean)} means and {len(std)} deviations with to_bgr={to_bgr}: "
            "channels are 3, or 1 with to_bgr=False, and have a mean and a deviation each"
        )
    images = tensor.permute(0, 2, 3, 1) * tensor.new_tensor(std) + tensor.new_tensor(mean)
    arrays = images.detach().cpu().numpy()
    if to_bgr:
        arrays = arrays[..., ::-1]
    return [np.ascontiguousarray(image) for image in arrays]
