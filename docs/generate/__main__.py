"""`make docs`: writes the pages of docs/ that are made from the rules and tables themselves."""

from __future__ import annotations

from pathlib import Path

import migration
import rules
import symbols

DOCS = Path(__file__).resolve().parents[1]


def pages() -> dict[str, str]:
    """The text of every generated page by its path under docs/."""
    return {"rules.md": rules.page(), "migration.md": migration.page(), **symbols.pages()}


if __name__ == "__main__":
    for name, text in pages().items():
        target = DOCS / name
        target.parent.mkdir(exist_ok=True)
        target.write_text(text, encoding="utf-8")
        print(f"docs/{name}: {len(text.splitlines())} lines")
