"""Runners: what drives a model through its workflow."""

from mmmigrate.runtime_v2.registries import RUNNER_BUILDERS, RUNNERS
from mmmigrate.runtime_v2.runner.base import BaseRunner
from mmmigrate.runtime_v2.runner.builder import DefaultRunnerConstructor, build_runner, build_runner_constructor
from mmmigrate.runtime_v2.runner.epoch import EpochBasedRunner, Runner
from mmmigrate.runtime_v2.runner.host import get_host_info, get_time_str, set_random_seed
from mmmigrate.runtime_v2.runner.iter_loader import IterLoader
from mmmigrate.runtime_v2.runner.iteration import IterBasedRunner
from mmmigrate.runtime_v2.runner.log_buffer import LogBuffer

__all__ = [
    "RUNNERS",
    "RUNNER_BUILDERS",
    "BaseRunner",
    "DefaultRunnerConstructor",
    "EpochBasedRunner",
    "IterBasedRunner",
    "IterLoader",
    "LogBuffer",
    "Runner",
    "build_runner",
    "build_runner_constructor",
    "get_host_info",
    "get_time_str",
    "set_random_seed",
]
