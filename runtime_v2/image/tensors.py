"""Pictures out of a batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError
from mmmigrate.runtime_v2.image.photometric import imdenormalize


def tensor2imgs(tensor: Any, mean: Any = None, std: Any = None, to_rgb: bool = True) -> list[Any]:
    """The uint8 pictures (h, w, c) of a normalized batch (n, c, h, w), with c of 1 or 3; `to_rgb` swaps R and B."""
    if not torch.is_tensor(tensor) or tensor.ndim != 4:
        raise ArgumentTypeError("a tensor of shape (n, c, h, w) is needed")
    channels = tensor.size(1)
    mean, std = (0,) * channels if mean is None else mean, (1,) * channels if std is None else std
    if not (channels == len(mean) == len(std) and (channels == 3 or (channels == 1 and not to_rgb))):
        raise ArgumentValueError(
            f"3 channels, or 1 with to_rgb=False, and as many means and stds are needed, got {channels} channels, "
            f"{len(mean)} means and {len(std)} stds with to_rgb={to_rgb}"
        )
    mean, std = np.array(mean, dtype=np.float32), np.array(std, dtype=np.float32)
    pictures = (picture.cpu().numpy().transpose(1, 2, 0) for picture in tensor)
    return [
        np.ascontiguousarray(imdenormalize(picture, mean, std, to_bgr=to_rgb).astype(np.uint8)) for picture in pictures
    ]
