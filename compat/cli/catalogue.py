"""Every code that a conversion can print."""

from __future__ import annotations

from mmmigrate.converters.rules.engine import rules
from mmmigrate.converters.rules.rule import READ_ERRORS, REMARKS, Remark, Rule


def entries() -> dict[str, Rule | Remark]:
    """Rules and remarks by code."""
    every: list[Rule | Remark] = [*rules(), *REMARKS]
    return {entry.code: entry for entry in every}


def titles() -> dict[str, str]:
    """The title of every code, reading errors included."""
    return {**{code: entry.title for code, entry in entries().items()}, **READ_ERRORS}
