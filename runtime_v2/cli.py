"""`python -m mmmigrate.runtime_v2 CONFIG`: train a v2 config."""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from mmmigrate.compat import aliases
from mmmigrate.compat.config import OptionsAction
from mmmigrate.runtime_v2.config import Config
from mmmigrate.runtime_v2.dist import init_dist
from mmmigrate.runtime_v2.train import Training, build_training


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    command = argparse.ArgumentParser(prog="python -m mmmigrate.runtime_v2", description="Train a v2 config.")
    command.add_argument("config", help="the config file")
    command.add_argument("--work-dir", help="where logs and checkpoints go (default: work_dirs/<config's name>)")
    command.add_argument("--seed", type=int, help="random seed; none by default")
    command.add_argument("--deterministic", action="store_true", help="make cuDNN deterministic")
    command.add_argument("--resume-from", help="checkpoint to continue")
    command.add_argument("--auto-resume", action="store_true", help="continue the latest checkpoint of the work dir")
    command.add_argument("--no-validate", action="store_true", help="do not evaluate during training")
    command.add_argument("--launcher", choices=["none", "pytorch", "slurm", "mpi"], default="none")
    command.add_argument("--local_rank", "--local-rank", type=int, default=0, help=argparse.SUPPRESS)
    command.add_argument(
        "--cfg-options",
        nargs="+",
        action=OptionsAction,
        help="override config keys: KEY=VALUE, lists as [a,b] or a,b, nested keys with dots",
    )
    return command


def main(arguments: Sequence[str] | None = None) -> int:
    """Train what the command line names; gives the exit code."""
    args = parser().parse_args(arguments)
    if not Path(args.config).is_file():
        print(f"{args.config}: no such config file", file=sys.stderr)
        return 2
    try:
        training = _build(args)
    except Exception as error:
        traceback.print_exc()
        print(f"\n{args.config}: the run could not be built: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    training.run()
    return 0


def _build(args: argparse.Namespace) -> Training:
    # the project's own modules import mmcv, also those that custom_imports names while the config is read
    aliases.install("mmcv")
    cfg = Config.fromfile(args.config)
    if args.cfg_options:
        cfg.merge_from_dict(args.cfg_options)
    if args.launcher != "none":
        init_dist(args.launcher, **cfg.get("dist_params", {"backend": "nccl"}))
    return build_training(
        cfg,
        work_dir=args.work_dir,
        seed=args.seed,
        deterministic=args.deterministic,
        validate=not args.no_validate,
        resume_from=args.resume_from,
        auto_resume=args.auto_resume,
    )
