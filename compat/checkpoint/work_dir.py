"""One file or a whole work folder: every checkpoint in it, and the pointer to the one to go on from."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from mmmigrate.compat.checkpoint import report
from mmmigrate.compat.checkpoint.convert import Options, convert_checkpoint
from mmmigrate.compat.checkpoint.errors import CheckpointError
from mmmigrate.compat.checkpoint.reading import resolved
from mmmigrate.compat.checkpoint.writing import point_to, write

_POINTERS = ("latest.pth", "last_checkpoint")


@dataclass(frozen=True)
class ConvertedFile:
    """What became of one checkpoint; `error` if it could not be converted."""

    source: Path
    target: Path
    lines: list[str] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)
    error: str | None = None


def convert_path(source: Path, target: Path, options: Options, dry_run: bool = False) -> list[ConvertedFile]:
    """Converts a checkpoint to the file `target`, or all `*.pth` of a folder into the folder `target`.

    A link `latest.pth` or the file `last_checkpoint` as the source is followed, and the other generation's pointer is
    set. One that fails does not stop the others. Raises CheckpointError if there is nothing to convert.
    """
    if source.is_dir():
        return _folder(source, target, options, dry_run)
    points = source.name in _POINTERS
    path = resolved(source)
    if target.is_dir():
        target = target / path.name
    if target.exists() and path.exists() and target.samefile(path):
        raise CheckpointError(f"{target}: the converted checkpoint would replace the original: name another file")
    return [_one(path, target, options, dry_run, points)]


def _folder(source: Path, target: Path, options: Options, dry_run: bool) -> list[ConvertedFile]:
    found = sorted(path for path in source.glob("*.pth") if not path.is_symlink())
    if not found:
        raise CheckpointError(f"{source}: there are no checkpoints (*.pth) in this folder")
    if target.exists() and target.samefile(source):
        raise CheckpointError(f"{target}: the converted checkpoints would replace the originals: name another folder")
    if target.is_file():
        raise CheckpointError(f"{target}: is a file; for a folder of checkpoints name a folder")
    pointers = [resolved(source / name) for name in _POINTERS if (source / name).exists()]
    latest = pointers[0].resolve() if pointers else None
    return [_one(path, target / path.name, options, dry_run, path.resolve() == latest) for path in found]


def _one(path: Path, target: Path, options: Options, dry_run: bool, points: bool) -> ConvertedFile:
    try:
        converted = convert_checkpoint(path, options)
    except CheckpointError as error:
        return ConvertedFile(path, target, error=str(error))
    lines = [*report.lines(converted, options.to), *(f"note: {note}" for note in converted.notes)]
    pointer = "last_checkpoint" if options.to == "v3" else "latest.pth"
    if points:
        lines.append(f"{pointer} points to it")
    if dry_run:
        return ConvertedFile(path, target, lines)
    written = write(converted.files, target)
    if points:
        written.append(point_to(target, options.to))
    return ConvertedFile(path, target, lines, written)
