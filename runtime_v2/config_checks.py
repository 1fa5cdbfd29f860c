"""Mistakes in a config that would otherwise show late, in words of Python, or never."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from inspect import Parameter, signature
from typing import Any

from torch.utils.data import DataLoader

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError, MissingKeyError
from mmmigrate.compat.suggest import did_you_mean
from mmmigrate.runtime_v2.config import Config
from mmmigrate.runtime_v2.data import build_dataloader
from mmmigrate.runtime_v2.hooks import EvalHook

# what is read, by the place in the config; "*" stands for any key
KNOWN = {
    "": "model data optimizer optimizer_config lr_config momentum_config runner total_epochs total_iters workflow "
    "checkpoint_config log_config log_level evaluation custom_hooks custom_imports fp16 load_from resume_from "
    "auto_resume work_dir seed dist_params find_unused_parameters cudnn_benchmark mp_start_method opencv_num_threads",
    "data": "samples_per_gpu workers_per_gpu train val test train_dataloader val_dataloader test_dataloader "
    "pin_memory persistent_workers shuffle drop_last",
    "log_config": "interval hooks",
    "optimizer.paramwise_cfg": "custom_keys bias_lr_mult bias_decay_mult norm_decay_mult dwconv_decay_mult "
    "dcn_offset_lr_mult bypass_duplicate num_layers decay_rate decay_type layer_decay_rate",
    "optimizer.paramwise_cfg.custom_keys.*": "lr_mult decay_mult",
}


def likely_mistakes(cfg: Config) -> list[str]:
    """A line for each key that means nothing but is nearly one that is read, where that one is not given.

    No more than a warning: a v2 config may hold any key, for its own use or that of a project's code.
    """
    lines = []
    for place, known in KNOWN.items():
        for path, section in _sections(cfg, place.split(".") if place else []):
            for key in section:
                near = get_close_matches(str(key), known.split(), n=1, cutoff=0.8)
                if key not in known.split() and near and near[0] not in section:
                    at = ".".join([*path, str(key)])
                    lines.append(f"{cfg.filename}: nothing reads the key {at!r}; did you mean {near[0]!r}?")
    return lines


def _sections(node: Any, parts: list[str], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if not isinstance(node, Mapping | Config):
        return
    if not parts:
        yield path, node
        return
    for key in list(node) if parts[0] == "*" else [parts[0]]:
        yield from _sections(node.get(key), parts[1:], (*path, str(key)))


def checked_workflow(cfg: Config) -> list[tuple[str, int]]:
    """The config's workflow as pairs of a phase and how often; only training by default."""
    workflow = cfg.get("workflow", [("train", 1)])
    for flow in workflow:
        if not isinstance(flow, list | tuple) or len(flow) != 2 or not isinstance(flow[1], int):
            raise ArgumentTypeError(
                f"workflow must be a list of (phase, how many epochs or iterations), got {flow!r} in {workflow!r}"
            )
    if not any(mode == "train" and length > 0 for mode, length in workflow):
        hints = (did_you_mean(str(mode), ("train", "val")) for mode, _ in workflow if mode not in ("train", "val"))
        raise ArgumentValueError(
            f"workflow has no train phase, so the run would never end: {workflow!r}{next(hints, '')}"
        )
    return [(mode, length) for mode, length in workflow]


def check_length(runner: dict[str, Any], filename: str | None) -> dict[str, Any]:
    """The runner's config, if it names a runner and a length that is one."""
    if "type" not in runner:
        raise MissingKeyError(f"{filename}: runner has no 'type', such as 'EpochBasedRunner', got {runner}")
    for name in ("max_epochs", "max_iters"):
        length = runner.get(name)
        if length is not None and (not isinstance(length, int) or length < 0):
            raise ArgumentValueError(f"{name} must be a whole number of 0 or more, got {length!r}")
    return runner


def check_loader(options: Mapping[str, Any]) -> None:
    """Raise for an option that no data loader takes."""
    known = {*signature(build_dataloader).parameters, *signature(DataLoader).parameters} - {"kwargs", "dataset", "self"}
    for name in options:
        if name not in known:
            raise ArgumentTypeError(f"a data loader has no argument {name!r}{did_you_mean(name, known)}")


def check_evaluation(options: Mapping[str, Any], dataset: Any) -> None:
    """Raise for an option that neither the hook nor the data set's `evaluate` takes, before anything is trained."""
    evaluate = getattr(dataset, "evaluate", None)
    if evaluate is None:
        return
    taken = signature(evaluate).parameters
    if any(parameter.kind is Parameter.VAR_KEYWORD for parameter in taken.values()):
        return
    known = {name for cls in (EvalHook,) for name in signature(cls).parameters} | set(taken)
    for name in options:
        if name not in known:
            where = f"neither the hook nor {type(dataset).__name__}.evaluate"
            raise ArgumentTypeError(
                f"evaluation has {name!r}, which {where} takes{did_you_mean(name, known - {'results', 'logger'})}"
            )
