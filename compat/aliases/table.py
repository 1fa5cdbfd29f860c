"""Which runtime modules answer for which modules of the real libraries. Data: one line for each that needs one."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Library:
    """What stands in for one library.

    `version` is the release whose interface it is. `sources` maps a module path below the library ("" is the library
    itself) to the modules that are asked for its names, in order; a path that starts with a dot lies in `runtime`,
    others in `mmmigrate`. `submodules` lists, for a path, its modules that have no line of their own: they are
    asked in the runtime module of the same name, if there is one, and then where their parent's names are.
    `gone` says what to use instead of a name that nothing answers.
    """

    name: str
    version: str
    runtime: str
    sources: dict[str, tuple[str, ...]]
    submodules: dict[str, tuple[str, ...]]
    gone: dict[str, str] = field(default_factory=dict)

    def modules(self) -> set[str]:
        """Every module path that can be imported, with the library's name."""
        paths = set(self.sources)
        for parent, names in self.submodules.items():
            paths.update(f"{parent}.{name}" for name in names)
        return {f"{self.name}.{path}" if path else self.name for path in paths}


_GENERAL = (
    "compat.sequences",
    "compat.paths",
    "compat.deprecation",
    "compat.requirements",
    "compat.progress",
    "compat.timer",
    "compat.version",
)
_V2_UTILS = (
    ".config",
    ".registry",
    ".logs",
    *_GENERAL,
    "compat.assertions",
    "compat.torch_names",
    "compat.environment",
)
_V2_FILEIO = (".fileio",)

MMCV = Library(
    name="mmcv",
    version="1.7.2",
    runtime="mmmigrate.runtime_v2",
    sources={
        "": (*_V2_UTILS, *_V2_FILEIO),
        "cnn": (".layers", ".models", ".registries", ".module"),
        "cnn.bricks": (".layers",),
        "cnn.utils": (".module", ".layers"),
        "engine": (".testing",),
        "fileio": _V2_FILEIO,
        "fileio.handlers": _V2_FILEIO,
        "parallel": (".parallel",),
        "runner": (
            ".runner",
            ".hooks",
            ".optim",
            ".checkpoint",
            ".module",
            ".fp16",
            ".dist",
            "compat.priority",
            ".legacy",
            "",
        ),
        "runner.hooks": (".hooks",),
        "runner.hooks.logger": (".hooks.logger", ".hooks"),
        "runner.optimizer": (".optim",),
        "runner.priority": ("compat.priority",),
        "runner.dist_utils": (".dist",),
        "runner.fp16_utils": (".fp16", ".hooks"),
        "runner.checkpoint": (".checkpoint",),
        "runner.base_module": (".module",),
        "utils": _V2_UTILS,
        "utils.config": (".config",),
        "utils.logging": (".logs",),
        "utils.registry": (".registry",),
        "version": (),
    },
    submodules={
        "cnn": ("builder",),
        "cnn.bricks": (
            "activation",
            "conv",
            "conv_module",
            "depthwise_separable_conv_module",
            "drop",
            "norm",
            "padding",
            "plugin",
            "registry",
            "scale",
            "swish",
            "upsample",
            "wrappers",
        ),
        "cnn.utils": ("fuse_conv_bn", "sync_bn", "weight_init"),
        "engine": ("test",),
        "fileio": ("file_client", "io", "parse"),
        "fileio.handlers": ("base", "json_handler", "pickle_handler", "yaml_handler"),
        "parallel": (
            "_functions",
            "collate",
            "data_container",
            "data_parallel",
            "distributed",
            "registry",
            "scatter_gather",
            "utils",
        ),
        "runner": (
            "base_runner",
            "builder",
            "default_constructor",
            "epoch_based_runner",
            "iter_based_runner",
            "log_buffer",
            "utils",
        ),
        "runner.hooks": (
            "checkpoint",
            "closure",
            "ema",
            "evaluation",
            "hook",
            "iter_timer",
            "lr_updater",
            "memory",
            "momentum_updater",
            "optimizer",
            "profiler",
            "sampler_seed",
            "sync_buffer",
        ),
        "runner.hooks.logger": (
            "base",
            "clearml",
            "dvclive",
            "mlflow",
            "neptune",
            "pavi",
            "segmind",
            "tensorboard",
            "text",
            "wandb",
        ),
        "runner.optimizer": ("builder", "default_constructor"),
        "utils": (
            "device_type",
            "env",
            "hub",
            "misc",
            "parrots_jit",
            "parrots_wrapper",
            "path",
            "progressbar",
            "seed",
            "testing",
            "timer",
            "torch_ops",
            "trace",
            "version_utils",
        ),
    },
    gone={
        "ops": "its compiled operators have no counterpart here: torchvision.ops has nms, roi_align and deform_conv2d",
        "onnx": "torch.onnx exports models without it",
        "tensorrt": "torch.onnx exports models, and TensorRT reads them, without it",
        "device": "torch's own devices and DistributedDataParallel are used",
    },
)

_V3_UTILS = (*_GENERAL, "compat.config.imports", ".logging.manager", ".nested", ".installed_packages")

MMENGINE = Library(
    name="mmengine",
    version="0.10.7",
    runtime="mmmigrate.runtime_v3",
    sources={
        "": (".config", ".fileio", ".logging", ".registry", *_V3_UTILS),
        "config": (".config",),
        "dataset": (".dataset",),
        "device": (".device",),
        "dist": (".dist",),
        "evaluator": (".evaluator",),
        "fileio": (".fileio",),
        "hooks": (".hooks",),
        "logging": (".logging",),
        "model": (".model",),
        "model.base_model": (".model.base_model",),
        "model.wrappers": (".model.wrappers", ".model"),
        "optim": (".optim",),
        "optim.optimizer": (".optim.optimizer", ".optim"),
        "optim.scheduler": (".optim.scheduler", ".optim"),
        "registry": (".registry",),
        "runner": (".runner", "compat.priority"),
        "structures": (".structures",),
        "testing": ("compat.assertions",),
        "utils": _V3_UTILS,
        "utils.dl_utils": ("compat.torch_names", "compat.environment", ".runner.environment"),
        "utils.manager": (".logging.manager",),
        "version": (),
        "visualization": (".visualization",),
    },
    submodules={
        "config": ("config", "lazy", "utils"),
        "dataset": ("base_dataset", "dataset_wrapper", "sampler", "utils"),
        "device": ("utils",),
        "dist": ("dist", "utils"),
        "evaluator": ("evaluator", "metric", "utils"),
        "fileio": ("backends", "file_client", "handlers", "io", "parse"),
        "hooks": (
            "checkpoint_hook",
            "early_stopping_hook",
            "ema_hook",
            "empty_cache_hook",
            "hook",
            "iter_timer_hook",
            "logger_hook",
            "naive_visualization_hook",
            "param_scheduler_hook",
            "profiler_hook",
            "runtime_info_hook",
            "sampler_seed_hook",
            "sync_buffer_hook",
            "test_time_aug_hook",
        ),
        "logging": ("history_buffer", "logger", "message_hub"),
        "model": ("averaged_model", "base_module", "test_time_aug", "utils", "weight_init"),
        "model.base_model": ("base_model", "data_preprocessor"),
        "model.wrappers": ("distributed", "fully_sharded_distributed", "seperate_distributed", "utils"),
        "optim.optimizer": (
            "amp_optimizer_wrapper",
            "base",
            "builder",
            "default_constructor",
            "optimizer_wrapper",
            "optimizer_wrapper_dict",
            "zero_optimizer",
        ),
        "optim.scheduler": ("lr_scheduler", "momentum_scheduler", "param_scheduler"),
        "registry": ("build_functions", "default_scope", "registry", "root", "utils"),
        "runner": (
            "activation_checkpointing",
            "amp",
            "base_loop",
            "checkpoint",
            "log_processor",
            "loops",
            "priority",
            "runner",
            "utils",
        ),
        "structures": ("base_data_element", "instance_data", "label_data", "pixel_data"),
        "testing": ("compare",),
        "utils": ("misc", "package_utils", "path", "progressbar", "timer", "version_utils"),
        "utils.dl_utils": ("collect_env", "hub", "misc", "parrots_wrapper", "torch_ops", "trace"),
        "visualization": ("utils", "vis_backend", "visualizer"),
    },
)

LIBRARIES = {library.name: library for library in (MMCV, MMENGINE)}
