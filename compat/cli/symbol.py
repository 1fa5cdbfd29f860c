"""What became of a name of a v2 library, for ``mmmigrate explain``."""

from __future__ import annotations

import difflib

import click

from mmmigrate.converters.code.symbols import Symbol, Symbols, v2_symbols


def explain_symbol(name: str) -> None:
    """Answers for a full name, a module, or a last name that several libraries may have.

    Raises click.UsageError for a name that is not known, with near ones.
    """
    table = v2_symbols()
    for root in table.roots if not table.load(name) else ():
        table.load(root)
    symbol = table.get(name)
    if symbol is not None:
        _say(symbol, name)
        return
    if name in table.modules:
        _say_module(table, name)
        return
    found = table.lookup(name)
    if found is not None and found[0].path.rpartition(".")[0] != name:
        _say(found[0], name)
        return
    alike = [other for other in table.symbols.values() if "." not in name and other.name == name]
    if alike:
        for other in alike:
            _say(other, other.path)
        return
    near = _near(table, name)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    raise click.UsageError(f"no v2 library has a public name {name!r}{hint}")


def names_after(begun: str) -> list[str]:
    """Libraries, modules and names that begin so, up to the next dot."""
    table = v2_symbols()
    table.load(begun)
    ends = {*table.roots, *table.symbols, *table.modules}
    return sorted({".".join(name.split(".")[: begun.count(".") + 1]) for name in ends if name.startswith(begun)})


def _say(symbol: Symbol, asked: str) -> None:
    click.secho(symbol.path if symbol.path == asked else f"{asked} ({symbol.path})", bold=True)
    if symbol.new is None:
        click.echo(f"  gone. Instead: {symbol.note}")
        if symbol.bridge:
            click.echo(f"  {symbol.bridge} does the same as before: `mmmigrate code` imports that")
        return
    home, _, name = symbol.new.rpartition(".")
    if symbol.is_builder:
        registry_home, _, registry = home.rpartition(".")
        click.echo(f"  moved: {registry}.{name}(cfg), from {registry_home} import {registry}")
    elif symbol.status == "kept" and v2_symbols().shortcuts.get(home) == asked.rpartition(".")[0]:
        click.echo(f"  kept: {asked}")
    else:
        click.echo(f"  {symbol.status}: from {home} import {name}")
    if symbol.note:
        click.echo(f"  differs: {symbol.note}")
    for old, new in symbol.keywords.items():
        click.echo(f"  argument {old} is called {new}")


def _say_module(table: Symbols, name: str) -> None:
    new = table.modules[name]
    where = "still there" if new == name else f"now {new}" if new else "gone; its names went to several places"
    click.secho(name, bold=True)
    click.echo(f"  a module: {where}")
    prefix = f"{name}."
    for path in sorted(path for path in table.symbols if path.startswith(prefix) and "." not in path[len(prefix) :]):
        symbol = table.symbols[path]
        click.echo(f"  {symbol.name} -> {symbol.new or 'gone'}")


def _near(table: Symbols, name: str) -> list[str]:
    last = name.rpartition(".")[2]
    same = [path for path, symbol in table.symbols.items() if symbol.name.lower() == last.lower()]
    return same[:3] or difflib.get_close_matches(name, [*table.symbols, *table.modules], n=3, cutoff=0.75)
