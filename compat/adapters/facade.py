"""The runner that v2 hooks see under a v3 Runner: v2's names, answered from v3's state."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from mmmigrate.compat.adapters.facade_state import RunnerState
from mmmigrate.compat.adapters.log_buffer import HubLogBuffer
from mmmigrate.compat.adapters.loss import LossKeeper, samples_in
from mmmigrate.compat.adapters.parallel import data_parallel

V2_META = "v2_meta"


class V2RunnerFacade(RunnerState):
    """Everything of a v2 runner that v2 hooks use, on top of the v3 `runner`. Counters are read, never copied."""

    mode = "train"
    resume_points = None

    def __init__(self, runner: Any) -> None:
        super().__init__(runner)
        self._meta = self._first_meta()
        self.log_buffer = HubLogBuffer(runner.message_hub)
        self.adapted: list[Any] = []
        self.losses = LossKeeper(runner)
        self.saved_name: str | None = None
        self._last: Any = None
        self._outputs: dict[str, Any] | None = None
        self._taken = -1
        self._parallel: Any = None
        self.tests = False
        self._checkpoint_hooks: dict[int, Any] = {}

    def _first_meta(self) -> dict[str, Any]:
        """What a v2 run would have: its facts, and what v2 hooks noted before the checkpoint that is resumed."""
        meta: dict[str, Any] = {"seed": self.v3.seed, "exp_name": self.v3.experiment_name}
        dataset = getattr(self.v3.train_dataloader, "dataset", None)
        if getattr(dataset, "CLASSES", None) is not None:
            meta["CLASSES"] = dataset.CLASSES  # type: ignore[union-attr]
        return {"hook_msgs": {}, **meta, **(self.v3.message_hub.get_info(V2_META) or {})}

    @property
    def meta(self) -> dict[str, Any]:
        """v2's meta; what hooks write there is saved in v3's checkpoints, and comes back on resuming."""
        self.v3.message_hub.runtime_info[V2_META] = self._meta
        self.v3.message_hub._resumed_keys[V2_META] = True
        return self._meta

    @meta.setter
    def meta(self, meta: dict[str, Any]) -> None:
        self._meta = meta

    @property  # type: ignore[misc]
    def __class__(self) -> type[Any]:
        """v2 hooks ask for the kind of runner by `isinstance`."""
        from mmmigrate.runtime_v2.runner import EpochBasedRunner, IterBasedRunner

        return EpochBasedRunner if self.by_epoch else IterBasedRunner

    @property
    def model(self) -> Any:
        """The model inside a v2 data-parallel wrapper: v2 hooks write `runner.model.module`.

        While a hook tests, v3's wrapper of several processes is left out too: it does not open v2's containers.
        """
        model = self.v3.model
        if hasattr(model, "module"):
            if not self.tests:
                return model
            model = model.module
        if self._parallel is None or self._parallel.module is not model:
            self._parallel = data_parallel(model)
        self._parallel.__dict__["training"] = model.training
        return self._parallel

    @property
    def optimizer(self) -> Any:
        wrapper = self.v3.optim_wrapper
        if hasattr(wrapper, "optim_wrappers"):
            return {name: one.optimizer for name, one in wrapper.items()}
        return wrapper.optimizer

    @property
    def outputs(self) -> Any:
        """What v2's `train_step` returned (`loss`, `log_vars`, `num_samples`); for a v3 model, made from its losses."""
        if self._outputs is None:
            inner = getattr(self.v3.model, "module", self.v3.model)
            made = getattr(inner, "v2_outputs", None)
            self._outputs = made if made is not None else self._made_outputs()
        return self._outputs

    @outputs.setter
    def outputs(self, outputs: dict[str, Any]) -> None:
        self._outputs = outputs

    def _made_outputs(self) -> dict[str, Any]:
        last = self._last or {}
        loss = self.losses.loss if self.losses.loss is not None else last.get("loss")
        log_vars = {name: float(value) for name, value in last.items() if getattr(value, "numel", lambda: 1)() == 1}
        return {"loss": loss, "log_vars": log_vars, "num_samples": samples_in(self.data_batch)}

    def took(self, outputs: Any) -> None:
        """Notes the outputs of the iteration that has just run; the first v2 hook that is called tells."""
        if self._taken == self.v3.iter:
            return
        self._taken = self.v3.iter
        self._last, self._outputs = outputs, None
        made = self.outputs
        if made.get("log_vars"):
            self.log_buffer.take(made["log_vars"], made.get("num_samples", 1))

    @property
    def has_iterated(self) -> bool:
        """Whether an iteration of this run is done: before the first one v2 may already evaluate."""
        return self._taken >= 0

    @property
    def hooks(self) -> list[Any]:
        """The v2 hooks themselves for those that are adapted, v3's for the rest, in calling order.

        v3's checkpoint hook is shown as v2's, which hooks look for to learn when and where it saves.
        """
        return [getattr(hook, "v2_hook", None) or self._shown(hook) for hook in self.v3.hooks]

    def _shown(self, hook: Any) -> Any:
        if not any(kind.__name__ == "CheckpointHook" for kind in type(hook).__mro__):
            return hook
        from mmmigrate.runtime_v2.hooks import CheckpointHook

        shown = self._checkpoint_hooks.setdefault(id(hook), object.__new__(CheckpointHook))
        names = ("interval", "by_epoch", "save_last", "save_optimizer", "max_keep_ckpts", "out_dir")
        shown.__dict__.update({name: getattr(hook, name, None) for name in names})
        shown.out_dir = shown.out_dir or self.v3.work_dir
        return shown

    _hooks = hooks

    def register_hook(self, hook: Any, priority: Any = "NORMAL") -> None:
        """Takes a v2 hook in at any time; it acts from the next stage on."""
        from mmmigrate.compat.adapters.hook import wrapped_hook

        self.v3.register_hook(wrapped_hook(hook), priority)

    def register_hook_from_cfg(self, hook_cfg: dict[str, Any]) -> None:
        """Builds a v2 hook from its config and takes it in."""
        from mmmigrate.runtime_v2.hooks import HOOKS

        config = dict(hook_cfg)
        priority = config.pop("priority", "NORMAL")
        self.register_hook(HOOKS.build(config), priority)

    def call_hook(self, fn_name: str) -> None:
        """Calls `fn_name` of every adapted v2 hook in order, as v2's runner does."""
        for hook in self.v3.hooks:
            method = getattr(getattr(hook, "v2_hook", None), fn_name, None)
            if method is not None:
                method(self)

    def get_hook_info(self) -> str:
        """A table of the hooks at each stage, v3's as well."""
        info: str = self.v3.get_hooks_info()
        return info

    def current_lr(self) -> Any:
        """The learning rate of each group; with several optimizers, by their names."""
        return _of_groups(self.optimizer, lambda group: group["lr"])

    def current_momentum(self) -> Any:
        """The momentum (Adam: the first beta) of each group; with several optimizers, by their names."""
        return _of_groups(self.optimizer, _momentum)

    def save_checkpoint(
        self, out_dir: str, filename_tmpl: str | None = None, save_optimizer: bool = True,
        meta: dict[str, Any] | None = None, create_symlink: bool = True,
    ) -> None:  # fmt: skip
        """Saves v3's checkpoint under the name v2 would have given it; a link makes it the one to resume from."""
        template = filename_tmpl or ("epoch_{}.pth" if self.by_epoch else "iter_{}.pth")
        self.saved_name = name = template.format((self.epoch if self.by_epoch else self.iter) + 1)
        self.v3.save_checkpoint(out_dir, name, save_optimizer=save_optimizer, meta=meta, by_epoch=self.by_epoch)
        if create_symlink and self.v3.rank == 0 and Path(out_dir).is_dir():
            (Path(self.v3.work_dir) / "last_checkpoint").write_text(os.path.join(out_dir, name))  # noqa: PTH118

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "v3":
            raise AttributeError(name)
        return getattr(self.v3, name)


def _of_groups(optimizer: Any, value: Callable[[dict[str, Any]], Any]) -> Any:
    if isinstance(optimizer, dict):
        return {name: _of_groups(one, value) for name, one in optimizer.items()}
    return [value(group) for group in optimizer.param_groups]


def _momentum(group: dict[str, Any]) -> Any:
    return group["momentum"] if "momentum" in group else group.get("betas", (0,))[0]


_FACADES: WeakKeyDictionary[Any, V2RunnerFacade] = WeakKeyDictionary()


def facade_of(runner: Any) -> V2RunnerFacade:
    """The facade of a v3 runner; all v2 hooks of a run share one."""
    if runner not in _FACADES:
        _FACADES[runner] = V2RunnerFacade(runner)
    return _FACADES[runner]
