"""Every public name of mmengine 0.10.7 is there through the alias, with its parameters, or is listed with a reason."""

import importlib
import json
import runpy
import subprocess
from pathlib import Path

import pytest
import yaml

from mmmigrate.compat import aliases

SCRIPT = Path(__file__).with_name("v3_surface.py")
# The same code describes both sides.
parameters = runpy.run_path(str(SCRIPT))["parameters"]
LEFT_OUT = yaml.safe_load((Path(__file__).parents[2] / "fixtures" / "mmengine_left_out.yml").read_text())


@pytest.fixture(scope="module")
def theirs(tmp_path_factory, peer_v3):
    file = tmp_path_factory.mktemp("surface") / "surface.json"
    subprocess.run([str(peer_v3), str(SCRIPT), str(file)], check=True, capture_output=True)
    return json.loads(file.read_text())


@pytest.fixture(autouse=True)
def alias():
    was_installed = "mmengine" in aliases.installed()
    aliases.install("mmengine")
    yield
    if not was_installed:
        aliases.uninstall("mmengine")


def takes_as_much(wanted, given) -> bool:
    """Whether a call for the parameters `wanted` means the same for those `given`."""
    if wanted is None or given is None:
        return True
    by_name = {name: (kind, default) for name, kind, default in given}
    takes_any = any(kind == "VAR_KEYWORD" for _, kind, _ in given)
    for name, kind, default in wanted:
        if kind.startswith("VAR"):
            continue
        if name not in by_name:
            if kind == "KEYWORD_ONLY" and takes_any:
                continue
            return False
        if by_name[name][0] != kind or (default is not None and by_name[name][1] is None):
            return False
    in_order = [[name for name, kind, _ in entries if kind == "POSITIONAL_OR_KEYWORD"] for entries in (wanted, given)]
    return in_order[1][: len(in_order[0])] == in_order[0]


def differences(module_name, names):
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        return {module_name: str(error)}
    found = {}
    for name, entry in names.items():
        path = f"{module_name}.{name}"
        thing = getattr(module, name, None)
        if thing is None:
            found[path] = "missing"
            continue
        if not takes_as_much(entry["parameters"], parameters(thing) if callable(thing) else None):
            found[path] = f"{entry['parameters']} against {parameters(thing)}"
        for method, wanted in entry.get("methods", {}).items():
            if method not in dir(thing):
                found[f"{path}.{method}"] = "missing"
                continue
            own = getattr(thing, method)
            given = parameters(own) if callable(own) else None
            if not takes_as_much(wanted, given):
                found[f"{path}.{method}"] = f"{wanted} against {given}"
    return found


def is_listed(path: str) -> bool:
    return any(path == listed or path.startswith(listed + ".") for listed in LEFT_OUT)


def test_every_public_name_is_there_with_its_parameters_or_listed_with_a_reason(theirs):
    assert len(theirs) > 140
    unlisted = {}
    for module_name, names in theirs.items():
        unlisted.update({path: what for path, what in differences(module_name, names).items() if not is_listed(path)})
    assert unlisted == {}


def test_what_is_listed_as_left_out_exists_in_mmengine_and_differs_here(theirs):
    paths = set()
    for module_name, names in theirs.items():
        paths.update(differences(module_name, names))
    unneeded = [path for path in LEFT_OUT if not any(p == path or p.startswith(path + ".") for p in paths)]
    assert unneeded == []


@pytest.mark.parametrize("path", ["mmengine._strategy", "mmengine.analysis", "mmengine.utils.dl_utils.visualize"])
def test_a_module_that_is_left_out_names_what_to_use(path):
    with pytest.raises(ModuleNotFoundError, match=r"does not answer for .*(Runner|FlopCounterMode|mmmigrate schedule)"):
        importlib.import_module(path)
