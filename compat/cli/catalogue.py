"""Every code that a conversion can print."""

from __future__ import annotations

from mmmigrate.compat.findings import NOT_WRITTEN
from mmmigrate.converters.code.convert import code_rules
from mmmigrate.converters.code.remarks import CODE_ERRORS, CODE_REMARKS
from mmmigrate.converters.code.rule import CodeRule
from mmmigrate.converters.rules.engine import rules
from mmmigrate.converters.rules.rule import READ_ERRORS, REMARKS, Remark, Rule


def entries() -> dict[str, Rule | CodeRule | Remark]:
    """Rules and remarks by code."""
    every: list[Rule | CodeRule | Remark] = [*rules(), *REMARKS, *code_rules(), *CODE_REMARKS]
    return {entry.code: entry for entry in every}


def titles() -> dict[str, str]:
    """The title of every code, reading errors included."""
    found = {code: entry.title for code, entry in entries().items()}
    return {**found, **READ_ERRORS, **CODE_ERRORS, NOT_WRITTEN: "a file that cannot be written: it is as it was"}
