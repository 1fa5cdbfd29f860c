"""Runners from configs."""

from __future__ import annotations

import copy
from typing import Any

from mmmigrate.compat.argument_errors import ArgumentTypeError
from mmmigrate.runtime_v2.registries import RUNNER_BUILDERS, RUNNERS


def build_runner_constructor(cfg: dict[str, Any]) -> Any:
    """The runner constructor that `cfg['type']` names."""
    return RUNNER_BUILDERS.build(cfg)


def build_runner(cfg: dict[str, Any], default_args: dict[str, Any] | None = None) -> Any:
    """The runner that `cfg` describes, by the constructor that it may name as `constructor`."""
    runner_cfg = copy.deepcopy(cfg)
    constructor = build_runner_constructor(
        {
            "type": runner_cfg.pop("constructor", "DefaultRunnerConstructor"),
            "runner_cfg": runner_cfg,
            "default_args": default_args,
        }
    )
    return constructor()


@RUNNER_BUILDERS.register_module()
class DefaultRunnerConstructor:
    """Builds the runner as its config says; subclass it to change the runner it gives."""

    def __init__(self, runner_cfg: dict[str, Any], default_args: dict[str, Any] | None = None) -> None:
        if not isinstance(runner_cfg, dict):
            raise ArgumentTypeError(f"runner_cfg should be a dict, got {type(runner_cfg).__name__}")
        self.runner_cfg = runner_cfg
        self.default_args = default_args

    def __call__(self) -> Any:
        return RUNNERS.build(self.runner_cfg, default_args=self.default_args)
