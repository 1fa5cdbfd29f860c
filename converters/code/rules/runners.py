"""Runner classes: train loops that keep `train` and `run_iter`, built from `train_cfg`."""

from __future__ import annotations

import ast

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.classes import Class
from mmmigrate.converters.code.hooks.redirect import Target, redirect
from mmmigrate.converters.code.module import Module, Use
from mmmigrate.converters.code.rule import CodeRule

_BASES = frozenset(f"mmcv.runner.{name}" for name in ("EpochBasedRunner", "IterBasedRunner", "Runner"))
RUNNER_BASES = "mmmigrate.compat.adapters.runner_loop"
_REGISTRY = "mmcv.runner.RUNNERS"
# What v3's Runner does by itself: an own version of it is not asked.
_V3_DOES = ("save_checkpoint", "load_checkpoint", "resume", "register_training_hooks", "register_hook", "current_lr")


def convert(module: Module) -> None:
    moved: dict[Use, Target] = {}
    for cls in module.classes:
        if not cls.derives(*_BASES):
            continue
        moved.update(_uses(cls))
        module.note(RULE, _MESSAGE.format(cls=cls.name, name=_name(cls)), cls.node)
        unasked = [name for name in _V3_DOES if name in cls.methods]
        if unasked:
            message = (
                f"{cls.name}: v3's Runner does not call its {' and '.join(unasked)}; what it adds belongs into a hook "
                "(before_save_checkpoint, after_load_checkpoint) or the config"
            )
            module.note(RULE, message, cls.methods[unasked[0]], Effect.MANUAL, marker=True)
        if "run" in cls.methods:
            message = f"{cls.name}: its own run is given one loader and the workflow [('train', 1)]"
            module.note(RULE, message, cls.methods["run"], Effect.MANUAL)
    redirect(module, moved)


_MESSAGE = (
    "{cls} is a train loop now, and trains as it did: in a config, train_cfg=dict(type='{name}', max_epochs=... or "
    "max_iters=..., val_interval=...) with its other arguments"
)


def _name(cls: Class) -> str:
    for decorator in cls.node.decorator_list:
        func = decorator.func if isinstance(decorator, ast.Call) else decorator
        if cls.module.resolve(func) == f"{_REGISTRY}.register_module":
            return cls.name
    return cls.path


def _uses(cls: Class) -> dict[Use, Target]:
    """What such a class names of mmcv: its base becomes that of loops, its registry theirs."""
    bases, inside = set(cls.node.bases), set(ast.walk(cls.node))
    found: dict[Use, Target] = {}
    for use in cls.module.uses:
        if use.symbol is None or use.node not in inside:
            continue
        if use.chain in bases and use.symbol.path in _BASES:
            found[use] = (RUNNER_BASES, use.symbol.name)
        elif use.symbol.path == _REGISTRY:
            found[use] = ("mmengine.registry", "LOOPS")
    return found


RULE = CodeRule(
    code="HKC007",
    title="runner class",
    why="In mmengine loops train, which the Runner builds from `train_cfg`; in mmcv it was the runner itself. On the "
    "base that mmmigrate ships a runner class is a train loop: its own `train` and `run_iter` are run, v3's hooks come "
    "at their stages, and the validation loop where v3's own loop has it.",
    before="from mmcv.runner import RUNNERS, EpochBasedRunner\n\n\n@RUNNERS.register_module()\n"
    "class TwiceRunner(EpochBasedRunner):\n\n    def run_iter(self, data_batch, train_mode, **kwargs):\n"
    "        for _ in range(2):\n            super().run_iter(data_batch, train_mode, **kwargs)",
    after="from mmengine.registry import LOOPS\n"
    "from mmmigrate.compat.adapters.runner_loop import EpochBasedRunner\n\n\n@LOOPS.register_module()\n"
    "class TwiceRunner(EpochBasedRunner):\n\n    def run_iter(self, data_batch, train_mode, **kwargs):\n"
    "        for _ in range(2):\n            super().run_iter(data_batch, train_mode, **kwargs)",
    effect=Effect.EXACT,
    reversible=True,
    words=frozenset({"mmcv", "runner"}),
    convert=convert,
)
