"""Describes the public modules, names and signatures of mmengine, in its own environment: python v3_surface.py FILE."""

import importlib
import inspect
import json
import pkgutil
import sys
import warnings
from pathlib import Path


def parameters(thing):
    """Name, kind and default of each parameter; None where Python cannot tell."""
    try:
        found = inspect.signature(thing).parameters.values()
    except (TypeError, ValueError):
        return None
    return [[p.name, p.kind.name, None if p.default is p.empty else repr(p.default)] for p in found]


def methods(kind, library):
    """The public methods and properties of a class that the library itself defines."""
    found = {}
    for name in dir(kind):
        owner = next((base for base in kind.__mro__ if name in vars(base)), None)
        if owner is None or name.startswith("_") or owner.__module__.partition(".")[0] != library:
            continue
        member = getattr(kind, name)
        found[name] = parameters(member) if callable(member) else None
    return found


def describe(thing, library):
    entry = {"parameters": parameters(thing) if callable(thing) else None}
    if inspect.isclass(thing):
        entry["methods"] = methods(thing, library)
    return entry


def surface(library="mmengine"):
    warnings.simplefilter("ignore")
    package = importlib.import_module(library)
    found = {}
    for info in pkgutil.walk_packages(package.__path__, f"{library}."):
        if ".mim" in info.name:
            continue
        module = importlib.import_module(info.name)
        found[info.name] = {
            name: describe(thing, library)
            for name, thing in vars(module).items()
            if not name.startswith("_")
            and not inspect.ismodule(thing)
            and (name in getattr(module, "__all__", ()) or getattr(thing, "__module__", None) == info.name)
        }
    return found


if __name__ == "__main__":
    with Path(sys.argv[1]).open("w") as file:
        json.dump(surface(), file)
