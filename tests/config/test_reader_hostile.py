"""Files made to harm: nothing is executed, nothing hangs, nothing fails but with a finding that has a code."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmmigrate.compat.cli import main
from mmmigrate.compat.pipeline import convert_file
from mmmigrate.converters.convert import ConfigConverter
from mmmigrate.converters.rules.experiment import Options

DOUBLED = "".join("a = (a, a)\n" for _ in range(60))
TEXTS = {
    "shared tuples as a key": f"a = (1,)\n{DOUBLED}x = {{a: 1}}\n",
    "shared tuples in a set": f"a = (1,)\n{DOUBLED}x = {{a}}\n",
    "shared tuples compared": f"a = (1,)\n{DOUBLED}x = a == a\n",
    "shared tuples printed": f"a = (1,)\n{DOUBLED}x = '%s' % (a,)\n",
    "shared lists as text": "a = [1]\n" + "a = [a, a]\n" * 60 + "x = f'{a}'\n",
    "shared lists as a value": "a = [1]\n" + "a = [a, a]\n" * 60 + "model = dict(a=a)\n",
    "shared lists copied": "import copy\na = [1]\n" + "a = [a, a]\n" * 60 + "x = copy.deepcopy(a)\n",
    "many lists": "".join(f"x{i} = [0] * 100000\n" for i in range(5000)),
    "a deep list": "x = []\nfor i in range(100000):\n    x = [x]\n",
    "a rounded integer": "x = round(5, -10**9)\n",
    "padding": "x = 'a'.ljust(10**9)\n",
    "tabs": "x = ('\\t' * 1000).expandtabs(9000)\n",
    "joined": "x = ('a' * 100000).join(['b'] * 100000)\n",
    "a width from values": "x = '%*d' % (10**9, 1)\n",
    "a nested width": "x = f'{1:>{10**9}}'\n",
    "a factorial": "import math\nx = math.factorial(10**7)\n",
    "a product": "import math\nx = math.prod([2**1000] * 10000)\n",
    "a power": "x = 2**10**9\n",
    "a range in a slice": "x = []\nx[:] = range(10**9)\n",
    "recursion": "f = lambda g, n: g(g, n + 1)\nx = f(f, 0)\n",
    "a slow function": "def f(n):\n    return 1 if n < 2 else f(n - 1) + f(n - 2)\nx = f(60)\n",
    "big keys": "x = sorted(range(10), key=lambda n: [0] * 10**9)\n",
    "a null byte": "a = 1\0b\n",
    "an environment variable": "x = {{$SURELY_NOT_SET_ANYWHERE:}}\n",
    "a long chain of names": "x = a" + ".b" * 20000 + "\n",
}
YAML = {
    "laughs": "a: &a [1]\n"
    + "".join(f"b{i}: &b{i} [{', '.join([f'*b{i - 1}' if i else '*a'] * 9)}]\n" for i in range(9)),
    "execution": "model: !!python/object/apply:os.system ['true']\n",
    "a loop": "model: &m {a: *m}\n",
    "depth": "model: " + "[" * 20000 + "\n",
    "no dict": "- 1\n",
    "a key that cannot be one": "? [1, 2]\n: 3\n",
    "no date": "model: 2020-13-45\n",
}


def codes(path: Path, **options) -> list[str]:
    result = convert_file(path, ConfigConverter(Options(**options)))
    assert result.status in {"converted", "unchanged", "failed"}
    return [finding.code for finding in result.findings] if result.status == "failed" else []


@pytest.mark.parametrize("name", TEXTS)
def test_a_python_config_that_would_cost_too_much_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "c.py").write_text(TEXTS[name])
    assert codes(tmp_path / "c.py")[0] in {"CFG001", "CFG003", "CFG004"}


@pytest.mark.parametrize("name", YAML)
def test_a_yaml_config_that_would_cost_too_much_or_execute_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "c.yaml").write_text(YAML[name])
    assert codes(tmp_path / "c.yaml")[0] in {"CFG001", "CFG003", "CFG004"}


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "zero.py").symlink_to("/dev/zero")
    (tmp_path / "loop.py").symlink_to("loop.py")
    (tmp_path / "enc.py").write_bytes(b"\xff\xfe\x00a")
    (tmp_path / "coding.py").write_text("# -*- coding: nonsense -*-\na = 1\n")
    for name in ("pipe", "zero", "loop", "enc", "coding"):
        assert codes(tmp_path / f"{name}.py") == ["CFG002"]
    with (tmp_path / "big.py").open("wb") as file:
        file.truncate(100_000_000)
    assert codes(tmp_path / "big.py") == ["CFG004"]


@pytest.mark.parametrize(
    "base",
    ["a\\0b.py", "a" * 5000 + ".py", "mmdet::../../x.py", "::x.py", "os::x.py", ".", "../../etc/passwd", "pipe.py"],
    ids=["null", "long", "package", "no package", "no folder", "folder", "outside", "pipe"],
)
def test_a_base_that_is_no_config_is_refused(tmp_path: Path, base: str) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "c.py").write_text(f"_base_ = '{base}'\n")
    assert codes(tmp_path / "c.py") == ["CFG002"]


def test_bases_in_a_circle_and_in_a_long_chain_are_refused(tmp_path: Path) -> None:
    (tmp_path / "c0.py").write_text("_base_ = 'd.py'\n")
    (tmp_path / "d.py").write_text("_base_ = 'c0.py'\n")
    assert codes(tmp_path / "c0.py") == ["CFG007"]
    (tmp_path / "c0.py").write_text("x = 1\n")
    for index in range(1, 80):
        (tmp_path / f"c{index}.py").write_text(f"_base_ = 'c{index - 1}.py'\n")
    assert codes(tmp_path / "c79.py") == ["CFG004"]


def test_each_line_keeps_its_own_end_and_no_mark_is_left_that_both_libraries_refuse(tmp_path: Path) -> None:
    (tmp_path / "c.py").write_bytes(b"\xef\xbb\xbfa = 1\r\nb = 2\ntotal_epochs = 3\r\nc = 4\r\n")
    result = convert_file(tmp_path / "c.py", ConfigConverter())
    assert result.data == b"a = 1\r\nb = 2\ntrain_cfg = dict(type='EpochBasedTrainLoop', max_epochs=3)\r\nc = 4\r\n"


def test_the_command_survives_a_folder_of_them(tmp_path: Path) -> None:
    for index, text in enumerate(list(TEXTS.values())[:12]):
        (tmp_path / f"c{index}.py").write_text(text)
    (tmp_path / "good.py").write_text("total_epochs = 3\n")
    result = CliRunner().invoke(main, ["config", str(tmp_path), "-w"])
    assert result.exit_code == 2
    assert "1 converted" in result.stderr
    assert (tmp_path / "good.py").read_text().startswith("train_cfg")
    assert (tmp_path / "c0.py").read_text() == TEXTS["shared tuples as a key"]


_PIECES = r"""model optimizer x _base_ = == ( ) [ ] { } , : . dict( dict(type='SGD',lr= 1 -2 0.1 'a' "b" f'{x}'
{{_base_.x}} {{fileDirname}} {{$A:1}} _base_.x lambda for in if else not and or * ** % // << @ -> ... # é \ \t
open(CANARY,'w') __import__('os').system(TOUCH) ().__class__.__mro__[1].__subclasses__() eval(TOUCH) exec(TOUCH)
os.system(TOUCH) getattr( [x,*x] range(9) while def class import from with read_base(): return del assert try:
except: 9**9 True None total_epochs=3 lr_config=dict(policy='step',step=[1]) runner=dict(max_epochs=2) update( .pop(
.append( .format( join( sum( sorted( isinstance( copy deepcopy( 0x1F 1e9 1j b'z' ; := | & ~ ^ <"""
PIECES = st.sampled_from(_PIECES.split())
GLUE = st.sampled_from(["", " ", "\n", "\n    ", " = ", ", "])


def test_a_template_that_is_no_expression_is_refused_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "c.py"
    path.write_text("total_epochs = {{fileDirname}}\n")
    assert codes(path) == ["CFG001"]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(PIECES, GLUE), max_size=25), st.sampled_from(["v3", "v2"]), st.sampled_from([".py", ".yaml"]))
def test_no_text_executes_anything_or_fails_without_a_code(tmp_path_factory, pieces, to, suffix) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    canary = folder / "canary"
    text = "".join(piece + glue for piece, glue in pieces)
    text = text.replace("CANARY", repr(str(canary))).replace("TOUCH", repr(f"touch {canary}"))
    path = folder / f"c{suffix}"
    path.write_text(text, encoding="utf-8")
    before = sorted(folder.iterdir())
    assert all(code for code in codes(path, to=to))
    assert sorted(folder.iterdir()) == before


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_bytes_fail_without_a_code(tmp_path_factory, data) -> None:
    for suffix in (".py", ".yaml", ".json"):
        path = tmp_path_factory.mktemp("bytes") / f"c{suffix}"
        path.write_bytes(data)
        assert all(code for code in codes(path))


def test_the_processes_of_a_trusted_config_are_its_own(tmp_path: Path) -> None:
    (tmp_path / "c.py").write_text("import sys\nsys.modules['marker'] = 1\ntotal_epochs = len(sys.argv[0]) or 2\n")
    assert codes(tmp_path / "c.py") == ["CFG003"]
    assert codes(tmp_path / "c.py", trust=True) == []
    assert "marker" not in sys.modules
