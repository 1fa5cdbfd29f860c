"""The distinct runs behind a folder of configs: what decides schedules, steps, evaluation and checkpoints."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmmigrate.compat.findings import ConversionError, Effect
from mmmigrate.converters.convert import ConfigConverter
from mmmigrate.converters.read.traced import plain
from mmmigrate.converters.rules.experiment import Options

V2_KEYS = ("optimizer", "optimizers", "optimizer_config", "fp16", "lr_config", "momentum_config", "runner",
           "total_epochs", "total_iters", "workflow", "evaluation", "checkpoint_config", "log_config",
           "custom_hooks")  # fmt: skip
V3_KEYS = ("optim_wrapper", "param_scheduler", "train_cfg", "default_hooks", "custom_hooks", "log_processor",
           "visualizer", "env_cfg", "val_cfg")  # fmt: skip


@dataclass
class Case:
    """One distinct run, and the files that ask for it. ``refusal`` is the converter's reason not to convert it."""

    v2: dict[str, Any]
    v3: dict[str, Any] | None
    refusal: str = ""
    batch_sizes: tuple[Any, Any] = (None, None)
    optimizers: tuple[Any, Any] = (None, None)  # type and arguments, without what makes groups
    said: frozenset[str] = frozenset()  # old keys of which a person is told
    files: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        return hashlib.sha1(repr((self.v2, self.v3, self.refusal)).encode()).hexdigest()[:12]


def collect(folder: Path, schedule: str = "auto") -> tuple[list[Case], list[str]]:
    """The distinct runs of all experiments (files with a model and a length), and the files that cannot be read."""
    converter = ConfigConverter(Options(schedule=schedule))
    found: dict[str, Case] = {}
    unreadable = []
    for path in sorted(folder.rglob("*.py")):
        name = path.relative_to(folder).as_posix()
        try:
            old = plain(converter.loader.load(path).merged)
        except ConversionError as error:
            unreadable.append(f"{name}: {error.finding.message}")
            continue
        if "model" not in old or not any(old.get(key) for key in ("runner", "total_epochs", "total_iters")):
            continue
        case = _case(converter, path, old)
        found.setdefault(case.key, case).files.append(name)
    return list(found.values()), unreadable


def _case(converter: ConfigConverter, path: Path, old: dict[str, Any]) -> Case:
    v2 = {key: old[key] for key in V2_KEYS if key in old}
    v2["has_val"] = (old.get("data") or {}).get("val") is not None
    try:
        made = converter.convert(path)
    except ConversionError as error:
        return Case(v2, None, error.finding.message)
    new = plain(made.tree)
    said = frozenset(note.key for note in made.notes if note.effect is Effect.MANUAL)
    data = old.get("data") or {}
    batch = next((data[key] for key in ("imgs_per_gpu", "samples_per_gpu", "videos_per_gpu") if key in data), None)
    own = data.get("train_dataloader") or {}
    batch = next((own[key] for key in ("samples_per_gpu", "videos_per_gpu") if key in own), batch)
    trains = data.get("train") is not None
    sizes = (batch, (new.get("train_dataloader") or {}).get("batch_size")) if trains else (None, None)
    optimizers = _optimizers_of_v2(old), _optimizers_of_v3(new)
    return Case(v2, {key: new[key] for key in V3_KEYS if key in new}, "", sizes, optimizers, said)


def _optimizers_of_v2(old: dict[str, Any]) -> Any:
    given = old.get("optimizer") or old.get("optimizers") or {}
    if "type" in given:
        beside = ("constructor", "paramwise_cfg", "paramwise_options")
        return {key: value for key, value in given.items() if key not in beside}
    return {name: _optimizers_of_v2({"optimizer": part}) for name, part in given.items()}


def _optimizers_of_v3(new: dict[str, Any]) -> Any:
    given = new.get("optim_wrapper") or {}
    if "optimizer" in given:
        return given["optimizer"]
    return {name: part["optimizer"] for name, part in given.items() if isinstance(part, dict)}


def write(cases: list[Case], path: Path) -> None:
    """For the scripts in the peers' environments; tuples are marked, since JSON has none."""
    path.write_text(json.dumps([{"key": case.key, "v2": _marked(case.v2), "v3": _marked(case.v3)} for case in cases]))


def _marked(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _marked(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return {"__tuple__": [_marked(item) for item in value]}
    return [_marked(item) for item in value] if isinstance(value, list) else value
