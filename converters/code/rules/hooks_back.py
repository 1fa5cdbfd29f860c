"""Custom hooks back to v2: what v3 hands to a hook is asked of the runner again, where that says the same."""

from __future__ import annotations

import ast

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.classes import Class, Method
from mmmigrate.converters.code.hooks.adapt import uses_that_stay_v3
from mmmigrate.converters.code.hooks.draft import Draft
from mmmigrate.converters.code.hooks.family import called_method, family_of
from mmmigrate.converters.code.hooks.redirect import Target, redirect
from mmmigrate.converters.code.hooks.stages import KEPT, LOOPS, ONLY_V3, QUESTIONS, STAGES
from mmmigrate.converters.code.hooks.translate import Verdict, reasons
from mmmigrate.converters.code.module import Module, Use
from mmmigrate.converters.code.rule import CodeRule

HOOK_V3 = "mmengine.hooks.Hook"
# Stages of training; v3's validation stages have no counterpart, since the evaluation of a v2 run calls no hooks.
_BACK = {
    "before_train": ("before_run", ()),
    "after_train": ("after_run", ()),
    "before_train_epoch": ("before_train_epoch", ()),
    "after_train_epoch": ("after_train_epoch", ()),
    "before_train_iter": ("before_train_iter", ("batch_idx", "data_batch")),
    "after_train_iter": ("after_train_iter", ("batch_idx", "data_batch", "outputs")),
}
# What the bridge has no occasion to call either.
_UNCALLED = frozenset(
    {"before_save_checkpoint", "after_load_checkpoint", "before_test", "before_test_epoch", "before_test_iter"}
    | {"after_test", "after_test_epoch", "after_test_iter"}
)
_ANSWERS = {new: old for old, new in QUESTIONS.items()}
_OF_ANY_MODULE = frozenset(
    {"parameters", "named_parameters", "modules", "named_modules", "buffers", "named_buffers", "state_dict"}
    | {"load_state_dict", "train", "eval", "training", "children", "apply", "module", "__class__"}
)


def convert(module: Module) -> None:
    """A family of hooks is translated as a whole, or stays as a whole."""
    moved: dict[Use, Target] = {}
    stays: list[Class] = []
    for cls in module.classes:
        if not cls.derives(HOOK_V3):
            continue
        drafts, blockers = _drafts_of(cls)
        if blockers:
            stays.append(cls)
            message = f"{cls.name} stays v3 code behind the bridge: {reasons(blockers, cls)}"
            doubtful = any(not blocker.bridged for _, blocker in blockers)
            module.note(BRIDGED, message, cls.node, Effect.MANUAL if doubtful else None, marker=doubtful)
            continue
        draft = drafts[cls.path]
        draft.apply()
        moved.update(draft.redirected)
    redirect(module, {**moved, **uses_that_stay_v3(module, stays)})


def _drafts_of(cls: Class) -> Verdict:
    found: dict[str, Verdict] = cls.module.project.__dict__.setdefault("_hook_verdicts_back", {})
    if cls.path not in found:
        family = family_of(cls)
        drafts = {member.path: _draft(member) for member in family.members}
        verdict = drafts, [(draft.cls, blocker) for draft in drafts.values() for blocker in draft.blockers]
        for member in family.members:
            found[member.path] = verdict
    return found[cls.path]


def _draft(cls: Class) -> Draft:
    draft = Draft(cls)
    libraries = [base for base in cls.ancestors if not cls.module.project.owns(base)]
    if libraries != [HOOK_V3] and any(_sees_the_run(name, method) for name, method in cls.methods.items()):
        draft.block(cls.node, f"it derives from {(libraries or ['something unknown'])[0]}")
        return draft
    for name, method in cls.methods.items():
        names = [item.arg for item in method.args.args]
        if name in _BACK:
            _stage(draft, method, names)
        elif name in _UNCALLED:
            draft.block(method, f"nothing calls {name} in a v2 run", bridged=False)
        elif name in ONLY_V3 or name in STAGES:
            draft.block(method, f"{name} has no counterpart in v2, or comes at another time")
        runner = names[1] if name in _BACK and len(names) > 1 else "runner"
        if runner in names:
            _Body(draft, method, runner).translate()
    return draft


def _sees_the_run(name: str, method: Method) -> bool:
    return name in _BACK or name in ONLY_V3 or name in STAGES or any(item.arg == "runner" for item in method.args.args)


def _stage(draft: Draft, method: Method, names: list[str]) -> None:
    """The name and the parameters of a stage."""
    old, given = _BACK[method.name]
    if names[2:] != list(given)[: len(names) - 2] or len(names) < 2 or method.args.vararg or method.args.kwarg:
        draft.block(method, f"{method.name} takes other parameters than v3 passes")
        return
    draft.rename_method(method, old)
    if len(names) > 2:
        arguments = method.args.args
        runner = draft.end(arguments[1].annotation or arguments[1])
        last = arguments[-1]
        defaults = [draft.end(item) for item in method.args.defaults]
        draft.put(runner, max([draft.end(last.annotation or last), *defaults]), "")


class _Body:
    """The places of one method that name the runner, or what v3 passes beside it."""

    def __init__(self, draft: Draft, method: Method, runner: str) -> None:
        self.draft, self.method, self.runner = draft, method, runner
        self.parents = draft.module.parents

    def translate(self) -> None:
        passed = {item.arg for item in self.method.args.args[2:]} & {"batch_idx", "data_batch", "outputs"}
        for node in ast.walk(self.method):
            if isinstance(node, ast.Call) and called_method(node, self.method):
                self._own_call(node, str(called_method(node, self.method)))
        for node in ast.walk(self.method):
            if not isinstance(node, ast.Name) or self._is_rewritten(node):
                continue
            if node.id == self.runner:
                self._runner(node)
            elif node.id in passed:
                self._passed(node)

    def _is_rewritten(self, node: ast.AST) -> bool:
        start, end = self.draft.module.source.span(node)
        return any(change.start <= start and end <= change.end for change in self.draft.changes)

    def _own_call(self, call: ast.Call, name: str) -> None:
        """Questions and stages, which take other arguments in v2."""
        func = call.func
        assert isinstance(func, ast.Attribute)
        if name in _ANSWERS:
            self.draft.rename_attribute(func, _ANSWERS[name])
        elif name in ("every_n_inner_iters", "end_of_epoch") and call.args:
            last = call.args[1] if name == "end_of_epoch" and len(call.args) > 1 else call.args[0]
            self.draft.put(self.draft.start(call.args[0]), self.draft.end(last), self.runner)
        elif name in _BACK and call.args and not call.keywords:
            self.draft.rename_attribute(func, _BACK[name][0])
            self.draft.put(self.draft.end(call.args[0]), self.draft.end(call.args[-1]), "")

    def _passed(self, node: ast.Name) -> None:
        parent = self.parents[node]
        key = parent.slice if isinstance(parent, ast.Subscript) and parent.value is node else None
        if node.id == "batch_idx":
            self.draft.replace(node, f"{self.runner}.inner_iter")
        elif node.id == "outputs" and isinstance(key, ast.Constant) and key.value == "loss":
            self.draft.replace(node, f"{self.runner}.outputs")
        elif node.id == "outputs" and isinstance(key, ast.Constant) and self._is_number(parent):
            text = f"{self.runner}.outputs['log_vars'][{self.draft.module.source.segment(key)}]"  # a number in mmcv
            self.draft.replace(self.parents[parent], text)
        else:
            self.draft.block(node, f"{node.id} is used in a way that v2 has no equal for")

    def _is_number(self, node: ast.AST) -> bool:
        call = self.parents[node]
        return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "float"

    def _runner(self, name: ast.Name) -> None:
        use = self.parents[name]
        if isinstance(use, ast.Attribute):
            self._attribute(use)
        elif isinstance(use, ast.Call) and called_method(use, self.method) is not None:
            return
        elif not isinstance(use, ast.arg):
            self.draft.block(name, f"{self.runner} is handed on")

    def _attribute(self, node: ast.Attribute) -> None:
        text, use = self.draft.module.source.segment, self.parents[node]
        if node.attr in KEPT:
            return
        if node.attr == "train_dataloader" and self.method.name == "before_train":
            self.draft.block(node, "before a run, v2's runner has no loader yet")
        elif node.attr == "train_dataloader":
            self.draft.rename_attribute(node, "data_loader")
        elif node.attr == "optim_wrapper" and isinstance(use, ast.Attribute) and use.attr == "optimizer":
            self.draft.replace(use, f"{self.runner}.optimizer")
        elif node.attr == "optim_wrapper" and self._rates(use) is not None:
            self.draft.replace(self._rates(use), f"{self.runner}.current_lr()")  # type: ignore[arg-type]
        elif node.attr == "model" and self._takes_a_wrapper(use):
            return
        elif node.attr == "train_loop" and isinstance(use, ast.Call) and text(use.func) == "isinstance":
            self._kind_of_loop(node, use)
        elif node.attr == "message_hub" and isinstance(use, ast.Attribute) and use.attr == "update_scalar":
            self._logged(use)
        else:
            self.draft.block(node, f"runner.{node.attr} has no equal in v2 here")

    def _rates(self, use: ast.AST) -> ast.Subscript | None:
        """``optim_wrapper.get_lr()['lr']`` as a whole."""
        call = self.parents[use]
        item = self.parents[call]
        asked = isinstance(use, ast.Attribute) and use.attr == "get_lr" and isinstance(call, ast.Call)
        if asked and isinstance(item, ast.Subscript) and self.draft.module.source.segment(item.slice)[1:-1] == "lr":
            return item
        return None

    def _takes_a_wrapper(self, use: ast.AST) -> bool:
        """Whether a use of the model is the same for mmcv's wrapper, which is always around it."""
        if isinstance(use, ast.Attribute):
            return use.attr in _OF_ANY_MODULE
        return "is_model_wrapper" in self.draft.module.source.segment(self.method)

    def _kind_of_loop(self, node: ast.Attribute, call: ast.Call) -> None:
        kinds = {new: old for old, new in LOOPS.items()}
        wanted = (self.draft.module.resolve(call.args[1]) or "").rpartition(".")[2]
        if wanted not in kinds:
            self.draft.block(call, "it asks for a kind of loop that v2 does not have")
            return
        self.draft.replace(node, self.runner)
        for use in self.draft.module.uses:
            if use.chain is call.args[1]:
                home, _, old = kinds[wanted].rpartition(".")
                self.draft.redirected[use] = (home, old)

    def _logged(self, use: ast.Attribute) -> None:
        call = self.parents[use]
        key = call.args[0] if isinstance(call, ast.Call) and len(call.args) in (2, 3) else None
        named = isinstance(key, ast.Constant) and str(key.value).startswith("train/")
        if not isinstance(call, ast.Call) or call.keywords or not isinstance(key, ast.Constant) or not named:
            self.draft.block(use, "a value is logged under a name that v2's log would not show")
            return
        self.draft.replace(use, f"{self.runner}.log_buffer.update")
        self.draft.put(self.draft.start(key), self.draft.start(call.args[1]), f"{{{str(key.value)[6:]!r}: ")
        self.draft.put(self.draft.end(call.args[1]), self.draft.end(call.args[1]), "}")


RULE = CodeRule(
    code="HKC101",
    title="hook that is given batch, outputs and loader",
    why="mmcv's runner passes itself alone to the methods of a hook; batch, outputs and loader are asked of it.",
    before="from mmengine.hooks import Hook\n\n\nclass CheckLoss(Hook):\n\n"
    "    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):\n"
    "        if self.every_n_train_iters(runner, 50):\n            assert outputs['loss'] < 100",
    after="from mmcv.runner import Hook\n\n\nclass CheckLoss(Hook):\n\n    def after_train_iter(self, runner):\n"
    "        if self.every_n_iters(runner, 50):\n            assert runner.outputs['loss'] < 100",
    effect=Effect.EXACT,
    reversible=True,
    words=frozenset({"mmengine", "runner"}),
    convert=convert,
    to="v2",
)
BRIDGED = CodeRule(
    code="HKC102",
    title="hook that stays v3 code and runs through the bridge",
    why="Something that it does has no equal in v2: it acts in evaluation, on the optim wrapper, or "
    "derives from a hook of mmengine. `mmmigrate.compat.adapters` runs it unchanged under a v2 runner, which finds it "
    "by its name; its base and registry come from there, so it needs no mmengine.",
    before="from mmengine.hooks import Hook\nfrom mmengine.registry import HOOKS\n\n\n@HOOKS.register_module()\n"
    "class Best(Hook):\n\n    def after_val_epoch(self, runner, metrics=None):\n        self.best = metrics['acc']",
    after="from mmmigrate.compat.adapters.v3 import HOOKS, Hook\n\n\n@HOOKS.register_module()\n"
    "class Best(Hook):\n\n    def after_val_epoch(self, runner, metrics=None):\n        self.best = metrics['acc']",
    effect=Effect.EXACT,
    reversible=True,
    words=frozenset({"Hook"}),
    convert=lambda module: None,
    to="v2",
)
