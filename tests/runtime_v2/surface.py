"""Prints, as JSON, every public name of mmcv's modules and how each is called; run with real mmcv or through the alias.

A module's public names are those of its `__all__`, or what is defined in it.
"""

import importlib
import inspect
import json
import pkgutil
import sys

LEFT_OUT = (
    "mmcv.ops",
    "mmcv.image",
    "mmcv.video",
    "mmcv.visualization",
    "mmcv.onnx",
    "mmcv.tensorrt",
    "mmcv.arraymisc",
)


def modules_of(package):
    """The package and all modules below it that can be imported."""
    yield package
    for info in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        if info.name.startswith(LEFT_OUT) or info.name.endswith("__main__"):
            continue
        try:
            module = importlib.import_module(info.name)
        except ImportError:  # for hardware whose package is not installed
            continue
        if info.ispkg:
            yield from modules_of(module)
        else:
            yield module


def public_names(module):
    if hasattr(module, "__all__"):
        return sorted(module.__all__)
    return sorted(
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and not inspect.ismodule(value)
        and getattr(value, "__module__", "").startswith("mmcv")
    )


def default(value):
    if value is inspect.Parameter.empty or isinstance(value, (int, float, str, bool, tuple, list, dict, type(None))):
        return repr(value)
    return type(value).__name__


def parameters(function):
    """(name, kind, default) of each parameter; None where Python cannot say."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    return [[each.name, each.kind.name, default(each.default)] for each in signature.parameters.values()]


def described(value):
    if inspect.isclass(value):
        methods = {
            name: parameters(getattr(value, name))
            for name in dir(value)
            if not name.startswith("_")
            and callable(getattr(value, name, None))
            and (getattr(getattr(value, name), "__module__", None) or "").startswith(("mmcv", "mmmigrate"))
        }
        return {"kind": "class", "parameters": parameters(value), "methods": methods}
    if callable(value):
        return {"kind": "function", "parameters": parameters(value)}
    return {"kind": "value"}


def main():
    if sys.argv[1] == "real":
        import mmcv

        found = {
            module.__name__: {
                name: described(getattr(module, name)) for name in public_names(module) if hasattr(module, name)
            }
            for module in modules_of(mmcv)
        }
    else:
        from mmmigrate.compat import aliases

        aliases.install("mmcv")
        found = {}
        for path, names in json.load(sys.stdin).items():
            try:
                module = importlib.import_module(path)
            except ImportError as error:
                found[path] = str(error)
                continue
            found[path] = {}
            for name in names:
                try:
                    found[path][name] = described(getattr(module, name))
                except AttributeError as error:
                    found[path][name] = str(error)
    print(json.dumps(found))


main()
