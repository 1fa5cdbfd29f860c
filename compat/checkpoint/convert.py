"""One checkpoint from one generation to the other, with nothing lost: what has no place there is kept beside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mmmigrate.compat.checkpoint import experiment as experiments
from mmmigrate.compat.checkpoint import names, position, to_v2, to_v3
from mmmigrate.compat.checkpoint.errors import CheckpointError
from mmmigrate.compat.checkpoint.patch import difference, patched
from mmmigrate.compat.checkpoint.plan import Plan
from mmmigrate.compat.checkpoint.reading import generation_of, read_checkpoint

KEPT = "mmmigrate"
"""The key of a converted checkpoint that holds what its generation has no place for."""


@dataclass(frozen=True)
class Options:
    """`config` belongs to the checkpoint, in either generation; `names` is a pack of weight names of one's own."""

    to: str
    config: Path | None = None
    names: Path | None = None
    schedule: bool = True
    iters_per_epoch: int | None = None


@dataclass(frozen=True)
class Converted:
    """`files` holds `checkpoint` and, for runtime_v2, `resume_point`; `old` is what was read, in the same form.

    `ranks` in either is what the processes behind the first keep beside the checkpoint, one after the other.
    """

    files: dict[str, Any]
    old: dict[str, Any]
    position: position.Position | None
    families: list[str] = field(default_factory=list)
    came_home: bool = False
    notes: list[str] = field(default_factory=list)


def convert_checkpoint(path: Path, options: Options) -> Converted:
    """Reads the checkpoint at `path` and converts it. Raises CheckpointError; nothing is written."""
    checkpoint, notes = read_checkpoint(path)
    found = generation_of(checkpoint, path)
    if found == options.to:
        raise CheckpointError(f"{path}: is a {found} checkpoint already")
    if found == "weights":
        checkpoint = {"state_dict": checkpoint}
    old: dict[str, Any] = {"checkpoint": checkpoint}
    if options.to == "v3" and position.resume_file(path).is_file():
        old["resume_point"] = read_checkpoint(position.resume_file(path))[0]
    ranks = position.ranks_beside(path)
    if ranks:
        old["ranks"] = [read_checkpoint(position.resume_file(path, rank))[0] for rank in ranks]
    try:
        converted = convert(old, path.name, options, bare=found == "weights")
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        raise CheckpointError(
            f"{path}: a part of it is not as {found} writes it ({type(error).__name__}: {error}); nothing is converted"
        ) from error
    return replace(converted, notes=[*notes, *converted.notes])


def convert(old: Mapping[str, Any], name: str, options: Options, bare: bool = False) -> Converted:
    """The parts of a checkpoint file called `name` converted; `bare` if it held weights and nothing else."""
    checkpoint = {key: value for key, value in old["checkpoint"].items() if key != KEPT}
    parts = {**{key: part for key, part in old.items() if key != "ranks"}, "checkpoint": checkpoint}
    rename, families = names.renamer(checkpoint["state_dict"], options.to, options.names)
    kept = old["checkpoint"].get(KEPT)
    if kept is not None and kept.get("from") == options.to:
        files = patched(_way_home(parts, options.to, Plan(rename=rename)), kept["patch"])
        _convert_ranks(old, files, options.to, Plan(rename=rename))
        if kept.get("bare"):
            files["checkpoint"] = files["checkpoint"]["state_dict"]
        return Converted(files, dict(old), None, families, came_home=True)
    belongs = _experiment(checkpoint, options)
    notes = []
    old_parts = parts
    if families and checkpoint.get("optimizer"):
        notes.append(
            "the optimizer's state is left out: its entries go by the order of the parameters, which another module "
            f"tree changes ({', '.join(families)}); it comes back on the way home"
        )
        parts = _without_optimizer(parts)
    plan = Plan(belongs, rename, options.schedule)
    files, place = _mapped(parts, name, options.to, plan, options.iters_per_epoch)
    home = "v2" if options.to == "v3" else "v3"
    back, _ = names.renamer(files["checkpoint"]["state_dict"], home, options.names)
    lost = difference(_way_home(files, home, Plan(rename=back)), old_parts)
    side = {"version": 1, "from": home, "patch": lost, **({"bare": True} if bare else {})}
    files["checkpoint"][KEPT] = side
    _convert_ranks(old, files, options.to, plan)
    return Converted(files, dict(old), place, families, notes=[*belongs.notes, *notes])


def _convert_ranks(old: Mapping[str, Any], files: dict[str, Any], to: str, plan: Plan) -> None:
    """The states of the processes behind the first; all else in v2's resume points is that of the first."""
    ranks = old.get("ranks") or []
    if to == "v3" and ranks:
        done = (files["checkpoint"].get("meta") or {}).get("iter")
        files["ranks"] = [{"iter": done, **to_v3.going_on(point, plan)} for point in ranks]
    elif ranks and "resume_point" in files:
        files["ranks"] = [{**files["resume_point"], **to_v2.going_on(state, plan)} for state in ranks]


def _without_optimizer(parts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: {key: value for key, value in part.items() if key not in ("optimizer", "param_schedulers")}
            for name, part in parts.items()}  # fmt: skip


def _way_home(parts: Mapping[str, Any], to: str, plan: Plan) -> dict[str, Any]:
    """The mapping back by what is in the checkpoint alone: not by its name, a config, or a file beside it."""
    return _mapped({"checkpoint": parts["checkpoint"]}, "", to, plan, None)[0]


def _experiment(checkpoint: Mapping[str, Any], options: Options) -> experiments.Experiment:
    if options.config is not None:
        return experiments.of_file(options.config, options.to)
    meta = checkpoint.get("meta") or {}
    text = meta.get("config" if options.to == "v3" else "cfg")
    return experiments.of_text(text if isinstance(text, str) else None, options.to)


def _mapped(
    parts: Mapping[str, Any], name: str, to: str, plan: Plan, iters_per_epoch: int | None
) -> tuple[dict[str, Any], position.Position | None]:
    checkpoint = parts["checkpoint"]
    by_epoch = plan.experiment.by_epoch
    if to == "v2":
        place = position.of_v3(checkpoint, by_epoch)
        return to_v2.convert(checkpoint, place, plan), place
    place = position.of_v2(checkpoint, parts.get("resume_point"), name, by_epoch)
    if place is not None and iters_per_epoch is not None:
        place = replace(place, epoch_length=iters_per_epoch)
    return {"checkpoint": to_v3.convert(parts, place, plan)}, place
