"""``mmmigrate verify OLD [NEW]``"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from mmmigrate.compat.cli.compare import FILE, show_verdict
from mmmigrate.compat.cli.files import OutputFile
from mmmigrate.compat.cli.output import write_document
from mmmigrate.compat.findings import ConversionError

OUTPUT = OutputFile()


@click.command(short_help="Prove that a conversion trains the same.")
@click.argument("old", type=FILE)
@click.argument("new", type=FILE, required=False)
@click.option("--steps", metavar="N", type=click.IntRange(min=1), help="Stop after N iterations, not at the end.")
@click.option("--seed", default=0, show_default=True, type=int, help="Seed of both runs.")
@click.option("--seeds", metavar="N,N,…", help="Prove it for each of these seeds; the worst verdict counts.")
@click.option("--world-size", default=1, show_default=True, type=click.IntRange(min=1), help="Processes of each run.")
@click.option("--resume-at", metavar="I", type=click.IntRange(min=1), help="Break both off before I and resume them.")
@click.option(
    "--peer",
    "peers",
    metavar="SIDE=ENV",
    multiple=True,
    help="Train the side old or new in the real mmcv or mmengine of this environment.",
)
@click.option("--ulp", default=0, show_default=True, type=click.IntRange(min=0), help="Tolerance in the last place.")
@click.option("--timeline", is_flag=True, help="Compare the schedules of a whole run, without model or data.")
@click.option("--iters-per-epoch", default=50, show_default=True, type=click.IntRange(min=1), help="For --timeline.")
@click.option(
    "--shrink", is_flag=True, help="Of a divergence, find the smallest configs and the first step that show it."
)
@click.option("--work-dir", metavar="DIR", type=click.Path(path_type=Path), help="Keep traces, logs, checkpoints here.")
@click.option("--report", metavar="FILE.html", type=OUTPUT, help="Write an HTML report.")
@click.option(
    "--json",
    "json_file",
    metavar="FILE",
    type=OutputFile(dash=True),
    help="Write the verdict as JSON; - is standard output.",
)
@click.option("--junit", metavar="FILE", type=OUTPUT, help="Write the verdict as a JUnit file.")
@click.option("--markdown", metavar="FILE", type=OUTPUT, help="Write the verdict as Markdown, for a pull request.")
@click.option(
    "--sarif", metavar="FILE", type=OutputFile(dash=True), help="Write the verdict as SARIF; - is standard output."
)
def command(old: Path, new: Path | None, **options: Any) -> None:
    """Train the v2 config OLD and the v3 config NEW from the same start and compare every iteration.

    NEW is converted from OLD when it is left out. Run it from the project's root, as training itself, since configs
    name data by relative paths. The exit code is 0 for equal, 1 for divergent, 2 if they could not be compared.
    """
    try:
        proof = _timeline(old, new, options) if options["timeline"] else _training(old, new, options)
    except ConversionError as error:
        click.echo(f"error: {old} could not be converted: {error}", err=True)
        sys.exit(2)
    smallest = _shrunk(proof, options) if options["shrink"] else None
    _write(proof, str(old), options, smallest)
    if smallest is not None and "-" not in (options["json_file"], options["sarif"]):
        click.echo(str(smallest))
    sys.exit(proof.comparison.exit_code)


def _timeline(old: Path, new: Path | None, options: dict[str, Any]) -> Any:
    from mmmigrate.compat.proof.timeline import verify_timeline

    names = ("iters_per_epoch", "ulp", "work_dir")
    return verify_timeline(old, new, **{name: options[name] for name in names})


def _shrunk(proof: Any, options: dict[str, Any]) -> Any:
    from mmmigrate.compat.cli.shrink import shrunk
    from mmmigrate.compat.proof.timeline import verify_timeline
    from mmmigrate.compat.proof.verify import verify

    def timeline(old: Path, new: Path, steps: int | None, folder: Path) -> Any:
        given = {name: options[name] for name in ("iters_per_epoch", "ulp")}
        return verify_timeline(old, new, work_dir=folder, **given)

    def training(old: Path, new: Path, steps: int | None, folder: Path) -> Any:
        given = {name: options[name] for name in ("ulp", "world_size", "resume_at")}
        seed = proof.seed if options["seeds"] else options["seed"]
        beside = (proof.old, proof.new)
        return verify(old, new, steps=steps, seed=seed, work_dir=folder, beside=beside, locate=False,
                      peers=_peers(options["peers"]), **given)  # fmt: skip

    return shrunk(proof, options, timeline if options["timeline"] else training)


def _training(old: Path, new: Path | None, options: dict[str, Any]) -> Any:
    """The proof of the only seed, or the worst of those of several."""
    from mmmigrate.compat.proof.verify import verify

    names = ("steps", "ulp", "world_size", "resume_at")
    given = {name: options[name] for name in names}
    given["peers"] = _peers(options["peers"])
    if given["peers"] and options["resume_at"] is not None:
        raise click.UsageError("--peer with --resume-at: the real libraries do not restore random numbers on resuming")
    seeds = _seeds(options["seeds"]) or [options["seed"]]
    worst = None
    for seed in seeds:
        click.echo(f"training both configs{f', seed {seed}' if len(seeds) > 1 else ''} …", err=True)
        folder = options["work_dir"]
        if folder is not None and len(seeds) > 1:
            folder = folder / f"seed_{seed}"
        proof = verify(old, new, seed=seed, work_dir=folder, detail=options["report"] is not None, **given)
        if len(seeds) > 1:
            click.echo(f"seed {seed}: {proof.comparison}", err=True)
        if worst is None or _badness(proof) > _badness(worst):
            worst = proof
    return worst


def _peers(given: tuple[str, ...]) -> dict[str, Any]:
    from mmmigrate.compat.proof.peer import PeerError, find_peers

    pairs = [text.partition("=") for text in given]
    odd = next((text for text, (_, sign, env) in zip(given, pairs) if not sign or not env), None)
    if odd is not None:
        raise click.BadParameter(f"{odd!r} is not of the form old=ENV or new=ENV", param_hint="--peer")
    try:
        return find_peers({side: env for side, _, env in pairs})
    except PeerError as error:
        raise click.BadParameter(str(error), param_hint="--peer") from error


def _badness(proof: Any) -> int:
    return ("bit-equal", "within-ulp", "divergent", "not-compared").index(proof.comparison.verdict)


def _seeds(text: str | None) -> list[int]:
    try:
        return [int(seed) for seed in text.split(",")] if text else []
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a list of numbers, as in 0,1,2", param_hint="--seeds") from None


def _write(proof: Any, subject: str, options: dict[str, Any], smallest: Any) -> None:
    comparison = proof.comparison
    if options["report"]:
        from mmmigrate.compat.proof.report import write_proof

        write_proof(options["report"], proof)
    if options["junit"]:
        from mmmigrate.compat.proof.junit import write_junit

        write_junit(options["junit"], comparison, subject)
    if options["markdown"]:
        from mmmigrate.compat.proof.markdown import write_markdown

        write_markdown(options["markdown"], comparison, subject)
    if options["sarif"]:
        from mmmigrate.compat.proof.sarif import verdict_sarif

        write_document(options["sarif"], verdict_sarif(comparison, subject))
    if options["json_file"]:
        more = {} if smallest is None else {"shrunk": smallest.as_json()}
        write_document(options["json_file"], {**comparison.as_json(), **more})
    if "-" not in (options["json_file"], options["sarif"]):
        show_verdict(comparison)
