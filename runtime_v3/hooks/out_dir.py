"""Hooks that leave files in a folder or at a URL."""

from __future__ import annotations

from typing import Any

from mmmigrate.runtime_v3.fileio import BaseStorageBackend, FileClient, get_file_backend


class HasOutDir:
    """Gives access to the storage behind `out_dir` by both interfaces of mmengine."""

    out_dir: Any
    file_client_args: dict[str, Any] | None
    backend_args: dict[str, Any] | None

    @property
    def file_client(self) -> FileClient:
        return FileClient.infer_client(self.file_client_args, self.out_dir)

    @property
    def file_backend(self) -> BaseStorageBackend:
        return get_file_backend(self.out_dir, backend_args=self.backend_args)
