"""The runner that v2 hooks see under a v3 Runner: v2's names, answered from v3's state."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from mmmigrate.compat.adapters.log_buffer import HubLogBuffer


class V2RunnerFacade:
    """Everything of a v2 runner that v2 hooks use, on top of the v3 `runner`. Counters are read, never copied."""

    mode = "train"

    def __init__(self, runner: Any) -> None:
        self.v3 = runner
        self.meta: dict[str, Any] = {"hook_msgs": {}}
        self.inner_iter = 0
        self.data_batch: Any = None
        self._passes, self._passes_next, self._begun = 0, 0, -1
        self.log_buffer = HubLogBuffer(runner.message_hub)
        self.adapted: list[Any] = []
        self._last: Any = None
        self._outputs: dict[str, Any] | None = None
        self._parallel: Any = None

    @property
    def model(self) -> Any:
        """The model inside a v2 data-parallel wrapper: v2 hooks write `runner.model.module`."""
        if hasattr(self.v3.model, "module"):
            return self.v3.model
        if self._parallel is None or self._parallel.module is not self.v3.model:
            from mmmigrate.runtime_v2.parallel import MMDataParallel

            self._parallel = MMDataParallel(self.v3.model, device_ids=[])
            self._parallel.training = self.v3.model.training
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
            self._outputs = (
                made if made is not None else {"loss": (self._last or {}).get("loss"), "log_vars": self._last}
            )
        return self._outputs

    def begins(self, batch_idx: int, data_batch: Any) -> None:
        """Notes the iteration that begins; v2's iteration runner counts passes before it fetches the batch."""
        self.data_batch = data_batch
        if self.by_epoch:
            self.inner_iter = batch_idx
        elif self.iter != self._begun:
            self._begun, self._passes = self.iter, self._passes_next
            self._passes_next = int(getattr(self.v3.train_loop.dataloader_iterator, "_epoch", 0))

    def took(self, outputs: Any) -> None:
        """Notes the outputs of the iteration that has just run."""
        self._last, self._outputs = outputs, None

    @property
    def by_epoch(self) -> bool:
        return not hasattr(self.v3.train_loop, "dataloader_iterator")

    @property
    def epoch(self) -> int:
        """Finished epochs; in an iteration loop, as in v2, finished passes over the data."""
        return int(self.v3.epoch) if self.by_epoch else self._passes

    @property
    def iter(self) -> int:
        return int(self.v3.iter)

    @property
    def max_epochs(self) -> int | None:
        return int(self.v3.max_epochs) if self.by_epoch else None

    @property
    def max_iters(self) -> int:
        return int(self.v3.max_iters)

    _epoch, _iter, _max_epochs, _max_iters = epoch, iter, max_epochs, max_iters

    @property
    def _inner_iter(self) -> int:
        return self.inner_iter

    @property
    def data_loader(self) -> Any:
        return self.v3.train_dataloader

    @property
    def hooks(self) -> list[Any]:
        """The v2 hooks themselves for those that are adapted, v3's for the rest, in calling order."""
        return [getattr(hook, "v2_hook", hook) for hook in self.v3.hooks]

    def register_hook(self, hook: Any, priority: Any = "NORMAL") -> None:
        """Takes a v2 hook in at any time; it acts from the next stage on."""
        from mmmigrate.compat.adapters.hook import wrapped_hook

        self.v3.register_hook(wrapped_hook(hook, type(self.adapted[0])), priority)

    def call_hook(self, fn_name: str) -> None:
        """Calls `fn_name` of every adapted v2 hook in order, as v2's runner does."""
        for hook in self.hooks:
            method = getattr(hook, fn_name, None)
            if method is not None and hook not in self.v3.hooks:
                method(self)

    def current_lr(self) -> Any:
        """The learning rate of each group; with several optimizers, by their names."""
        return _of_groups(self.optimizer, lambda group: group["lr"])

    def current_momentum(self) -> Any:
        """The momentum (Adam: the first beta) of each group; with several optimizers, by their names."""
        return _of_groups(self.optimizer, lambda group: group["momentum"] if "momentum" in group else group["betas"][0])

    def save_checkpoint(
        self, out_dir: str, filename_tmpl: str | None = None, save_optimizer: bool = True,
        meta: dict[str, Any] | None = None, create_symlink: bool = True,
    ) -> None:  # fmt: skip
        """Saves v3's checkpoint under the name v2 would have given it."""
        template = filename_tmpl or ("epoch_{}.pth" if self.by_epoch else "iter_{}.pth")
        name = template.format((self.epoch if self.by_epoch else self.iter) + 1)
        self.v3.save_checkpoint(out_dir, name, save_optimizer=save_optimizer, meta=meta, by_epoch=self.by_epoch)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "v3":
            raise AttributeError(name)
        return getattr(self.v3, name)


def _of_groups(optimizer: Any, value: Any) -> Any:
    if isinstance(optimizer, dict):
        return {name: _of_groups(one, value) for name, one in optimizer.items()}
    return [value(group) for group in optimizer.param_groups]


_FACADES: WeakKeyDictionary[Any, V2RunnerFacade] = WeakKeyDictionary()


def facade_of(runner: Any) -> V2RunnerFacade:
    """The facade of a v3 runner; all v2 hooks of a run share one."""
    if runner not in _FACADES:
        _FACADES[runner] = V2RunnerFacade(runner)
    return _FACADES[runner]
