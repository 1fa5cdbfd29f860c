"""Training scripts back to v2: what `Runner.from_cfg(cfg)` builds is built of the v2 config by mmmigrate."""

from __future__ import annotations

import ast

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.hooks.redirect import Target, redirect
from mmmigrate.converters.code.module import Module, Use
from mmmigrate.converters.code.rule import CodeRule

_RUNNER = "mmengine.runner.Runner"
_TRAINING: Target = ("mmmigrate.runtime_v2.train", "build_training")
# What v3's scripts write into a config for its runner -> the key of v2 that says it.
_KEYS = "cfg.resume_from says what cfg.load_from with cfg.resume does, cfg.seed what cfg.randomness does"


def convert(module: Module) -> None:
    moved: dict[Use, Target] = {}
    for use in module.uses_of(_RUNNER):
        call = module.parents[use.chain]
        if use.rest != ("from_cfg",) or not isinstance(call, ast.Call) or call.func is not use.chain:
            continue
        trains = _only_trains(module, call)
        if trains is None or len(call.args) != 1 or call.keywords:
            continue
        module.edits.replace(module.source.span(use.node)[1], module.source.span(use.chain)[1], "")
        for attribute in trains:
            end = module.source.span(attribute)[1]
            module.edits.replace(end - len("train"), end, "run")
        moved[use] = _TRAINING
        module.note(RULE, f"model, data, optimizer and hooks are built of the v2 config; {_KEYS}", call)
    redirect(module, moved)


def _only_trains(module: Module, call: ast.Call) -> list[ast.Attribute] | None:
    """The ``.train`` of everything that is done with the runner; None if it is used in another way."""
    user = module.parents[call]
    if isinstance(user, ast.Attribute):
        return [user] if _is_training(module, user) else None
    if not (isinstance(user, ast.Assign) and len(user.targets) == 1 and isinstance(user.targets[0], ast.Name)):
        return None
    name, place = user.targets[0].id, module.parents[user]
    while not isinstance(place, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Module)):
        place = module.parents[place]
    found = []
    for node in ast.walk(place):
        if isinstance(node, ast.Name) and node.id == name and node is not user.targets[0]:
            attribute = module.parents[node]
            if not (isinstance(attribute, ast.Attribute) and _is_training(module, attribute)):
                return None
            found.append(attribute)
    return found or None


def _is_training(module: Module, node: ast.Attribute) -> bool:
    call = module.parents[node]
    return node.attr == "train" and isinstance(call, ast.Call) and call.func is node and not call.args


RULE = CodeRule(
    code="SCR101",
    title="script that trains by Runner.from_cfg",
    why="mmcv has no runner that builds everything from a config: each codebase has its own function. mmmigrate's does "
    "what they do, in their order, with mmcv's hooks.",
    before="from mmengine.runner import Runner\n\n\ndef train(cfg):\n    runner = Runner.from_cfg(cfg)\n"
    "    runner.train()",
    after="from mmmigrate.runtime_v2.train import build_training\n\n\ndef train(cfg):\n"
    "    runner = build_training(cfg)\n    runner.run()",
    effect=Effect.MANUAL,
    reversible=True,
    words=frozenset({"from_cfg"}),
    convert=convert,
    to="v2",
)
