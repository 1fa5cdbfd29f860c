"""``mmmigrate verify OLD [NEW]``"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mmmigrate.compat.cli.compare import FILE, show_verdict
from mmmigrate.compat.cli.output import write_document
from mmmigrate.compat.findings import ConversionError

OUTPUT = click.Path(dir_okay=False, path_type=Path)


@click.command(short_help="Prove that a conversion trains the same.")
@click.argument("old", type=FILE)
@click.argument("new", type=FILE, required=False)
@click.option("--steps", metavar="N", type=click.IntRange(min=1), help="Stop after N iterations, not at the end.")
@click.option("--seed", default=0, show_default=True, type=int, help="Seed of both runs.")
@click.option("--ulp", default=0, show_default=True, type=click.IntRange(min=0), help="Tolerance in the last place.")
@click.option("--timeline", is_flag=True, help="Compare the schedules of a whole run, without model or data.")
@click.option("--iters-per-epoch", default=50, show_default=True, type=click.IntRange(min=1), help="For --timeline.")
@click.option("--work-dir", metavar="DIR", type=click.Path(path_type=Path), help="Keep traces, logs, checkpoints here.")
@click.option("--report", metavar="FILE.html", type=OUTPUT, help="Write an HTML report.")
@click.option("--json", "json_file", metavar="FILE", help="Write the verdict as JSON; - is standard output.")
@click.option("--junit", metavar="FILE", type=OUTPUT, help="Write the verdict as a JUnit file.")
def command(
    old: Path, new: Path | None, steps: int | None, seed: int, ulp: int, timeline: bool,
    iters_per_epoch: int, work_dir: Path | None,
    report: Path | None, json_file: str | None, junit: Path | None,
) -> None:  # fmt: skip
    """Train the v2 config OLD and the v3 config NEW from the same start and compare every iteration.

    NEW is converted from OLD when it is left out. Run it from the project's root, as training itself, since configs
    name data by relative paths. The exit code is 0 for equal, 1 for divergent, 2 if they could not be compared.
    """
    try:
        if timeline:
            from mmmigrate.compat.proof.timeline import verify_timeline

            proof = verify_timeline(old, new, iters_per_epoch=iters_per_epoch, ulp=ulp, work_dir=work_dir)
        else:
            from mmmigrate.compat.proof.verify import verify

            click.echo("training both configs …", err=True)
            proof = verify(old, new, steps=steps, seed=seed, ulp=ulp, work_dir=work_dir, detail=report is not None)
    except ConversionError as error:
        click.echo(f"error: {old} could not be converted: {error}", err=True)
        sys.exit(2)
    if report:
        from mmmigrate.compat.proof.report import write_proof

        write_proof(report, proof)
    if junit:
        from mmmigrate.compat.proof.junit import write_junit

        write_junit(junit, proof.comparison, str(old))
    if json_file:
        write_document(json_file, proof.comparison.as_json())
    if json_file != "-":
        show_verdict(proof.comparison)
    sys.exit(proof.comparison.exit_code)
