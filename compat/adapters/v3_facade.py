"""The runner that v3 hooks see under a v2 runner: v3's names, answered from v2's state."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from mmmigrate.compat.adapters.engine import of_engine


class V3RunnerFacade:
    """Everything of a v3 runner that v3 hooks use, on top of the v2 `runner`. Counters are read, never copied."""

    def __init__(self, runner: Any) -> None:
        self.v2 = runner
        logging, meta = of_engine("logging"), runner.meta or {}
        self.experiment_name = str(meta.get("exp_name") or runner.timestamp)
        self.seed = meta.get("seed")
        self.message_hub = logging.MessageHub.get_instance(f"{self.experiment_name}-{id(runner)}")
        self.cfg = of_engine("config").Config()
        self.param_schedulers: list[Any] = []
        self.train_loop = TrainLoop(runner)
        self.log_processor = of_engine("runner").LogProcessor(by_epoch=runner.max_epochs is not None)
        self._visualizer: Any = None
        self._wrapper: Any = None
        self._resume = runner.iter > 0
        self.loaded: dict[str, Any] | None = None
        self.distributed = runner.world_size > 1
        self.launcher = "pytorch" if self.distributed else "none"

    @property
    def epoch(self) -> int:
        """Finished epochs; 0 in an iteration run, as in v3."""
        return self.train_loop.epoch

    @property
    def iter(self) -> int:
        return int(self.v2.iter)

    @property
    def max_epochs(self) -> int:
        return self.train_loop.max_epochs

    @property
    def max_iters(self) -> int:
        return self.train_loop.max_iters

    @property
    def optim_wrapper(self) -> Any:
        """v2's optimizer, or its several, in v3's wrapper."""
        if self._wrapper is None:
            optim, optimizer = of_engine("optim"), self.v2.optimizer
            if isinstance(optimizer, dict):
                wrapped = {name: optim.OptimWrapper(one) for name, one in optimizer.items()}
                self._wrapper = optim.OptimWrapperDict(**wrapped)
            else:
                self._wrapper = optim.OptimWrapper(optimizer)
        return self._wrapper

    @property
    def model(self) -> Any:
        return self._bare_model() if not self.distributed else self.v2.model

    def _bare_model(self) -> Any:
        return getattr(self.v2.model, "module", self.v2.model)

    @property
    def train_dataloader(self) -> Any:
        return self.train_loop.dataloader

    @property
    def val_loop(self) -> Any:
        """Something with the `dataloader` of v2's evaluation; None without one."""
        return next((EvalLoop(hook.dataloader) for hook in self.v2.hooks if hasattr(hook, "_do_evaluate")), None)

    @property
    def val_dataloader(self) -> Any:
        return self.val_loop.dataloader

    @property
    def log_dir(self) -> str:
        return str(self.v2.work_dir)

    @property
    def visualizer(self) -> Any:
        """v3's visualizer, which writes `vis_data/scalars.json` in the work folder."""
        if self._visualizer is None:
            backends = [{"type": "LocalVisBackend"}]
            name = self.message_hub.instance_name
            made = of_engine("visualization").Visualizer
            self._visualizer = made.get_instance(name, vis_backends=backends, save_dir=self.log_dir)
        return self._visualizer

    @property
    def hooks(self) -> list[Any]:
        """The v3 hooks themselves for those that are adapted, v2's for the rest, in calling order."""
        return [getattr(hook, "v3_hook", hook) for hook in self.v2.hooks]

    def register_hook(self, hook: Any, priority: Any = None) -> None:
        """Takes a v3 hook in at any time; it acts from the next stage on."""
        from mmmigrate.compat.adapters.v3_hook import V3Hook

        made = of_engine("registry").HOOKS.build(hook) if isinstance(hook, dict) else hook
        self.v2.register_hook(V3Hook(made), made.priority if priority is None else priority)

    def call_hook(self, fn_name: str, **kwargs: Any) -> None:
        """Calls `fn_name` of every adapted v3 hook in order."""
        for hook in self.v2.hooks:
            method = getattr(getattr(hook, "v3_hook", None), fn_name, None)
            if method is not None:
                method(self, **kwargs)

    def get_hooks_info(self) -> str:
        info: str = self.v2.get_hook_info()
        return info

    def save_checkpoint(
        self, out_dir: str, filename: str, file_client_args: Any = None, save_optimizer: bool = True,
        save_param_scheduler: bool = True, meta: dict[str, Any] | None = None, by_epoch: bool = True,
        backend_args: Any = None,
    ) -> None:  # fmt: skip
        """Saves v2's checkpoint under this name."""
        template = filename.replace("{", "{{").replace("}", "}}")
        self.v2.save_checkpoint(
            out_dir, filename_tmpl=template, save_optimizer=save_optimizer, meta=meta, create_symlink=False
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "v2":
            raise AttributeError(name)
        return getattr(self.v2, name)


class EvalLoop:
    """What hooks ask a v3 evaluation loop for."""

    def __init__(self, dataloader: Any) -> None:
        self.dataloader = dataloader


class TrainLoop:
    """What hooks ask v3's train loop for. `stop_training = True` ends the v2 run after this epoch or iteration."""

    def __init__(self, runner: Any) -> None:
        self._runner = runner
        self._stopped = False

    @property
    def dataloader(self) -> Any:
        loader = self._runner.data_loader
        return getattr(loader, "_dataloader", loader)  # an iteration runner wraps it

    @property
    def epoch(self) -> int:
        return int(self._runner.epoch) if self._runner.max_epochs is not None else 0

    @property
    def iter(self) -> int:
        return int(self._runner.iter)

    @property
    def max_epochs(self) -> int:
        return int(self._runner.max_epochs or 1)

    @property
    def max_iters(self) -> int:
        return int(self._runner.max_iters or 0)

    @property
    def stop_training(self) -> bool:
        return self._stopped

    @stop_training.setter
    def stop_training(self, stop: bool) -> None:
        self._stopped = stop
        if stop and self._runner.max_epochs is not None:
            self._runner._max_epochs = self._runner.epoch + 1
        elif stop:
            self._runner._max_iters = self._runner.iter + 1


_FACADES: WeakKeyDictionary[Any, V3RunnerFacade] = WeakKeyDictionary()


def v3_facade_of(runner: Any) -> V3RunnerFacade:
    """The facade of a v2 runner; all v3 hooks of a run share one."""
    if runner not in _FACADES:
        _FACADES[runner] = V3RunnerFacade(runner)
    return _FACADES[runner]
