"""A family of hooks, translated as a whole or not at all."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.classes import Class, Method
from mmmigrate.converters.code.hooks.draft import Blocker, Draft
from mmmigrate.converters.code.hooks.family import Family, family_of
from mmmigrate.converters.code.hooks.method import MethodView, change_signature
from mmmigrate.converters.code.hooks.runner_uses import translate_uses
from mmmigrate.converters.code.hooks.stages import HOOK, ONLY_V3, RUNNERS, SHARED, STAGES

Verdict = tuple[dict[str, Draft], list[tuple[Class, Blocker]]]


def is_plain_hook(cls: Class) -> bool:
    """Whether a class derives from mmcv's `Hook` and from no other class of mmcv."""
    libraries = [base for base in cls.ancestors if not cls.module.project.owns(base)]
    return libraries == [HOOK]


def drafts_of(cls: Class) -> Verdict:
    """The translation of a class and its relatives by path, and what speaks against it."""
    found: dict[str, Verdict] = cls.module.project.__dict__.setdefault("_hook_verdicts", {})
    if cls.path not in found:
        family = family_of(cls)
        verdict = translate_family(family)
        for member in family.members:
            found[member.path] = verdict
    return found[cls.path]


def translate_family(family: Family) -> Verdict:
    """Drafts of all members; what helpers must be given settles after a few rounds."""
    while True:
        before = {name: set(values) for name, values in family.wanted.items()}
        drafts = {cls.path: _draft(family, cls) for cls in family.members}
        if before == family.wanted:
            break
    blockers = [(draft.cls, blocker) for draft in drafts.values() for blocker in draft.blockers]
    return drafts, blockers


def _draft(family: Family, cls: Class) -> Draft:
    draft = Draft(cls)
    if not is_plain_hook(cls):
        draft.block(cls.node, f"it derives from {(_libraries(cls) or ['something unknown'])[0]}")
        draft.blockers += _not_bridged(family, cls)
        return draft
    _check_names(cls, draft)
    _check_stages(cls, draft)
    for name, method in cls.methods.items():
        runner = family.runner_names.get(name)
        if runner is not None and any(item.arg == runner for item in method.args.args):
            if _is_bound_otherwise(method):
                draft.block(method, f"{name} is a static or class method")
                continue
            view = MethodView(cls, method, family, draft, runner)
            translate_uses(view)
            change_signature(view)
        elif name in STAGES:
            draft.block(method, f"{name} takes no runner")
        else:
            _check_unasked(method, draft)
        _check_modes(family, name, method, draft)
    _check_gone(cls, draft)
    _remark_stages(cls, draft)
    return draft


def _not_bridged(family: Family, cls: Class) -> list[Blocker]:
    """What a class does that the bridge cannot do for it either."""
    trial = Draft(cls)
    for name, method in cls.methods.items():
        runner = family.runner_names.get(name)
        if runner is not None and any(item.arg == runner for item in method.args.args):
            translate_uses(MethodView(cls, method, family, trial, runner))
    return [blocker for blocker in trial.blockers if not blocker.bridged]


def _is_bound_otherwise(method: Method) -> bool:
    return any(
        isinstance(item, ast.Name) and item.id in ("staticmethod", "classmethod") for item in method.decorator_list
    )


def _libraries(cls: Class) -> list[str]:
    return [base for base in cls.ancestors if base != HOOK and not cls.module.project.owns(base)]


def _check_names(cls: Class, draft: Draft) -> None:
    """Names by which v3 would call something else than v2 did."""
    if sum(node.name == cls.name for node in cls.module.outline.classes) > 1:
        draft.block(cls.node, f"the file defines {cls.name} more than once")
    for name, method in cls.methods.items():
        if name in ONLY_V3:
            draft.block(method, f"its own method {name} is a stage in v3, which the runner calls")
    for node in cls.node.body:
        for target in getattr(node, "targets", [getattr(node, "target", None)]):
            if isinstance(target, ast.Name) and (target.id in STAGES or target.id in ONLY_V3):
                draft.block(node, f"{target.id} is a name for another method")


def _check_stages(cls: Class, draft: Draft) -> None:
    """A method for both modes beside one for training: which of them v2 calls depends on the mode."""
    inherited = {name for member in cls.lineage for name in member.methods}
    for shared, (of_training, of_validation) in SHARED.items():
        if shared in cls.methods and of_training in inherited:
            draft.block(cls.methods[shared], f"{shared} stands beside {of_training}, which hides it while training")
        elif shared in cls.methods and of_validation in inherited:
            draft.block(cls.methods[shared], f"{shared} stands beside {of_validation}, which hides it in validation")


def _check_unasked(method: ast.AST, draft: Draft) -> None:
    """Methods that never see a runner as a parameter may still have kept one."""
    for node in ast.walk(method):
        if isinstance(node, ast.Attribute) and node.attr in ("runner", "_runner"):
            draft.block(node, "it keeps the runner for later")
            return


def _check_modes(family: Family, name: str, method: Method, draft: Draft) -> None:
    """v2 switches the model to training before the hooks of an epoch, v3 after them."""
    if family.stages_of.get(name, frozenset()).isdisjoint({"before_train_epoch", "before_epoch"}):
        return
    for node in ast.walk(method):
        if isinstance(node, ast.Attribute) and node.attr in ("train", "eval", "training"):
            draft.block(
                node, "it switches modules to training or evaluation or asks for it, which v3's loop does after it"
            )


def _check_gone(cls: Class, draft: Draft) -> None:
    inside = set(ast.walk(cls.node))
    for use in cls.module.uses:
        symbol = use.symbol
        if use.node not in inside or symbol is None or symbol.new is not None or use in draft.redirected:
            continue
        if symbol.path in RUNNERS and _is_annotation(cls, use.node):
            draft.redirected[use] = ("mmengine.runner", "Runner")
        elif symbol.bridge is None or symbol.path.startswith("mmcv.runner."):
            draft.block(use.node, f"{symbol.path} has no counterpart in v3")


def _is_annotation(cls: Class, node: ast.AST) -> bool:
    parents = cls.module.parents
    while not isinstance(node, ast.stmt):
        parent = parents[node]
        if isinstance(parent, ast.arg):
            return True
        if isinstance(parent, (ast.FunctionDef, ast.AnnAssign)) and _annotates(parent, node):
            return True
        node = parent
    return False


def _annotates(parent: ast.FunctionDef | ast.AnnAssign, node: ast.AST) -> bool:
    return node is (parent.returns if isinstance(parent, ast.FunctionDef) else parent.annotation)


def _remark_stages(cls: Class, draft: Draft) -> None:
    by_epoch = [name for name in ("before_train_epoch", "after_train_epoch") if name in cls.methods]
    if by_epoch or draft.by_epoch:
        otherwise = []
        if by_epoch:
            otherwise.append(f"{' and '.join(by_epoch)} came in no iteration run of mmcv, once around it in v3")
        if draft.by_epoch:
            asked = ", ".join(sorted(draft.by_epoch))
            otherwise.append(f"{asked} counted passes over the data in mmcv's IterBasedRunner")
        draft.remark(cls.node, f"exact in an EpochBasedTrainLoop, not in an IterBasedTrainLoop: {'; '.join(otherwise)}")
    in_validation = [name for name, stage in STAGES.items() if stage.loop == "val" and name in cls.methods]
    if in_validation:
        draft.remark(
            cls.methods[in_validation[0]],
            f"v3 calls {' and '.join(in_validation)} in every evaluation, mmcv only in a ('val', n) phase",
        )
    shared = [name for name in SHARED if name in cls.methods]
    if shared:
        draft.remark(
            cls.methods[shared[0]],
            f"mmcv called {' and '.join(shared)} in ('val', n) phases of the workflow too, which v3 does not have",
            Effect.EXACT,
        )


def reasons(blockers: Sequence[tuple[Class, Blocker]], cls: Class, limit: int = 3) -> str:
    """The blockers as one phrase, those of the class itself first."""
    ordered = sorted(blockers, key=lambda item: item[0] is not cls and item[0].path != cls.path)
    texts = []
    for owner, blocker in ordered:
        where = "" if owner.path == cls.path else f" (in {owner.name})"
        texts.append(f"{blocker.reason}{where}")
    unique = list(dict.fromkeys(texts))
    more = f" and {len(unique) - limit} more" if len(unique) > limit else ""
    return "; ".join(unique[:limit]) + more


Translator = Callable[[Class], Verdict]
