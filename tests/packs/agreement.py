"""How far converted configs agree with the v3 configs that the codebases' own authors made of the same experiments.

`python -m packs.agreement` (from tests/) downloads both generations' wheels, pairs experiments by the weights that
their model indexes name, converts the old ones and writes docs/packs.md: leaf agreement of models, dataloaders,
evaluators and preprocessors, and what each kind of difference is. The new configs are read by real mmengine.
"""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import yaml
from peers.environments import published, python_of

from mmmigrate.compat.findings import ConversionError
from mmmigrate.converters.convert import ConfigConverter
from mmmigrate.converters.read.load import Loader
from mmmigrate.converters.read.traced import plain
from mmmigrate.converters.rules.experiment import Options

HERE = Path(__file__).resolve().parent
CODEBASES = {
    "mmdet": ("mmdet", "mmdet"),
    "mmcls": ("mmcls", "mmpretrain"),
    "mmseg": ("mmseg", "mmseg"),
    "mmpose": ("mmpose", "mmpose"),
    "mmrotate": ("mmrotate", "mmrotate"),
    "mmaction": ("mmaction", "mmaction"),
    "mmocr": ("mmocr", "mmocr"),
    "mmedit": ("mmedit", "mmagic"),
    "mmselfsup": ("mmselfsup", "mmselfsup"),
    "mmtrack": ("mmtrack", "mmtrack"),
    "mmflow": ("mmflow", "mmflow"),
}
TARGETED = ("mmdet", "mmcls", "mmseg")  # those for which agreement of 95 % and 85 % is asked
COMPARED = ("model", "train_dataloader", "val_dataloader", "test_dataloader", "val_evaluator", "test_evaluator")
OF_V2 = ("model", "data", "evaluation")


@dataclass
class Agreement:
    """``scores``: the share of equal leaves by experiment; ``differences``: (place, ours, theirs) -> how often."""

    scores: dict[str, float] = field(default_factory=dict)
    differences: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def add(self, name: str, ours: Mapping[str, str], theirs: Mapping[str, str]) -> None:
        """Take in the leaves of one experiment."""
        places = ours.keys() | theirs.keys()
        self.scores[name] = sum(ours.get(place) == theirs.get(place) for place in places) / len(places)
        for place in places:
            if ours.get(place) != theirs.get(place):
                self.differences[place, ours.get(place, "-"), theirs.get(place, "-")] += 1

    @property
    def median(self) -> float:
        return statistics.median(self.scores.values())

    @property
    def worst_decile(self) -> float:
        """The best score of the worst tenth."""
        ordered = sorted(self.scores.values())
        return ordered[len(ordered) // 10]


def measure(codebase: str, every: int = 1) -> Agreement:
    """Compare every n-th pair of experiments that both generations published."""
    pairs = list(experiments(codebase))[::every]
    theirs = read_by_mmengine([new for _, new in pairs])
    converter, result = ConfigConverter(), Agreement()
    for (old, _), tree in zip(pairs, theirs):
        if tree is None:
            continue  # it inherits from a codebase that is not installed
        want = leaves_of(tree)
        try:
            ours = leaves_of(plain(converter.convert(old).tree))
        except ConversionError:
            continue  # mmcv itself refuses it
        if want:
            result.add(str(old), ours, want)
    return result


def measure_to_v2(codebase: str, every: int = 1) -> Agreement:
    """Compare the authors' v3 configs, converted back, with the v2 configs that they made them of."""
    converter, result = ConfigConverter(Options(to="v2")), Agreement()
    for old, new in list(experiments(codebase))[::every]:
        ours, want = converter.convert(new).tree, Loader().load(old).merged
        result.add(str(old), *(dict(_leaves({k: plain(t[k]) for k in OF_V2 if k in t}, "")) for t in (ours, want)))
    return result


def experiments(codebase: str) -> Iterator[tuple[Path, Path]]:
    """(v2 config, v3 config) of the same weights, else of the same file name, else of the name most like it."""
    old_package, new_package = CODEBASES[codebase]
    old = indexed(published(codebase) / old_package / ".mim")
    new = indexed(published(f"{codebase}-v3") / new_package / ".mim")
    by_weights = {weights: path for path, weights in new.items() if weights}
    by_name = {path.name: path for path in new}
    for path, weights in sorted(old.items()):
        match = by_weights.get(weights) or by_name.get(path.name)
        if match is None and codebase not in TARGETED:
            match = _most_alike(path, new)
        if match is not None:
            yield path, match


def _most_alike(old: Path, new: Collection[Path]) -> Path | None:
    """Of a folder of the same name, the file whose name is nearest, if it is near: codebases renamed their files."""
    there = [path for path in new if _words(path.parent.name) == _words(old.parent.name)]
    likeness = {path: SequenceMatcher(None, _words(old.stem), _words(path.stem)).ratio() for path in there}
    best = max(likeness, key=likeness.__getitem__, default=None)
    return best if best is not None and likeness[best] > 0.8 else None


def _words(name: str) -> str:
    return re.sub("[-_]+", " ", name.lower())


def indexed(folder: Path) -> dict[Path, str]:
    """The configs that a codebase's model indexes name, with the file name of their weights."""
    found: dict[Path, str] = {}
    for file in sorted(folder.rglob("*.y*ml")):
        said = yaml.safe_load(file.read_text(encoding="utf-8"))
        models = said.get("Models") if isinstance(said, dict) else said
        for model in models if isinstance(models, list) else []:
            if isinstance(model, dict) and isinstance(model.get("Config"), str):
                path = folder / model["Config"]
                path = path if path.is_file() else file.parent / path.name
                if path.is_file():
                    found.setdefault(path, str(model.get("Weights") or "").rsplit("/", 1)[-1])
    return found


def read_by_mmengine(paths: list[Path]) -> list[Any]:
    """The merged trees as real mmengine reads them; None for a config that needs another codebase."""
    done = subprocess.run(
        [python_of("v3"), HERE / "read_v3.py"],
        input="\n".join(map(str, paths)),
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def leaves_of(tree: Mapping[str, Any]) -> dict[str, str]:
    """Every value by its place; elements of a list are named by their class, so that one more shifts no other.

    A preprocessor counts as the model's, wherever it stands. None and empty dicts say nothing and are left out.
    """
    parts = {key: tree[key] for key in COMPARED if key in tree}
    if isinstance(tree.get("data_preprocessor"), dict) and isinstance(parts.get("model"), dict):
        parts["model"] = {"data_preprocessor": tree["data_preprocessor"], **parts["model"]}
    return dict(_leaves(parts, ""))


def _leaves(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{place}.{key}" if place else str(key))
    elif isinstance(value, (list, tuple)) and any(isinstance(item, (dict, list, tuple)) for item in value):
        seen: Counter[str] = Counter()
        for index, item in enumerate(value):
            name = str(item.get("type")) if isinstance(item, dict) else str(index)
            seen[name] += 1
            yield from _leaves(item, f"{place}[{name}{seen[name] if seen[name] > 1 else ''}]")
    elif value is not None:
        yield place, json.dumps(value)


if __name__ == "__main__":
    from packs.report import write

    write({codebase: measure(codebase) for codebase in sys.argv[1:] or CODEBASES})
