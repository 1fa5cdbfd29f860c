"""Modules that initialize themselves from configs."""

from mmmigrate.compat.init_notes import update_init_info
from mmmigrate.compat.layer_init import (
    bias_init_with_prob,
    caffe2_xavier_init,
    constant_init,
    kaiming_init,
    normal_init,
    trunc_normal_init,
    uniform_init,
    xavier_init,
)
from mmmigrate.runtime_v2.module.base_module import BaseModule, ModuleDict, ModuleList, Sequential
from mmmigrate.runtime_v2.module.initializers import (
    Caffe2XavierInit,
    ConstantInit,
    KaimingInit,
    NormalInit,
    PretrainedInit,
    TruncNormalInit,
    UniformInit,
    XavierInit,
    initialize,
)
from mmmigrate.runtime_v2.registries import INITIALIZERS

__all__ = [
    "INITIALIZERS",
    "BaseModule",
    "Caffe2XavierInit",
    "ConstantInit",
    "KaimingInit",
    "ModuleDict",
    "ModuleList",
    "NormalInit",
    "PretrainedInit",
    "Sequential",
    "TruncNormalInit",
    "UniformInit",
    "XavierInit",
    "bias_init_with_prob",
    "caffe2_xavier_init",
    "constant_init",
    "initialize",
    "kaiming_init",
    "normal_init",
    "trunc_normal_init",
    "uniform_init",
    "update_init_info",
    "xavier_init",
]
