"""The HTML report of a proof."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmmigrate.compat.proof.verify import Proof
from mmmigrate.compat.report import write_report
from mmmigrate.compat.report.files import FilePair, converted_files, given_files


def write_proof(path: str | Path, proof: Proof) -> None:
    """Writes the report of `proof` to `path`: the verdict, the curves of both runs, the configs before and after."""
    traces = tuple(run.trace for run in proof.runs) or (Path(), Path())
    subject = f"{proof.old} → {'its conversion' if proof.converted else proof.new}"
    again = traces[0].parent / "first_divergence"
    detail = (again / traces[0].name, again / traces[1].name) if proof.comparison.first and proof.runs else None
    write_report(path, proof.comparison, (traces[0], traces[1]), config_pairs(proof), subject, detail)


def config_pairs(proof: Proof) -> list[FilePair]:
    """The config files side by side: with their bases and findings if mmmigrate converted them."""
    if not proof.converted:
        return given_files(proof.old, proof.new)
    return converted_files(conversion(proof.old))


def conversion(old: Path) -> list[Any]:
    """What the conversion did to `old` and each of its bases, bases first, as `verify` converts them."""
    from mmmigrate.compat.pipeline import with_bases
    from mmmigrate.converters.rules.experiment import Options

    return list(with_bases(old, Options(schedule="exact", order="v2")))
