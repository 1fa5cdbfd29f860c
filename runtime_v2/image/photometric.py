"""Pictures in other lights. A picture has shape (h, w, 3), BGR; what is not said to be float is uint8 in 0 to 255."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError
from mmmigrate.runtime_v2.image.colorspace import bgr2gray, gray2bgr
from mmmigrate.runtime_v2.image.io import Image
from mmmigrate.runtime_v2.image.opencv import chosen, cv2


def imnormalize(img: Any, mean: Any, std: Any, to_rgb: bool = True) -> Any:
    """`(img - mean) / std` as float32, by channel, after a change from BGR to RGB."""
    return imnormalize_(img.copy().astype(np.float32), mean, std, to_rgb)


def imnormalize_(img: Any, mean: Any, std: Any, to_rgb: bool = True) -> Any:
    """The same in place, of floats."""
    _check_float(img)
    if to_rgb:
        cv2.cvtColor(img, cv2.COLOR_BGR2RGB, img)
    cv2.subtract(img, np.float64(mean.reshape(1, -1)), img)
    cv2.multiply(img, 1 / np.float64(std.reshape(1, -1)), img)
    return img


def imdenormalize(img: Any, mean: Any, std: Any, to_bgr: bool = True) -> Any:
    """Back from `imnormalize`."""
    _check_float(img)
    img = cv2.multiply(img, std.reshape(1, -1).astype(np.float64))
    cv2.add(img, mean.reshape(1, -1).astype(np.float64), img)
    if to_bgr:
        cv2.cvtColor(img, cv2.COLOR_RGB2BGR, img)
    return img


def iminvert(img: Any) -> Any:
    """The negative."""
    return np.full_like(img, 255) - img


def solarize(img: Any, thr: int = 128) -> Any:
    """Values from `thr` on inverted."""
    return np.where(img < thr, img, 255 - img)


def posterize(img: Any, bits: int) -> Any:
    """Only the `bits` highest bits of each value."""
    return np.left_shift(np.right_shift(img, 8 - bits), 8 - bits)


def adjust_color(
    img: Any, alpha: float = 1, beta: float | None = None, gamma: float = 0, backend: str | None = None
) -> Any:
    """`img * alpha + grey * beta + gamma`; `beta` is `1 - alpha` by default. Pillow takes `alpha` only."""
    if chosen(backend) == "pillow":
        warnings.warn("Only use 'alpha' for pillow backend.", stacklevel=2)
        return _enhanced(img, "Color", alpha)
    gray = np.tile(bgr2gray(img)[..., None], [1, 1, 3])
    mixed = cv2.addWeighted(img, alpha, gray, 1 - alpha if beta is None else beta, gamma)
    return (mixed if mixed.dtype == np.uint8 else np.clip(mixed, 0, 255)).astype(img.dtype)


def adjust_brightness(img: Any, factor: float = 1.0, backend: str | None = None) -> Any:
    """Black at 0, the picture at 1, brighter above."""
    if chosen(backend) == "pillow":
        return _enhanced(img, "Brightness", factor)
    return _blended(img, np.zeros_like(img), factor)


def adjust_contrast(img: Any, factor: float = 1.0, backend: str | None = None) -> Any:
    """Plain grey at 0, the picture at 1, more contrast above."""
    if chosen(backend) == "pillow":
        return _enhanced(img, "Contrast", factor)
    gray = bgr2gray(img)
    mean = round(np.sum(gray) / np.sum(np.histogram(gray, 256, (0, 255))[0]))
    return _blended(img, gray2bgr((np.ones_like(img[..., 0]) * mean).astype(img.dtype)), factor)


def adjust_sharpness(img: Any, factor: float = 1.0, kernel: Any = None) -> Any:
    """Blurred with `kernel` at 0, the picture at 1, sharper above."""
    if kernel is None:
        kernel = np.array([[1.0, 1.0, 1.0], [1.0, 5.0, 1.0], [1.0, 1.0, 1.0]]) / 13
    if not isinstance(kernel, np.ndarray) or kernel.ndim != 2:
        raise ArgumentTypeError(f"kernel must be an array of two dimensions, got {kernel!r}")
    return _blended(img, cv2.filter2D(img, -1, kernel), factor)


def adjust_hue(img: Any, hue_factor: float, backend: str | None = None) -> Any:
    """The hue turned by `hue_factor` of the circle, from -0.5 to 0.5."""
    backend = chosen(backend)
    if not -0.5 <= hue_factor <= 0.5:
        raise ArgumentValueError(f"hue_factor:{hue_factor} is not in [-0.5, 0.5].")
    if not isinstance(img, np.ndarray) or img.ndim not in (2, 3):
        raise ArgumentTypeError("img should be ndarray with dim=[2 or 3].")
    # a uint8 that wraps around, as hue does
    turn = np.int64(hue_factor * 255).astype(np.uint8)
    if backend == "pillow":
        h, s, v = _pillow(img).convert("HSV").split()
        turned = Image.fromarray(np.array(h, dtype=np.uint8) + turn)
        return np.array(Image.merge("HSV", (turned, s, v)).convert("RGB"), dtype=img.dtype)[..., ::-1]
    h, s, v = cv2.split(cv2.cvtColor(img.astype(np.uint8), cv2.COLOR_BGR2HSV_FULL))
    return cv2.cvtColor(cv2.merge([h + turn, s, v]), cv2.COLOR_HSV2BGR_FULL).astype(img.dtype)


def adjust_lighting(img: Any, eigval: Any, eigvec: Any, alphastd: float = 0.1, to_rgb: bool = True) -> Any:
    """AlexNet's colour noise, float: a random share, by numpy's generator, of the principal colours (3, k) is added."""
    if not (isinstance(eigval, np.ndarray) and isinstance(eigvec, np.ndarray) and isinstance(alphastd, float)):
        raise ArgumentTypeError("eigval and eigvec should both be of type np.ndarray, and alphastd a float")
    if eigval.ndim != 1 or eigvec.shape != (3, len(eigval)):
        raise ArgumentValueError(f"eigval of shape (k,) and eigvec of (3, k) needed: {eigval.shape}, {eigvec.shape}")
    img = img.copy().astype(np.float32)
    if to_rgb:
        cv2.cvtColor(img, cv2.COLOR_BGR2RGB, img)
    alpha = np.random.normal(0, alphastd, len(eigval))
    return img + (eigvec * alpha[None] * eigval[None]).sum(axis=1)


def lut_transform(img: Any, lut_table: Any) -> Any:
    """Each value replaced by the one at its place in `lut_table`, shape (256,)."""
    if not isinstance(img, np.ndarray) or not 0 <= np.min(img) <= np.max(img) <= 255:
        raise ArgumentValueError("img must be an array of values from 0 to 255")
    if not isinstance(lut_table, np.ndarray) or lut_table.shape != (256,):
        raise ArgumentValueError("lut_table must be an array of shape (256,)")
    return cv2.LUT(np.array(img, dtype=np.uint8), lut_table)


def clahe(img: Any, clip_limit: float = 40.0, tile_grid_size: tuple[int, int] = (8, 8)) -> Any:
    """A grey picture (h, w) equalized tile by tile, with limited contrast."""
    if not isinstance(img, np.ndarray) or img.ndim != 2:
        raise ArgumentTypeError("img must be an array of two dimensions")
    sizes = tile_grid_size if isinstance(tile_grid_size, tuple) and len(tile_grid_size) == 2 else (None,)
    if not isinstance(clip_limit, float | int) or not all(isinstance(size, int) for size in sizes):
        raise ArgumentTypeError(f"a number and two ints are needed, got {clip_limit!r} and {tile_grid_size!r}")
    return cv2.createCLAHE(clip_limit, tile_grid_size).apply(np.array(img, dtype=np.uint8))


def imequalize(img: Any) -> Any:
    """Each channel's histogram flattened, as Pillow does it."""
    return np.stack([_equalized(img[:, :, channel]) for channel in range(3)], axis=-1).astype(img.dtype)


def auto_contrast(img: Any, cutoff: Any = 0) -> Any:
    """Each channel stretched to 0 to 255, after `cutoff` percent (both ends, or a pair) of its histogram are cut."""
    if isinstance(cutoff, int | float):
        cutoff = (cutoff, cutoff)
    elif not isinstance(cutoff, tuple):
        raise ArgumentTypeError(f"cutoff must be of type int, float or tuple, but got {type(cutoff)} instead.")
    return np.stack([_stretched(img[:, :, channel], cutoff) for channel in range(3)], axis=-1).astype(img.dtype)


def _equalized(values: Any) -> Any:
    counts = np.histogram(values, 256, (0, 255))[0]
    step = (np.sum(counts) - counts[counts > 0][-1]) // 255
    if not step:
        return values
    table = (np.cumsum(counts) + step // 2) // step
    return np.minimum(np.concatenate([[0], table[:-1]]), 255)[values]


def _stretched(values: Any, cutoff: tuple[float, float]) -> Any:
    total = np.cumsum(np.histogram(values, 256, (0, 255))[0])
    low_cut = total[-1] * cutoff[0] // 100
    high_cut = total[-1] - total[-1] * cutoff[1] // 100
    kept = np.diff(np.clip(total, low_cut, high_cut) - low_cut, prepend=0)
    filled = np.nonzero(kept)[0]
    low, high = filled[0], filled[-1]
    if low >= high:
        return values
    scale = 255.0 / (high - low)
    return np.clip(np.arange(256) * scale + -low * scale, 0, 255)[values]


def _blended(img: Any, other: Any, factor: float) -> Any:
    mixed = cv2.addWeighted(img.astype(np.float32), factor, other.astype(np.float32), 1 - factor, 0)
    return np.clip(mixed, 0, 255).astype(img.dtype)


def _enhanced(img: Any, kind: str, factor: float) -> Any:
    from PIL import ImageEnhance

    return np.array(getattr(ImageEnhance, kind)(_pillow(img)).enhance(factor), dtype=img.dtype)[..., ::-1]


def _pillow(img: Any) -> Any:
    if img.dtype != np.uint8:
        raise ArgumentTypeError(f"Pillow backend only support uint8 type, got {img.dtype}")
    return Image.fromarray(np.ascontiguousarray(img[..., ::-1]))


def _check_float(img: Any) -> None:
    if img.dtype == np.uint8:
        raise ArgumentTypeError("a float picture is needed, got uint8")
