"""Colours as matplotlib names them, and heat maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mmmigrate.compat.argument_errors import ArgumentValueError

RGB = tuple[int, int, int]

# The single letters differ from the names of CSS: 'g' is a dark green.
LETTERS: dict[str, RGB] = {
    "r": (255, 0, 0),
    "g": (0, 127, 0),
    "b": (0, 0, 255),
    "c": (0, 191, 191),
    "m": (191, 0, 191),
    "y": (191, 191, 0),
    "k": (0, 0, 0),
    "w": (255, 255, 255),
}


def pillow(module: str) -> Any:
    """A module of Pillow. Raises ImportError with what to install."""
    from importlib import import_module

    try:
        return import_module(f"PIL.{module}")
    except ImportError as error:
        raise ImportError("drawing on images needs pillow: pip install 'mmmigrate[drawing]'") from error


def as_rgb(color: Any) -> RGB | None:
    """The colour as three numbers from 0 to 255; None for 'none'.

    `color`: a letter ('g'), a name of CSS, '#rrggbb', or three numbers from 0 to 255.
    """
    if color is None or color == "none":
        return None
    if isinstance(color, str):
        if color in LETTERS:
            return LETTERS[color]
        try:
            found = pillow("ImageColor").getrgb(color)
        except ValueError:
            raise ValueError(f"{color!r} is no colour: give a name of CSS, '#rrggbb' or (r, g, b)") from None
        return (found[0], found[1], found[2])
    if len(color) != 3 or not all(0 <= channel <= 255 for channel in color):
        raise ArgumentValueError(f"a colour is three numbers from 0 to 255, got {color!r}")
    return (int(color[0]), int(color[1]), int(color[2]))


def for_each(value: Any, count: int, name: str) -> list[Any]:
    """`value` for each of `count` things: a list has one for each, anything else is the same for all."""
    if not isinstance(value, list):
        return [value] * count
    if len(value) < count:
        raise ArgumentValueError(f"{name} has {len(value)} entries for {count} things to draw")
    return value[:count]


def heat_map(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """An (H, W) array, stretched from its least to its greatest value, as (H, W, 3) bytes from blue to red."""
    low, high = float(values.min()), float(values.max())
    share = (values.astype(np.float64) - low) / ((high - low) or 1.0)
    channels = [np.clip(1.5 - np.abs(4 * share - peak), 0, 1) for peak in (3, 2, 1)]
    return np.rint(np.stack(channels, axis=-1) * 255).astype(np.uint8)


def blended(image: np.ndarray[Any, Any], drawn: np.ndarray[Any, Any], alpha: float) -> np.ndarray[Any, Any]:
    """`alpha` of `drawn` over the rest of `image`."""
    mixed = image.astype(np.float64) * (1 - alpha) + drawn.astype(np.float64) * alpha
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def palette(count: int) -> Sequence[RGB]:
    """`count` colours that are easy to tell apart, always the same."""
    import colorsys

    hues = [(index * 0.618034) % 1.0 for index in range(count)]
    return [
        (round(r * 255), round(g * 255), round(b * 255))
        for r, g, b in (colorsys.hsv_to_rgb(h, 0.85, 0.95) for h in hues)
    ]
