"""Progress is shown on a terminal and nowhere else: results stay clean for pipes and CI."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "mmmigrate.compat", "config", "--json", "-", "-q"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for index in range(30):
        (tmp_path / f"c{index}.py").write_text(f"total_epochs = {index + 1}\n")
    return tmp_path


def on_a_terminal(command: list[str]) -> tuple[str, str]:
    """What the command writes to stdout, a pipe, and to stderr, a terminal of its own."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, text=True, env=environment)
    os.close(theirs)
    assert process.stdout is not None
    stdout, seen = process.stdout.read(), b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # Linux's word for the other end of a terminal being closed
            break
        if not piece:
            break
        seen += piece
    os.close(ours)
    assert process.wait() == 0
    return stdout, seen.decode()


def test_a_terminal_shows_how_far_a_folder_is(folder: Path) -> None:
    stdout, stderr = on_a_terminal([*COMMAND, str(folder)])
    assert "converting" in stderr
    assert "100%" in stderr
    assert stdout.startswith("{")
    assert "converting" not in stdout


def test_a_few_files_are_not_worth_a_bar(folder: Path) -> None:
    _, stderr = on_a_terminal([*COMMAND, str(folder / "c1.py"), str(folder / "c2.py")])
    assert "converting" not in stderr


def test_a_pipe_gets_no_progress(folder: Path) -> None:
    done = subprocess.run([*COMMAND, str(folder)], capture_output=True, text=True, check=True)
    assert "converting" not in done.stdout + done.stderr
    assert "\x1b" not in done.stderr
