"""Runs classes as they were and as the conversion made them, in the real libraries and in both runtimes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmmigrate.converters.code.convert import CodeConverter, CodeOptions

HERE = Path(__file__).parent
OLD = ("mmcv", "runtime_v2")
NEW = ("runtime_v3", "mmengine")
# Where the two generations name or keep the same thing otherwise.
_NOT_COMPARED = (
    "priority",
    "out_dir",
    "best_ckpt_path",
    "dynamic_intervals",
    "floor",
    "floor_ratio",
    "min_lr",
    "min_lr_ratio",
)


@dataclass
class Case:
    """A class of a module, and how it takes part in a run: as ``hook``, ``schedule``, ``optimizer_hook`` …"""

    module: str
    cls: str
    role: str = "hook"
    args: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)  # by_epoch, optimizer, backbone, model
    about: str = ""

    @property
    def name(self) -> str:
        return f"{self.module.partition('.')[0]} {self.cls} {self.about}".strip()

    def as_json(self) -> dict[str, Any]:
        own = {"name": self.name, "module": self.module, "class": self.cls, "role": self.role, "args": self.args}
        return {**own, **self.options}


@dataclass
class Tree:
    """A folder with v2's files, ``old``, and one with v3's, ``new``: one as they were, one converted ``to``."""

    folder: Path
    to: str = "v3"

    def add(self, root: Path, files: Iterable[str]) -> None:
        """Files of one package."""
        converter = CodeConverter(CodeOptions(to=self.to))
        sides = ("old", "new") if self.to == "v3" else ("new", "old")
        for file in files:
            converted = converter.convert(root / file)
            for side, data in zip(sides, (converted.source.utf8, converted.utf8)):
                target = self.folder / side / file
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)

    def add_text(self, name: str, text: str) -> None:
        before = self.folder / ("old" if self.to == "v3" else "new") / f"{name}.py"
        before.parent.mkdir(parents=True, exist_ok=True)
        before.write_text(text)
        self.add(before.parent, [before.name])


def run(
    engine: str, python: Path | str, tree: Tree, cases: Sequence[Case], stubs: dict[str, Any], missing: dict[str, Any]
) -> dict[str, Any]:
    """What each case did in one engine, by its name."""
    side = tree.folder / ("old" if engine in OLD else "new")
    spec = {
        name: {**stub, **({"folder": str(side / stub["folder"])} if "folder" in stub else {})}
        for name, stub in stubs.items()
    }
    task = {"paths": [str(side)], "experiments": [case.as_json() for case in cases], "stubs": spec, "missing": missing}
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1] / ".typing"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [str(python), str(HERE / "hook_engine.py"), engine],
        input=json.dumps(task),
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            found: dict[str, Any] = json.loads(line.removeprefix("RESULT "))
            return found
    raise RuntimeError(f"{engine} gave no result: {done.stderr[-2000:]}")


def run_everywhere(
    peer_v2: Path, peer_v3: Path, tree: Tree, cases: Sequence[Case],
    stubs: dict[str, Any] | None = None, missing: dict[str, Any] | None = None,
) -> dict[str, dict[str, Any]]:  # fmt: skip
    """The results of all cases in the four engines."""
    pythons = {"mmcv": peer_v2, "runtime_v2": sys.executable, "runtime_v3": sys.executable, "mmengine": peer_v3}
    return {engine: run(engine, python, tree, cases, stubs or {}, missing or {}) for engine, python in pythons.items()}


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What is not the same in two results, each as one line; errors are differences."""
    if "error" in old or "error" in new:
        return [f"error: {old.get('error')} | {new.get('error')}"]
    found = []
    for index, (one, other) in enumerate(zip(old["rows"], new["rows"])):
        if one != other:
            found.append(f"row {index}: {one} | {other}"[:300])
            break
    if len(old["rows"]) != len(new["rows"]):
        found.append(f"{len(old['rows'])} rows | {len(new['rows'])} rows")
    if old["calls"] != new["calls"]:
        pairs = [(one, other) for one, other in zip(old["calls"], new["calls"]) if one != other]
        found.append(f"calls: {len(old['calls'])} | {len(new['calls'])}: {pairs[:1]}")
    if old["messages"] != new["messages"]:
        found.append(f"messages: {old['messages']} | {new['messages']}")
    if _compared(old["object"]) != _compared(new["object"]):
        found.append(f"object: {_compared(old['object'])} | {_compared(new['object'])}")
    for name, values in old["logged"].items():
        if name == "eval_iter_num":
            continue  # tells mmcv's text logger that an evaluation's values follow: the bridge does not pass it on
        # v2 keeps the last of the values that a hook puts out directly, v3 all of them
        if new["logged"].get(name, [])[-len(values) :] != values:
            found.append(f"logged {name}: {values} | {new['logged'].get(name)}")
    return found


def _compared(attributes: dict[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in attributes.items()
        if name not in _NOT_COMPARED and not name.startswith(("_", "base_", "regular_"))
    }
