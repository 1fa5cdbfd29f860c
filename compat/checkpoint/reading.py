"""Opening a checkpoint without running anything in it, and telling what it is; every fault is named."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmmigrate.compat.checkpoint.errors import CheckpointError
from mmmigrate.compat.checkpoint.plain import plain_content
from mmmigrate.runtime_v3.runner.safe_load import load_safely

_POINTER = "last_checkpoint"


def resolved(path: Path) -> Path:
    """The checkpoint behind `path`: a link such as `latest.pth`, or v3's text file `last_checkpoint`, is followed."""
    if path.name == _POINTER and path.is_file():
        named = Path(path.read_text(encoding="utf-8").strip())
        beside = path.parent / named.name  # the folder may have been moved since
        path = named if named.is_file() else beside
    return path.resolve() if path.is_symlink() else path


def read_checkpoint(path: Path) -> tuple[dict[str, Any], list[str]]:
    """The content of a checkpoint file on the CPU, in plain values and tensors, and a note of what had to be left out.

    Raises CheckpointError for a file that is missing, empty, truncated, no checkpoint, or that holds code.
    """
    if not path.is_file():
        raise CheckpointError(f"{path}: there is no such file")
    _check_shape(path)
    try:
        content = load_safely(path, "cpu")
    except pickle.UnpicklingError as error:
        reason = str(error).partition("was not loaded: ")[2] or str(error).split("\n")[0]
        raise CheckpointError(f"{path}: refused, nothing in it was executed: {reason}") from error
    except Exception as error:  # torch and pickle raise whatever the bytes lead them to
        reason = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}"
        raise CheckpointError(f"{path}: not readable as a checkpoint, it is damaged or cut short ({reason})") from error
    if not isinstance(content, Mapping):
        raise CheckpointError(f"{path}: holds a {type(content).__name__}, not a checkpoint")
    return plain_content(content)


def _check_shape(path: Path) -> None:
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(8)
    if not size:
        raise CheckpointError(f"{path}: the file is empty")
    if head.startswith(b"PK\x03\x04"):
        if not zipfile.is_zipfile(path):
            raise CheckpointError(
                f"{path}: cut short after {size} bytes: a zip archive without its end. Copy or download it again"
            )
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
        if damaged:
            raise CheckpointError(f"{path}: damaged: {damaged} does not match its checksum. Copy or download it again")
    elif not head.startswith(b"\x80"):
        raise CheckpointError(f"{path}: not a checkpoint of torch.save: it begins with {head!r}")


def generation_of(checkpoint: Mapping[str, Any], path: Path) -> str:
    """'v2', 'v3', or 'weights' for a bare dict of tensors. Raises CheckpointError for what is none of these."""
    if "message_hub" in checkpoint or "param_schedulers" in checkpoint or "ema_state_dict" in checkpoint:
        return "v3"
    meta = checkpoint.get("meta")
    if "state_dict" in checkpoint:
        v3 = isinstance(meta, Mapping) and ("mmengine_version" in meta or "experiment_name" in meta)
        return "v3" if v3 else "v2"
    if checkpoint and all(hasattr(value, "shape") for value in checkpoint.values()):
        return "weights"
    keys = ", ".join(map(repr, list(checkpoint)[:6])) or "nothing"
    raise CheckpointError(
        f"{path}: not a checkpoint of mmcv or mmengine: it has no 'state_dict', but {keys}. Weights of another library "
        "must be put under 'state_dict' first"
    )
