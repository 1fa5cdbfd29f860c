"""Objects in files, by a handler for each format, wherever `FileClient` reaches."""

from __future__ import annotations

import os
from collections.abc import Callable
from io import BytesIO, StringIO
from typing import Any

from mmmigrate.compat.fileio import BaseFileHandler, JsonHandler, PickleHandler, YamlHandler
from mmmigrate.compat.suggest import did_you_mean
from mmmigrate.runtime_v2.fileio.client import FileClient

ClientArgs = dict[str, Any] | None

file_handlers: dict[str, BaseFileHandler] = {
    "json": JsonHandler(),
    "yaml": YamlHandler(),
    "yml": YamlHandler(),
    "pickle": PickleHandler(),
    "pkl": PickleHandler(),
}


def register_handler(file_formats: str | list[str], **kwargs: Any) -> Callable[[type[Any]], type[Any]]:
    """A decorator that makes `load` and `dump` use a handler class for files with these suffixes.

    `kwargs` go to the class.
    """
    names = [file_formats] if isinstance(file_formats, str) else file_formats
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise TypeError("file_formats must be a str or a list of str")

    def register(handler_class: type[Any]) -> type[Any]:
        handler = handler_class(**kwargs)
        if not isinstance(handler, BaseFileHandler):
            raise TypeError(f"handler must be a child of BaseFileHandler, not {type(handler)}")
        file_handlers.update(dict.fromkeys(names, handler))
        return handler_class

    return register


def _handler(file: Any, file_format: str | None) -> BaseFileHandler:
    if file_format is None and isinstance(file, str):
        file_format = file.rpartition(".")[2]
    handler = file_handlers.get(file_format or "")
    if handler is None:
        raise TypeError(f"Unsupported format: {file_format}{did_you_mean(str(file_format), file_handlers)}")
    return handler


def load(file: Any, file_format: str | None = None, file_client_args: ClientArgs = None, **kwargs: Any) -> Any:
    """The object in a file: a path, a URL, or something with `read`. The suffix tells a format not given."""
    file = os.fspath(file) if isinstance(file, os.PathLike) else file
    handler = _handler(file, file_format)
    if isinstance(file, str):
        client = FileClient.infer_client(file_client_args, file)
        content = StringIO(client.get_text(file)) if handler.str_like else BytesIO(client.get(file))
        return handler.load_from_fileobj(content, **kwargs)
    if hasattr(file, "read"):
        return handler.load_from_fileobj(file, **kwargs)
    raise TypeError('"file" must be a filepath str or a file-object')


def dump(
    obj: Any, file: Any = None, file_format: str | None = None, file_client_args: ClientArgs = None, **kwargs: Any
) -> Any:
    """Stores an object in a file: a path, a URL, or something with `write`; without `file` gives the text or bytes."""
    file = os.fspath(file) if isinstance(file, os.PathLike) else file
    if file is None and file_format is None:
        raise ValueError("file_format must be specified since file is None")
    handler = _handler(file, file_format)
    if file is None:
        return handler.dump_to_str(obj, **kwargs)
    if isinstance(file, str):
        client = FileClient.infer_client(file_client_args, file)
        content: Any = StringIO() if handler.str_like else BytesIO()
        handler.dump_to_fileobj(obj, content, **kwargs)
        (client.put_text if handler.str_like else client.put)(content.getvalue(), file)
        return None
    if hasattr(file, "write"):
        handler.dump_to_fileobj(obj, file, **kwargs)
        return None
    raise TypeError('"file" must be a filename str or a file-object')
