"""Where `import mmcv` answers otherwise than mmcv 1.7.2, and why. Data of test_surface.py."""

PARTS_OF_OTHER_PARTS = "a part of mmcv's own code that nothing public takes or gives"
COUNTING = "the counter keeps its numbers to itself instead of putting methods and attributes on the model"
ON_FREE_DEVICES = "torch's Scatter does it"

ABSENT = {
    "mmcv.cnn.bricks.activation": {"GELU": "torch.nn.GELU is what is registered"},
    "mmcv.cnn.bricks.wrappers": {
        "NewEmptyTensorOp": "torch takes empty tensors since 1.5",
        "obsolete_torch_version": "torch takes empty tensors since 1.5",
    },
    "mmcv.cnn.utils.flops_counter": dict.fromkeys(
        (
            "add_batch_counter_hook_function",
            "add_batch_counter_variables_or_reset",
            "add_flops_counter_variable_or_reset",
            "add_flops_counting_methods",
            "batch_counter_hook",
            "compute_average_flops_cost",
            "conv_flops_counter_hook",
            "deconv_flops_counter_hook",
            "empty_flops_counter_hook",
            "get_model_parameters_number",
            "get_modules_mapping",
            "is_supported_instance",
            "linear_flops_counter_hook",
            "norm_flops_counter_hook",
            "pool_flops_counter_hook",
            "print_model_with_flops",
            "relu_flops_counter_hook",
            "remove_batch_counter_hook_function",
            "remove_flops_counter_hook_function",
            "reset_flops_count",
            "start_flops_count",
            "stop_flops_count",
            "upsample_flops_counter_hook",
        ),
        COUNTING,
    ),
    "mmcv.device._functions": {"Scatter": ON_FREE_DEVICES},
    "mmcv.device.scatter_gather": {"Scatter": ON_FREE_DEVICES},
    "mmcv.parallel.data_container": {"assert_tensor_type": PARTS_OF_OTHER_PARTS},
    "mmcv.runner.checkpoint": {"load_file": "mmcv.load under another name"},
    "mmcv.runner.fp16_utils": {
        "patch_forward_method": PARTS_OF_OTHER_PARTS,
        "patch_norm_fp32": PARTS_OF_OTHER_PARTS,
    },
    "mmcv.runner.optimizer.builder": {"register_torch_npu_optimizers": "Ascend's devices are not supported"},
    "mmcv.utils.progressbar": {"init_pool": PARTS_OF_OTHER_PARTS},
}
"""Names that are left out, by module, beside those that `compat.aliases` calls gone."""

WIDER = "takes more than mmcv's, which stays as it was"
FIXED = "the same default, which callers cannot change by accident"

DIFFERENT = {
    "BaseRunner.train": "abstract: says what every runner's takes",
    "BaseRunner.val": "abstract: says what every runner's takes",
    "BaseRunner.load_checkpoint": "its default pattern has the dot escaped",
    "CosineRestartLrUpdaterHook": FIXED,
    "EpochBasedRunner.load_checkpoint": "its default pattern has the dot escaped",
    "EvalHook": WIDER,
    "GradientCumulativeFp16OptimizerHook": "names the argument that mmcv hides in *args",
    "HTTPBackend": WIDER,
    "HardDiskBackend": WIDER,
    "IterBasedRunner.load_checkpoint": "its default pattern has the dot escaped",
    "IterLoader": WIDER,
    "JsonHandler.load_from_fileobj": WIDER,
    "OneCycleMomentumUpdaterHook.get_momentum": "a parameter's name",
    "PickleHandler.dump_to_path": WIDER,
    "PickleHandler.load_from_path": WIDER,
    "ProfilerHook": FIXED,
    "ProgressBar": "standard output is looked up when it is written to",
    "Runner.load_checkpoint": "its default pattern has the dot escaped",
    "Swish": WIDER,
    "TimerError": "Python's own exception",
    "_ConvTransposeMixin": "torch's own class",
    "jit": WIDER,
    "scatter": "that of mmcv.device and that of mmcv.parallel are one",
    "scatter_kwargs": "that of mmcv.device and that of mmcv.parallel are one",
    "track_iter_progress": "standard output is looked up when it is written to",
    "track_parallel_progress": "standard output is looked up when it is written to",
    "track_progress": "standard output is looked up when it is written to",
}
"""What takes other parameters, by name or class.method."""

OWN_METHODS = {
    "FileClient": "its methods are those of the backend, looked up on the object",
    "Conv2d": "torch's own class",
    "Conv3d": "torch's own class",
    "ConvTranspose2d": "torch's own class",
    "ConvTranspose3d": "torch's own class",
    "Linear": "torch's own class",
    "MaxPool2d": "torch's own class",
    "MaxPool3d": "torch's own class",
    "ClearMLLoggerHook": "imports when it is made",
    "MlflowLoggerHook": "imports when it is made",
    "NeptuneLoggerHook": "imports when it is made",
    "SegmindLoggerHook": "imports when it is made",
    "WandbLoggerHook": "imports when it is made",
    "Fp16OptimizerHook": "torch's GradScaler keeps no copies of the weights",
    "GradientCumulativeFp16OptimizerHook": "torch's GradScaler keeps no copies of the weights",
}
"""Classes that lack a method of mmcv's class."""
