"""Boxes drawn on pictures, with OpenCV, and shown or written."""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError
from mmmigrate.runtime_v2.image import imread, imwrite
from mmmigrate.runtime_v2.image.opencv import cv2

__all__ = ["Color", "color_val", "imshow", "imshow_bboxes", "imshow_det_bboxes"]


class Color(Enum):
    """Colours by name, in BGR."""

    red = (0, 0, 255)
    green = (0, 255, 0)
    blue = (255, 0, 0)
    cyan = (255, 255, 0)
    yellow = (0, 255, 255)
    magenta = (255, 0, 255)
    white = (255, 255, 255)
    black = (0, 0, 0)


def color_val(color: Any) -> tuple[int, ...]:
    """(b, g, r) of a Color, its name, a grey value, a tuple or an array; values are 0 to 255."""
    if isinstance(color, str):
        return Color[color].value
    if isinstance(color, Color):
        return color.value
    if not isinstance(color, tuple | int | np.ndarray):
        raise ArgumentTypeError(f"Invalid type for color: {type(color)}")
    values: Any = (color,) * 3 if isinstance(color, int) else color
    if np.ndim(values) != 1 or len(values) != 3 or not all(0 <= value <= 255 for value in values):
        raise ArgumentValueError(f"a color has three values from 0 to 255, got {color!r}")
    return tuple(color.astype(np.uint8)) if isinstance(color, np.ndarray) else values


def imshow(img: Any, win_name: str = "", wait_time: int = 0) -> None:
    """Show a picture in a window for `wait_time` ms, or until a key is pressed or the window is closed if 0."""
    cv2.imshow(win_name, imread(img))
    if wait_time:
        cv2.waitKey(wait_time)
        return
    while cv2.waitKey(1) == -1 and cv2.getWindowProperty(win_name, cv2.WND_PROP_VISIBLE) >= 1:
        pass


def imshow_bboxes(
    img: Any,
    bboxes: Any,
    colors: Any = "green",
    top_k: int = -1,
    thickness: int = 1,
    show: bool = True,
    win_name: str = "",
    wait_time: int = 0,
    out_file: str | None = None,
) -> Any:
    """Draw boxes, an array (k, 4) or a list of such with a colour each; only the first `top_k` of each if positive."""
    picture = np.ascontiguousarray(imread(img))
    groups = [bboxes] if isinstance(bboxes, np.ndarray) else bboxes
    each = colors if isinstance(colors, list) else [colors] * len(groups)
    if len(each) != len(groups):
        raise ArgumentValueError(f"{len(groups)} groups of boxes need as many colors, got {len(each)}")
    for boxes, color in zip(groups, each):
        for box in boxes[:top_k] if top_k > 0 else boxes:
            _draw_box(picture, box, color_val(color), thickness)
    return _done(picture, show, win_name, wait_time, out_file)


def imshow_det_bboxes(
    img: Any,
    bboxes: Any,
    labels: Any,
    class_names: list[str] | None = None,
    score_thr: float = 0,
    bbox_color: Any = "green",
    text_color: Any = "green",
    thickness: int = 1,
    font_scale: float = 0.5,
    show: bool = True,
    win_name: str = "",
    wait_time: int = 0,
    out_file: str | None = None,
) -> Any:
    """Draw boxes (n, 4), or (n, 5) with scores, and the names of their labels (n,); scores must exceed `score_thr`."""
    if bboxes.ndim != 2 or labels.ndim != 1 or len(bboxes) != len(labels) or bboxes.shape[1] not in (4, 5):
        raise ArgumentValueError(f"boxes (n, 4) or (n, 5) and labels (n,) needed: {bboxes.shape}, {labels.shape}")
    picture = np.ascontiguousarray(imread(img))
    if score_thr > 0:
        if bboxes.shape[1] != 5:
            raise ArgumentValueError("score_thr needs boxes with scores, of shape (n, 5)")
        kept = bboxes[:, -1] > score_thr
        bboxes, labels = bboxes[kept], labels[kept]
    box_color, font_color = color_val(bbox_color), color_val(text_color)
    for box, label in zip(bboxes, labels):
        x, y = _draw_box(picture, box, box_color, thickness)
        text = f"cls {label}" if class_names is None else class_names[label]
        text += f"|{box[-1]:.02f}" if len(box) > 4 else ""
        cv2.putText(picture, text, (x, y - 2), cv2.FONT_HERSHEY_COMPLEX, font_scale, font_color)
    return _done(picture, show, win_name, wait_time, out_file)


def _draw_box(picture: Any, box: Any, color: Any, thickness: int) -> tuple[int, int]:
    x1, y1, x2, y2 = (int(value) for value in box[:4].astype(np.int32))
    cv2.rectangle(picture, (x1, y1), (x2, y2), tuple(int(value) for value in color), thickness=thickness)
    return x1, y1


def _done(picture: Any, show: bool, win_name: str, wait_time: int, out_file: str | None) -> Any:
    if show:
        imshow(picture, win_name, wait_time)
    if out_file is not None:
        imwrite(picture, out_file)
    return picture
