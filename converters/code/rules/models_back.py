"""Models and data sets back to v2: a base that v2's runner can use where they stay v3 code, or v2's own again."""

from __future__ import annotations

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.classes import Class
from mmmigrate.converters.code.module import Module
from mmmigrate.converters.code.rule import CodeRule
from mmmigrate.converters.code.rules.models import add_base, is_of

_BASES = "mmmigrate.compat.adapters.bases"
_BASES_V3 = "mmmigrate.compat.adapters.v3_bases"
_OF_V2 = frozenset({f"{_BASES}.V2StepModel", f"{_BASES}.V2EvaluatedDataset"})
_TORCH_DATASETS = frozenset({"torch.utils.data.Dataset", "torch.utils.data.dataset.Dataset"})


def convert(module: Module) -> None:
    for cls in module.classes:
        _drop_base(cls)
        if _is_first(cls, "mmengine.model.BaseModel") and _adopt(cls, "V3StepModel"):
            message = f"{cls.name} makes its loss by forward(mode='loss') as before; v2's optimizer hook does the step"
            module.note(RULE, message, cls.node)
        elif _is_v3_dataset(cls) and not any(map(_is_v3_dataset, cls.lineage[1:])) and _adopt(cls, "V3MeasuredDataset"):
            message = f"{cls.name} gives v3's batches to v2's loaders; its evaluate gives what its metrics make"
            module.note(DATASET, message, cls.node)


def _is_first(cls: Class, library: str) -> bool:
    return cls.derives(library) and not any(other.derives(library) for other in cls.lineage[1:])


def _is_v3_dataset(cls: Class) -> bool:
    """Whether a class is a data set that only v3's metrics evaluate."""
    if cls.find("evaluate"):
        return False
    return cls.derives("mmengine.dataset.BaseDataset") or is_of(cls, _TORCH_DATASETS, "mmengine.")


def _adopt(cls: Class, base: str) -> bool:
    """Puts a base before the others, unless it is there or a mark of v2 is among them."""
    listed = {cls.module.resolve(item) for item in cls.node.bases}
    return listed.isdisjoint(_OF_V2) and add_base(cls, _BASES_V3, base)


def _drop_base(cls: Class) -> None:
    module, bases = cls.module, cls.node.bases
    for index, base in enumerate(bases):
        if module.may_be_of_library(base) and module.resolve(base) in _OF_V2:
            behind = bases[index + 1] if index + 1 < len(bases) else None
            start, end = module.source.span(base)
            if behind is not None:
                module.edits.replace(start, module.source.span(behind)[0], "")
            elif index:
                module.edits.replace(module.source.span(bases[index - 1])[1], end, "")
            else:
                module.edits.replace(start, end, "object")
            module.note(UNMARK, f"{cls.name} is v2's own again, without {module.source.segment(base)}", cls.node)


RULE = CodeRule(
    code="MDC101",
    title="model with v3's forward(mode=)",
    why="mmcv's runner calls `train_step(data, optimizer)` and expects a loss, which its optimizer hook steps by. The "
    "base makes it of `forward(mode='loss')`, `parse_losses` and the data preprocessor: the arithmetic stays the same.",
    before="from mmengine.model import BaseModel\n\n\nclass Net(BaseModel):\n\n"
    "    def forward(self, inputs, mode='tensor'):\n        return dict(loss=inputs.sum())",
    after="from mmmigrate.runtime_v3.model import BaseModel\n"
    "from mmmigrate.compat.adapters.v3_bases import V3StepModel\n\n\nclass Net(V3StepModel, BaseModel):\n\n"
    "    def forward(self, inputs, mode='tensor'):\n        return dict(loss=inputs.sum())",
    effect=Effect.EXACT,
    reversible=True,
    words=frozenset({"BaseModel", "Dataset", "BaseDataset", "bases"}),
    convert=convert,
    to="v2",
)
DATASET = CodeRule(
    code="MDC102",
    title="data set that v3's metrics evaluate",
    why="mmcv's EvalHook calls `dataset.evaluate(results)`. With the base it asks the metrics that it is given "
    "(`data.val.metrics`), and batches are collated as v3 collates them.",
    before="from mmengine.dataset import BaseDataset\n\n\nclass Points(BaseDataset):\n\n"
    "    def load_data_list(self):\n        return [dict(x=1)]",
    after="from mmmigrate.runtime_v3.dataset import BaseDataset\n"
    "from mmmigrate.compat.adapters.v3_bases import V3MeasuredDataset\n\n\n"
    "class Points(V3MeasuredDataset, BaseDataset):\n\n    def load_data_list(self):\n        return [dict(x=1)]",
    effect=Effect.EXACT,
    reversible=True,
    words=frozenset({"Dataset"}),
    convert=lambda module: None,
    to="v2",
)
UNMARK = CodeRule(
    code="MDC103",
    title="v2 model or data set that was made ready for v3's runner",
    why="v2's runner calls what v2 wrote without help.",
    before="from mmengine.model import BaseModule\nfrom mmmigrate.compat.adapters.bases import V2StepModel\n\n\n"
    "class Net(V2StepModel, BaseModule):\n\n    def train_step(self, data, optimizer):\n        return dict(loss=1)",
    after="from mmcv.runner import BaseModule\n\n\nclass Net(BaseModule):\n\n"
    "    def train_step(self, data, optimizer):\n        return dict(loss=1)",
    effect=Effect.EXACT,
    reversible=True,
    words=frozenset({"bases"}),
    convert=lambda module: None,
    to="v2",
)
