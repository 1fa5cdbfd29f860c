"""Watching what runners do only now and then: saving a checkpoint, evaluating a data set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np


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


def watch_checkpoints(runner: Any, tell: Callable[[str], None]) -> None:
    """`tell` gets the file name of every checkpoint that `runner` saves from now on."""
    save = runner.save_checkpoint
    by_iter = any(kind.__name__ == "IterBasedRunner" for kind in type(runner).__mro__)

    def saved(out_dir: Any, *args: Any, **kwargs: Any) -> Any:
        template = args[0] if args else kwargs.get("filename", kwargs.get("filename_tmpl"))
        if template is None:
            template = "iter_{}.pth" if by_iter else "epoch_{}.pth"
        tell(template.format((runner.iter if by_iter else runner.epoch) + 1))
        return save(out_dir, *args, **kwargs)

    runner.save_checkpoint = saved


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
