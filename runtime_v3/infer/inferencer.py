"""Using a trained model: from inputs of a user to predictions and pictures of them."""

from __future__ import annotations

import copy
import re
import warnings
from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

import torch
from rich.progress import track
from torch import nn

from mmmigrate.compat.argument_errors import ArgumentTypeError, ArgumentValueError, MissingKeyError
from mmmigrate.compat.packages import PACKAGE_OF_MODULE
from mmmigrate.runtime_v3.config import Config, ConfigDict
from mmmigrate.runtime_v3.dataset import pseudo_collate
from mmmigrate.runtime_v3.device import get_device
from mmmigrate.runtime_v3.fileio import get_file_backend, isdir, join_path, list_dir_or_file
from mmmigrate.runtime_v3.infer import model_index
from mmmigrate.runtime_v3.logging import print_log
from mmmigrate.runtime_v3.registry import FUNCTIONS, MODELS, VISUALIZERS, DefaultScope
from mmmigrate.runtime_v3.runner.checkpoint import load_checkpoint_file, load_into
from mmmigrate.runtime_v3.visualization import Visualizer

_KINDS = ("preprocess_kwargs", "forward_kwargs", "visualize_kwargs", "postprocess_kwargs")


class InferencerMeta(ABCMeta):
    """Refuses classes in which one argument belongs to two steps."""

    def __init__(cls, *args: Any) -> None:
        super().__init__(*args)
        seen: set[str] = set()
        for kind in _KINDS:
            names = getattr(cls, kind)
            if not isinstance(names, set):
                raise ArgumentTypeError(f"{cls.__name__}.{kind} must be a set of names, got {names!r}")
            if seen & names:
                raise ArgumentValueError(f"{cls.__name__}: {sorted(seen & names)} would go to two steps")
            seen |= names


class BaseInferencer(metaclass=InferencerMeta):
    """Loads a model and calls, for each use, `preprocess`, `forward`, `visualize` and `postprocess`.

    - `model`: a config, the path of one, or the name of a model that the codebase `scope` publishes.
    - `weights`: a checkpoint; it alone is enough if it was saved by a runner, since it holds the config.
    - `show_progress`: whether a bar shows how far it is.

    A subclass defines `_init_pipeline`, `visualize` and `postprocess`, and names in `…_kwargs` which arguments of a
    call go to which step.
    """

    preprocess_kwargs: ClassVar[set[str]] = set()
    forward_kwargs: ClassVar[set[str]] = set()
    visualize_kwargs: ClassVar[set[str]] = set()
    postprocess_kwargs: ClassVar[set[str]] = set()

    def __init__(
        self,
        model: Any = None,
        weights: str | None = None,
        device: str | None = None,
        scope: str | None = None,
        show_progress: bool = True,
    ) -> None:
        current = DefaultScope.get_current_instance()
        self.scope = scope if scope is not None or current is None else current.scope_name
        cfg, weights = self._read_model(model, weights)
        self.model = self._init_model(cfg, weights, device or get_device())
        self.pipeline = self._init_pipeline(cfg)
        self.collate_fn = self._init_collate(cfg)
        self.visualizer = self._init_visualizer(cfg)
        self.cfg = cfg
        self.show_progress = show_progress

    def _read_model(self, model: Any, weights: str | None) -> tuple[Any, str | None]:
        if isinstance(model, str):
            if Path(model).is_file():
                return Config.fromfile(model), weights
            cfg, published = self._load_model_from_metafile(model)
            return cfg, weights or published
        if isinstance(model, (Config, ConfigDict)):
            return copy.deepcopy(model), weights
        if isinstance(model, dict):
            return copy.deepcopy(ConfigDict(model)), weights
        if model is not None:
            raise TypeError(f"model must be a filepath or a config, but got {type(model)}")
        if weights is None:
            raise ValueError("If model is None, the weights must be given, since they hold the config")
        return ConfigDict(), weights

    def __call__(self, inputs: Any, return_datasamples: bool = False, batch_size: int = 1, **kwargs: Any) -> Any:
        """What `postprocess` makes of the predictions for one input, a list of them, or the files of a folder."""
        steps = self._dispatch_kwargs(**kwargs)
        originals = self._inputs_to_list(inputs)
        batches = self.preprocess(originals, batch_size=batch_size, **steps[0])
        predictions: list[Any] = []
        for batch in track(batches, description="Inference") if self.show_progress else batches:
            predictions.extend(self.forward(batch, **steps[1]))
        pictures = self.visualize(originals, predictions, **steps[2])
        return self.postprocess(predictions, pictures, return_datasamples, **steps[3])

    def _inputs_to_list(self, inputs: Any) -> list[Any]:
        if isinstance(inputs, str) and hasattr(get_file_backend(inputs), "isdir") and isdir(inputs):
            return [join_path(inputs, name) for name in list_dir_or_file(inputs, list_dir=False)]
        return list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]

    def preprocess(self, inputs: Any, batch_size: int = 1, **kwargs: Any) -> Iterator[Any]:
        """The batches for `forward`."""
        yield from map(self.collate_fn, self._get_chunk_data(map(self.pipeline, inputs), batch_size))

    @torch.no_grad()
    def forward(self, inputs: Any, **kwargs: Any) -> Any:
        """The model's predictions for a batch."""
        return self.model.test_step(inputs)

    @abstractmethod
    def visualize(self, inputs: list[Any], preds: Any, show: bool = False, **kwargs: Any) -> Any:
        """Pictures of the predictions."""

    @abstractmethod
    def postprocess(self, preds: Any, visualization: Any, return_datasample: bool = False, **kwargs: Any) -> Any:
        """What a call gives back."""

    @abstractmethod
    def _init_pipeline(self, cfg: Any) -> Callable[[Any], Any]:
        """The function that makes of one input what is collated to batches."""

    def _load_model_from_metafile(self, model: str) -> tuple[Any, str | None]:
        folder = model_index.folder_of_configs(_known(self.scope))
        for entry in model_index.published_models(folder):
            if model.lower() in (name.lower() for name in model_index.names_of(entry)):
                return Config.fromfile(str(Path(folder) / entry["Config"])), model_index.weights_of(entry)
        raise ValueError(f"Cannot find model: {model} in {self.scope}")

    @staticmethod
    def _get_repo_or_mim_dir(scope: str) -> str:
        return model_index.folder_of_configs(scope)

    @staticmethod
    def _get_models_from_metafile(dir: str) -> Iterator[dict[str, Any]]:
        yield from model_index.published_models(dir)

    def _init_model(self, cfg: Any, weights: str | None, device: str = "cpu") -> Any:
        checkpoint = None if weights is None else load_checkpoint_file(weights, map_location="cpu")
        if not cfg:
            cfg.update(_config_in(checkpoint or {}, weights))
        if cfg["model"].get("pretrained") is not None:
            del cfg["model"]["pretrained"]  # the weights come from the checkpoint
        model = MODELS.build(cfg["model"])
        model.cfg = cfg
        self._load_weights_to_model(model, checkpoint, cfg)
        model.to(device)
        model.eval()
        return model

    def _load_weights_to_model(self, model: nn.Module, checkpoint: dict[str, Any] | None, cfg: Any) -> None:
        """Loads the weights; a subclass may take more from the checkpoint."""
        if checkpoint is not None:
            load_into(model, checkpoint)
            return
        warnings.warn(
            "Checkpoint is not loaded: the model predicts with the weights that it was initialized with", stacklevel=4
        )

    def _init_collate(self, cfg: Any) -> Callable[[Any], Any]:
        try:
            given = cfg.test_dataloader.collate_fn
        except AttributeError:
            return pseudo_collate
        with FUNCTIONS.switch_scope_and_registry(self.scope) as registry:
            found: Callable[[Any], Any] = registry.get(given["type"] if isinstance(given, dict) else given)
        return found

    def _init_visualizer(self, cfg: Any) -> Visualizer | None:
        if "visualizer" not in cfg:
            return None
        now = str(datetime.now().timestamp())
        name = cfg.visualizer.get("name", now)
        cfg.visualizer.name = f"{name}-{now}" if Visualizer.check_instance_created(name) else name
        built: Visualizer = VISUALIZERS.build(cfg.visualizer)
        return built

    def _get_chunk_data(self, inputs: Iterable[Any], chunk_size: int) -> Iterator[list[Any]]:
        iterator = iter(inputs)
        while chunk := list(islice(iterator, chunk_size)):
            yield chunk

    def _dispatch_kwargs(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]:
        """The arguments of a call by the step that they go to."""
        steps = [{key: value for key, value in kwargs.items() if key in getattr(self, kind)} for kind in _KINDS]
        unknown = set(kwargs).difference(*steps)
        if unknown:
            raise ValueError(f"unknown argument {unknown} for `preprocess`, `forward`, `visualize` and `postprocess`")
        return steps[0], steps[1], steps[2], steps[3]

    @staticmethod
    def list_models(scope: str | None = None, patterns: str = r".*") -> list[str]:
        """Names and aliases of the models that a codebase publishes, those that begin as the pattern says."""
        if scope is None:
            current = DefaultScope.get_current_instance()
            scope = None if current is None else current.scope_name
        folder = model_index.folder_of_configs(_known(scope))
        names = [name for entry in model_index.published_models(folder) for name in model_index.names_of(entry)]
        matched = [name for name in names if re.match(patterns, name)]
        print_log("".join(f"model_name: {name}\n" for name in matched), logger="current")
        return matched


def _known(scope: str | None) -> str:
    if scope is None or scope not in PACKAGE_OF_MODULE:
        raise MissingKeyError(
            f"{scope} is not a codebase with published models: give scope, one of {list(PACKAGE_OF_MODULE)}"
        )
    return scope


def _config_in(checkpoint: dict[str, Any], weights: str | None) -> Any:
    """The config of the run that saved a checkpoint."""
    text = checkpoint.get("message_hub", {}).get("runtime_info", {}).get("cfg")
    if text is None and "meta" not in checkpoint:
        raise MissingKeyError(f"{weights} has neither message_hub nor meta, so no config: give model, too")
    text = text or checkpoint["meta"].get("cfg")
    if text is None:
        raise ValueError("Cannot find the config in the checkpoint.")
    return Config.fromstring(text, file_format=".py")._cfg_dict
