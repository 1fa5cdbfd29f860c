"""The config of an experiment."""

from __future__ import annotations

import copy
import os
import tempfile
import warnings
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from mmmigrate.compat.atomic import atomic_write
from mmmigrate.compat.config.config_dict import ConfigDict
from mmmigrate.compat.config.imports import run_custom_imports
from mmmigrate.compat.config.loading import Loader
from mmmigrate.compat.config.merge import RESERVED_KEYS, merge
from mmmigrate.compat.config.options import add_args
from mmmigrate.compat.config.pretty import pretty_text
from mmmigrate.compat.config.source import FILE_TYPES
from mmmigrate.compat.config.steps import ReadingSteps

Self = TypeVar("Self", bound="Config")


class Config(ReadingSteps):
    """The merged values of a config file, by attribute or item, with where they came from.

    `filename` and `text` (of the file and all its bases) are None and "" for a config made from a dict.

    >>> cfg = Config({"model": {"type": "ResNet"}})
    >>> cfg.merge_from_dict({"model.depth": 50})
    >>> cfg.model.depth
    50
    """

    dict_class: ClassVar[type[ConfigDict]] = ConfigDict
    sort_keys: ClassVar[bool] = False

    def __init__(
        self,
        cfg_dict: dict[Any, Any] | None = None,
        cfg_text: str | None = None,
        filename: str | os.PathLike[str] | None = None,
    ) -> None:
        if cfg_dict is None:
            cfg_dict = {}
        elif not isinstance(cfg_dict, dict):
            raise TypeError(f"cfg_dict must be a dict, but got {type(cfg_dict)}")
        for key in RESERVED_KEYS:
            if key in cfg_dict:
                raise KeyError(f"{key} is reserved for config file")
        if filename is not None:
            filename = os.fspath(filename)
        if not cfg_text:
            cfg_text = Path(filename).read_text(encoding="utf-8") if filename else ""
        self._set(_cfg_dict=self._own(cfg_dict), _filename=filename, _text=cfg_text)

    def _own(self, cfg_dict: dict[Any, Any]) -> ConfigDict:
        """The dict that this config holds; a copy, so that it shares nothing with the one that was given."""
        return self.dict_class(cfg_dict.to_dict() if isinstance(cfg_dict, ConfigDict) else cfg_dict)

    def _set(self, **attributes: Any) -> None:
        # Attributes of a config are keys of its dict, so its own few are set behind __setattr__.
        self.__dict__.update(attributes)

    @classmethod
    def fromfile(
        cls: type[Self],
        filename: str | os.PathLike[str],
        use_predefined_variables: bool = True,
        import_custom_modules: bool = True,
    ) -> Self:
        """The config in a .py, .json or .yaml file, its bases merged in, its `custom_imports` imported."""
        filename = os.fspath(filename)
        loaded = Loader(use_predefined_variables).load(filename)
        if import_custom_modules and loaded.values.get("custom_imports"):
            run_custom_imports(loaded.values["custom_imports"], filename)
        return cls(loaded.values, cfg_text=loaded.text, filename=filename)

    @classmethod
    def fromstring(cls: type[Self], cfg_str: str, file_format: str) -> Self:
        """The config in a string that reads like a file of type `file_format`: ".py", ".json", ".yaml" or ".yml"."""
        if file_format not in FILE_TYPES:
            raise OSError("Only py/yml/yaml/json type are supported now!")
        if file_format != ".py" and "dict(" in cfg_str:
            warnings.warn('Please check "file_format", the file format may be .py', stacklevel=2)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"config{file_format}"
            file.write_text(cfg_str, encoding="utf-8")
            return cls.fromfile(file)

    @classmethod
    def auto_argparser(cls, description: str | None = None) -> tuple[ArgumentParser, Any]:
        """`(parser with an option for every value, config)` for the config file named on the command line."""
        first = ArgumentParser(description=description, add_help=False)
        first.add_argument("config", help="config file path")
        cfg = cls.fromfile(first.parse_known_args()[0].config)
        parser = ArgumentParser(description=description)
        parser.add_argument("config", help="config file path")
        return add_args(parser, cfg._cfg_dict), cfg

    @property
    def filename(self) -> str | None:
        return self.__dict__["_filename"]  # type: ignore[no-any-return]

    @property
    def text(self) -> str:
        return self.__dict__["_text"]  # type: ignore[no-any-return]

    @property
    def pretty_text(self) -> str:
        """The config as Python text that reads back as the same config."""
        return pretty_text(self.to_dict(), self.sort_keys)

    def to_dict(self) -> dict[Any, Any]:
        """The values as plain dicts, nothing shared with this config."""
        return self._cfg_dict.to_dict()  # type: ignore[no-any-return]

    def dump(self, file: str | os.PathLike[str] | None = None) -> str | None:
        """Writes the config to `file`, in the format of its suffix; without `file` gives the text instead.

        That text has the format of the file that the config came from, Python if there is none.
        """
        from mmmigrate.compat.fileio import dumps

        target = os.fspath(file) if file is not None else self.filename or ".py"
        suffix = os.path.splitext(target)[1] or target  # noqa: PTH122 - ".py" itself counts
        text = self.pretty_text if suffix == ".py" else dumps(self.to_dict(), file_format=suffix[1:])
        if file is None:
            return text
        with atomic_write(file) as stream:
            stream.write(text)
        return None

    def merge_from_dict(self, options: dict[str, Any], allow_list_keys: bool = True) -> None:
        """Merges values given by dotted keys, `{"model.backbone.depth": 50}`.

        With `allow_list_keys` a number in the key addresses an element of a list.
        """
        nested: dict[str, Any] = {}
        for full_key, value in options.items():
            *folders, last = full_key.split(".")
            target = nested
            for folder in folders:
                target = target.setdefault(folder, {})
            target[last] = value
        self._set(_cfg_dict=self.dict_class(merge(nested, self._cfg_dict, allow_list_keys)))

    @staticmethod
    def _merge_a_into_b(a: Any, b: Any, allow_list_keys: bool = False) -> Any:
        return merge(a, b, allow_list_keys)

    def __repr__(self) -> str:
        return f"Config (path: {self.filename}): {self._cfg_dict!r}"

    def __len__(self) -> int:
        return len(self._cfg_dict)

    def __iter__(self) -> Any:
        return iter(self._cfg_dict)

    def __contains__(self, key: object) -> bool:
        return key in self._cfg_dict

    def __getattr__(self, name: str) -> Any:
        if name == "_cfg_dict":  # an instance that is being unpickled or copied has none yet
            raise AttributeError(name)
        return getattr(self._cfg_dict, name)

    def __getitem__(self, name: Any) -> Any:
        return self._cfg_dict[name]

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._cfg_dict, name, value)

    def __setitem__(self, name: Any, value: Any) -> None:
        self._cfg_dict[name] = value

    def __delattr__(self, name: str) -> None:
        delattr(self._cfg_dict, name)

    def __delitem__(self, name: Any) -> None:
        del self._cfg_dict[name]

    def copy(self: Self) -> Self:
        """A config with its own top level; nested dicts are shared."""
        other = type(self).__new__(type(self))
        other._set(**{**self.__dict__, "_cfg_dict": self._cfg_dict.copy()})
        return other

    __copy__ = copy

    def __deepcopy__(self: Self, memo: dict[int, Any]) -> Self:
        other = type(self).__new__(type(self))
        memo[id(self)] = other
        other._set(**copy.deepcopy(self.__dict__, memo))
        return other

    def __getstate__(self) -> Any:
        return dict(self.__dict__)

    def __setstate__(self, state: Any) -> None:
        self._set(**state)
