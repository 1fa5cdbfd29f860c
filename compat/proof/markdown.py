"""A verdict as Markdown, for the summary of a CI job or a comment on a pull request."""

from __future__ import annotations

from pathlib import Path

from mmmigrate.compat.atomic import atomic_write
from mmmigrate.compat.proof.printable import printable
from mmmigrate.compat.trace.verdict import Comparison

_SIGNS = {"bit-equal": "✅", "within-ulp": "☑️", "divergent": "❌", "not-compared": "⚠️"}


def write_markdown(path: str | Path, comparison: Comparison, subject: str) -> None:
    """Writes the verdict on `subject` to `path`."""
    with atomic_write(Path(path), "w") as file:
        file.write(markdown(comparison, subject))


def markdown(comparison: Comparison, subject: str) -> str:
    """A heading, the verdict, and a table of the first divergence if there is one.

    >>> print(markdown(Comparison("bit-equal", 3), "a.py").splitlines()[0])
    ### ✅ `a.py`: bit-equal
    """
    head, _, rest = str(comparison).partition("\n")
    lines = [f"### {_SIGNS[comparison.verdict]} {_code(subject)}: {comparison.verdict}", "", _text(head)]
    first = comparison.first
    if first is not None:
        facts = {
            "iteration": first.iter,
            "stage": first.stage,
            "quantity": first.name,
            "old": first.old,
            "new": first.new,
        }
        measured = first.as_json()
        facts.update({key: measured[key] for key in ("abs", "rel", "ulp") if measured["ulp"] is not None})
        lines += ["", f"| {' | '.join(facts)} |", f"|{'---|' * len(facts)}"]
        lines += [f"| {' | '.join(_code(value) for value in facts.values())} |"]
    if rest:
        lines += ["", _text(rest.strip())]
    lines += ["", *(f"- {_text(note)}" for note in comparison.notes)] if comparison.notes else []
    return "\n".join(lines) + "\n"


def _code(value: object) -> str:
    """Text of configs as code, so that nothing in it is markup."""
    return "`" + printable(str(value)).replace("`", "'").replace("|", "¦").replace("\n", " ") + "`"


def _text(value: str) -> str:
    return printable(value).replace("<", "&lt;").replace("|", "¦")
