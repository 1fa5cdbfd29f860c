"""``mmmigrate log SRC DST --to v3``"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mmmigrate.compat.scalar_logs import LogError, convert_path


@click.command(short_help="Convert logged scalars, so that curves continue.")
@click.argument("source", metavar="SRC", type=click.Path(exists=True, path_type=Path))
@click.argument("target", metavar="DST", type=click.Path(path_type=Path))
@click.option("--to", type=click.Choice(["v3", "v2"]), required=True, help="The generation to convert to.")
@click.option("--iters-per-epoch", type=click.IntRange(min=1), help="The length of an epoch, if no text log tells.")
def command(source: Path, target: Path, to: str, iters_per_epoch: int | None) -> None:
    """Convert v2's `.log.json` to v3's `scalars.json` or back, a file or all of a work folder.

    What the other form has no place for is kept in its first line and comes back on the way home.
    """
    try:
        written = convert_path(source, target, to, iters_per_epoch)
    except LogError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)
    for path in written:
        click.echo(str(path))
