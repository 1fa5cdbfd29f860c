"""`python -m mmmigrate.runtime_v3 CONFIG`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from mmmigrate.compat import adapters, aliases
from mmmigrate.compat.config import OptionsAction
from mmmigrate.compat.dist import end_process
from mmmigrate.runtime_v3.launch import configure, run


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m mmmigrate.runtime_v3", description="Trains what a config describes."
    )
    parser.add_argument("config", help="the config file")
    parser.add_argument(
        "--work-dir", help="folder for logs and checkpoints; work_dirs/<name of the config> if left out"
    )
    parser.add_argument(
        "--resume",
        nargs="?",
        const="auto",
        metavar="CHECKPOINT",
        help="go on from this checkpoint, or from the last one in the work folder",
    )
    parser.add_argument("--amp", action="store_true", help="train in mixed precision")
    parser.add_argument("--auto-scale-lr", action="store_true", help="scale the learning rate with the batch size")
    parser.add_argument("--launcher", choices=["none", "pytorch", "slurm", "mpi"], default="none")
    parser.add_argument(
        "--cfg-options", nargs="+", action=OptionsAction, metavar="KEY=VALUE", help="override the config"
    )
    parser.add_argument("--local_rank", "--local-rank", type=int, default=0, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    given = parse_arguments(arguments)
    os.environ.setdefault("LOCAL_RANK", str(given.local_rank))
    options: dict[str, Any] = dict(given.cfg_options or {})
    # The project's modules import mmengine; one that is just being converted may still have v2 classes.
    aliases.install("mmengine")
    adapters.install()
    cfg = configure(
        Path(given.config),
        work_dir=given.work_dir,
        resume=given.resume,
        amp=given.amp,
        auto_scale_lr=given.auto_scale_lr,
        launcher=given.launcher,
        options=options,
    )
    run(cfg)


if __name__ == "__main__":
    main()
    end_process()
