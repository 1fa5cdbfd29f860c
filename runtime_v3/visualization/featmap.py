"""Pictures of feature maps."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from torch.nn.functional import interpolate

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError
from mmmigrate.runtime_v3.visualization.colors import blended, heat_map, pillow

Image = np.ndarray[Any, Any]


def draw_featmap(
    featmap: torch.Tensor,
    overlaid_image: Image | None = None,
    channel_reduction: str | None = "squeeze_mean",
    topk: int = 20,
    arrangement: tuple[int, int] = (4, 5),
    resize_shape: tuple[int, int] | None = None,
    alpha: float = 0.5,
) -> Image:
    """An RGB picture of a (C, H, W) feature map, over `overlaid_image` if that is given.

    - `channel_reduction`: 'squeeze_mean' (the mean of all channels), 'select_max' (the channel with the greatest sum),
      or None: the `topk` channels with the greatest sums in a grid of `arrangement` rows and columns; with
      `topk <= 0` the map itself, of 1 or 3 channels.
    - `resize_shape`: (height, width) of the picture, of each one in a grid; else that of the overlaid image or the map.
    """
    if not isinstance(featmap, torch.Tensor):
        raise ArgumentTypeError(f"`featmap` should be torch.Tensor, but got {type(featmap)}")
    if featmap.ndim != 3:
        raise ArgumentValueError(f"Input dimension must be 3, but got {featmap.ndim}: a feature map is (C, H, W)")
    featmap = featmap.detach().cpu().float()
    if overlaid_image is not None and overlaid_image.ndim == 2:
        overlaid_image = np.repeat(overlaid_image[:, :, None], 3, axis=2)
    if overlaid_image is not None and overlaid_image.shape[:2] != featmap.shape[1:]:
        message = f"featmap of {tuple(featmap.shape[1:])} is stretched to overlaid_image of {overlaid_image.shape[:2]}"
        warnings.warn(message, stacklevel=2)
    size = resize_shape or (None if overlaid_image is None else overlaid_image.shape[:2])
    if size is not None and tuple(size) != tuple(featmap.shape[1:]):
        featmap = interpolate(featmap[None], tuple(size), mode="bilinear", align_corners=False)[0]
    if overlaid_image is not None and size is not None and tuple(size) != overlaid_image.shape[:2]:
        resized = pillow("Image").fromarray(overlaid_image).resize((size[1], size[0]))
        overlaid_image = np.asarray(resized)
    if channel_reduction == "squeeze_mean":
        return _over(featmap.mean(dim=0), overlaid_image, alpha)
    if channel_reduction == "select_max":
        return _over(featmap[featmap.sum(dim=(1, 2)).argmax()], overlaid_image, alpha)
    if channel_reduction is not None:
        raise ArgumentValueError(
            f"channel_reduction is 'squeeze_mean', 'select_max' or None, got {channel_reduction!r}"
        )
    if topk > 0:
        return _grid(featmap, overlaid_image, topk, arrangement, alpha)
    if featmap.shape[0] not in (1, 3):
        raise ArgumentValueError(
            "The input tensor channel dimension must be 1 or 3 when topk is less than 1, but the channel dimension you "
            f"input is {featmap.shape[0]}, you can use the channel_reduction parameter or set topk greater than 0 to "
            "solve the error"
        )
    return _over(featmap[0] if featmap.shape[0] == 1 else featmap, overlaid_image, alpha)


def _over(values: torch.Tensor, image: Image | None, alpha: float) -> Image:
    array = values.numpy()
    if array.ndim == 3:
        low, high = array.min(), array.max()
        picture = np.rint((array.transpose(1, 2, 0) - low) / ((high - low) or 1) * 255).astype(np.uint8)
    else:
        picture = heat_map(array)
    return picture if image is None else blended(image, picture, alpha)


def _grid(featmap: torch.Tensor, image: Image | None, topk: int, arrangement: tuple[int, int], alpha: float) -> Image:
    rows, columns = arrangement
    if rows * columns < topk:
        raise ArgumentValueError(f"arrangement={arrangement} has no room for topk={topk} channels")
    _, height, width = featmap.shape
    canvas = np.full((rows * height, columns * width, 3), 255, dtype=np.uint8)
    chosen = featmap.sum(dim=(1, 2)).topk(min(len(featmap), topk)).indices.tolist()
    for place, channel in enumerate(chosen):
        top, left = place // columns * height, place % columns * width
        picture = pillow("Image").fromarray(_over(featmap[channel], image, alpha))
        pillow("ImageDraw").Draw(picture).text((2, 2), f"channel: {channel}", fill=(0, 0, 0))
        canvas[top : top + height, left : left + width] = np.asarray(picture)
    return canvas
