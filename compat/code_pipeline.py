"""The path of a folder of Python code, on one screen: find, convert on all cores, guard, write.

    folder --find--> files --CodeConverter--> new bytes + findings --git guard--> written beside and renamed

Nothing of the user's code is imported or executed.
"""

from __future__ import annotations

import gc
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

from mmmigrate.compat.findings import ConversionError, Effect, Finding
from mmmigrate.compat.results import FileResult
from mmmigrate.compat.shared_work import shared_out
from mmmigrate.converters.code.convert import CodeConverter, CodeOptions
from mmmigrate.converters.code.notebook import convert_notebook
from mmmigrate.converters.code.project import Project
from mmmigrate.converters.code.symbols import symbols_to

SUFFIXES = (".py", ".ipynb")
_NOT_OURS = frozenset({"__pycache__", "site-packages", "node_modules"})


def find_code(folder: Path) -> list[Path]:
    """Python files and notebooks under a folder in a fixed order; hidden folders and environments are left out."""
    found = []
    for home, folders, files in os.walk(folder):
        if "pyvenv.cfg" in files and Path(home) != folder:
            folders.clear()
            continue
        folders[:] = [name for name in folders if not name.startswith(".") and name not in _NOT_OURS]
        found += [Path(home, name) for name in files if name.endswith(SUFFIXES) and not name.startswith(".")]
    return sorted(found)


def convert_code_file(path: Path, converter: CodeConverter) -> FileResult:
    """Convert one file; what is wrong with it becomes a finding, never an exception."""
    try:
        if path.suffix == ".ipynb":
            converted = convert_notebook(path, converter)
        else:
            converted = converter.convert(path)
    except ConversionError as error:
        return FileResult(path, "failed", findings=[error.finding])
    except Exception as error:  # a fault of ours in one file must not stop the others
        message = f"a rule failed ({type(error).__name__}: {error}); nothing is written: please report it"
        return FileResult(path, "failed", findings=[Finding(str(path), 0, 0, "COD003", Effect.ERROR, message)])
    source = converted.source
    status = "skipped" if converted.skipped else "converted" if converted.changed else "unchanged"
    text = converted.utf8.decode() if converted.changed else source.text
    return FileResult(path, status, source.text, text, source.encode(converted.utf8), converted.findings)


def convert_code(
    paths: list[Path], options: CodeOptions, jobs: int = 1, project: Project | None = None
) -> Iterator[FileResult]:
    """Results in the order of ``paths``. ``project`` may be given to keep what is learnt of the files."""
    project = project or Project()
    for path in paths:
        project.add(path)
    converter = CodeConverter(options, project)
    if jobs <= 1 or len(paths) < 16:
        yield from _convert_all(paths, converter)
        return
    symbols_to(options.to).load("mmcv")
    _ = project.survey  # what all processes need is made before they part
    chunks = _chunks(paths, jobs)
    for results in shared_out(lambda index: _convert_all(chunks[index], converter), len(chunks), jobs):
        yield from results


def _chunks(paths: list[Path], jobs: int) -> list[list[Path]]:
    """Runs of neighbours, which ask of each other, of about the same number of bytes: a few for each process."""
    sizes = [path.stat().st_size for path in paths]
    limit = max(1, sum(sizes) // (jobs * 8))
    chunks: list[list[Path]] = [[]]
    filled = 0
    for path, size in zip(paths, sizes):
        if filled + size > limit and chunks[-1]:
            chunks.append([])
            filled = 0
        chunks[-1].append(path)
        filled += size
    return chunks


def _convert_all(paths: list[Path], converter: CodeConverter) -> list[FileResult]:
    collecting = gc.isenabled()
    gc.disable()  # syntax trees are many objects without cycles: looking for some costs a third of the time
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python thinks of the user's escape sequences is not our subject
            return [convert_code_file(path, converter) for path in paths]
    finally:
        if collecting:
            gc.freeze()  # so that enabling does not begin with a look through all of them
            gc.unfreeze()
            gc.enable()


def uncommitted(paths: list[Path]) -> list[Path]:
    """The files that lie in a git repository and that it could not give back: changed or untracked."""
    import subprocess

    dirty: list[Path] = []
    by_folder: dict[Path, list[Path]] = {}
    for path in paths:
        by_folder.setdefault(path.resolve().parent, []).append(path)
    for folder, files in by_folder.items():
        command = ["git", "status", "--porcelain", "-z", "--untracked-files=all", "--", *(file.name for file in files)]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        except OSError:
            return []  # no git here
        names = {os.fsdecode(entry[3:]).rpartition("/")[2] for entry in done.stdout.split(b"\0") if entry[2:3] == b" "}
        dirty += [file for file in files if file.name in names]
    return dirty
