"""``mmmigrate rules``"""

from __future__ import annotations

import json

import click

from mmmigrate.compat.cli.catalogue import entries, titles
from mmmigrate.converters.code.rule import CodeRule
from mmmigrate.converters.rules.rule import Rule


@click.command(short_help="List the rules.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON list.")
def command(as_json: bool) -> None:
    """List every code with its effect and title."""
    known = entries()
    rows = [
        {
            "code": code,
            "effect": known[code].effect.value if code in known else "error",
            "rewrites": isinstance(known.get(code), (Rule, CodeRule)),
            "title": title,
        }
        for code, title in sorted(titles().items())
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        click.echo(f"{row['code']}  {row['effect']:<8}  {row['title']}")
