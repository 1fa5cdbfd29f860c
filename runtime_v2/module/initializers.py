"""The initializers that an `init_cfg` names, and their application to a module."""

from __future__ import annotations

import copy
from typing import Any

from torch import nn

from mmmigrate.runtime_v2.checkpoint.loading import _load_checkpoint_with_prefix, load_checkpoint, load_state_dict
from mmmigrate.runtime_v2.logs import get_logger
from mmmigrate.runtime_v2.module import fill
from mmmigrate.runtime_v2.module.init_info import update_init_info
from mmmigrate.runtime_v2.registries import INITIALIZERS
from mmmigrate.runtime_v2.registry import build_from_cfg


class BaseInit:
    """Fills every layer whose class, or a direct base of it, is named in `layer`; all layers if `wholemodule`.

    `bias_prob` gives the bias at which a sigmoid has that probability, in place of `bias`.
    """

    def __init__(
        self, *, bias: float = 0, bias_prob: float | None = None, layer: str | list[str] | None = None
    ) -> None:
        if not isinstance(bias, int | float):
            raise TypeError(f"bias must be a number, got {bias!r}")
        if bias_prob is not None and not isinstance(bias_prob, float):
            raise TypeError(f"bias_prob must be a float, got {bias_prob!r}")
        if layer is not None and not isinstance(layer, str | list):
            raise TypeError(f"layer must be a str or a list of str, got {layer!r}")
        self.wholemodule = False
        self.bias = bias if bias_prob is None else fill.bias_init_with_prob(bias_prob)
        self.layer = [layer] if isinstance(layer, str) else (layer or [])

    def __call__(self, module: nn.Module) -> None:
        module.apply(self._fill_if_named)
        update_init_info(module, self._get_init_info())

    def fill(self, module: nn.Module) -> None:
        """Fill one layer."""
        raise NotImplementedError(f"{type(self).__name__} must define fill(module)")

    def _fill_if_named(self, module: nn.Module) -> None:
        names = {type(module).__name__, *(base.__name__ for base in type(module).__bases__)}
        if self.wholemodule or not names.isdisjoint(self.layer):
            self.fill(module)

    def _get_init_info(self) -> str:
        own = {name: value for name, value in vars(self).items() if name not in ("wholemodule", "layer")}
        return f"{type(self).__name__}: {', '.join(f'{name}={value}' for name, value in own.items())}"


@INITIALIZERS.register_module(name="Constant")
class ConstantInit(BaseInit):
    """Weights of `val`."""

    def __init__(self, val: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.val = val

    def fill(self, module: nn.Module) -> None:
        fill.constant_init(module, self.val, self.bias)


@INITIALIZERS.register_module(name="Xavier")
class XavierInit(BaseInit):
    """Weights by Glorot's rule."""

    def __init__(self, gain: float = 1, distribution: str = "normal", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.gain, self.distribution = gain, distribution

    def fill(self, module: nn.Module) -> None:
        fill.xavier_init(module, self.gain, self.bias, self.distribution)


@INITIALIZERS.register_module(name="Normal")
class NormalInit(BaseInit):
    """Weights from a normal distribution."""

    def __init__(self, mean: float = 0, std: float = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mean, self.std = mean, std

    def fill(self, module: nn.Module) -> None:
        fill.normal_init(module, self.mean, self.std, self.bias)


@INITIALIZERS.register_module(name="TruncNormal")
class TruncNormalInit(BaseInit):
    """Weights from a normal distribution cut off at `a` and `b`."""

    def __init__(self, mean: float = 0, std: float = 1, a: float = -2, b: float = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mean, self.std, self.a, self.b = mean, std, a, b

    def fill(self, module: nn.Module) -> None:
        fill.trunc_normal_init(module, self.mean, self.std, self.a, self.b, self.bias)


@INITIALIZERS.register_module(name="Uniform")
class UniformInit(BaseInit):
    """Weights from a uniform distribution from `a` to `b`."""

    def __init__(self, a: float = 0.0, b: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.a, self.b = a, b

    def fill(self, module: nn.Module) -> None:
        fill.uniform_init(module, self.a, self.b, self.bias)


@INITIALIZERS.register_module(name="Kaiming")
class KaimingInit(BaseInit):
    """Weights by He's rule."""

    def __init__(
        self,
        a: float = 0,
        mode: str = "fan_out",
        nonlinearity: str = "relu",
        distribution: str = "normal",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.a, self.mode, self.nonlinearity, self.distribution = a, mode, nonlinearity, distribution

    def fill(self, module: nn.Module) -> None:
        fill.kaiming_init(module, self.a, self.mode, self.nonlinearity, self.bias, self.distribution)


@INITIALIZERS.register_module(name="Caffe2Xavier")
class Caffe2XavierInit(KaimingInit):
    """Weights as Caffe2's XavierFill."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(a=1, mode="fan_in", nonlinearity="leaky_relu", distribution="uniform", **kwargs)


@INITIALIZERS.register_module(name="Pretrained")
class PretrainedInit:
    """Weights from a checkpoint, or from the part of it whose names begin with `prefix`."""

    def __init__(self, checkpoint: str, prefix: str | None = None, map_location: str | None = None) -> None:
        self.checkpoint, self.prefix, self.map_location = checkpoint, prefix, map_location

    def __call__(self, module: nn.Module) -> None:
        logger = get_logger("mmcv")
        if self.prefix is None:
            logger.info(f"load model from: {self.checkpoint}")
            load_checkpoint(module, self.checkpoint, map_location=self.map_location, strict=False, logger=logger)
        else:
            logger.info(f"load {self.prefix} in model from: {self.checkpoint}")
            weights = _load_checkpoint_with_prefix(self.prefix, self.checkpoint, map_location=self.map_location)
            load_state_dict(module, weights, strict=False, logger=logger)
        update_init_info(module, f"{type(self).__name__}: load from {self.checkpoint}")


def initialize(module: nn.Module, init_cfg: dict[str, Any] | list[dict[str, Any]]) -> None:
    """Apply one or several initializers to `module`.

    An initializer's `override` (one or several) names an attribute of the module to initialize by itself: with the
    initializer given there, or the same one if only `name` is given.
    """
    if not isinstance(init_cfg, dict | list):
        raise TypeError(f"init_cfg must be a dict or a list of dict, got {type(init_cfg).__name__}")
    for cfg in [init_cfg] if isinstance(init_cfg, dict) else init_cfg:
        # one config may serve many modules, so it is never changed
        own = copy.deepcopy(cfg)
        override = own.pop("override", None)
        _initialize(module, own)
        if override is not None:
            own.pop("layer", None)
            _initialize_overrides(module, override, own)


def _initialize(module: nn.Module, cfg: dict[str, Any], wholemodule: bool = False) -> None:
    initializer = build_from_cfg(cfg, INITIALIZERS)
    initializer.wholemodule = wholemodule
    initializer(module)


def _initialize_overrides(module: nn.Module, override: Any, cfg: dict[str, Any]) -> None:
    if not isinstance(override, dict | list):
        raise TypeError(f"override must be a dict or a list of dict, got {type(override).__name__}")
    for each in [override] if isinstance(override, dict) else override:
        own = copy.deepcopy(each)
        name = own.pop("name", None)
        if name is None:
            raise ValueError(f'`override` must contain the key "name", got {own}')
        if own and "type" not in own:
            raise ValueError(f'`override` needs the key "type", got {own}')
        if not hasattr(module, name):
            raise RuntimeError(f"module did not have attribute {name}, but init_cfg is {own}.")
        _initialize(getattr(module, name), own or dict(cfg), wholemodule=True)
