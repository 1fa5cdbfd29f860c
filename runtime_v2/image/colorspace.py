"""Conversions between colour spaces, all of shape (h, w, 3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mmmigrate.compat.argument_errors import ArgumentTypeError
from mmmigrate.runtime_v2.image.opencv import cv2

# ITU-R BT.601: rows are R, G, B; columns Y, Cb, Cr
_TO_YCBCR = np.array([[65.481, -37.797, 112.0], [128.553, -74.203, -93.786], [24.966, 112.0, -18.214]])
_FROM_YCBCR = np.array(
    [[0.00456621, 0.00456621, 0.00456621], [0, -0.00153632, 0.00791071], [0.00625893, -0.00318811, 0]]
)
_TO_OFFSET, _FROM_OFFSET = np.array([16, 128, 128]), np.array([-222.921, 135.576, -276.836])


def imconvert(img: Any, src: str, dst: str) -> Any:
    """The picture in another space, by the names that cv2 has for them ("bgr", "hsv", "lab")."""
    return cv2.cvtColor(img, getattr(cv2, f"COLOR_{src.upper()}2{dst.upper()}"))


def convert_color_factory(src: str, dst: str) -> Callable[[Any], Any]:
    """A function that converts from one space to another."""

    def convert_color(img: Any) -> Any:
        return imconvert(img, src, dst)

    convert_color.__doc__ = f"The {src.upper()} picture as {dst.upper()}."
    return convert_color


bgr2rgb = convert_color_factory("bgr", "rgb")
rgb2bgr = convert_color_factory("rgb", "bgr")
bgr2hsv = convert_color_factory("bgr", "hsv")
hsv2bgr = convert_color_factory("hsv", "bgr")
bgr2hls = convert_color_factory("bgr", "hls")
hls2bgr = convert_color_factory("hls", "bgr")


def bgr2gray(img: Any, keepdim: bool = False) -> Any:
    """The grey picture, shape (h, w), or (h, w, 1) with `keepdim`."""
    gray = imconvert(img, "bgr", "gray")
    return gray[..., None] if keepdim else gray


def rgb2gray(img: Any, keepdim: bool = False) -> Any:
    """The grey picture, shape (h, w), or (h, w, 1) with `keepdim`."""
    gray = imconvert(img, "rgb", "gray")
    return gray[..., None] if keepdim else gray


def gray2bgr(img: Any) -> Any:
    """A grey picture, with or without a channel of its own, as BGR."""
    return imconvert(img[..., None] if img.ndim == 2 else img, "gray", "bgr")


def gray2rgb(img: Any) -> Any:
    """A grey picture, with or without a channel of its own, as RGB."""
    return imconvert(img[..., None] if img.ndim == 2 else img, "gray", "rgb")


def rgb2ycbcr(img: Any, y_only: bool = False) -> Any:
    """YCbCr as MATLAB has it (Y from 16 to 235) of uint8 in 0 to 255 or float32 in 0 to 1; `y_only`: shape (h, w)."""
    return _to_ycbcr(img, _TO_YCBCR, y_only)


def bgr2ycbcr(img: Any, y_only: bool = False) -> Any:
    """As `rgb2ycbcr`, of BGR."""
    return _to_ycbcr(img, _TO_YCBCR[::-1], y_only)


def ycbcr2rgb(img: Any) -> Any:
    """Back from `rgb2ycbcr`."""
    return _from_ycbcr(img, _FROM_YCBCR, _FROM_OFFSET)


def ycbcr2bgr(img: Any) -> Any:
    """Back from `bgr2ycbcr`."""
    return _from_ycbcr(img, _FROM_YCBCR[:, ::-1], _FROM_OFFSET[::-1])


def _to_ycbcr(img: Any, matrix: Any, y_only: bool) -> Any:
    scaled = _convert_input_type_range(img)
    if y_only:
        return _convert_output_type_range(np.dot(scaled, matrix[:, 0]) + 16.0, img.dtype)
    return _convert_output_type_range(np.matmul(scaled, matrix) + _TO_OFFSET, img.dtype)


def _from_ycbcr(img: Any, matrix: Any, offset: Any) -> Any:
    scaled = _convert_input_type_range(img) * 255
    return _convert_output_type_range(np.matmul(scaled, matrix) * 255.0 + offset, img.dtype)


def _convert_input_type_range(img: Any) -> Any:
    """As float32 in 0 to 1."""
    if img.dtype not in (np.uint8, np.float32):
        raise ArgumentTypeError(f"The img type should be np.float32 or np.uint8, but got {img.dtype}")
    scaled = img.astype(np.float32)
    if img.dtype == np.uint8:
        scaled /= 255.0
    return scaled


def _convert_output_type_range(img: Any, dst_type: Any) -> Any:
    """From 0 to 255 to the type and range that were given."""
    if dst_type not in (np.uint8, np.float32):
        raise ArgumentTypeError(f"The dst_type should be np.float32 or np.uint8, but got {dst_type}")
    return (img.round() if dst_type == np.uint8 else img / 255.0).astype(dst_type)
