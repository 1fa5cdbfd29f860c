"""Pictures turned, flipped, sheared and moved."""

from __future__ import annotations

from typing import Any

import numpy as np

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError
from mmmigrate.runtime_v2.image.opencv import cv2, cv2_border_modes, cv2_interp_codes

_FLIPS: dict[str, tuple[Any, int]] = {"horizontal": (1, 1), "vertical": (0, 0), "diagonal": ((0, 1), -1)}


def imflip(img: Any, direction: str = "horizontal") -> Any:
    """The picture flipped 'horizontal', 'vertical' or 'diagonal' (both); a view."""
    return np.flip(img, axis=_flip(direction)[0])


def imflip_(img: Any, direction: str = "horizontal") -> Any:
    """The same, in place."""
    return cv2.flip(img, _flip(direction)[1], img)


def _flip(direction: str) -> tuple[Any, int]:
    if direction not in _FLIPS:
        raise ArgumentValueError(f"direction must be one of {list(_FLIPS)}, got {direction!r}")
    return _FLIPS[direction]


def imrotate(
    img: Any,
    angle: float,
    center: tuple[float, float] | None = None,
    scale: float = 1.0,
    border_value: int = 0,
    interpolation: str = "bilinear",
    auto_bound: bool = False,
    border_mode: str = "constant",
) -> Any:
    """The picture turned clockwise by `angle` degrees about `center` (x, y), its middle by default.

    With `auto_bound` it grows so that no corner is cut off.
    """
    if center is not None and auto_bound:
        raise ArgumentValueError("`auto_bound` conflicts with `center`")
    h, w = img.shape[:2]
    if center is None:
        center = ((w - 1) * 0.5, (h - 1) * 0.5)
    if not isinstance(center, tuple):
        raise ArgumentTypeError(f"center must be a tuple, got {center!r}")
    matrix = cv2.getRotationMatrix2D(center, -angle, scale)
    if auto_bound:
        cos, sin = np.abs(matrix[0, 0]), np.abs(matrix[0, 1])
        new_w, new_h = h * sin + w * cos, h * cos + w * sin
        matrix[0, 2] += (new_w - w) * 0.5
        matrix[1, 2] += (new_h - h) * 0.5
        w, h = int(np.round(new_w)), int(np.round(new_h))
    return cv2.warpAffine(
        img,
        matrix,
        (w, h),
        flags=cv2_interp_codes[interpolation],
        borderMode=cv2_border_modes[border_mode],
        borderValue=border_value,
    )


def imshear(
    img: Any,
    magnitude: float,
    direction: str = "horizontal",
    border_value: int | tuple[int, ...] = 0,
    interpolation: str = "bilinear",
) -> Any:
    """The picture sheared: each row (or column) moved by `magnitude` times its number."""
    shift = {"horizontal": [[1, magnitude, 0], [0, 1, 0]], "vertical": [[1, 0, 0], [magnitude, 1, 0]]}
    return _warped(img, shift, direction, border_value, interpolation)


def imtranslate(
    img: Any,
    offset: float,
    direction: str = "horizontal",
    border_value: int | tuple[int, ...] = 0,
    interpolation: str = "bilinear",
) -> Any:
    """The picture moved by `offset` pixels."""
    shift = {"horizontal": [[1, 0, offset], [0, 1, 0]], "vertical": [[1, 0, 0], [0, 1, offset]]}
    return _warped(img, shift, direction, border_value, interpolation)


def _warped(img: Any, matrices: dict[str, Any], direction: str, border: Any, interpolation: str) -> Any:
    if direction not in matrices:
        raise ArgumentValueError(f"Invalid direction: {direction}")
    h, w = img.shape[:2]
    channels = 1 if img.ndim == 2 else img.shape[-1]
    if isinstance(border, int):
        border = (border,) * channels
    elif not isinstance(border, tuple):
        raise ArgumentValueError(f"Invalid type {type(border)} for `border_value`")
    elif len(border) != channels:
        raise ArgumentValueError(
            f"Expected the num of elements in tuple equals the channels of input image: {len(border)} vs {channels}"
        )
    # masks have more channels than the three whose border values cv2 takes
    matrix = np.asarray(matrices[direction], dtype=np.float32)
    return cv2.warpAffine(img, matrix, (w, h), borderValue=border[:3], flags=cv2_interp_codes[interpolation])
