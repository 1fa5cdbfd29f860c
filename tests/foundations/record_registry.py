"""Run in an environment with the library named first: what a table of registry operations gives, as JSON.

python record_registry.py mmcv|mmengine|runtime_v2|runtime_v3
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from importlib import import_module
from typing import Any

MODULES = {
    "mmcv": "mmcv.utils.registry",
    "mmengine": "mmengine.registry",
    "runtime_v2": "mmmigrate.runtime_v2.registry",
    "runtime_v3": "mmmigrate.runtime_v3.registry",
}


class Net:
    def __init__(self, depth: int = 1) -> None:
        self.depth = depth


class Deep(Net):
    pass


def function(depth: int = 1) -> str:
    return f"function {depth}"


def result_of(operation: Any) -> str:
    """The result, or the type of the error; messages are ours to improve."""
    try:
        return str(operation())
    except Exception as error:
        return next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins")


def lookups(root: Any, detectors: Any, rotated: Any, classifiers: Any) -> dict[str, str]:
    found = {}
    registries = {"root": root, "det": detectors, "rot": rotated, "cls": classifiers}
    for name, registry in registries.items():
        for key in ("Net", "det.Net", "det.Own", "rot.Own", "det.rot.Own", "cls.Net", "lib.Net", "lib.det.Own", "Own"):
            found[f"{name}.get({key})"] = result_of(lambda: registry.get(key).__name__)  # noqa: B023
    return found


def registrations(root: Any) -> dict[str, str]:
    def names() -> str:
        return ",".join(sorted(root.module_dict))

    return {
        "taken": result_of(lambda: root.register_module(module=Net)),
        "forced": result_of(lambda: root.register_module(module=Net, force=True).__name__),
        "list": result_of(lambda: (root.register_module(name=["x", "y"], module=Deep), names())[1]),
        "decorator": result_of(lambda: (root.register_module("z")(Deep), names())[1]),
        "force type": result_of(lambda: root.register_module(module=Deep, force="yes")),
        "name type": result_of(lambda: root.register_module(name=3, module=Deep)),
        "not callable": result_of(lambda: root.register_module(name="n", module=3)),
        "function": result_of(lambda: root.register_module(module=function).__name__),
        "length": str(len(root)),
    }


def builds(root: Any, detectors: Any) -> dict[str, str]:
    def depth(cfg: Any, **kwargs: Any) -> str:
        built = root.build(cfg, **kwargs)
        return built if isinstance(built, str) else f"{type(built).__name__} {built.depth}"

    return {
        "plain": result_of(lambda: depth({"type": "Net", "depth": 3})),
        "class": result_of(lambda: depth({"type": Deep})),
        "function": result_of(lambda: depth({"type": "function", "depth": 4})),
        "default": result_of(lambda: depth({"type": "Net"}, default_args={"depth": 5})),
        "default type": result_of(lambda: depth({"depth": 6}, default_args={"type": "Net"})),
        "child": result_of(lambda: depth({"type": "det.Own"})),
        "no type": result_of(lambda: depth({"depth": 1})),
        "unknown": result_of(lambda: depth({"type": "Nett"})),
        "argument": result_of(lambda: depth({"type": "Net", "dept": 1})),
        "list": result_of(lambda: depth([1])),
        "type of type": result_of(lambda: depth({"type": 3})),
        "from child": result_of(lambda: type(detectors.build({"type": "Own"})).__name__),
    }


def main(library: str) -> None:
    warnings.simplefilter("ignore")
    logging.disable()
    registry_class = import_module(MODULES[library]).Registry
    root = registry_class("root", scope="lib")
    detectors = registry_class("det", parent=root, scope="det")
    rotated = registry_class("rot", parent=detectors, scope="rot")
    classifiers = registry_class("cls", parent=root, scope="cls")
    root.register_module(module=Net)
    detectors.register_module(name="Own", module=Deep)
    rotated.register_module(name="Own", module=Net)
    classifiers.register_module(name="Net", module=Deep)
    results = {**lookups(root, detectors, rotated, classifiers), **registrations(root), **builds(root, detectors)}
    results["inferred scope"] = registry_class("inferred").scope
    print(json.dumps(results))


if __name__ == "__main__":
    main(*sys.argv[1:])
