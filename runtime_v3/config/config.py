"""The config of an experiment of the new generation."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from mmmigrate.compat.config import RESERVED_KEYS
from mmmigrate.compat.config import Config as _CoreConfig
from mmmigrate.compat.config import ConfigDict as _CoreConfigDict
from mmmigrate.compat.config.imports import run_custom_imports
from mmmigrate.runtime_v3.config.config_dict import ConfigDict
from mmmigrate.runtime_v3.config.loading import Loader
from mmmigrate.runtime_v3.config.python_config import is_python_config, load_python_config

Self = TypeVar("Self", bound="Config")


class Config(_CoreConfig):
    """`mmengine.Config`. `env_variables` holds the environment variables that its text took values from.

    `format_python_code` is accepted for the interface; the printed form is the same either way.
    """

    dict_class: ClassVar[type[_CoreConfigDict]] = ConfigDict
    sort_keys: ClassVar[bool] = True

    def __init__(
        self,
        cfg_dict: dict[Any, Any] | None = None,
        cfg_text: str | None = None,
        filename: str | os.PathLike[str] | None = None,
        env_variables: dict[str, str] | None = None,
        format_python_code: bool = True,
    ) -> None:
        if isinstance(cfg_dict, dict) and "env_variables" in cfg_dict:
            raise KeyError(f"env_variables is reserved for config file, as are {', '.join(RESERVED_KEYS)}")
        super().__init__(cfg_dict, cfg_text, filename)
        self._set(_env_variables=env_variables or {}, _imported_names=set(), _format_python_code=format_python_code)

    def _own(self, cfg_dict: dict[Any, Any]) -> _CoreConfigDict:
        return cfg_dict if isinstance(cfg_dict, ConfigDict) else ConfigDict(cfg_dict)

    @classmethod
    def fromfile(
        cls: type[Self],
        filename: str | os.PathLike[str],
        use_predefined_variables: bool = True,
        import_custom_modules: bool = True,
        use_environment_variables: bool = True,
        lazy_import: bool | None = None,
        format_python_code: bool = True,
    ) -> Self:
        """The config in a file, its bases merged in.

        `lazy_import` says whether it is a pure-Python config (True) or a text config (False); left out, the
        content tells. Text configs have their `custom_imports` imported.
        """
        filename = os.fspath(filename)
        if lazy_import is None:
            lazy_import = _is_python_file(filename)
            text_kind = None
        else:
            text_kind = lazy_import
        if lazy_import:
            values, imported_names = load_python_config(filename)
            cfg = cls(values, filename=filename, format_python_code=format_python_code)
            cfg._set(_imported_names=imported_names)
            return cfg
        loaded = Loader(use_predefined_variables, use_environment_variables, text_kind).load(filename)
        if import_custom_modules and loaded.values.get("custom_imports"):
            run_custom_imports(loaded.values["custom_imports"], filename)
        return cls(loaded.values, cfg_text=loaded.text, filename=filename, env_variables=loaded.environment)

    @staticmethod
    def _is_lazy_import(filename: str | os.PathLike[str]) -> bool:
        return _is_python_file(os.fspath(filename))

    @staticmethod
    def _get_cfg_path(cfg_path: str, filename: str) -> tuple[str, str | None]:
        """`(path, scope of its package or None)` of a base that the file names."""
        return Loader().resolve_base(cfg_path, filename)

    @staticmethod
    def _file2dict(
        filename: str | os.PathLike[str],
        use_predefined_variables: bool = True,
        use_environment_variables: bool = True,
        lazy_import: bool | None = None,
    ) -> tuple[dict[str, Any], str, dict[str, str]]:
        """`(values, texts of all files, environment variables)` of a text config."""
        loaded = Loader(use_predefined_variables, use_environment_variables, lazy_import).load(filename)
        return loaded.values, loaded.text, loaded.environment

    @property
    def env_variables(self) -> dict[str, str]:
        return self.__dict__["_env_variables"]  # type: ignore[no-any-return]

    def to_dict(self, keep_imported: bool = False) -> dict[Any, Any]:
        """The values as plain dicts; lazy objects become their paths. Imported names only with `keep_imported`."""
        return self._without_imported(self._cfg_dict.to_dict(), keep_imported)

    def _to_lazy_dict(self, keep_imported: bool = False) -> dict[Any, Any]:
        return self._without_imported(self._cfg_dict._to_lazy_dict(), keep_imported)

    def _without_imported(self, values: dict[Any, Any], keep_imported: bool) -> dict[Any, Any]:
        imported = () if keep_imported else self.__dict__["_imported_names"]
        return {key: value for key, value in values.items() if key not in imported}

    @staticmethod
    def diff(cfg1: str | _CoreConfig, cfg2: str | _CoreConfig) -> str:
        """What differs between two configs (or config files), as a coloured unified diff of their printed forms."""
        import difflib

        from rich.console import Console
        from rich.text import Text

        first, second = (Config.fromfile(cfg) if isinstance(cfg, str) else cfg for cfg in (cfg1, cfg2))
        colours = {"+": "bright_green", "-": "bright_red"}
        text = Text()
        for line in difflib.unified_diff(first.pretty_text.split("\n"), second.pretty_text.split("\n")):
            text.append(line + "\n", style=colours.get(line[:1], "bright_white"))
        console = Console()
        with console.capture() as capture:
            console.print(text)
        return capture.get()


def _is_python_file(filename: str) -> bool:
    file = Path(filename)
    return file.suffix == ".py" and file.is_file() and is_python_config(file.read_text(encoding="utf-8"), filename)
