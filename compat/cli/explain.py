"""``mmmigrate explain CODE|SYMBOL``"""

from __future__ import annotations

import difflib
import re

import click

from mmmigrate.compat.cli.catalogue import entries, titles
from mmmigrate.compat.cli.symbol import explain_symbol, names_after
from mmmigrate.converters.code.rule import CodeRule
from mmmigrate.converters.rules.rule import Rule

_CODE = re.compile(r"[A-Za-z]{3}\d+")


def _subjects(_context: click.Context, _argument: click.Parameter, begun: str) -> list[str]:
    """What a shell offers: codes, else the next names of the libraries that have a table."""
    codes = [code for code in sorted(titles()) if code.startswith(begun.upper())]
    return codes or names_after(begun)


@click.command(short_help="Explain a code or a name.")
@click.argument("subject", metavar="CODE|SYMBOL", shell_complete=_subjects)
def command(subject: str) -> None:
    """Say what a code means (why, effect, before and after), or what became of a name like mmcv.parallel.collate."""
    every = titles()
    if "." in subject or (subject.upper() not in every and not _CODE.fullmatch(subject)):
        explain_symbol(subject)
        return
    code = subject.upper()
    if code not in every:
        near = difflib.get_close_matches(code, every, n=1, cutoff=0.4)
        hint = f"; did you mean {near[0]}?" if near else "; `mmmigrate rules` lists all"
        raise click.UsageError(f"unknown code {code!r}{hint}")
    click.secho(f"{code}: {every[code]}", bold=True)
    entry = entries().get(code)
    if entry is None:
        click.echo("\nThe file is reported and not converted; the others still are.")
        return
    click.echo(f"\n{entry.why}\n\nEffect on training: {entry.effect.value}.")
    if isinstance(entry, (Rule, CodeRule)):
        click.echo(f"Reversible: {'yes' if entry.reversible else 'no'}.")
        for title, text in (("Before", entry.before), ("After", entry.after or "(nothing)")):
            indented = "\n".join(f"    {line}" for line in text.split("\n"))
            click.echo(f"\n{title}:\n\n{indented}")
