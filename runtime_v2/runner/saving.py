"""How a runner names and writes its checkpoints."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mmmigrate.compat.argument_errors import ArgumentTypeError
from mmmigrate.runtime_v2.checkpoint.saving import save_checkpoint
from mmmigrate.runtime_v2.runner.base import BaseRunner


def save_runner(
    runner: BaseRunner,
    out_dir: str,
    filename: str,
    save_optimizer: bool,
    meta: dict[str, Any] | None,
    create_symlink: bool,
) -> None:
    """Write the runner's model, optimizer and meta to `out_dir/filename`; point `latest.pth` there if asked to.

    The meta saved is `meta`, overridden by the runner's own, with `epoch` (the one to begin next, as in mmcv) and
    `iter`.
    """
    if meta is None:
        meta = {}
    elif not isinstance(meta, dict):
        raise ArgumentTypeError(f"meta must be a dict or None, got {type(meta).__name__}")
    meta.update(runner.meta or {})
    meta.update(epoch=runner.epoch + 1, iter=runner.iter)
    path = os.path.join(out_dir, filename)  # noqa: PTH118 (out_dir may be a URL)
    save_checkpoint(runner.model, path, optimizer=runner.optimizer if save_optimizer else None, meta=meta)
    runner.saved_name = filename
    if create_symlink:
        point_latest(Path(out_dir), filename)


def point_latest(folder: Path, filename: str) -> None:
    """Make `folder/latest.pth` a link to `filename`, replacing an older one in a single step."""
    beside = folder / f".latest.{os.getpid()}"
    beside.unlink(missing_ok=True)
    beside.symlink_to(filename)
    beside.replace(folder / "latest.pth")
