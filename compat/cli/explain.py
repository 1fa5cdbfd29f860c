"""``mmmigrate explain CODE``"""

from __future__ import annotations

import difflib

import click

from mmmigrate.compat.cli.catalogue import entries, titles
from mmmigrate.converters.rules.rule import Rule


@click.command(short_help="Explain a code.")
@click.argument("code")
def command(code: str) -> None:
    """Say what a code means: why, its effect on training, before and after."""
    code = code.upper()
    known, every = entries(), titles()
    if code not in every:
        near = difflib.get_close_matches(code, every, n=1, cutoff=0.4)
        hint = f"; did you mean {near[0]}?" if near else "; `mmmigrate rules` lists all"
        raise click.UsageError(f"unknown code {code!r}{hint}")
    click.secho(f"{code}: {every[code]}", bold=True)
    entry = known.get(code)
    if entry is None:
        click.echo("\nThe file is reported and not converted; the others still are.")
        return
    click.echo(f"\n{entry.why}\n\nEffect on training: {entry.effect.value}.")
    if isinstance(entry, Rule):
        click.echo(f"Reversible: {'yes' if entry.reversible else 'no'}.")
        for title, text in (("Before", entry.before), ("After", entry.after or "(nothing)")):
            indented = "\n".join(f"    {line}" for line in text.split("\n"))
            click.echo(f"\n{title}:\n\n{indented}")
