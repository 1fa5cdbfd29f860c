"""Writing a converted checkpoint: whole or not at all, and what the other generation finds it by."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

from mmmigrate.compat.atomic import atomic_write
from mmmigrate.compat.checkpoint.position import ranks_beside, resume_file


def write(files: dict[str, Any], target: Path) -> list[Path]:
    """Writes the checkpoint to `target`, what lies beside it first: without that the run would not go on exactly."""
    target.parent.mkdir(parents=True, exist_ok=True)
    for rank in (0, *ranks_beside(target)):  # they belong to the checkpoint that is replaced
        resume_file(target, rank).unlink(missing_ok=True)
    beside = {0: files["resume_point"]} if "resume_point" in files else {}
    beside |= dict(enumerate(files.get("ranks", ()), 1))
    for rank, content in beside.items():
        resume_file(target, rank).parent.mkdir(exist_ok=True)
        _save(content, resume_file(target, rank))
    _save(files["checkpoint"], target)
    return [target, *(resume_file(target, rank) for rank in beside)]


def _save(content: Any, path: Path) -> None:
    with atomic_write(path, "wb") as file:
        torch.save(content, file)


def point_to(target: Path, to: str) -> Path:
    """Makes `target` the checkpoint that a run in its folder resumes: v3's `last_checkpoint` or v2's `latest.pth`."""
    if to == "v3":
        pointer = target.parent / "last_checkpoint"
        with atomic_write(pointer, "w") as file:
            file.write(str(target.resolve()))
        return pointer
    pointer = target.parent / "latest.pth"
    beside = target.parent / f".latest.{os.getpid()}"
    beside.unlink(missing_ok=True)
    beside.symlink_to(target.name)
    beside.replace(pointer)
    return pointer
