"""What conversion does to the text of every published config of three codebases, and the laws that hold there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from peers.environments import published

from mmmigrate.compat.findings import ConversionError
from mmmigrate.converters.convert import ConfigConverter, Converted
from mmmigrate.converters.emit.statements import divide
from mmmigrate.converters.merge.inherit import merge, union
from mmmigrate.converters.read.load import Loader
from mmmigrate.converters.read.traced import same

pytestmark = pytest.mark.peer
FILES = {"mmdet": 666, "mmcls": 477, "mmseg": 720}
# mmcls 0.25.0 names bases that it does not have, and a variable that none of its bases has; mmcv refuses them too
UNREADABLE = {"mmdet": 0, "mmcls": 7, "mmseg": 0}


@dataclass
class Folder:
    name: str
    old: Path
    new: Path
    results: dict[str, Converted]


@pytest.fixture(scope="module", params=FILES)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Every file of a codebase, converted in one go and written."""
    old = published(request.param) / request.param / ".mim" / "configs"
    made = Folder(request.param, old, tmp_path_factory.mktemp(request.param), {})
    converter = ConfigConverter()
    for path in sorted(old.rglob("*.py")):
        name = path.relative_to(old).as_posix()
        try:
            made.results[name] = result = converter.convert(path)
        except ConversionError:
            continue
        target = made.new / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(result.text)
    return made


def test_every_file_that_mmcv_reads_is_converted(folder: Folder) -> None:
    assert len(folder.results) == FILES[folder.name] - UNREADABLE[folder.name]


def test_nearly_all_comments_survive(folder: Folder) -> None:
    kept = total = 0
    for result in folder.results.values():
        comments = [comment.text for comment in result.file.source.comments]
        total += len(comments)
        kept += sum(comment in result.text for comment in comments)
    assert total > 200
    assert kept / total >= 0.98


def test_what_is_not_touched_keeps_every_line(folder: Folder) -> None:
    """The statements that are kept stand in the new text line by line, in their order."""
    broken = []
    for name, result in folder.results.items():
        base, _ = union(
            [] if result.flattened else [folder.results[_name(folder, b.path)].tree for b in result.file.bases]
        )
        division = divide(result.file, result.tree, base, result.flattened)
        lines = iter(result.text.split("\n"))
        source = result.file.source.lines
        for index in sorted(division.kept):
            statement = result.file.statements[index]
            if any(line not in lines for line in source[statement.first_line - 1 : statement.last_line]):
                broken.append(f"{name}:{statement.first_line}")
                break
    assert broken == []


def test_files_converted_one_by_one_mean_what_the_whole_means(folder: Folder) -> None:
    """merge(convert(file), convert(bases)) == convert(merge(file, bases)), read back from what was written."""
    loader = Loader()
    different = [
        name for name, result in folder.results.items() if not same(loader.load(folder.new / name).merged, result.tree)
    ]
    assert different == []


def test_converting_twice_changes_nothing(folder: Folder) -> None:
    converter = ConfigConverter()
    assert [name for name in folder.results if converter.convert(folder.new / name).changed] == []


def test_a_delete_is_said_only_where_a_key_of_the_base_must_go(folder: Folder) -> None:
    """Without it, the base would leave something in that dict: a `_delete_` that changes nothing is noise."""
    needless = []
    for name, result in folder.results.items():
        own = Loader().load(folder.new / name).own if "_delete_" in result.text else {}
        base, _ = union(folder.results[_name(folder, b.path)].tree for b in result.file.bases)
        for key, value in own.items():
            if (
                not isinstance(value, dict)
                or not value.get("_delete_")
                or value.get("_delete_")
                == (isinstance(result.file.own.get(key), dict) and result.file.own[key].get("_delete_"))
            ):
                continue  # none, or the file's own
            without = {inner: item for inner, item in value.items() if inner != "_delete_"}
            if not isinstance(base.get(key), dict):  # a list, say: mmengine lets a dict replace it only with `_delete_`
                continue
            if same(merge({key: without}, {key: base[key]})[key], result.tree[key]):
                needless.append(f"{name}: {key}")
    assert needless == []


def _name(folder: Folder, path: Path) -> str:
    return path.resolve().relative_to(folder.old.resolve()).as_posix()
