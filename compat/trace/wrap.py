"""Watching what runners do only now and then: saving a checkpoint, evaluating a data set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmmigrate.compat.dist import get_dist_info
from mmmigrate.compat.trace.digest import value_digest


def plain_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Evaluation results as JSON: numbers exactly, arrays as lists, anything else as text."""
    return {str(name): _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, (bool, str, int, float, type(None))):
        return float(value) if isinstance(value, float) else value
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return plain_values(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value)


def watch_checkpoints(runner: Any, tell: Callable[[str, dict[str, Any]], None]) -> None:
    """`tell` gets name and content (digests) of every checkpoint that `runner` saves from now on."""
    save = runner.save_checkpoint
    by_iter = any(kind.__name__ == "IterBasedRunner" for kind in type(runner).__mro__)

    def saved(out_dir: Any, *args: Any, **kwargs: Any) -> Any:
        template = args[0] if args else kwargs.get("filename", kwargs.get("filename_tmpl"))
        if template is None:
            template = "iter_{}.pth" if by_iter else "epoch_{}.pth"
        name = template.format((runner.iter if by_iter else runner.epoch) + 1)
        done = save(out_dir, *args, **kwargs)
        if get_dist_info()[0] == 0:  # v3 asks every process to save, and one writes
            tell(name, checkpoint_content(Path(str(out_dir)) / name))
        return done

    runner.save_checkpoint = saved


def checkpoint_content(path: Path) -> dict[str, Any]:
    """Digests of the weights (buffers that hold averages apart) and of the optimizer's state in a checkpoint.

    Empty where there is no such file: on another rank, or behind a file client.
    """
    if not path.is_file():
        return {}
    # written by this process a moment ago: nothing in it is foreign
    held = torch.load(path, map_location="cpu", weights_only=False)
    weights = {name: tensor for name, tensor in held.get("state_dict", {}).items() if not name.startswith("ema_")}
    found = {"weights": f"{value_digest(weights):016x}"}
    if held.get("optimizer") is not None:
        found["optimizer"] = f"{value_digest(_states(held['optimizer'])):016x}"
    return found


def _states(optimizer: Mapping[str, Any]) -> Any:
    """The state of one optimizer, or of several by name, without the options of the groups."""
    if "state" in optimizer and "param_groups" in optimizer:
        return dict(optimizer["state"])
    return {name: _states(state) for name, state in optimizer.items() if isinstance(state, Mapping)}


def watch_evaluations(runner: Any, tell: Callable[[str, dict[str, Any]], None]) -> None:
    """`tell` gets the results of every `dataset.evaluate` that a v2 `runner`'s hooks call from now on."""
    for hook in getattr(runner, "hooks", ()):
        loader = getattr(hook, "dataloader", None)
        if loader is None or not hasattr(hook, "evaluate") or not hasattr(loader.dataset, "evaluate"):
            continue
        loader.dataset.evaluate = _telling(loader.dataset.evaluate, tell)


def _telling(evaluate: Callable[..., Any], tell: Callable[[str, dict[str, Any]], None]) -> Callable[..., Any]:
    def evaluated(*args: Any, **kwargs: Any) -> Any:
        results = evaluate(*args, **kwargs)
        tell("metrics", plain_values(results))
        return results

    return evaluated
