"""docs/symbols/: what became of every public name of each old library, from the tables that conversion uses."""

from __future__ import annotations

from collections import defaultdict

from mmmigrate.converters.code.symbols import Symbol, v2_symbols

HEAD = """# What became of `{root}`

{total} public names: {kept} kept, {moved} moved, {gone} gone. Made by `make docs` from the table that `mmmigrate code`
uses; `mmmigrate explain NAME` says the same. What is gone goes on working as the class under *runs as before*, if one
is named there.
"""


def pages() -> dict[str, str]:
    table = v2_symbols()
    by_root: dict[str, list[Symbol]] = defaultdict(list)
    for root in sorted(table.roots):
        table.load(root)
    for symbol in table.symbols.values():
        by_root[symbol.path.partition(".")[0]].append(symbol)
    return {f"symbols/{root}.md": _page(root, symbols) for root, symbols in sorted(by_root.items())}


def _page(root: str, symbols: list[Symbol]) -> str:
    counts = {status: sum(symbol.status == status for symbol in symbols) for status in ("kept", "moved", "gone")}
    homes: dict[str, list[Symbol]] = defaultdict(list)
    for symbol in sorted(symbols, key=lambda symbol: symbol.path):
        homes[symbol.path.rpartition(".")[0]].append(symbol)
    lines = [HEAD.format(root=root, total=len(symbols), **counts)]
    for home, names in sorted(homes.items()):
        lines += [
            f"\n## {home}\n",
            "| name | now | differs, or what to do instead | runs as before |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| `{symbol.name}` | {_now(symbol)} | {_note(symbol)} | {_code(symbol.bridge)} |" for symbol in names
        ]
    return "\n".join(lines) + "\n"


def _now(symbol: Symbol) -> str:
    if symbol.status == "moved":
        return f"`{symbol.new}`"
    return symbol.status


def _note(symbol: Symbol) -> str:
    renamed = [f"argument `{old}` is called `{new}`" for old, new in symbol.keywords.items()]
    return "; ".join(filter(None, (symbol.note, *renamed))).replace("|", "\\|").replace("\n", " ")


def _code(name: str | None) -> str:
    return f"`{name}`" if name else ""
