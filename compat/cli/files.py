"""Files that options name: what cannot be written is said before hours of training, not after them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click


class OutputFile(click.ParamType):  # type: ignore[type-arg]
    """A file to be written, as a Path; with `dash` as text, since `-` is standard output then."""

    name = "file"

    def __init__(self, *, dash: bool = False) -> None:
        self.dash = dash

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path | str:
        if self.dash and value == "-":
            return "-"
        path = Path(value)
        if path.is_dir():
            self.fail(f"{path} is a folder", param, ctx)
        if not path.parent.is_dir():
            self.fail(f"{path}: there is no folder {path.parent}", param, ctx)
        if not os.access(path.parent, os.W_OK):
            self.fail(f"{path}: nothing can be written to {path.parent}", param, ctx)
        return str(path) if self.dash else path
