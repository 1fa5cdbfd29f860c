from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mmmigrate.compat.atomic import atomic_write


def test_the_file_has_the_content_after_the_block(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "a.txt") as stream:
        stream.write("ä\n")
    assert (tmp_path / "a.txt").read_bytes() == "ä\n".encode()


def test_an_error_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("old")
    with pytest.raises(RuntimeError), atomic_write(file) as stream:
        stream.write("half")
        raise RuntimeError
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_killed_process_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(b"old")
    code = (
        "import os, signal, sys\nfrom mmmigrate.compat.atomic import atomic_write\n"
        "with atomic_write(sys.argv[1], 'wb') as stream:\n"
        "    stream.write(b'new' * 100000); stream.flush(); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(file)])
    assert done.returncode == -signal.SIGKILL
    assert file.read_bytes() == b"old"


def test_permissions_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "run.sh"
    file.write_text("old")
    file.chmod(0o750)
    with atomic_write(file) as stream:
        stream.write("new")
    assert file.stat().st_mode & 0o777 == 0o750


def test_a_link_still_points_to_its_file(tmp_path: Path) -> None:
    target, link = tmp_path / "target.txt", tmp_path / "link.txt"
    target.write_text("old")
    link.symlink_to(target)
    with atomic_write(link) as stream:
        stream.write("new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_another_mode_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'w' or 'wb', got 'a'"), atomic_write(tmp_path / "a", "a"):
        pass
