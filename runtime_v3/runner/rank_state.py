"""What the processes other than the first need to go on exactly: a file each, `.resume/<checkpoint>.rank<n>`.

Each writes its own, so a checkpoint that only the first process saves waits for no other. mmengine saves none of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from mmmigrate.compat.atomic import atomic_write
from mmmigrate.runtime_v3.runner.checkpoint import load_checkpoint_file

FOLDER = ".resume"


def rank_file(checkpoint: str, rank: int) -> Path:
    """Where the state of a process lies beside a checkpoint, a link to which is followed."""
    path = Path(checkpoint)
    real = path.resolve() if path.is_symlink() else path
    return real.parent / FOLDER / f"{real.name}.rank{rank}"


def save_rank_state(checkpoint: str, rank: int, state: dict[str, Any]) -> None:
    """Writes it, and removes those whose checkpoint is gone; nothing where checkpoints do not lie in a folder."""
    path = rank_file(checkpoint, rank)
    if not path.parents[1].is_dir():
        return
    path.parent.mkdir(exist_ok=True)
    for old in path.parent.glob(f"*.rank{rank}"):
        if old != path and not (path.parents[1] / old.name.rpartition(".rank")[0]).exists():
            old.unlink(missing_ok=True)
    with atomic_write(path, "wb") as file:
        torch.save(state, file)


def load_rank_state(checkpoint: str, rank: int, iteration: int) -> dict[str, Any] | None:
    """The state saved with the checkpoint of that iteration; None if there is none."""
    path = rank_file(checkpoint, rank)
    if not rank or not path.is_file():
        return None
    state: dict[str, Any] = load_checkpoint_file(str(path), "cpu")
    return state if state.get("iter") == iteration else None
