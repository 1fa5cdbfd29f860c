"""``mmmigrate train CONFIG``"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import click

from mmmigrate.compat import aliases
from mmmigrate.compat.findings import ConversionError
from mmmigrate.converters.read.load import Loader


@click.command(
    short_help="Run a config in the runtime of its generation.",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": True},
)
@click.argument("config", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--generation", type=click.Choice(["v2", "v3"]), help="Do not guess which runtime it is for.")
@click.option(
    "--alias", is_flag=True, help="Answer `import mmcv` and `import mmengine` of the project by the runtimes."
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(config: Path, generation: str | None, alias: bool, arguments: tuple[str, ...]) -> None:
    """Run CONFIG in runtime_v2 or runtime_v3, whichever it is written for.

    All other options go to the runtime: see `python -m mmmigrate.runtime_v2 --help`.
    """
    if alias:
        try:
            aliases.install("mmcv", "mmengine")
        except aliases.RealLibraryLoadedError as error:
            click.echo(f"error: {error}", err=True)
            sys.exit(2)
    if generation is None:
        try:
            generation = Loader().load(config).generation
        except ConversionError as error:
            click.echo(f"error: {error}\nhint: --generation v2 or v3 runs it without looking", err=True)
            sys.exit(2)
    if generation is None:
        raise click.UsageError(f"{config} has no key of either generation: give --generation v2 or v3")
    sys.path.insert(0, str(Path.cwd()))  # as `python -m` has it: the project's own modules lie here
    sys.argv = [f"mmmigrate train --generation {generation}", str(config), *arguments]
    runpy.run_module(f"mmmigrate.runtime_{generation}", run_name="__main__", alter_sys=True)
