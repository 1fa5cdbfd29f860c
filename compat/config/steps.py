"""The single steps of reading a config file, by the names under which tests of v2 and v3 projects call them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mmmigrate.compat.config.loading import with_base_variables
from mmmigrate.compat.config.source import fill_environment, fill_predefined, mark_base_variables, parsed

PathLike = str | os.PathLike[str]


class ReadingSteps:
    """What `Config` has besides its interface: each step from one file to another, nothing executed."""

    @staticmethod
    def _validate_py_syntax(filename: PathLike) -> None:
        parsed(os.fspath(filename), _text_of(filename))

    @staticmethod
    def _substitute_predefined_vars(filename: PathLike, temp_config_name: PathLike) -> None:
        _write(temp_config_name, fill_predefined(_text_of(filename), os.fspath(filename)))

    @staticmethod
    def _substitute_env_variables(filename: PathLike, temp_config_name: PathLike) -> dict[str, str]:
        text, taken = fill_environment(_text_of(filename), os.fspath(filename))
        _write(temp_config_name, text)
        return taken

    @staticmethod
    def _pre_substitute_base_vars(filename: PathLike, temp_config_name: PathLike) -> dict[str, str]:
        text, names = mark_base_variables(_text_of(filename))
        _write(temp_config_name, text)
        return names

    @staticmethod
    def _substitute_base_vars(cfg: Any, base_var_dict: dict[str, str], base_cfg: dict[str, Any]) -> Any:
        return with_base_variables(cfg, base_var_dict, base_cfg, "this config")


def _text_of(filename: PathLike) -> str:
    return Path(filename).read_text(encoding="utf-8")


def _write(filename: PathLike, text: str) -> None:
    Path(filename).write_text(text, encoding="utf-8")
