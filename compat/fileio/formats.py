"""Objects as JSON, YAML or pickle, to and from strings and files."""

from __future__ import annotations

import io
import json
import os
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from mmmigrate.compat.fileio.storage import BackendArgs, get, put
from mmmigrate.compat.suggest import did_you_mean


@dataclass(frozen=True)
class Format:
    """How one format reads bytes and writes them; `is_text` says whether the bytes are UTF-8 text."""

    loads: Callable[..., Any]
    dumps: Callable[..., bytes]
    is_text: bool


def plain_value(obj: Any) -> Any:
    """Sets, ranges and numpy values as lists and numbers, which JSON can hold; TypeError for other things."""
    if isinstance(obj, (set, range)):
        return list(obj)
    if type(obj).__module__ == "numpy":
        return obj.tolist()
    raise TypeError(f"{type(obj)} is unsupported for json dump")


def _dump_json(obj: Any, default: Any = plain_value, **kwargs: Any) -> bytes:
    return json.dumps(obj, default=default, **kwargs).encode()


def _dump_yaml(obj: Any, **kwargs: Any) -> bytes:
    import yaml  # takes a tenth of what the runtimes need to be imported

    kwargs.setdefault("Dumper", getattr(yaml, "CDumper", yaml.Dumper))
    text: str = yaml.dump(obj, **kwargs)
    return text.encode()


def _load_yaml(data: bytes, **kwargs: Any) -> Any:
    import yaml

    # libyaml's parser is about ten times faster than the one in Python; not every build of PyYAML has it.
    kwargs.setdefault("Loader", getattr(yaml, "CLoader", yaml.Loader))
    return yaml.load(data, **kwargs)


def _dump_pickle(obj: Any, protocol: int = 2, **kwargs: Any) -> bytes:
    return pickle.dumps(obj, protocol=protocol, **kwargs)


_YAML = Format(_load_yaml, _dump_yaml, True)
_PICKLE = Format(pickle.loads, _dump_pickle, False)
FORMATS: dict[str, Format] = {
    "json": Format(json.loads, _dump_json, True),
    "yaml": _YAML,
    "yml": _YAML,
    "pickle": _PICKLE,
    "pkl": _PICKLE,
}


def format_of(file: Any, file_format: str | None) -> Format:
    """The format by name, or by the suffix of a path. TypeError names the known ones."""
    if file_format is None:
        if not isinstance(file, (str, os.PathLike)):
            raise TypeError("file_format must be given when there is no path with a suffix")
        file_format = PurePath(file).suffix[1:]
    found = FORMATS.get(file_format)
    if found is None:
        raise TypeError(f"Unsupported format: {file_format}{did_you_mean(file_format, FORMATS)}")
    return found


def one_of(file_client_args: BackendArgs, backend_args: BackendArgs) -> BackendArgs:
    """Whichever is given: the first is the older name of the second. Both are a ValueError."""
    if file_client_args is not None and backend_args is not None:
        raise ValueError('"file_client_args" and "backend_args" cannot be set at the same time')
    return file_client_args if backend_args is None else backend_args


def load(
    file: Any,
    file_format: str | None = None,
    file_client_args: BackendArgs = None,
    backend_args: BackendArgs = None,
    **kwargs: Any,
) -> Any:
    """The object stored in a file: a path, a URL, or something with `read`. The suffix tells a format not given."""
    found = format_of(file, file_format)
    if hasattr(file, "read"):
        data = file.read()
        return found.loads(data.encode() if isinstance(data, str) else data, **kwargs)
    if not isinstance(file, (str, os.PathLike)):
        raise TypeError('"file" must be a filepath str or a file-object')
    return found.loads(get(file, one_of(file_client_args, backend_args)), **kwargs)


def loads(text: str | bytes, file_format: str, **kwargs: Any) -> Any:
    """The object that a string in that format holds. Text that is not valid is a ValueError."""
    found = format_of(None, file_format)
    try:
        return found.loads(text.encode() if isinstance(text, str) else text, **kwargs)
    except Exception as error:
        if type(error).__module__.partition(".")[0] == "yaml":  # not imported for the other formats
            raise ValueError(str(error)) from error
        raise


def dump(
    obj: Any,
    file: Any = None,
    file_format: str | None = None,
    file_client_args: BackendArgs = None,
    backend_args: BackendArgs = None,
    **kwargs: Any,
) -> Any:
    """Stores an object in a file: a path, a URL, or something with `write`; without `file` gives the text or bytes."""
    if file is None and file_format is None:
        raise ValueError("file_format must be given when there is no file to write to")
    found = format_of(file, file_format)
    data = found.dumps(obj, **kwargs)
    if file is None:
        return data.decode() if found.is_text else data
    if hasattr(file, "write"):
        file.write(data.decode() if isinstance(file, io.TextIOBase) else data)
        return None
    if not isinstance(file, (str, os.PathLike)):
        raise TypeError('"file" must be a filename str or a file-object')
    return put(data, file, one_of(file_client_args, backend_args))


def dumps(obj: Any, file_format: str, **kwargs: Any) -> str:
    """The object as text, in "json" or "yaml"."""
    found = format_of(None, file_format)
    if not found.is_text:
        raise TypeError(f"{file_format} is no text format: use dump")
    return found.dumps(obj, **kwargs).decode()
