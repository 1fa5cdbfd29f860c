"""A log file, or a work folder's, from one generation to the other; back again it is what it was."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from mmmigrate.compat.atomic import atomic_write
from mmmigrate.compat.scalar_logs.lines import Line, Place, to_v2, to_v3

KEPT = "mmmigrate"
"""The only key of the first line of a converted log: what the other generation's lines have no place for."""
_LENGTH = re.compile(r"Epoch(?:\(train\))?\s*\[\s*\d+\]\[\s*\d+/(\d+)\]")
_Way = Callable[[Mapping[str, Any], Place], tuple[Line, Place]]
_WAYS: dict[str, _Way] = {"v3": to_v3, "v2": to_v2}


class LogError(Exception):
    """A log that cannot be read or converted; the message names the file, the line and the fault."""


def convert_path(source: Path, target: Path, to: str, iters_per_epoch: int | None = None) -> list[Path]:
    """Converts a log, or all logs of a work folder into the folder `target`; gives what was written."""
    if source.is_file():
        return [convert_log(source, target, to, iters_per_epoch)]
    pattern, name = ("*.log.json", _v3_name) if to == "v3" else ("**/scalars.json", _v2_name)
    found = sorted(source.glob(pattern))
    if not found:
        raise LogError(f"{source}: there is no {pattern} in this folder")
    return [convert_log(path, target / name(path), to, iters_per_epoch) for path in found]


def _v3_name(path: Path) -> str:
    return f"{path.name.removesuffix('.log.json')}/vis_data/scalars.json"


def _v2_name(path: Path) -> str:
    run = path.parent.parent if path.parent.name == "vis_data" else path.parent
    return f"{run.name}.log.json"


def convert_log(source: Path, target: Path, to: str, iters_per_epoch: int | None = None) -> Path:
    """Writes the log `source` to `target` in the form of generation `to`. Raises LogError; then nothing is written."""
    lines, tail = _read(source)
    kept = lines.pop(0)[KEPT] if lines and list(lines[0]) == [KEPT] else None
    if kept is not None and kept["from"] == to:
        new = _restored(lines, kept, to)
        text = "".join(json.dumps(line) + "\n" for line in new) + kept["tail"]
    else:
        new, first = _converted(source, lines, tail, to, iters_per_epoch)
        text = "".join(json.dumps(line) + "\n" for line in ({KEPT: first}, *new))
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(target, "w") as file:
        file.write(text)
    return target


def _converted(
    source: Path, lines: list[Line], tail: str, to: str, iters_per_epoch: int | None
) -> tuple[list[Line], dict[str, Any]]:
    entries = [(number, line) for number, line in enumerate(lines) if "mode" in line or "step" in line]
    if entries and (("mode" in entries[0][1]) != (to == "v3")):
        raise LogError(f"{source}: is a log of {to} already")
    by_epoch = _counts_epochs(lines, to)
    if by_epoch and any(line.get("epoch", 1) > 1 for line in lines):
        iters_per_epoch = iters_per_epoch or _length_beside(source)
        if iters_per_epoch is None:
            raise LogError(
                f"{source}: counts iterations within epochs whose length is not in it, and no text log (*.log) beside "
                "it tells: give --iters-per-epoch"
            )
    place = Place(by_epoch, iters_per_epoch)
    home = "v2" if to == "v3" else "v3"
    new, _ = _mapped([line for _, line in entries], place, _WAYS[to])
    again, _ = _mapped(new, place, _WAYS[home])
    other = {str(number): line for number, line in enumerate(lines) if "mode" not in line and "step" not in line}
    changes = [_difference(back, line) for back, (_, line) in zip(again, entries)]
    first = {"version": 1, "from": home, "by_epoch": by_epoch, "iters_per_epoch": iters_per_epoch, "other": other}
    return new, {**first, "changes": changes, "tail": tail}


def _restored(lines: list[Line], kept: Mapping[str, Any], to: str) -> list[Line]:
    place = Place(kept["by_epoch"], kept["iters_per_epoch"])
    home, _ = _mapped(lines, place, _WAYS[to])
    changes = [*kept["changes"], *([None] * len(home))]  # a run that went on has added lines
    entries = [_changed(line, change) for line, change in zip(home, changes)]
    for number, line in kept["other"].items():
        entries.insert(int(number), line)
    return entries


def _mapped(lines: Iterable[Mapping[str, Any]], place: Place, way: _Way) -> tuple[list[Line], Place]:
    new = []
    for line in lines:
        made, place = way(line, place)
        new.append(made)
    return new, place


def _difference(have: Line, want: Line) -> dict[str, Any] | None:
    if list(have.items()) == list(want.items()):
        return None
    changed = {key: value for key, value in want.items() if key not in have or have[key] != value}
    return {"set": changed, "keys": list(want)}


def _changed(line: Line, change: Mapping[str, Any] | None) -> Line:
    if change is None:
        return line
    values = {**line, **change["set"]}
    return {key: values[key] for key in change["keys"] if key in values}


def _counts_epochs(lines: list[Line], to: str) -> bool:
    train = [line for line in lines if line.get("mode", "train") == "train" and "iter" in line]
    if to == "v2":
        return any("epoch" in line for line in train)
    config = next((line["config"] for line in lines if isinstance(line.get("config"), str)), "")
    for word, answer in (("EpochBasedRunner", True), ("IterBasedRunner", False), ("total_epochs", True)):
        if word in config:
            return answer
    # In a run by iteration v2's `iter` never goes back.
    numbers = [line["iter"] for line in train]
    return (
        any(later <= earlier for earlier, later in pairwise(numbers))
        or len({line["epoch"] for line in train}) == len(train) == 1
    )


def _length_beside(source: Path) -> int | None:
    folder = source.parent.parent if source.parent.name == "vis_data" else source.parent
    stem = source.name.removesuffix(".json")
    named = [source.parent / stem] if stem.endswith(".log") else []
    for path in [*named, *sorted(folder.glob("*.log"))]:
        if path.is_file():
            with path.open(encoding="utf-8", errors="replace") as file:
                for line in file:
                    found = _LENGTH.search(line)
                    if found:
                        return int(found[1])
    return None


def _read(source: Path) -> tuple[list[Line], str]:
    """The lines, and the text of a last line that a killed run left unfinished."""
    try:
        texts = source.read_text(encoding="utf-8").splitlines(keepends=True)
    except (OSError, UnicodeDecodeError) as error:
        raise LogError(f"{source}: cannot be read: {error}") from error
    lines: list[Line] = []
    for number, text in enumerate(texts, 1):
        try:
            line = json.loads(text)
            if not isinstance(line, dict):
                raise ValueError(f"a line must be an object, got {type(line).__name__}")
        except ValueError as error:
            if number == len(texts) and not text.endswith("\n") and lines:
                return lines, text
            raise LogError(f"{source}:{number}: not a line of a log: {error}") from error
        lines.append(line)
    if not lines:
        raise LogError(f"{source}: the log is empty")
    return lines, ""
