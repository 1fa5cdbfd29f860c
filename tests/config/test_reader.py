"""What the reader evaluates, and what it refuses, without executing anything."""

from __future__ import annotations

import pickle
import subprocess
import types
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmmigrate.compat.findings import ConversionError
from mmmigrate.converters.convert import ConfigConverter
from mmmigrate.converters.read.load import Loader
from mmmigrate.converters.read.traced import plain, same


def read(folder: Path, text: str, **others: str) -> dict:
    for name, content in others.items():
        (folder / f"{name}.py").write_text(content)
    (folder / "config.py").write_text(text)
    return plain(Loader().load(folder / "config.py").merged)


EXPRESSIONS = [
    "dict(a=1, **dict(b=2))",
    "{'a': 1, **{'b': (1, 2)}}",
    "[1, *[2, 3]] + [4]",
    "(640, 640)[0] // 2",
    "-2 ** 2 + 7 % 4",
    "f'{3 * 2:04d}-{0.5!r}-{1e-3:.2e}'",
    "'%d of %s' % (3, 'x')",
    "'{} {name}'.format(1, name='b')",
    "'a,b'.split(',')",
    "'/'.join(['data', 'coco'])",
    "[x * y for x in range(3) for y in (1, 2) if x != y]",
    "{f'stage{i}': dict(lr_mult=0.9**i) for i in range(3)}",
    "{i % 2 for i in range(4)}",
    "sum([0.1] * 10)",
    "sorted({'b': 1, 'a': 2})",
    "max(3, len('abcd')) if not [] else None",
    "1 < 2 <= 2 and 'x' in 'xyz'",
    "list(zip([1, 2], 'ab'))",
    "dict(a=[1, 2, 3])['a'][1:]",
    "0x10 | 1 << 3",
    "float('inf') > 1e308",
    "b'\\x00' + b'1'",
    "[*range(0, 10, 3)][::-1]",
    "'abc'.upper().replace('B', '-')",
    "None or 3",
    "round(2.5), abs(-3), divmod(7, 2)",
    "(lambda_ := 3) + lambda_",
    "(lambda a, *b, c=3, **d: [a, b, c, d])(1, 2, e=4)",
    "sorted([3, -1, 2], key=lambda n: -n)",
    "list(map(lambda p: p[0], ['ab', 'cd']))",
    "max([(1, 'b'), (2, 'a')], key=lambda pair: pair[1])",
    "isinstance([], list) and not isinstance(3, (str, dict))",
    "dict.fromkeys(['a', 'b'], 0)",
    "{'a': 1} | {'b': 2}",
    "sum([[1], [2]], [])",
    "'%05.1f|%-3s|%%' % (2.25, 'x')",
    "'abc'[::-1].center(9, '*')",
    "{1, 2} & {2, 3} | {4}",
    "[a for a, *b in [(1, 2, 3)] for c in b]",
    "next_ if (next_ := 0) else 'no'",
    "print('loading')",
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_has_the_value_that_python_gives_it(expression: str, tmp_path: Path) -> None:
    namespace: dict = {}
    exec(f"x = {expression}", namespace)
    assert same(read(tmp_path, f"x = {expression}\n")["x"], namespace["x"])


STATEMENTS = [
    "a = b = [1]\na.append(2)\nx = b\n",
    "a, (b, c) = 1, (2, 3)\nx = [a, b, c]\n",
    "x = dict(lr=1)\nx['lr'] = 2\nx.update(b=3)\ndel x['lr']\n",
    "x = []\nfor i in range(3):\n    x += [i]\n",
    "n = 3\nif n > 2:\n    x = 'big'\nelse:\n    x = 'small'\n",
    "x = dict(a=dict())\nx['a']['b'] = 1\nx['a'].setdefault('c', 2)\n",
    "y = 1\ny += 2\nx = y\ndel y\n",
    "x: int = 3\n",
    "import math\nx = math.ceil(math.pi * 10 / 3)\n",
    "from math import sqrt as root, pi\nx = root(16) + pi\n",
    "import os\nx = os.path.join('a', 'b', os.path.basename('/c/d.py'))\n",
    "import os.path as osp\nx = osp.splitext('a.py')[0]\n",
    "import copy\na = dict(b=[1])\nx = copy.deepcopy(a)\nx['b'].append(2)\n",
    "from copy import deepcopy\na = [dict(b=1)]\nx = deepcopy(a) + a[:]\nx[0]['b'] = 2\nx[1]['b'] = 3\n",
    "def scale(n, by=2):\n    out = []\n    for i in range(n):\n        if i == 3:\n            break\n"
    "        out.append(i * by)\n    return out\nx = scale(9) + scale(2, by=3)\n",
    "def outer(n):\n    def inner(m):\n        return n + m\n    return inner\nx = outer(1)(2)\n",
    "def fact(n):\n    return 1 if n < 2 else n * fact(n - 1)\nx = fact(10)\n",
    "n = 5\nx = []\nwhile n:\n    n -= 1\n    if n % 2:\n        continue\n    x.append(n)\nelse:\n    y = 1\n",
    "try:\n    import math\n    x = math.floor(2.5)\nexcept ImportError:\n    x = None\n",
    "try:\n    x = {}['a']\nexcept (KeyError, TypeError):\n    x = 'caught'\nfinally:\n    y = 1\n",
    "first, *rest = [1, 2, 3]\n*most, last = 'abc'\n",
    "x = [1, 2, 3, 4]\nx[1:3] = [9]\nx[0], x[-1] = x[-1], x[0]\n",
    "x = dict(a=1)\nx |= dict(b=2)\nassert x['b'] == 2, 'never'\n",
    "x = [f(2) for f in [lambda n, k=k: n * k for k in range(3)]]\n",
    "from functools import partial, reduce\nx = reduce(lambda a, b: a * b, [1, 2, 3])\n",
    "from itertools import product\nx = list(product([1, 2], 'ab'))\n",
    "x = list(range(4))\nx.extend(x)\nx.sort(key=lambda n: -n)\n",
    "base = [1, 2]\nx = dict(one=base, two=base)\nbase.extend((3,))\n",
]


@pytest.mark.parametrize("text", STATEMENTS)
def test_statements_leave_the_variables_that_python_leaves(text: str, tmp_path: Path) -> None:
    namespace: dict = {}
    exec(text, namespace)
    unkept = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type)
    expected = {
        name: value for name, value in namespace.items() if not name.startswith("__") and not isinstance(value, unkept)
    }
    assert same(read(tmp_path, text), expected)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
        | st.tuples(inner, inner),
        max_leaves=12,
    )
)  # fmt: skip
def test_any_literal_reads_back_as_itself(tmp_path_factory, value) -> None:
    from mmmigrate.converters.emit.render import literal

    assert same(read(tmp_path_factory.mktemp("literal"), f"x = {literal(value)}\n")["x"], value)


REFUSED = {
    "import subprocess\n": "CFG003",
    "import os\nos.system('true')\n": "CFG003",
    "from os import system\n": "CFG003",
    "def f():\n    return f()\nx = f()\n": "CFG004",
    "while True:\n    pass\n": "CFG004",
    "class A:\n    pass\n": "CFG003",
    "x = open('/etc/passwd').read()\n": "CFG003",
    "x = __import__('os').system('true')\n": "CFG003",
    "x = ().__class__.__bases__\n": "CFG003",
    "x = '{0.__class__}'.format(1)\n": "CFG003",
    "x = unknown\n": "CFG003",
    "x = {}['missing']\n": "CFG003",
    "x = 1 / 0\n": "CFG003",
    "x = (\n": "CFG001",
    "x = 'a' * 10 ** 12\n": "CFG004",
    "x = 9 ** 9 ** 9\n": "CFG004",
    "x = list(range(10 ** 12))\n": "CFG004",
    "x = 1 << 10 ** 10\n": "CFG004",
    "x = f'{1:1000000000}'\n": "CFG004",
    "x = '%1000000000d' % 1\n": "CFG004",
    "x = [0] * 1000\nfor i in range(1000):\n    x = x + x\n": "CFG004",
    "x = [i for i in range(999999) for j in range(999999)]\n": "CFG004",
    "_base_ = './missing.py'\n": "CFG002",
    "_base_ = 3\n": "CFG003",
    "_base_ = ['./one.py', './two.py']\n": "CFG005",
    "_base_ = './one.py'\na = dict(b=1)\n": "CFG006",
    "_base_ = './config.py'\n": "CFG007",
}


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_be_evaluated_is_refused_with_its_place(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConversionError) as error:
        read(tmp_path, text, one="a = 1\n", two="a = 2\n")
    finding = error.value.finding
    assert finding.code == REFUSED[text]
    assert finding.path.endswith(".py")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 5000 + "]" * 5000,
        "(" * 100_000 + ")" * 100_000,
        "+".join(["1"] * 60_000),
        "a" + ".b" * 50_000,
        "-" * 100_000 + "1",
        "dict(a=" * 900 + "1" + ")" * 900,
        "9" * 100_000,
    ],
    ids=["brackets", "parentheses", "sum", "attributes", "signs", "dicts", "digits"],
)
def test_deep_nesting_is_refused_not_a_crash(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConversionError) as error:
        read(tmp_path, f"x = {text}\n")
    assert error.value.finding.code in {"CFG001", "CFG003"}


@pytest.mark.parametrize("text", ["a = {}\na['a'] = a\noptimizer = a\n", "workflow = []\nworkflow.append(workflow)\n"])
def test_a_value_that_holds_itself_does_not_hang(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.py").write_text(text)
    with pytest.raises(ConversionError, match="holds itself"):
        ConfigConverter().convert(tmp_path / "config.py")


def test_a_place_counts_characters_not_bytes(tmp_path: Path) -> None:
    (tmp_path / "config.py").write_text("x = dict(名='é', y=1)\nz = 2\n", encoding="utf-8")
    file = Loader().load(tmp_path / "config.py")
    origin = file.own["x"].origins["y"]
    assert file.source.segment(origin.node) == "1"


def test_templates_and_base_references(tmp_path: Path) -> None:
    merged = read(
        tmp_path,
        "_base_ = './base.py'\nname = '{{ fileBasenameNoExtension }}'\nhere = '{{fileDirname}}/x'\n"
        "a = {{_base_.model.depth}}\nb = dict(c={{ _base_.model }})\n",
        base="model = dict(depth=50)\n",
    )
    assert merged["name"] == "config"
    assert merged["here"] == f"{tmp_path}/x"
    assert merged["a"] == 50
    assert merged["b"] == {"c": {"depth": 50}}


@pytest.mark.peer
def test_merging_is_mmcv_s(peer_v2: Path, tmp_path: Path) -> None:
    """The oddities of `_delete_` included: nested, shared by two keys, without a base to delete."""
    bases = "a = dict(x=1, y=dict(z=2, w=[1]))\nb = dict(c=dict(d=1))\nn = None\n"
    children = [
        "a = dict(y=dict(_delete_=True, q=1))\n",
        "a = dict(_delete_=True, y=dict(_delete_=True, q=1))\n",
        "new = dict(_delete_=True, q=1)\n",
        "shared = dict(_delete_=True, q=1)\na = shared\nb = shared\n",
        "a = dict(_delete_=False, q=1)\n",
        "a = None\nb = 3\nn = [dict(_delete_=True)]\n",
        "a = dict(y=[1])\n",
    ]
    (tmp_path / "base.py").write_text(bases)
    for index, child in enumerate(children):
        (tmp_path / f"child{index}.py").write_text("_base_ = './base.py'\n" + child)
    script = (
        "import sys, pickle\nfrom mmcv import Config\n"
        "def plain(v):\n"
        "    if isinstance(v, dict): return {k: plain(x) for k, x in v.items()}\n"
        "    return [plain(x) for x in v] if isinstance(v, list) else v\n"
        "pickle.dump([plain(Config.fromfile(p)._cfg_dict) for p in sys.argv[2:]], open(sys.argv[1], 'wb'))\n"
    )
    paths = [tmp_path / f"child{index}.py" for index in range(len(children))]
    subprocess.run([peer_v2, "-W", "ignore", "-c", script, tmp_path / "real.pkl", *paths], check=True, cwd=tmp_path)
    real = pickle.loads((tmp_path / "real.pkl").read_bytes())
    assert [plain(Loader().load(path).merged) for path in paths] == real
