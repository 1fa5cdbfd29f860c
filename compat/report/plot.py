"""A schedule as a picture: rates above, momentum below, evaluations and checkpoints as ticks."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from mmmigrate.compat.proof.course import Course

WIDTH, LEFT, RIGHT, PANEL, GAP, TOP = 960, 90, 24, 260, 56, 56
MOST_POINTS = 2000  # of a line: more than its pixels
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#e377c2")
GREY, BLACK, GREEN = "#b8b8b8", "#222222", "#2ca02c"


@dataclass
class Picture:
    """Lines and texts in pixels, drawn by either format."""

    height: int
    lines: list[tuple[str, int, list[tuple[float, float]]]] = field(default_factory=list)
    texts: list[tuple[float, float, str, str, str]] = field(default_factory=list)  # x, y, anchor, colour, text

    def line(self, colour: str, points: list[tuple[float, float]], width: int = 1) -> None:
        self.lines.append((colour, width, points))

    def text(self, x: float, y: float, text: str, anchor: str = "start", colour: str = BLACK) -> None:
        self.texts.append((x, y, anchor, colour, text))


def draw_svg(course: Course, title: str) -> str:
    """The picture as a self-contained SVG document."""
    picture = _picture(course, title)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {picture.height}" width="{WIDTH}" '
        f'height="{picture.height}" font-family="sans-serif" font-size="13" role="img">',
        f"<title>{escape(title)}</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
    ]
    for colour, width, points in picture.lines:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="{width}" points="{path}"/>')
    for x, y, anchor, colour, text in picture.texts:
        parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def draw_png(course: Course, title: str) -> bytes:
    """The picture as a PNG file of twice the size. Raises ImportError without Pillow."""
    from PIL import Image, ImageDraw, ImageFont

    picture = _picture(course, title)
    image = Image.new("RGB", (2 * WIDTH, 2 * picture.height), "#ffffff")
    draw: Any = ImageDraw.Draw(image)
    font: Any = ImageFont.load_default(26)
    for colour, width, points in picture.lines:
        draw.line([(2 * x, 2 * y) for x, y in points], fill=colour, width=2 * width)
    anchors = {"start": "ls", "middle": "ms", "end": "rs"}
    for x, y, anchor, colour, text in picture.texts:
        draw.text((2 * x, 2 * y), text, fill=colour, font=font, anchor=anchors[anchor])
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _picture(course: Course, title: str) -> Picture:
    shown = course.distinct(course.lr)
    panels = [("lr", [course.lr[index] for index in shown])]
    if any(len(set(values)) > 1 for values in course.momentum):
        panels.append(("momentum", [course.momentum[index] for index in course.distinct(course.momentum)]))
    picture = Picture(TOP + len(panels) * (PANEL + GAP) + 24)
    picture.text(LEFT, 24, title)
    for number, (name, series) in enumerate(panels):
        _panel(picture, course, TOP + number * (PANEL + GAP), name, series)
    for place, index in enumerate(shown if len(shown) > 1 else []):
        x = LEFT + place * (WIDTH - LEFT - RIGHT) / len(shown)
        picture.line(COLOURS[place % len(COLOURS)], [(x, 40), (x + 18, 40)], 2)
        picture.text(x + 24, 44, course.groups[index].title[:40])
    bottom = picture.height - 10
    picture.text(LEFT, bottom, f"green: evaluation ({len(course.evaluations)})", colour=GREEN)
    picture.text(LEFT + 220, bottom, f"grey: checkpoint ({len(course.checkpoints)})", colour="#777777")
    return picture


def _panel(picture: Picture, course: Course, top: float, name: str, series: Sequence[Sequence[float]]) -> None:
    low, high = min(min(values) for values in series), max(max(values) for values in series)
    low = 0.0 if low > 0 and name == "lr" else low
    high = high if high > low else low + 1
    bottom, steps = top + PANEL, max(course.iterations, 2)

    def x(step: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * step / (steps - 1)

    def y(value: float) -> float:
        return bottom - PANEL * (value - low) / (high - low)

    for part in range(5):
        value, step = low + (high - low) * part / 4, (steps - 1) * part / 4
        picture.line("#eeeeee", [(LEFT, y(value)), (WIDTH - RIGHT, y(value))])
        picture.text(LEFT - 8, y(value) + 4, f"{value:.3g}", "end")
        picture.text(x(step), bottom + 18, f"{step + 1:.0f}", "middle")
    picture.text(WIDTH - RIGHT, bottom + 34, course.unit, "end")
    picture.text(LEFT, top - 8, name)
    for step, _ in course.checkpoints[:: -(-len(course.checkpoints) // 400) or 1]:
        picture.line(GREY, [(x(step - 1), bottom), (x(step - 1), bottom - 8)])
    for step in course.evaluations[:: -(-len(course.evaluations) // 400) or 1]:
        picture.line(GREEN, [(x(step - 1), bottom), (x(step - 1), bottom - 4)])
    for place, values in enumerate(series):
        points = [(x(i), y(values[i])) for i in _kept(values)]
        picture.line(COLOURS[place % len(COLOURS)], points if len(points) > 1 else points * 2, 2)


def _kept(values: Sequence[float]) -> list[int]:
    """Indices that show the whole line: of each pixel the first, the lowest, the highest and the last value."""
    if len(values) <= MOST_POINTS:
        return list(range(len(values)))
    size = -(-len(values) // (MOST_POINTS // 4))
    kept: set[int] = set()
    for start in range(0, len(values), size):
        part = range(start, min(start + size, len(values)))
        kept |= {part[0], part[-1], min(part, key=values.__getitem__), max(part, key=values.__getitem__)}
    return sorted(kept)
