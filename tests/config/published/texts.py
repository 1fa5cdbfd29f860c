"""What becomes of the text of every config of a folder, and whether real mmengine loads it as the tree proved."""

from __future__ import annotations

import pickle
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from peers.environments import python_of

from mmmigrate.compat.findings import ConversionError
from mmmigrate.converters.convert import ConfigConverter
from mmmigrate.converters.generation import left_over
from mmmigrate.converters.read.traced import plain, same

LOAD_ALL = """
import pickle, sys, warnings
from pathlib import Path
warnings.filterwarnings("ignore")
from mmengine.config import Config
root, loaded = Path(sys.argv[1]), {}
for path in sorted(root.rglob("*.py")):
    try:
        tree = Config.fromfile(path, import_custom_modules=False).to_dict()
    except Exception as error:
        tree = f"{type(error).__name__}: {error}"
    loaded[path.relative_to(root).as_posix()] = tree
Path(sys.argv[2]).write_bytes(pickle.dumps(loaded))
"""


@dataclass
class Texts:
    """Counts over all files; `different` says what is wrong with which file."""

    files: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    comments: int = 0
    kept: int = 0
    different: list[str] = field(default_factory=list)


def check_texts(folder: Path, out: Path) -> Texts:
    """Converts every file under `folder` to the same place under `out`, which must be empty."""
    result, trees = Texts(), {}
    converter = ConfigConverter()
    for path in sorted(folder.rglob("*.py")):
        name = path.relative_to(folder).as_posix()
        result.files += 1
        try:
            made = converter.convert(path)
        except ConversionError as error:
            result.refused[name] = error.finding.message
            continue
        comments = [comment.text for comment in made.file.source.comments]
        result.comments += len(comments)
        result.kept += sum(comment in made.text for comment in comments)
        unsaid = set(left_over(made.tree)) - {note.key for note in made.notes}
        if unsaid:
            result.different.append(f"{name}: nothing is said of {sorted(unsaid)}")
        trees[name] = plain(made.tree)
        target = out / "configs" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(made.text, encoding="utf-8")
    again = ConfigConverter()
    result.different += [
        f"{name}: converting twice changes it" for name in trees if again.convert(out / "configs" / name).changed
    ]
    loaded = _loaded(out)
    result.different += [
        f"{name}: mmengine loads {str(loaded[name])[:200]}" for name in trees if not same(loaded[name], trees[name])
    ]
    return result


def _loaded(out: Path) -> dict[str, object]:
    (out / "load_all.py").write_text(LOAD_ALL)
    target = out / "loaded.pkl"
    subprocess.run([python_of("v3"), out / "load_all.py", out / "configs", target], check=True, cwd=out)
    loaded: dict[str, object] = pickle.loads(target.read_bytes())
    return loaded
