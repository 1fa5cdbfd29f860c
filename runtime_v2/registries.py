"""The registries of the v2 world that this runtime builds from: one object each, handed on wherever mmcv exports it."""

from __future__ import annotations

from mmmigrate.runtime_v2.registry import Registry

HOOKS = Registry("hook")
RUNNERS = Registry("runner")
RUNNER_BUILDERS = Registry("runner builder")
OPTIMIZERS = Registry("optimizer")
OPTIMIZER_BUILDERS = Registry("optimizer builder")
MODULE_WRAPPERS = Registry("module wrapper")
INITIALIZERS = Registry("initializer")

MODELS = Registry("model")
DATASETS = Registry("dataset")
PIPELINES = Registry("pipeline")
