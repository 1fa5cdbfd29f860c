"""The initializers that `init_cfg` names."""

from __future__ import annotations

import copy
from typing import Any

from torch import nn

from mmmigrate.runtime_v3.logging import print_log
from mmmigrate.runtime_v3.model.init_functions import (
    bias_init_with_prob,
    constant_init,
    kaiming_init,
    normal_init,
    trunc_normal_init,
    uniform_init,
    xavier_init,
)
from mmmigrate.runtime_v3.registry import WEIGHT_INITIALIZERS


def update_init_info(module: Any, init_info: str) -> None:
    """Notes `init_info` for every parameter of `module` whose mean has changed since the last note."""
    record = module._params_init_info
    for name, param in module.named_parameters():
        if param not in record:
            raise RuntimeError(
                f"init_weights of {type(module).__name__} made a new parameter {name}: parameters must not be added or "
                "replaced there"
            )
        mean = param.data.mean().cpu()
        if record[param]["tmp_mean_value"] != mean:
            record[param]["init_info"] = init_info
            record[param]["tmp_mean_value"] = mean


class BaseInit:
    """Initializes all layers whose class, or a direct base of it, is named in `layer`.

    `bias`: the constant for biases; `bias_prob`: the probability a sigmoid is to start with, which gives the bias.
    """

    def __init__(
        self, *, bias: float = 0, bias_prob: float | None = None, layer: str | list[str] | None = None
    ) -> None:
        if not isinstance(bias, (int, float)):
            raise TypeError(f"bias must be a number, got {bias!r}")
        if bias_prob is not None and not isinstance(bias_prob, float):
            raise TypeError(f"bias_prob must be a float, got {bias_prob!r}")
        if layer is not None and not isinstance(layer, (str, list)):
            raise TypeError(f"layer must be the name of a class or a list of names, got {layer!r}")
        self.wholemodule = False
        self.bias: float = bias if bias_prob is None else bias_init_with_prob(bias_prob)
        self.layer = [layer] if isinstance(layer, str) else layer or []

    def init_layer(self, module: nn.Module) -> None:
        raise NotImplementedError(f"{type(self).__name__} must define init_layer")

    def settings(self) -> str:
        return ", ".join(f"{k}={v}" for k, v in vars(self).items() if k not in ("wholemodule", "layer"))

    def _get_init_info(self) -> str:
        return f"{type(self).__name__}: {self.settings()}"

    def __call__(self, module: nn.Module) -> None:
        module.apply(self._init_if_named)
        if hasattr(module, "_params_init_info"):
            update_init_info(module, self._get_init_info())

    def _init_if_named(self, module: nn.Module) -> None:
        names = {type(module).__name__, *(base.__name__ for base in type(module).__bases__)}
        if self.wholemodule or names & set(self.layer):
            self.init_layer(module)


@WEIGHT_INITIALIZERS.register_module(name="Constant")
class ConstantInit(BaseInit):
    """Weights all `val`."""

    def __init__(self, val: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.val = val

    def init_layer(self, module: nn.Module) -> None:
        constant_init(module, self.val, self.bias)


@WEIGHT_INITIALIZERS.register_module(name="Xavier")
class XavierInit(BaseInit):
    """Glorot's distribution, 'normal' or 'uniform'."""

    def __init__(self, gain: float = 1, distribution: str = "normal", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.gain = gain
        self.distribution = distribution

    def init_layer(self, module: nn.Module) -> None:
        xavier_init(module, self.gain, self.bias, self.distribution)


@WEIGHT_INITIALIZERS.register_module(name="Normal")
class NormalInit(BaseInit):
    """A normal distribution."""

    def __init__(self, mean: float = 0, std: float = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mean = mean
        self.std = std

    def init_layer(self, module: nn.Module) -> None:
        normal_init(module, self.mean, self.std, self.bias)


@WEIGHT_INITIALIZERS.register_module(name="TruncNormal")
class TruncNormalInit(BaseInit):
    """A normal distribution cut off at `a` and `b`."""

    def __init__(self, mean: float = 0, std: float = 1, a: float = -2, b: float = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mean = mean
        self.std = std
        self.a = a
        self.b = b

    def init_layer(self, module: nn.Module) -> None:
        trunc_normal_init(module, self.mean, self.std, self.a, self.b, self.bias)


@WEIGHT_INITIALIZERS.register_module(name="Uniform")
class UniformInit(BaseInit):
    """Evenly from `a` to `b`."""

    def __init__(self, a: float = 0, b: float = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.a = a
        self.b = b

    def init_layer(self, module: nn.Module) -> None:
        uniform_init(module, self.a, self.b, self.bias)


@WEIGHT_INITIALIZERS.register_module(name="Kaiming")
class KaimingInit(BaseInit):
    """He's distribution, 'normal' or 'uniform'."""

    def __init__(
        self,
        a: float = 0,
        mode: str = "fan_out",
        nonlinearity: str = "relu",
        distribution: str = "normal",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.a = a
        self.mode = mode
        self.nonlinearity = nonlinearity
        self.distribution = distribution

    def init_layer(self, module: nn.Module) -> None:
        kaiming_init(module, self.a, self.mode, self.nonlinearity, self.bias, self.distribution)


@WEIGHT_INITIALIZERS.register_module(name="Caffe2Xavier")
class Caffe2XavierInit(KaimingInit):
    """Uniform, of the fan-in alone."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(a=1, mode="fan_in", nonlinearity="leaky_relu", distribution="uniform", **kwargs)


@WEIGHT_INITIALIZERS.register_module(name="Pretrained")
class PretrainedInit:
    """Loads a checkpoint, or the part of it under `prefix`."""

    def __init__(self, checkpoint: str, prefix: str | None = None, map_location: str = "cpu") -> None:
        self.checkpoint = checkpoint
        self.prefix = prefix
        self.map_location = map_location

    def __call__(self, module: nn.Module) -> None:
        from mmmigrate.runtime_v3.runner.checkpoint import load_checkpoint, load_part, load_state_dict

        if self.prefix is None:
            print_log(f"load model from: {self.checkpoint}", logger="current")
            load_checkpoint(module, self.checkpoint, map_location=self.map_location, logger="current")
        else:
            print_log(f"load {self.prefix} in model from: {self.checkpoint}", logger="current")
            part = load_part(self.prefix, self.checkpoint, map_location=self.map_location)
            load_state_dict(module, part, strict=False, logger="current")
        if hasattr(module, "_params_init_info"):
            update_init_info(module, f"{type(self).__name__}: load from {self.checkpoint}")


def initialize(module: nn.Module, init_cfg: dict[str, Any] | list[dict[str, Any]]) -> None:
    """Applies the initializers of `init_cfg` in their order.

    Each may have `override`: one or several dicts with the `name` of a direct child and what it gets instead; one with
    a name only gets the same initializer, for all its layers.
    """
    if not isinstance(init_cfg, (dict, list)):
        raise TypeError(f"init_cfg must be a dict or a list of dicts, got {type(init_cfg).__name__}")
    for entry in [init_cfg] if isinstance(init_cfg, dict) else init_cfg:
        cfg = copy.deepcopy(entry)
        override = cfg.pop("override", None)
        _apply(module, cfg)
        if override is not None:
            cfg.pop("layer", None)
            _override(module, override, cfg)


def _apply(module: nn.Module, cfg: dict[str, Any], wholemodule: bool = False) -> None:
    initializer = WEIGHT_INITIALIZERS.build(cfg)
    initializer.wholemodule = wholemodule
    initializer(module)


def _override(module: nn.Module, override: Any, cfg: dict[str, Any]) -> None:
    if not isinstance(override, (dict, list)):
        raise TypeError(f"override must be a dict or a list of dicts, got {type(override).__name__}")
    for entry in [override] if isinstance(override, dict) else override:
        own = copy.deepcopy(entry)
        name = own.pop("name", None)
        if name is None:
            raise ValueError(f"override={entry} must name a child of {type(module).__name__} by 'name'")
        if own and "type" not in own:
            raise ValueError(f"override={entry} must have a 'type', or nothing but a 'name'")
        if not hasattr(module, name):
            children = [child for child, _ in module.named_children()]
            raise RuntimeError(f"override: {type(module).__name__} has no {name!r}; it has {children}")
        _apply(getattr(module, name), own or copy.deepcopy(cfg), wholemodule=True)
