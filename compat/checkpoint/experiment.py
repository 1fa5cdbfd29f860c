"""The config that belongs to a checkpoint: given, or the text that the run saved in it. Read, never executed."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmmigrate.compat.checkpoint.errors import CheckpointError
from mmmigrate.compat.findings import ConversionError
from mmmigrate.converters.convert import ConfigConverter
from mmmigrate.converters.generation import generation_of
from mmmigrate.converters.read.load import read_tree
from mmmigrate.converters.read.traced import plain
from mmmigrate.converters.rules.experiment import Options


@dataclass(frozen=True)
class Experiment:
    """A config in both generations as far as they are known, and the text that goes into the new checkpoint."""

    v2: Mapping[str, Any] | None = None
    v3: Mapping[str, Any] | None = None
    text: str | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def by_epoch(self) -> bool | None:
        """Whether the run counts epochs; None if no config says."""
        if self.v3 is not None and self.v3.get("train_cfg"):
            loop = self.v3["train_cfg"]
            return bool(loop.get("by_epoch", "max_iters" not in loop))
        if self.v2 is None:
            return None
        runner = self.v2.get("runner") or {}
        if runner.get("type"):
            return "max_iters" not in runner
        if self.v2.get("total_iters") is not None:
            return False
        return True if self.v2.get("total_epochs") is not None else None


def of_file(path: Path, to: str) -> Experiment:
    """From a config file of either generation. Raises CheckpointError where it cannot be read or converted."""
    try:
        old, text = _read(path)
        return _converted(path, old, text, to)
    except (ConversionError, LookupError) as error:
        raise CheckpointError(f"{error}\n  this is the config for the checkpoint") from error


def of_text(text: str | None, to: str) -> Experiment:
    """From the config text in a checkpoint; one that cannot be read or converted is a note, not an error."""
    if not text:
        return Experiment()
    with tempfile.TemporaryDirectory(prefix="mmmigrate-") as folder:
        path = Path(folder) / "config.py"
        path.write_text(text, encoding="utf-8")
        old: Mapping[str, Any] = {}
        try:
            old, text = _read(path)
            return _converted(path, old, text, to)
        except (ConversionError, LookupError) as error:
            reason = error.finding.message if isinstance(error, ConversionError) else f"no way to {error}"
            notes = [f"the config text in the checkpoint is not converted: {reason}"]
            known = {generation_of(old): old} if old else {}
            return Experiment(known.get("v2"), known.get("v3"), notes=notes)


def _read(path: Path) -> tuple[Mapping[str, Any], str]:
    return read_tree(path), path.read_text(encoding="utf-8")


def _converted(path: Path, old: Mapping[str, Any], text: str, to: str) -> Experiment:
    if generation_of(old) == to:
        return Experiment(old if to == "v2" else None, old if to == "v3" else None, text)
    new = ConfigConverter(Options(to=to, flatten=True)).convert(path)
    tree = plain(new.tree)
    return Experiment(old, tree, new.text) if to == "v3" else Experiment(tree, old, new.text)
