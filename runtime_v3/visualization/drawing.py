"""Drawing on an image: the part of the visualizer that needs Pillow."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np
import torch

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError, StateError
from mmmigrate.compat.dist import master_only
from mmmigrate.runtime_v3.visualization.colors import as_rgb, blended, for_each, pillow
from mmmigrate.runtime_v3.visualization.conversion import check_type, tensor2ndarray

Array = Any  # np.ndarray or torch.Tensor
Self = TypeVar("Self", bound="Drawing")

# In multiples of the line's width: drawn, left out, and so on.
DASHES = {"-": (), "solid": (), "--": (4, 2), "dashed": (4, 2), ":": (1, 2), "dotted": (1, 2), "-.": (6, 2, 1, 2)}


class Drawing:
    """Holds an (H, W, 3) RGB image of bytes and draws on it; every method returns the visualizer, in process 0.

    What is given as a list holds an entry for each thing to draw, else it is for all. Positions are in pixels, x first.
    """

    _image: np.ndarray[Any, Any] | None

    @master_only
    def set_image(self, image: np.ndarray[Any, Any]) -> None:
        """Takes the image to draw on; a grey one becomes RGB."""
        if image is None:
            raise ArgumentTypeError("set_image needs an image, got None")
        image = np.asarray(image).astype(np.uint8)
        if image.ndim == 2:
            image = np.repeat(image[:, :, None], 3, axis=2)
        if image.ndim != 3 or image.shape[2] != 3:
            raise ArgumentValueError(f"an image to draw on has the shape (H, W, 3), got {image.shape}")
        self._image = np.ascontiguousarray(image)

    @master_only
    def get_image(self) -> np.ndarray[Any, Any]:
        """The image with all that was drawn on it."""
        return self._current()

    def _current(self) -> np.ndarray[Any, Any]:
        if self._image is None:
            raise StateError("there is no image to draw on: call set_image first")
        return self._image

    def _paint(self: Self, alpha: float, paint: Callable[[Any], None]) -> Self:
        image = self._current()
        canvas = pillow("Image").fromarray(image)
        paint(pillow("ImageDraw").Draw(canvas))
        self._image = blended(image, np.asarray(canvas), alpha)
        return self

    def _warn_of_outside(self, points: np.ndarray[Any, Any], what: str) -> None:
        """Warns where (..., 2) points lie outside of the image: they are drawn as far as they are in it."""
        height, width = self._current().shape[:2]
        if ((points < 0) | (points >= (width, height))).any():
            message = f"Warning: The {what} is out of bounds, the drawn {what} may not be in the image"
            warnings.warn(message, UserWarning, stacklevel=4)

    @property
    def _default_font_size(self) -> float:
        height, width = self._current().shape[:2]
        return max(math.sqrt(height * width) // 90, 10)

    @master_only
    def draw_points(
        self: Self, positions: Array, colors: Any = "g", marker: str | None = None, sizes: Array | None = None
    ) -> Self:
        """Points at (N, 2) `positions`; `sizes`: areas in pixels. `marker`: 's' for squares, else discs."""
        points = as_rows(positions, 2, "positions")
        areas = [36.0] * len(points) if sizes is None else np.broadcast_to(np.asarray(sizes), len(points)).tolist()
        each = list(zip(points.tolist(), for_each(colors, len(points), "colors"), areas))

        def paint(draw: Any) -> None:
            shape = draw.rectangle if marker == "s" else draw.ellipse
            for (x, y), color, area in each:
                radius = max(math.sqrt(area) / 2, 0.5)
                shape((x - radius, y - radius, x + radius, y + radius), fill=as_rgb(color))

        return self._paint(1.0, paint)

    @master_only
    def draw_lines(
        self: Self, x_datas: Array, y_datas: Array, colors: Any = "g", line_styles: Any = "-", line_widths: Any = 2
    ) -> Self:
        """Lines from one point to another; `x_datas` and `y_datas`: (N, 2), start and end."""
        if as_array(x_datas, "x_datas").shape != as_array(y_datas, "y_datas").shape:
            raise ArgumentValueError(
                f"`x_datas` and `y_datas` should have the same shape, got {x_datas.shape} and {y_datas.shape}"
            )
        lines = np.stack([as_rows(x_datas, 2, "x_datas"), as_rows(y_datas, 2, "y_datas")], axis=-1)
        self._warn_of_outside(lines, "line")
        return self._outline(list(lines), colors, line_styles, line_widths, "none", 1.0, closed=False)

    @master_only
    def draw_circles(
        self: Self,
        center: Array,
        radius: Array,
        edge_colors: Any = "g",
        line_styles: Any = "-",
        line_widths: Any = 2,
        face_colors: Any = "none",
        alpha: float = 0.8,
    ) -> Self:
        """Circles around (N, 2) `center` with (N,) `radius`."""
        turn = np.linspace(0, 2 * np.pi, 73)[:-1]
        unit = np.stack([np.cos(turn), np.sin(turn)], axis=-1)
        radii = np.atleast_1d(as_array(radius, "radius")).reshape(-1)
        centers = as_rows(center, 2, "center")
        if len(centers) != len(radii):
            raise ArgumentValueError(f"there are {len(centers)} centers for {len(radii)} radii")
        extent = np.stack([centers - radii[:, None], centers + radii[:, None]])
        self._warn_of_outside(extent, "circle")
        around = [middle + r * unit for middle, r in zip(centers, radii)]
        return self._outline(around, edge_colors, line_styles, line_widths, face_colors, alpha)

    @master_only
    def draw_bboxes(
        self: Self,
        bboxes: Array,
        edge_colors: Any = "g",
        line_styles: Any = "-",
        line_widths: Any = 2,
        face_colors: Any = "none",
        alpha: float = 0.8,
    ) -> Self:
        """Boxes (N, 4) of left, top, right, bottom."""
        boxes = as_rows(bboxes, 4, "bboxes")
        wrong = boxes[(boxes[:, 0] > boxes[:, 2]) | (boxes[:, 1] > boxes[:, 3])]
        if len(wrong):
            raise ArgumentValueError(f"a box is (left, top, right, bottom), got {wrong[0].tolist()}")
        self._warn_of_outside(boxes.reshape(-1, 2), "bbox")
        corners = [boxes[i][[0, 1, 2, 1, 2, 3, 0, 3]].reshape(4, 2) for i in range(len(boxes))]
        return self._outline(corners, edge_colors, line_styles, line_widths, face_colors, alpha)

    @master_only
    def draw_polygons(
        self: Self,
        polygons: Any,
        edge_colors: Any = "g",
        line_styles: Any = "-",
        line_widths: Any = 2,
        face_colors: Any = "none",
        alpha: float = 0.8,
    ) -> Self:
        """One polygon (M, 2) or a list of them."""
        given = polygons if isinstance(polygons, list) else [polygons]
        corners = [as_rows(polygon, 2, "polygons") for polygon in given]
        for polygon in corners:
            self._warn_of_outside(polygon, "polygon")
        return self._outline(corners, edge_colors, line_styles, line_widths, face_colors, alpha)

    def _outline(
        self: Self,
        shapes: list[Any],
        edges: Any,
        styles: Any,
        widths: Any,
        faces: Any,
        alpha: float,
        closed: bool = True,
    ) -> Self:
        count = len(shapes)
        options = [
            for_each(value, count, name)
            for value, name in (
                (edges, "edge_colors"),
                (styles, "line_styles"),
                (widths, "line_widths"),
                (faces, "face_colors"),
            )
        ]

        def paint(draw: Any) -> None:
            for points, edge, style, width, face in zip(shapes, *options):
                corners = [(float(x), float(y)) for x, y in points]
                if as_rgb(face) is not None:
                    draw.polygon(corners, fill=as_rgb(face))
                if as_rgb(edge) is None:
                    continue
                ends = corners[1:] + corners[:1] if closed else corners[1:]
                thick = max(round(width), 1)
                for start, end in zip(corners, ends):
                    for piece in dashes(start, end, style, thick):
                        draw.line(piece, fill=as_rgb(edge), width=thick)

        return self._paint(alpha, paint)

    @master_only
    def draw_texts(
        self: Self,
        texts: str | list[str],
        positions: Array,
        font_sizes: Any = None,
        colors: Any = "g",
        vertical_alignments: Any = "top",
        horizontal_alignments: Any = "left",
        font_families: Any = "sans-serif",
        bboxes: Any = None,
        font_properties: Any = None,
    ) -> Self:
        """Texts at (N, 2) `positions`.

        - `bboxes`: what lies behind a text, `dict(facecolor=…, edgecolor=…, alpha=…, pad=pixels)`.
        - `font_properties`: the path of a font file, or an object with `get_file()`. Without it all texts are in
          Pillow's font, whatever `font_families` says.
        """
        check_type("texts", texts, (str, list))
        check_type("bboxes", bboxes, (dict, list, type(None)))
        words = [texts] if isinstance(texts, str) else texts
        points = as_rows(positions, 2, "positions")
        if len(points) != len(words):
            raise ArgumentValueError(f"there are {len(words)} texts for {len(points)} positions")
        self._warn_of_outside(points, "text")
        options = (font_sizes, colors, vertical_alignments, horizontal_alignments, bboxes, font_properties)
        names = ("font_sizes", "colors", "vertical_alignments", "horizontal_alignments", "bboxes", "font_properties")
        each = zip(words, points.tolist(), *(for_each(v, len(words), n) for v, n in zip(options, names)))
        for word, point, size, color, vertical, horizontal, box, font in each:
            letters = load_font(font, size or self._default_font_size)
            anchor = _choice(horizontal, {"left": "l", "center": "m", "right": "r"}, "horizontal_alignments")
            anchor += _choice(
                vertical, {"top": "a", "center": "m", "bottom": "d", "baseline": "s"}, "vertical_alignments"
            )
            self._write(word, tuple(point), letters, anchor, as_rgb(color), box)
        return self

    def _write(self, word: str, point: Any, font: Any, anchor: str, color: Any, box: dict[str, Any] | None) -> None:
        if box is not None:

            def behind(draw: Any) -> None:
                left, top, right, bottom = draw.textbbox(point, word, font=font, anchor=anchor)
                pad = box.get("pad", 2)
                area = (left - pad, top - pad, right + pad, bottom + pad)
                draw.rectangle(area, fill=as_rgb(box.get("facecolor")), outline=as_rgb(box.get("edgecolor")))

            self._paint(box.get("alpha", 1.0), behind)
        self._paint(1.0, lambda draw: draw.text(point, word, fill=color, font=font, anchor=anchor))

    @master_only
    def draw_binary_masks(self: Self, binary_masks: Array, colors: Any = "g", alphas: Any = 0.8) -> Self:
        """Masks, one (H, W) or several (N, H, W), of booleans."""
        check_type("colors", colors, (str, tuple, list))
        masks = as_array(binary_masks, "binary_masks")
        masks = masks[None] if masks.ndim == 2 else masks
        image = self._current()
        if masks.dtype != np.bool_:
            raise ArgumentTypeError(f"binary_masks are of booleans, got {masks.dtype}")
        if masks.shape[1:] != image.shape[:2]:
            raise ArgumentValueError(f"binary_masks of {masks.shape[1:]} do not fit an image of {image.shape[:2]}")
        each = zip(masks, for_each(colors, len(masks), "colors"), for_each(alphas, len(masks), "alphas"))
        for mask, color, alpha in each:
            filled = image.copy()
            filled[mask] = as_rgb(color) or (0, 0, 0)
            image = blended(image, filled, alpha)
        self._image = image
        return self


def as_array(values: Array, name: str) -> np.ndarray[Any, Any]:
    """The values of an array or tensor. TypeError names anything else, as lists are."""
    check_type(name, values, (np.ndarray, torch.Tensor))
    array: np.ndarray[Any, Any] = tensor2ndarray(values)
    return array


def as_rows(values: Array, width: int, name: str) -> np.ndarray[Any, Any]:
    """The values as (N, width); one row may come without its first dimension."""
    array = as_array(values, name)
    array = array[None] if array.ndim == 1 else array
    if array.ndim != 2 or array.shape[1] != width:
        raise ArgumentValueError(f"{name} must have the shape (N, {width}), got {tuple(values.shape)}")
    return array


def dashes(start: tuple[float, float], end: tuple[float, float], style: str, width: int) -> Iterator[Any]:
    """The pieces of a line that are drawn, each its two ends.

    >>> list(dashes((0, 0), (6, 0), ":", 1))
    [((0.0, 0.0), (1.0, 0.0)), ((3.0, 0.0), (4.0, 0.0))]
    """
    pattern = _choice(style, DASHES, "line_styles")
    length = math.dist(start, end)
    if not pattern or length == 0:
        yield (start, end)
        return
    done, index = 0.0, 0
    while done < length:
        reached = min(done + pattern[index % len(pattern)] * width, length)
        if index % 2 == 0:
            first, last = (tuple(a + (b - a) * at / length for a, b in zip(start, end)) for at in (done, reached))
            yield (first, last)
        done, index = reached, index + 1


def load_font(font: Any, size: float) -> Any:
    """The font of a file at a size in pixels; Pillow's own if `font` is None."""
    fonts = pillow("ImageFont")
    if font is None:
        return fonts.load_default(size=size)
    return fonts.truetype(font.get_file() if hasattr(font, "get_file") else str(font), size=size)


def _choice(value: Any, known: dict[str, Any], name: str) -> Any:
    if value not in known:
        raise ValueError(f"{name}: {value!r} is not one of {sorted(known)}")
    return known[value]
