from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fsspec
import numpy as np
import pytest

from mmmigrate.compat import fileio
from mmmigrate.compat.fileio import BaseFileHandler, BaseStorageBackend, FileClient
from mmmigrate.compat.fileio.formats import FORMATS

VALUE = {"a": [1, 2.5, None], "b": {"c": "ä"}}


@pytest.fixture
def remote() -> Iterator[str]:
    """The URL of an empty folder that is not on this machine's disk."""
    filesystem = fsspec.filesystem("memory")
    yield "memory://folder"
    filesystem.rm("/", recursive=True)


@pytest.fixture(params=["disk", "remote"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, remote: str) -> str:
    return str(tmp_path) if request.param == "disk" else remote


@pytest.mark.parametrize("suffix", ["json", "yaml", "yml", "pkl", "pickle"])
def test_what_was_dumped_is_loaded(folder: str, suffix: str) -> None:
    path = fileio.join_path(folder, f"new/value.{suffix}")
    fileio.dump(VALUE, path)
    assert fileio.load(path) == VALUE


@pytest.mark.parametrize("file_format", ["json", "yaml"])
def test_text_and_open_files_are_read_and_written(file_format: str) -> None:
    stream = io.StringIO()
    fileio.dump(VALUE, stream, file_format=file_format)
    assert stream.getvalue() == fileio.dump(VALUE, file_format=file_format)
    stream.seek(0)
    assert fileio.load(stream, file_format=file_format) == VALUE


def test_pickles_go_to_binary_files() -> None:
    stream = io.BytesIO()
    fileio.dump(VALUE, stream, file_format="pkl")
    stream.seek(0)
    assert fileio.load(stream, file_format="pkl") == VALUE


def test_json_takes_numpy_values_sets_and_ranges() -> None:
    value = {"a": np.float32(0.5), "b": np.arange(2), "c": range(2), "d": {1}}
    assert fileio.dump(value, file_format="json") == '{"a": 0.5, "b": [0, 1], "c": [0, 1], "d": [1]}'
    with pytest.raises(TypeError, match="unsupported for json dump"):
        fileio.dump({"a": object()}, file_format="json")


@pytest.mark.parametrize("call", [lambda: fileio.load("a.jsn"), lambda: fileio.dump(1, "a.jsn")])
def test_an_unknown_format_names_the_nearest(call: Any) -> None:
    with pytest.raises(TypeError, match="Unsupported format: jsn; did you mean 'json'"):
        call()


def test_files_and_folders_are_told_apart_and_removed(folder: str) -> None:
    path = fileio.join_path(folder, "sub", "a.bin")
    fileio.put(b"12", path)
    sub = fileio.join_path(folder, "sub")
    assert (fileio.get(path), fileio.isfile(path), fileio.isdir(path)) == (b"12", True, False)
    assert (fileio.exists(sub), fileio.isdir(sub), fileio.isfile(sub)) == (True, True, False)
    with pytest.raises(IsADirectoryError):
        fileio.remove(sub)
    fileio.remove(path)
    assert not fileio.exists(path)
    fileio.put_text("ä", path)
    assert fileio.get_text(path) == "ä"
    fileio.rmtree(sub)
    assert not fileio.exists(path)


def test_a_missing_file_is_an_error(folder: str) -> None:
    with pytest.raises(FileNotFoundError):
        fileio.get(fileio.join_path(folder, "none"))


def test_a_local_path_of_a_remote_file_lasts_for_the_block(remote: str) -> None:
    fileio.put(b"1", f"{remote}/a.bin")
    with fileio.get_local_path(f"{remote}/a.bin") as path:
        assert Path(path).read_bytes() == b"1"
        assert Path(path).suffix == ".bin"
    assert not Path(path).exists()


def test_a_local_path_of_a_local_file_is_itself(tmp_path: Path) -> None:
    with fileio.get_local_path(tmp_path / "a") as path:
        assert path == str(tmp_path / "a")


def test_folders_are_listed_as_asked(folder: str) -> None:
    for name in ("a.txt", "b.jpg", ".hidden", "sub/c.txt", "sub/deep/d.txt"):
        fileio.put(b"1", fileio.join_path(folder, name))

    def listed(**kwargs: Any) -> list[str]:
        return sorted(fileio.list_dir_or_file(folder, **kwargs))

    assert listed() == ["a.txt", "b.jpg", "sub"]
    assert listed(list_dir=False, suffix=".txt") == ["a.txt"]
    assert listed(list_dir=False, recursive=True, suffix=(".txt",)) == ["a.txt", "sub/c.txt", "sub/deep/d.txt"]
    assert listed(list_file=False, recursive=True) == ["sub", "sub/deep"]
    with pytest.raises(TypeError, match=r"should be (False|None)"):
        listed(suffix=".txt")


def test_lines_are_read_with_prefix_offset_and_limit(tmp_path: Path) -> None:
    file = tmp_path / "l.txt"
    file.write_bytes(b"a\r\nb\n\nc d\n")
    assert fileio.list_from_file(file) == ["a", "b", "", "c d"]
    assert fileio.list_from_file(file, prefix="p/", offset=1, max_num=2) == ["p/b", "p/"]


def test_a_table_is_read_as_a_dict(tmp_path: Path) -> None:
    file = tmp_path / "t.txt"
    file.write_text("1 cat\n2 dog brown\n")
    assert fileio.dict_from_file(file, key_type=int) == {1: "cat", 2: ["dog", "brown"]}
    file.write_text("1 cat\nalone\n")
    with pytest.raises(ValueError, match=r"t\.txt:2: expected a key"):
        fileio.dict_from_file(file)


@pytest.mark.parametrize(
    ("uri", "name"), [("/a/b", "HardDiskBackend"), ("s3://a/b", "PetrelBackend"), ("https://a/b", "HTTPBackend")]
)
def test_the_backend_follows_from_the_url(uri: str, name: str) -> None:
    client = FileClient.infer_client(uri=uri)
    assert client.name == name
    assert client.allow_symlink is (name == "HardDiskBackend")


def test_a_client_reads_and_writes(tmp_path: Path) -> None:
    client = FileClient(backend="disk")
    client.put_text("x", tmp_path / "a.txt")
    assert client.get(tmp_path / "a.txt") == b"x"
    with pytest.raises(ValueError, match="Backend dsk is not supported; did you mean 'disk'"):
        FileClient(backend="dsk")


def test_backends_of_projects_can_be_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FileClient, "_backends", dict(FileClient._backends))
    monkeypatch.setattr(FileClient, "_prefix_to_backends", dict(FileClient._prefix_to_backends))

    @FileClient.register_backend("own", prefixes="own")  # type: ignore[misc]
    class OwnBackend(BaseStorageBackend):
        def get(self, filepath: Any) -> bytes:
            return b"own"

        def get_text(self, filepath: Any) -> str:
            return "own"

    from mmmigrate.runtime_v3 import fileio as fileio_v3

    assert fileio_v3.get("own://x") == b"own"
    assert FileClient(backend="own").get("x") == FileClient.infer_client(uri="own://x").get("x") == b"own"
    with pytest.raises(KeyError, match="disk is already registered"):
        FileClient.register_backend("disk", OwnBackend)
    with pytest.raises(TypeError, match="not a subclass"):
        FileClient.register_backend("other", int)  # type: ignore[arg-type]


def test_handlers_of_projects_can_be_registered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmmigrate.compat.fileio.handlers.FORMATS", FORMATS)
    for name in ("rev", "rev2"):
        monkeypatch.setitem(FORMATS, name, FORMATS["json"])

    @fileio.register_handler(["rev", "rev2"])
    class Reversed(BaseFileHandler):
        def load_from_fileobj(self, file: Any, **kwargs: Any) -> Any:
            return file.read()[::-1]

        def dump_to_str(self, obj: Any, **kwargs: Any) -> str:
            return str(obj)[::-1]

        def dump_to_fileobj(self, obj: Any, file: Any, **kwargs: Any) -> None:
            file.write(self.dump_to_str(obj))

    fileio.dump("abc", tmp_path / "a.rev")
    assert (tmp_path / "a.rev").read_text() == "cba"
    assert fileio.load(tmp_path / "a.rev") == "abc"


def test_files_and_folders_are_copied(folder: str) -> None:
    fileio.put(b"1", fileio.join_path(folder, "from/sub/a.bin"))
    copied = fileio.copyfile(fileio.join_path(folder, "from/sub/a.bin"), fileio.join_path(folder, "from"))
    assert copied == fileio.join_path(folder, "from", "a.bin")
    fileio.copytree(fileio.join_path(folder, "from"), fileio.join_path(folder, "to"))
    listed = fileio.list_dir_or_file(fileio.join_path(folder, "to"), list_dir=False, recursive=True)
    assert sorted(listed) == ["a.bin", "sub/a.bin"]
    with pytest.raises(FileExistsError):
        fileio.copytree(fileio.join_path(folder, "from"), fileio.join_path(folder, "to"))


def test_a_link_is_made_where_links_can_be_made(tmp_path: Path, remote: str) -> None:
    (tmp_path / "a").write_text("1")
    assert fileio.copy_if_symlink_fails(str(tmp_path / "a"), str(tmp_path / "b"))
    assert (tmp_path / "b").is_symlink()
    assert not fileio.copy_if_symlink_fails(str(tmp_path / "a"), f"{remote}/a")
    assert fileio.get(f"{remote}/a") == b"1"


def test_the_backend_is_chosen_by_name_or_url_and_can_be_shared() -> None:
    assert fileio.get_file_backend("/a").name == "LocalBackend"
    assert fileio.get_file_backend("s3://a").name == "PetrelBackend"
    assert fileio.get_file_backend("/a", backend_args={"backend": "http"}).name == "HTTPBackend"
    shared = [fileio.get_file_backend("/a", enable_singleton=True) for _ in range(2)]
    assert shared[0] is shared[1]
    with pytest.raises(ValueError, match="uri should not be None"):
        fileio.get_file_backend()


def test_downloads_are_read_with_the_standard_library(tmp_path: Path) -> None:
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
    from threading import Thread

    (tmp_path / "a.txt").write_text("ä", encoding="utf-8")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=tmp_path)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/a.txt"
        assert FileClient(backend="http").get_text(url) == fileio.list_from_file(url)[0] == "ä"
        server.shutdown()


def test_the_same_arguments_give_the_same_client() -> None:
    assert FileClient() is FileClient(backend="disk")
    assert FileClient(backend="http") is FileClient(backend="http")
    assert FileClient(backend="http") is not FileClient(backend="disk")


def test_values_of_a_database_are_read_by_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[str, bool]] = []

    class Database:
        def __init__(self, path: str, readonly: bool, **_: Any) -> None:
            opened.append((path, readonly))

        def begin(self, write: bool) -> Database:
            return self

        def __enter__(self) -> Database:
            return self

        def __exit__(self, *_: object) -> None: ...

        def get(self, key: bytes) -> bytes | None:
            return b"value" if key == b"key" else None

    monkeypatch.setitem(sys.modules, "lmdb", SimpleNamespace(open=Database))
    client = FileClient(backend="lmdb", db_path=tmp_path)
    assert opened == []
    assert (client.get("key"), client.get_text("key")) == (b"value", "value")
    assert opened == [(str(tmp_path), True)]
    with pytest.raises(KeyError, match="has no key 'other'"):
        client.get("other")


def test_dump_without_file_and_format_is_refused() -> None:
    with pytest.raises(ValueError, match="file_format must be given"):
        fileio.dump(1)


def test_a_copied_client_keeps_its_backend_and_leaves_others_theirs() -> None:
    import copy
    import pickle

    client = FileClient(backend="http")
    assert pickle.loads(pickle.dumps(client)).name == copy.deepcopy(client).name == "HTTPBackend"
    assert FileClient().name == "HardDiskBackend"
