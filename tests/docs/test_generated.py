from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def pages(monkeypatch_module: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch_module.syspath_prepend(str(DOCS / "generate"))
    made: dict[str, Any] = runpy.run_path(str(DOCS / "generate" / "__main__.py"))
    return dict(made["pages"]())


@pytest.fixture(scope="module")
def monkeypatch_module() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def test_the_generated_pages_are_those_of_today(pages: dict[str, str]) -> None:
    stale = [name for name, text in pages.items() if (DOCS / name).read_text(encoding="utf-8") != text]
    assert stale == [], "`make docs` writes them anew"


def test_every_link_between_pages_leads_somewhere() -> None:
    root = DOCS.parent
    dead = []
    for page in (*DOCS.rglob("*.md"), *root.glob("*.md")):
        for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if "://" not in link and not (page.parent / link).exists():
                dead.append(f"{page.relative_to(root)}: {link}")
    assert dead == []
