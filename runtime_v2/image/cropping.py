"""Parts of pictures, and pictures with more around them."""

from __future__ import annotations

import math
from numbers import Number
from typing import Any

import numpy as np

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError
from mmmigrate.runtime_v2.image.opencv import cv2

# cv2's own numbers (BORDER_*)
_PADDING_MODES = {"constant": 0, "edge": 1, "reflect": 4, "symmetric": 2}


def bbox_clip(bboxes: Any, img_shape: tuple[int, ...]) -> Any:
    """Boxes of shape (..., 4 * k) cut at the borders of a picture of `img_shape` (h, w)."""
    if bboxes.shape[-1] % 4:
        raise ArgumentValueError(f"boxes have 4 numbers each, got shape {bboxes.shape}")
    largest = np.empty(bboxes.shape[-1], dtype=bboxes.dtype)
    largest[0::2], largest[1::2] = img_shape[1] - 1, img_shape[0] - 1
    return np.maximum(np.minimum(bboxes, largest), 0)


def bbox_scaling(bboxes: Any, scale: float, clip_shape: tuple[int, int] | None = None) -> Any:
    """Boxes (x1, y1, x2, y2), both ends included, scaled about their middles and, if asked, clipped."""
    if float(scale) == 1.0:
        scaled = bboxes.copy()
    else:
        dw = ((bboxes[..., 2] - bboxes[..., 0] + 1) * (scale - 1)) * 0.5
        dh = ((bboxes[..., 3] - bboxes[..., 1] + 1) * (scale - 1)) * 0.5
        scaled = bboxes + np.stack((-dw, -dh, dw, dh), axis=-1)
    return scaled if clip_shape is None else bbox_clip(scaled, clip_shape)


def imcrop(img: Any, bboxes: Any, scale: float = 1.0, pad_fill: Any = None) -> Any:
    """The parts of the picture in `bboxes`, shape (k, 4) for a list or (4,) for one; both ends are included.

    Boxes are scaled by `scale` first. What lies outside of the picture is left out, or filled with `pad_fill`.
    """
    if pad_fill is not None:
        pad_fill = _per_channel(img, list(pad_fill) if isinstance(pad_fill, list | tuple) else pad_fill)
    scaled = bbox_scaling(bboxes[None, ...] if bboxes.ndim == 1 else bboxes, scale).astype(np.int32)
    patches = []
    for (x1, y1, x2, y2), (left, top, right, bottom) in zip(bbox_clip(scaled, img.shape), scaled):
        patch = img[y1 : y2 + 1, x1 : x2 + 1, ...]
        if pad_fill is not None:
            filled = _filled(pad_fill, (bottom - top + 1, right - left + 1), img)
            x, y = max(-left, 0), max(-top, 0)
            filled[y : y + patch.shape[0], x : x + patch.shape[1], ...] = patch
            patch = filled
        patches.append(patch)
    return patches[0] if bboxes.ndim == 1 else patches


def impad(
    img: Any,
    *,
    shape: tuple[int, int] | None = None,
    padding: Any = None,
    pad_val: Any = 0,
    padding_mode: str = "constant",
) -> Any:
    """The picture with a border: up to `shape` (h, w) at the right and bottom, or of `padding` pixels.

    `padding` is one number, (left and right, top and bottom) or (left, top, right, bottom). `padding_mode` is
    'constant' (of `pad_val`, by channel if a tuple), 'edge', 'reflect' or 'symmetric' (which repeats the edge).
    """
    if (shape is None) == (padding is None):
        raise ArgumentValueError("one of shape and padding must be given, and not both")
    if shape is not None:
        padding = (0, 0, max(shape[1] - img.shape[1], 0), max(shape[0] - img.shape[0], 0))
    if isinstance(pad_val, tuple):
        if len(pad_val) != img.shape[-1]:
            raise ArgumentValueError(f"pad_val has {len(pad_val)} values for {img.shape[-1]} channels")
    elif not isinstance(pad_val, Number):
        raise ArgumentTypeError(f"pad_val must be a int or a tuple. But received {type(pad_val)}")
    if padding_mode not in _PADDING_MODES:
        raise ArgumentValueError(f"padding_mode must be one of {list(_PADDING_MODES)}, got {padding_mode!r}")
    left, top, right, bottom = _sides(padding)
    return cv2.copyMakeBorder(img, top, bottom, left, right, _PADDING_MODES[padding_mode], value=pad_val)


def _sides(padding: Any) -> tuple[int, int, int, int]:
    if isinstance(padding, Number):
        return (padding,) * 4  # type: ignore[return-value]
    if isinstance(padding, tuple) and len(padding) in (2, 4):
        return padding * (4 // len(padding))
    raise ArgumentValueError(f"Padding must be a int or a 2, or 4 element tuple. But received {padding}")


def impad_to_multiple(img: Any, divisor: int, pad_val: Any = 0) -> Any:
    """The picture padded at the right and bottom so that its edges are multiples of `divisor`."""
    h, w = (math.ceil(length / divisor) * divisor for length in img.shape[:2])
    return impad(img, shape=(h, w), pad_val=pad_val)


def cutout(img: Any, shape: int | tuple[int, int], pad_val: Any = 0) -> Any:
    """A copy with a rectangle of `shape` (h, w) about a random place, by numpy's generator, filled with `pad_val`."""
    size = (shape, shape) if isinstance(shape, int) else shape
    if not isinstance(size, tuple) or len(size) != 2:
        raise ArgumentTypeError(f"shape must be a int or a tuple with length 2, but got type {type(shape)} instead.")
    if not isinstance(pad_val, int | float | tuple):
        raise ArgumentTypeError(f"Invalid type {type(pad_val)} for `pad_val`")
    values = _per_channel(img, pad_val)
    h, w = img.shape[:2]
    y, x = np.random.uniform(h), np.random.uniform(w)
    top, left = int(max(0, y - size[0] / 2.0)), int(max(0, x - size[1] / 2.0))
    bottom, right = min(h, top + size[0]), min(w, left + size[1])
    result = img.copy()
    result[top:bottom, left:right, ...] = _filled(values, (bottom - top, right - left), img)
    return result


def _per_channel(img: Any, value: Any) -> Any:
    channels = 1 if img.ndim == 2 else img.shape[2]
    if isinstance(value, int | float):
        return (value,) * channels
    if len(value) != channels:
        raise ArgumentValueError(
            f"Expected the num of elements in tuple equals the channels of input image: {len(value)} vs {channels}"
        )
    return value


def _filled(values: Any, size: tuple[Any, Any], like: Any) -> Any:
    shape = size if len(values) == 1 else (*size, len(values))
    return np.array(values, dtype=like.dtype) * np.ones(shape, dtype=like.dtype)
