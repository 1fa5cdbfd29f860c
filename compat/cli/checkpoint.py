"""``mmmigrate checkpoint SRC DST --to v3``"""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command(short_help="Convert checkpoints, so that training goes on in the other generation.")
@click.argument("source", metavar="SRC", type=click.Path(exists=True, path_type=Path))
@click.argument("target", metavar="DST", type=click.Path(path_type=Path))
@click.option("--to", type=click.Choice(["v3", "v2"]), required=True, help="The generation to convert to.")
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The config that training goes on with, of either generation; by default the text saved in the checkpoint.",
)
@click.option("--names", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A pack of weight names.")
@click.option("--iters-per-epoch", type=click.IntRange(min=1), help="The length of an epoch, if it cannot be told.")
@click.option("--no-schedule", is_flag=True, help="Leave the schedule out: it begins anew.")
@click.option("--dry-run", is_flag=True, help="Say what would change and write nothing.")
def command(
    source: Path,
    target: Path,
    to: str,
    config: Path | None,
    names: Path | None,
    iters_per_epoch: int | None,
    no_schedule: bool,
    dry_run: bool,
) -> None:
    """Convert the checkpoint SRC to the file DST, or a work folder SRC to the folder DST.

    Weights, optimizer, schedule position, averaged weights, counters and best scores are carried over; what has no
    place there is kept in the file and comes back on the way home. Nothing in a checkpoint is executed.
    """
    from mmmigrate.compat.checkpoint import CheckpointError, Options, convert_path

    options = Options(to, config, names, not no_schedule, iters_per_epoch)
    try:
        results = convert_path(source, target, options, dry_run)
    except (CheckpointError, OSError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)
    for result in results:
        if result.error is not None:
            click.echo(f"error: {result.error}", err=True)
            continue
        click.echo(f"{result.source} -> {result.target}{' (not written)' if dry_run else ''}")
        for line in result.lines:
            click.echo(f"  {line}", err=not dry_run)
    if any(result.error for result in results):
        sys.exit(2)
