"""Writing files so that a killed process leaves the old content or the new, never half of one."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any


@contextmanager
def atomic_write(
    path: str | os.PathLike[str], mode: str = "w", *, encoding: str | None = None, newline: str | None = None
) -> Iterator[IO[Any]]:
    """A file to write to, which takes the place of `path` when the block ends without an error.

    `mode` is "w" (text, UTF-8 unless `encoding` says otherwise) or "wb". The content goes to a new file in the same
    folder, is flushed to disk and then renamed, so that other processes see the old or the new file. The
    permissions of an existing file are kept; a symbolic link is followed, not replaced. If the block raises, `path`
    is untouched and the new file is removed. The folder must exist.
    """
    if mode not in ("w", "wb"):
        raise ValueError(f"mode must be 'w' or 'wb', got {mode!r}")
    target = Path(os.path.realpath(path))
    # The name must differ between processes and threads that write the same file at the same time.
    beside = target.with_name(f".{target.name[:100]}.{uuid.uuid4().hex}.tmp")
    if "b" not in mode and encoding is None:
        encoding = "utf-8"
    try:
        with beside.open(mode.replace("w", "x"), encoding=encoding, newline=newline) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        with suppress(FileNotFoundError):
            beside.chmod(target.stat().st_mode & 0o7777)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Makes the rename itself survive a power cut; some systems can't open folders, which is no reason to fail."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
