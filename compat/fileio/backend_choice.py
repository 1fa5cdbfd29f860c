"""The backend for a path or for the arguments of a config, as the new generation asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mmmigrate.compat.fileio.client import BaseStorageBackend, FileClient
from mmmigrate.compat.fileio.storage import BackendArgs, PathLike

_backends: dict[str, BaseStorageBackend] = {}


def get_file_backend(
    uri: PathLike | None = None, *, backend_args: BackendArgs = None, enable_singleton: bool = False
) -> BaseStorageBackend:
    """The backend that `backend_args` describes (`backend` names it), or else the one for the scheme of `uri`.

    With `enable_singleton` the same arguments give the same object.
    """
    args = dict(backend_args or {})
    if "backend" not in args:
        if uri is None:
            raise ValueError("uri should not be None when backend_args does not name a backend")
        args["prefix"] = FileClient.parse_uri_prefix(uri)
    key = repr(sorted(args.items(), key=str))
    if enable_singleton and key in _backends:
        return _backends[key]
    name, prefix = args.pop("backend", None), args.pop("prefix", None)
    if name is None and prefix is None:
        name = "local"
    backend = FileClient(backend=name, prefix=prefix, **args).client
    if enable_singleton:
        _backends[key] = backend
    return backend


def register_backend(
    name: str,
    backend: type[BaseStorageBackend] | None = None,
    force: bool = False,
    prefixes: str | list[str] | tuple[str, ...] | None = None,
) -> Callable[..., Any] | None:
    """Makes a backend class known by a name and by URL schemes; a decorator without `backend`."""
    return FileClient.register_backend(name, backend, force, prefixes)
