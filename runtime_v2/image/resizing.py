"""Pictures in another size. A size is (w, h)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError
from mmmigrate.compat.sequences import to_2tuple
from mmmigrate.runtime_v2.image.io import Image
from mmmigrate.runtime_v2.image.opencv import chosen, cv2, cv2_interp_codes

# Pillow's own numbers (Image.Resampling)
pillow_interp_codes = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "box": 4, "hamming": 5}


def _scale_size(size: tuple[int, int], scale: Any) -> tuple[int, int]:
    factors = (scale, scale) if isinstance(scale, float | int) else scale
    w, h = size
    return int(w * float(factors[0]) + 0.5), int(h * float(factors[1]) + 0.5)


def imresize(
    img: Any,
    size: tuple[int, int],
    return_scale: bool = False,
    interpolation: str = "bilinear",
    out: Any = None,
    backend: str | None = None,
) -> Any:
    """The picture at `size`, with `return_scale` as (picture, scale of the width, scale of the height).

    `interpolation` is 'nearest', 'bilinear', 'bicubic', 'area' or 'lanczos' with cv2; Pillow, for uint8 only, has
    'box' and 'hamming' instead of 'area'.
    """
    h, w = img.shape[:2]
    if chosen(backend) == "pillow":
        if img.dtype != np.uint8:
            raise ArgumentTypeError(f"Pillow backend only support uint8 type, got {img.dtype}")
        resized = np.array(Image.fromarray(img).resize(size, pillow_interp_codes[interpolation]))
    else:
        resized = cv2.resize(img, size, dst=out, interpolation=cv2_interp_codes[interpolation])
    return (resized, size[0] / w, size[1] / h) if return_scale else resized


def imresize_to_multiple(
    img: Any,
    divisor: int | tuple[int, int],
    size: int | tuple[int, int] | None = None,
    scale_factor: float | tuple[float, float] | None = None,
    keep_ratio: bool = False,
    return_scale: bool = False,
    interpolation: str = "bilinear",
    out: Any = None,
    backend: str | None = None,
) -> Any:
    """The picture at `size`, or its own size times `scale_factor`, rounded up to multiples of `divisor`."""
    if size is not None and scale_factor is not None:
        raise ArgumentValueError("only one of size or scale_factor should be defined")
    own = (img.shape[1], img.shape[0])
    if size is not None:
        target = to_2tuple(size)
        if keep_ratio:
            target = rescale_size(own, target)
    elif scale_factor is not None:
        target = _scale_size(own, scale_factor)
    else:
        raise ArgumentValueError("one of size or scale_factor should be defined")
    w, h = (math.ceil(length / step) * step for length, step in zip(target, to_2tuple(divisor)))
    return imresize(img, (w, h), return_scale, interpolation, out, backend)


def imresize_like(
    img: Any, dst_img: Any, return_scale: bool = False, interpolation: str = "bilinear", backend: str | None = None
) -> Any:
    """The picture at the size of `dst_img`."""
    h, w = dst_img.shape[:2]
    return imresize(img, (w, h), return_scale, interpolation, backend=backend)


def rescale_size(old_size: tuple[int, int], scale: Any, return_scale: bool = False) -> Any:
    """`old_size` times a number, or as large as fits into `scale`: its longer edge is for the longer edge."""
    if isinstance(scale, float | int):
        if scale <= 0:
            raise ArgumentValueError(f"Invalid scale {scale}, must be positive.")
        factor: float = scale
    elif isinstance(scale, tuple):
        factor = min(max(scale) / max(old_size), min(scale) / min(old_size))
    else:
        raise ArgumentTypeError(f"Scale must be a number or tuple of int, but got {type(scale)}")
    size = _scale_size(old_size, factor)
    return (size, factor) if return_scale else size


def imrescale(
    img: Any, scale: Any, return_scale: bool = False, interpolation: str = "bilinear", backend: str | None = None
) -> Any:
    """The picture resized as `rescale_size` says, so that its edges keep their ratio."""
    h, w = img.shape[:2]
    size, factor = rescale_size((w, h), scale, return_scale=True)
    rescaled = imresize(img, size, interpolation=interpolation, backend=backend)
    return (rescaled, factor) if return_scale else rescaled
