"""Models and data sets that v2's loops drove: they get a base through which v3's loops drive them the same way.

mmengine calls `train_step(data, optim_wrapper=…)`, `val_step(data)` and metrics; a v2 model makes its loss in
`train_step(data, optimizer)` and leaves the step to a hook, a v2 data set has `evaluate(results)`.
"""

from __future__ import annotations

import ast

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.classes import Class, Method
from mmmigrate.converters.code.hooks.family import family_of
from mmmigrate.converters.code.module import Module
from mmmigrate.converters.code.remarks import UNKNOWN_MODEL
from mmmigrate.converters.code.rule import CodeRule

_BASES = "mmmigrate.compat.adapters.bases"
_MODEL, _DATASET = "V2StepModel", "V2EvaluatedDataset"
_MODULES = frozenset({"torch.nn.Module", "torch.nn.modules.module.Module"})
_DATASETS = frozenset({"torch.utils.data.Dataset", "torch.utils.data.dataset.Dataset"})


def convert(module: Module) -> None:
    for cls in module.classes:
        step = cls.methods.get("train_step")
        if step is not None and _is_v2_step(step) and not _inherits(cls, "train_step"):
            _model(cls, step)
        if _is_v2_dataset(cls) and not any(_is_v2_dataset(base) for base in cls.lineage[1:]) and _is_of_v2(cls):
            add_base(cls, _BASES, _DATASET)
            module.note(DATASET, f"{cls.name} gives v2's batches to v3's loaders for DatasetEvaluate", cls.node)


def _model(cls: Class, step: Method) -> None:
    if cls.derives("mmcv.runner.BaseModule") or (_derives(cls, _MODULES) and _is_of_v2(cls)):
        add_base(cls, _BASES, _MODEL)
        cls.module.note(RULE, f"{cls.name} makes its loss as before; v3's optim wrapper does the step", cls.node)
    elif not cls.ancestors and cls.node.bases and _is_of_v2(cls):
        bases = ", ".join(cls.module.source.segment(base) for base in cls.node.bases)
        message = (
            f"train_step of {cls.name} takes the optimizer, v3 passes optim_wrapper; {bases}, its base, is not among "
            "the files that are converted"
        )
        cls.module.note(UNKNOWN_MODEL, message, step, marker=True)


def _is_v2_step(step: Method) -> bool:
    """``train_step(self, data, optimizer, …)``: the third parameter is named like that in all of v2."""
    names = [item.arg for item in step.args.args]
    return len(names) >= 3 and names[2] == "optimizer"


def _is_v2_dataset(cls: Class) -> bool:
    """Whether a data set has an ``evaluate`` of its own: of several in a line, the first base gets the adapter."""
    evaluate = cls.methods.get("evaluate")
    return evaluate is not None and _takes_results(evaluate) and _derives(cls, _DATASETS)


def _takes_results(evaluate: Method) -> bool:
    """``evaluate(self, results, …)``, as the runner of v2 calls it."""
    names = [item.arg for item in evaluate.args.args]
    return len(names) >= 2 and names[1] in ("results", "outputs", "res")


def _inherits(cls: Class, method: str) -> bool:
    return any(method in other.methods for other in cls.lineage if other is not cls)


def _derives(cls: Class, torch_names: frozenset[str]) -> bool:
    """Whether a class derives from one of torch's, by itself or through classes of the project."""
    return any(_full_name(member, base) in torch_names for member in cls.lineage for base in member.node.bases)


def _is_of_v2(cls: Class) -> bool:
    """Whether a class or one that derives from it is put into a registry of mmcv, or into one made of mmcv's kind."""
    return any(_registered(member) for member in family_of(cls).members)


def _registered(cls: Class, library: str = "mmcv.") -> bool:
    for decorator in cls.node.decorator_list:
        func = decorator.func if isinstance(decorator, ast.Call) else decorator
        if (
            isinstance(func, ast.Attribute)
            and func.attr == "register_module"
            and _is_registry(cls.module, func, library)
        ):
            return True
    return False


def _is_registry(module: Module, func: ast.Attribute, library: str) -> bool:
    path = module.resolve(func)
    if path is None and isinstance(func.value, ast.Name) and func.value.id in module.outline.top:
        path = f"{module.name}.{func.value.id}.register_module"
    path = (path or "").removesuffix(".register_module")
    if path.startswith(library):
        return True
    home, _, name = path.rpartition(".")
    owner = module if home == module.name else module.project.module(home) if module.project.owns(path) else None
    made = owner.outline.top.get(name) if owner else None
    value = made.value if isinstance(made, ast.Assign) else None
    if owner is None or value is None:
        return False
    source = owner.resolve(value.func if isinstance(value, ast.Call) else value) or ""
    return source.startswith(library) or (source != path and _is_registry_path(owner, source, library))


def _is_registry_path(module: Module, path: str, library: str) -> bool:
    """A registry that is another name of one: ``BACKBONES = MODELS``."""
    home, _, name = path.rpartition(".")
    owner = module if home == module.name else module.project.module(home) if module.project.owns(path) else None
    made = owner.outline.top.get(name) if owner else None
    if owner is None or not isinstance(made, ast.Assign) or not isinstance(made.value, ast.Call):
        return False
    return (owner.resolve(made.value.func) or "").startswith(library)


def _full_name(cls: Class, base: ast.expr) -> str | None:
    """The full name of a base by the imports of its file, for libraries that are none of the table's."""
    attributes: list[str] = []
    while isinstance(base, ast.Attribute):
        attributes.insert(0, base.attr)
        base = base.value
    if not isinstance(base, ast.Name):
        return None
    for items in cls.module.outline.imports.values():
        for item in items:
            if item.local == base.id:
                return ".".join([item.target, *attributes])
    return None


def add_base(cls: Class, home: str, name: str) -> bool:
    """Puts a base before the others; False if it is there."""
    module, first = cls.module, cls.node.bases[0]
    if any(_full_name(cls, base) == f"{home}.{name}" for base in cls.node.bases):
        return False
    at = module.source.span(first)[0]
    module.edits.insert(at, f"{module.need(home, name)}, ")
    return True


def is_of(cls: Class, torch_names: frozenset[str], library: str) -> bool:
    """Whether a class derives from one of torch's, and is or has an heir that is registered with a library's kind."""
    return _derives(cls, torch_names) and any(_registered(member, library) for member in family_of(cls).members)


RULE = CodeRule(
    code="MDC001",
    title="model with a train_step of its own",
    why="mmengine calls `train_step(data, optim_wrapper=…)` and expects the step to be made in it; mmcv's optimizer "
    "hook made it afterwards. The base hands the loss to the wrapper: the arithmetic stays the same. Left as it was, "
    "the model would fail, or train nothing where it takes `**kwargs`.",
    before="from mmcv.runner import BaseModule\n\n\nclass Net(BaseModule):\n\n"
    "    def train_step(self, data, optimizer):\n        return dict(loss=self(**data), log_vars={}, num_samples=1)",
    after="from mmengine.model import BaseModule\nfrom mmmigrate.compat.adapters.bases import V2StepModel\n\n\n"
    "class Net(V2StepModel, BaseModule):\n\n"
    "    def train_step(self, data, optimizer):\n        return dict(loss=self(**data), log_vars={}, num_samples=1)",
    effect=Effect.EXACT,
    reversible=True,
    words=frozenset({"train_step", "evaluate"}),
    convert=convert,
)
DATASET = CodeRule(
    code="MDC002",
    title="data set with an evaluate of its own",
    why="mmengine's metrics collect results; mmcv's EvalHook called `dataset.evaluate(results)`. With the base, the "
    "metric `DatasetEvaluate` calls it, and loaders give batches as mmcv collates them.",
    before="from mmcv.utils import Registry\nfrom torch.utils.data import Dataset\n\nDATASETS = Registry('dataset')\n"
    "\n\n@DATASETS.register_module()\nclass Points(Dataset):\n\n"
    "    def evaluate(self, results, logger=None):\n        return dict(mean=sum(results))",
    after="from mmengine.registry import DATASETS as MMENGINE_DATASETS\nfrom mmengine.registry import Registry\n"
    "from mmmigrate.compat.adapters.bases import V2EvaluatedDataset\n"
    "from torch.utils.data import Dataset\n\nDATASETS = Registry('dataset', parent=MMENGINE_DATASETS)\n"
    "\n\n@DATASETS.register_module()\nclass Points(V2EvaluatedDataset, Dataset):\n\n"
    "    def evaluate(self, results, logger=None):\n        return dict(mean=sum(results))",
    effect=Effect.EXACT,
    reversible=True,
    words=frozenset({"evaluate"}),
    convert=lambda module: None,
)
