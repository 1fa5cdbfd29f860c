"""What visualizers of other codebases convert their arguments with."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError
from mmmigrate.runtime_v3.visualization.colors import as_rgb, blended, heat_map

Kinds = type | tuple[type, ...]


def tensor2ndarray(value: np.ndarray[Any, Any] | torch.Tensor) -> Any:
    """A tensor as an array on the CPU; anything else as it is."""
    return value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else value


def value2list(value: Any, valid_type: Kinds, expand_dim: int) -> Any:
    """A single value of these types as a list of `expand_dim` of it; anything else as it is."""
    return [value] * expand_dim if isinstance(value, valid_type) else value


def check_type(name: str, value: Any, valid_type: Kinds) -> None:
    if not isinstance(value, valid_type):
        raise ArgumentTypeError(f"`{name}` should be {valid_type} but got {type(value)}")


def check_length(name: str, value: Any, valid_length: int) -> None:
    """Refuses a list that is shorter."""
    if isinstance(value, list) and len(value) < valid_length:
        raise ArgumentValueError(f"The length of {name} must be at least {valid_length}, but got {len(value)}")


def check_type_and_length(name: str, value: Any, valid_type: Kinds, valid_length: int) -> None:
    check_type(name, value, valid_type)
    check_length(name, value, valid_length)


def color_val_matplotlib(colors: Any) -> Any:
    """Colours with channels from 0 to 1, as matplotlib takes them; names stay names. A list gives a list."""
    if isinstance(colors, str):
        return colors
    if isinstance(colors, list):
        return [color_val_matplotlib(color) for color in colors]
    if not isinstance(colors, tuple):
        raise TypeError(f"Invalid type for color: {type(colors)}")
    if len(colors) != 3 or not all(0 <= channel <= 255 for channel in colors):
        raise ArgumentValueError(f"a colour is three numbers from 0 to 255, got {colors}")
    return tuple(channel / 255 for channel in colors)


def color_str2rgb(color: str) -> tuple[int, int, int]:
    """A colour's name as channels from 0 to 255."""
    found = as_rgb(color)
    if found is None:
        raise ValueError(f"{color!r} is no colour")
    return found


def convert_overlay_heatmap(
    feat_map: np.ndarray[Any, Any] | torch.Tensor, img: np.ndarray[Any, Any] | None = None, alpha: float = 0.5
) -> np.ndarray[Any, Any]:
    """The heat map of a (H, W) or (1, H, W) map as (H, W, 3) bytes, `alpha` of it over `img` if that is given."""
    values = tensor2ndarray(feat_map)
    heat = heat_map(values[0] if values.ndim == 3 else values)
    return heat if img is None else blended(img, heat, alpha)


def img_from_canvas(canvas: Any) -> np.ndarray[Any, Any]:
    """What a canvas of matplotlib shows, as (H, W, 3) bytes."""
    buffer, (width, height) = canvas.print_to_buffer()
    image = np.frombuffer(buffer, dtype=np.uint8).reshape(height, width, 4)
    return np.ascontiguousarray(image[..., :3])
