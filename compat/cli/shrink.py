"""`mmmigrate verify --shrink`: the smallest pair of configs that shows the divergence just found."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from mmmigrate.compat.proof.shrink import Shrunk
    from mmmigrate.compat.trace.verdict import Comparison


def shrunk(proof: Any, options: dict[str, Any], prove: Callable[..., Any]) -> Shrunk | None:
    """Shrinks the divergence of `proof`, if there is one; `prove(old, new, steps, folder)` gives other proofs."""
    from mmmigrate.compat.proof.shrink import shrink

    if proof.comparison.first is None:
        return None
    folder = (Path(options["work_dir"]) if options["work_dir"] else proof.runs[0].trace.parent) / "shrunk"
    click.echo("shrinking the divergence: this trains many small runs …", err=True)
    tried = 0

    def trial(old: Path, new: Path, steps: int | None) -> Comparison:
        nonlocal tried
        tried += 1
        if sys.stderr.isatty():
            click.echo(f"\rtrial {tried} ", err=True, nl=False)
        comparison: Comparison = prove(old, new, steps, folder / "run").comparison
        return comparison

    order = "v2" if options["world_size"] == 1 else "v3"
    given = None if proof.converted else proof.new
    try:
        return shrink(proof.old, given, proof.comparison, trial, folder, order)
    except ValueError as error:
        click.echo(f"not shrunk: {error}", err=True)
        return None
