"""Puts test-time augmentation around the model before a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mmmigrate.compat.argument_errors import MissingKeyError
from mmmigrate.runtime_v3.hooks.hook import Hook
from mmmigrate.runtime_v3.registry import HOOKS, MODELS, RUNNERS

if TYPE_CHECKING:
    from mmmigrate.runtime_v3.runner import Runner


@HOOKS.register_module()
class PrepareTTAHook(Hook):
    """Wraps the runner's model by `tta_cfg`, the config of a BaseTTAModel."""

    def __init__(self, tta_cfg: dict[str, Any]) -> None:
        self.tta_cfg = tta_cfg

    def before_test(self, runner: Runner) -> None:
        runner.model = MODELS.build({**self.tta_cfg, "module": runner.model})


def build_runner_with_tta(cfg: Any) -> Any:
    """A runner that tests with `tta_model` and `tta_pipeline` of the config."""
    for needed in ("tta_model", "tta_pipeline"):
        if needed not in cfg:
            raise MissingKeyError(f"test-time augmentation needs {needed!r} in the config")
    cfg["test_dataloader"]["dataset"]["pipeline"] = cfg["tta_pipeline"]
    runner = RUNNERS.build(cfg)
    runner.register_hook(PrepareTTAHook(tta_cfg=cfg["tta_model"]))
    return runner
