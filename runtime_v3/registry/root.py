"""The root registries: one for every kind of thing that a config can name."""

from mmmigrate.runtime_v3.registry.build_functions import (
    build_model_from_cfg,
    build_optimizer_from_cfg,
    build_runner_from_cfg,
    build_scheduler_from_cfg,
)
from mmmigrate.runtime_v3.registry.registry import Registry

RUNNERS = Registry("runner", build_func=build_runner_from_cfg)
RUNNER_CONSTRUCTORS = Registry("runner constructor")
LOOPS = Registry("loop")
HOOKS = Registry("hook")
STRATEGIES = Registry("strategy")

DATASETS = Registry("dataset")
DATA_SAMPLERS = Registry("data sampler")
TRANSFORMS = Registry("transform")

MODELS = Registry("model", build_func=build_model_from_cfg)
MODEL_WRAPPERS = Registry("model_wrapper")
WEIGHT_INITIALIZERS = Registry("weight initializer")

OPTIMIZERS = Registry("optimizer", build_func=build_optimizer_from_cfg)
OPTIM_WRAPPERS = Registry("optim_wrapper")
OPTIM_WRAPPER_CONSTRUCTORS = Registry("optimizer wrapper constructor")
PARAM_SCHEDULERS = Registry("parameter scheduler", build_func=build_scheduler_from_cfg)

METRICS = Registry("metric")
EVALUATOR = Registry("evaluator")

TASK_UTILS = Registry("task util")
VISUALIZERS = Registry("visualizer")
VISBACKENDS = Registry("vis_backend")
LOG_PROCESSORS = Registry("log_processor")
INFERENCERS = Registry("inferencer")
FUNCTIONS = Registry("function")
