"""File handlers: the classes that projects subclass and register to load and dump formats of their own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from mmmigrate.compat.fileio.formats import FORMATS, Format


class BaseFileHandler(ABC):
    """A format. Subclasses define the three methods; `str_like=False` says that it reads and writes bytes."""

    str_like = True

    @abstractmethod
    def load_from_fileobj(self, file: Any, **kwargs: Any) -> Any:
        """The object in an open file."""

    @abstractmethod
    def dump_to_fileobj(self, obj: Any, file: Any, **kwargs: Any) -> None:
        """Writes the object to an open file."""

    @abstractmethod
    def dump_to_str(self, obj: Any, **kwargs: Any) -> Any:
        """The object as text, or as bytes."""

    def load_from_path(self, filepath: str, mode: str = "r", **kwargs: Any) -> Any:
        with open(filepath, mode) as file:  # noqa: PTH123 - the mode is the subclass's
            return self.load_from_fileobj(file, **kwargs)

    def dump_to_path(self, obj: Any, filepath: str, mode: str = "w", **kwargs: Any) -> None:
        with open(filepath, mode) as file:  # noqa: PTH123
            self.dump_to_fileobj(obj, file, **kwargs)


class _BuiltIn(BaseFileHandler):
    _format = ""

    def load_from_fileobj(self, file: Any, **kwargs: Any) -> Any:
        data = file.read()
        return FORMATS[self._format].loads(data, **kwargs)

    def dump_to_str(self, obj: Any, **kwargs: Any) -> Any:
        data = FORMATS[self._format].dumps(obj, **kwargs)
        return data.decode() if self.str_like else data

    def dump_to_fileobj(self, obj: Any, file: Any, **kwargs: Any) -> None:
        file.write(self.dump_to_str(obj, **kwargs))


class JsonHandler(_BuiltIn):
    """JSON; sets, ranges and numpy values become lists and numbers."""

    _format = "json"


class YamlHandler(_BuiltIn):
    """YAML."""

    _format = "yaml"


class PickleHandler(_BuiltIn):
    """Pickle."""

    _format = "pickle"
    str_like = False


file_handlers: dict[str, BaseFileHandler] = {
    "json": JsonHandler(),
    "yaml": YamlHandler(),
    "yml": YamlHandler(),
    "pickle": PickleHandler(),
    "pkl": PickleHandler(),
}


def register_handler(file_formats: str | list[str]) -> Callable[[type[BaseFileHandler]], type[BaseFileHandler]]:
    """A decorator that makes `load` and `dump` use a handler class for files with these suffixes."""

    def register(handler_cls: type[BaseFileHandler]) -> type[BaseFileHandler]:
        if not issubclass(handler_cls, BaseFileHandler):
            raise TypeError(f"Handler must be a child of BaseFileHandler, not {handler_cls!r}")
        handler = handler_cls()
        for name in [file_formats] if isinstance(file_formats, str) else file_formats:
            FORMATS[name] = _as_format(handler)
            file_handlers[name] = handler
        return handler_cls

    return register


def _as_format(handler: BaseFileHandler) -> Format:
    import io

    def loads(data: bytes, **kwargs: Any) -> Any:
        file = io.StringIO(data.decode()) if handler.str_like else io.BytesIO(data)
        return handler.load_from_fileobj(file, **kwargs)

    def dumps(obj: Any, **kwargs: Any) -> bytes:
        data = handler.dump_to_str(obj, **kwargs)
        return data.encode() if isinstance(data, str) else bytes(data)

    return Format(loads, dumps, handler.str_like)
