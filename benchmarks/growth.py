"""How conversion grows with the number of configs and of lines of code, beside what the peers need to merely read them.

    python benchmarks/growth.py configs [10 100 1000 10000]
    python benchmarks/growth.py code [10000 100000 1000000]

The configs are mmdet 2.28.2's, the code its package, copied under other names as often as it takes. One process each,
start-up and writing included; the ways take turns. Linear growth means that the last columns stay what they are.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from peers.environments import published, python_of
from processes import cost_of

LOADS = """
import sys
from mmcv import Config
for path in open(sys.argv[1]).read().split():
    Config.fromfile(path, import_custom_modules=False)
"""
PARSES = """
import sys
import libcst
for path in open(sys.argv[1]).read().split():
    libcst.parse_module(open(path, "rb").read()).code
"""


def copies_of(source: Path, target: Path, wanted: int, size: dict[Path, int]) -> list[Path]:
    """Files copied tree by tree until their sizes sum up to `wanted`; the last tree may stay a part."""
    copied: list[Path] = []
    total = 0
    for number in count():
        for path in sorted(size):
            # what a config or a module of the tree needs lies in the same copy, so a part of a tree is no whole one
            new = target / f"copy{number}" / path.relative_to(source)
            new.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, new)
            copied.append(new)
            total += size[path]
            if total >= wanted:
                return copied
    raise AssertionError


def configs(sizes: list[int]) -> None:
    source = published("mmdet") / "mmdet" / ".mim" / "configs"
    files = dict.fromkeys(source.rglob("*.py"), 1)
    bases = [path for path in files if "_base_" in path.parts]
    print(f"{'configs':>8} {'ours':>8} {'mmcv loading':>13} {'ours/mmcv':>10} {'ms a file':>10} {'largest memory':>15}")
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "configs"
            copies_of(source, folder, size, files)
            for tree in folder.iterdir():  # a part of a tree still needs its bases
                for path in bases:
                    (tree / path.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(path, tree / path.relative_to(source))
            loadable = with_their_bases(folder)
            listing = Path(name) / "files"
            listing.write_text("\n".join(map(str, loadable)))
            ours = cost_of([sys.executable, "-m", "mmmigrate.compat", "config", folder, "-o", Path(name) / "out", "-q"])
            theirs = cost_of([python_of("v2"), "-c", LOADS, listing])
            print(f"{len(loadable):8} {ours.cpu:7.2f}s {theirs.cpu:12.2f}s {ours.cpu / theirs.cpu:10.2f} "
                  f"{1000 * ours.cpu / len(loadable):10.2f} {ours.memory:12.0f} MB", flush=True)  # fmt: skip


def with_their_bases(folder: Path) -> list[Path]:
    """The configs under the folder; those whose bases were not copied are deleted."""
    from mmmigrate.compat.findings import ConversionError
    from mmmigrate.converters.read.load import Loader

    loader, kept = Loader(), []
    for path in sorted(folder.rglob("*.py")):
        try:
            loader.load(path)
            kept.append(path)
        except ConversionError:
            path.unlink()
    return kept


def code(sizes: list[int]) -> None:
    source = published("mmdet") / "mmdet"
    lines = {path: path.read_bytes().count(b"\n") for path in source.rglob("*.py") if ".mim" not in path.parts}
    print(f"{'lines':>8} {'ours':>8} {'libcst':>8} {'ours/libcst':>12} {'s a million':>12} {'largest memory':>15}")
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            copied = copies_of(source, Path(name) / "code", size, lines)
            total = sum(path.read_bytes().count(b"\n") for path in copied)
            listing = Path(name) / "files"
            listing.write_text("\n".join(map(str, copied)))
            command = [sys.executable, "-m", "mmmigrate.compat", "code", Path(name) / "code", "-o", Path(name) / "out"]
            ours = cost_of([*command, "-j", "1", "-q"])
            theirs = cost_of([sys.executable, "-c", PARSES, listing])
            print(f"{total:8} {ours.cpu:7.2f}s {theirs.cpu:7.2f}s {ours.cpu / theirs.cpu:12.2f} "
                  f"{1e6 * ours.cpu / total:12.2f} {ours.memory:12.0f} MB", flush=True)  # fmt: skip


if __name__ == "__main__":
    what, given = sys.argv[1], [int(argument) for argument in sys.argv[2:]]
    if what == "configs":
        configs(given or [10, 100, 1000, 10000])
    else:
        code(given or [10_000, 100_000, 1_000_000])
