"""The initializers that an `init_cfg` names, for both runtimes: each registers them in its own registry."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from torch import nn

from mmmigrate.compat import layer_init
from mmmigrate.compat.init_notes import update_init_info


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
        self.bias = bias if bias_prob is None else layer_init.bias_init_with_prob(bias_prob)
        self.layer = [layer] if isinstance(layer, str) else (layer or [])

    def __call__(self, module: nn.Module) -> None:
        module.apply(self._fill_if_named)
        update_init_info(module, self._get_init_info())

    def fill(self, module: nn.Module) -> None:
        """Fills one layer."""
        raise TypeError(f"{type(self).__name__} must define fill(module)")

    def _fill_if_named(self, module: nn.Module) -> None:
        names = {type(module).__name__, *(base.__name__ for base in type(module).__bases__)}
        if self.wholemodule or not names.isdisjoint(self.layer):
            self.fill(module)

    def _get_init_info(self) -> str:
        own = {name: value for name, value in vars(self).items() if name not in ("wholemodule", "layer")}
        return f"{type(self).__name__}: {', '.join(f'{name}={value}' for name, value in own.items())}"


class ConstantInit(BaseInit):
    """Weights of `val`."""

    def __init__(self, val: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.val = val

    def fill(self, module: nn.Module) -> None:
        layer_init.constant_init(module, self.val, self.bias)


class XavierInit(BaseInit):
    """Weights by Glorot's rule."""

    def __init__(self, gain: float = 1, distribution: str = "normal", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.gain, self.distribution = gain, distribution

    def fill(self, module: nn.Module) -> None:
        layer_init.xavier_init(module, self.gain, self.bias, self.distribution)


class NormalInit(BaseInit):
    """Weights from a normal distribution."""

    def __init__(self, mean: float = 0, std: float = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mean, self.std = mean, std

    def fill(self, module: nn.Module) -> None:
        layer_init.normal_init(module, self.mean, self.std, self.bias)


class TruncNormalInit(BaseInit):
    """Weights from a normal distribution cut off at `a` and `b`."""

    def __init__(self, mean: float = 0, std: float = 1, a: float = -2, b: float = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mean, self.std, self.a, self.b = mean, std, a, b

    def fill(self, module: nn.Module) -> None:
        layer_init.trunc_normal_init(module, self.mean, self.std, self.a, self.b, self.bias)


class UniformInit(BaseInit):
    """Weights from a uniform distribution from `a` to `b`."""

    def __init__(self, a: float = 0.0, b: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.a, self.b = a, b

    def fill(self, module: nn.Module) -> None:
        layer_init.uniform_init(module, self.a, self.b, self.bias)


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
        layer_init.kaiming_init(module, self.a, self.mode, self.nonlinearity, self.bias, self.distribution)


class Caffe2XavierInit(KaimingInit):
    """Weights as Caffe2's XavierFill."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(a=1, mode="fan_in", nonlinearity="leaky_relu", distribution="uniform", **kwargs)


BY_NAME: dict[str, type[BaseInit]] = {
    "Constant": ConstantInit,
    "Xavier": XavierInit,
    "Normal": NormalInit,
    "TruncNormal": TruncNormalInit,
    "Uniform": UniformInit,
    "Kaiming": KaimingInit,
    "Caffe2Xavier": Caffe2XavierInit,
}
"""By the name that configs give them."""


def apply_init_cfg(module: nn.Module, init_cfg: Any, build: Callable[[dict[str, Any]], Any]) -> None:
    """Applies one or several initializers to `module`, each made by `build` from its config.

    An initializer's `override` (one or several) names an attribute of the module to initialize by itself: with the
    initializer given there, or the same one, for all its layers, if only `name` is given.
    """
    if not isinstance(init_cfg, dict | list):
        raise TypeError(f"init_cfg must be a dict or a list of dict, got {type(init_cfg).__name__}")
    for cfg in [init_cfg] if isinstance(init_cfg, dict) else init_cfg:
        # one config may serve many modules, so it is never changed
        own = copy.deepcopy(cfg)
        override = own.pop("override", None)
        build(own)(module)
        if override is not None:
            own.pop("layer", None)
            _apply_overrides(module, override, own, build)


def _apply_overrides(
    module: nn.Module, override: Any, cfg: dict[str, Any], build: Callable[[dict[str, Any]], Any]
) -> None:
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
            children = [child for child, _ in module.named_children()]
            raise RuntimeError(f"module did not have attribute {name}, but init_cfg is {own}. It has {children}")
        initializer = build(own or copy.deepcopy(cfg))
        initializer.wholemodule = True
        initializer(getattr(module, name))
