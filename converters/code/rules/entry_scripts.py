"""Training scripts: what builds a runner piece by piece becomes ``Runner.from_cfg(cfg)``, where nothing else is done.

v3's runner builds model, data, optimizer, schedules, hooks and evaluation from the config, and joins the processes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.module import Module
from mmmigrate.converters.code.preparation import Preparation, last_name, root_of
from mmmigrate.converters.code.remarks import OWN_SCRIPT
from mmmigrate.converters.code.rule import CodeRule
from mmmigrate.converters.generation import V2_KEYS

_RUNNERS = frozenset(
    f"mmcv.runner.{name}" for name in ("build_runner", "EpochBasedRunner", "IterBasedRunner", "Runner")
)
# What functions that train call to prepare what v3's runner prepares from the config.
_STANDARD = frozenset(
    {"build_dataloader", "build_dataset", "build_optimizer", "build_optim_wrapper", "build_runner", "build_from_cfg"}
    | {"build_ddp", "build_dp", "build_optimizers", "compat_cfg", "EpochBasedRunner", "IterBasedRunner"}
    | {"MMDataParallel", "MMDistributedDataParallel", "DistributedDataParallelWrapper", "OptimizerHook"}
    | {"Fp16OptimizerHook", "DistOptimizerHook", "DistSamplerSeedHook", "EvalHook", "DistEvalHook", "eval_hook"}
    | {"register_training_hooks", "register_hook", "register_optimizer_hook", "register_lr_hook", "auto_scale_lr"}
    | {"register_checkpoint_hook", "register_logger_hooks", "get_root_logger", "get_dist_info", "resume"}
    | {"find_latest_checkpoint", "replace_ImageToTensor", "setup_multi_processes", "load_checkpoint", "run"}
    | {"info", "warning", "warn", "print_log", "digit_version", "deepcopy", "copy", "cuda", "current_device"}
    | {"get", "pop", "setdefault", "items", "update", "append", "dict", "list", "tuple", "len", "range", "int"}
    | {"str", "isinstance", "type", "getattr", "bool", "device", "to", "is_available", "startswith"}
)


# Arguments of functions that train which the config, or the runner by itself, answers.
_RENAMED = {"mmcls": "mmpretrain", "mmedit": "mmagic"}
_ANSWERED = frozenset({"resume_from", "auto_resume", "seed", "gpu_ids", "cudnn_benchmark", "model"})
_TAKEN_OVER = frozenset({"distributed", "validate", "timestamp", "meta", "device"})


def convert(module: Module) -> None:
    runs, loads = b".run(" in module.source.utf8, b"fromfile" in module.source.utf8
    if not (runs or loads):
        return
    for function in ast.walk(module.tree):
        if isinstance(function, ast.FunctionDef) and not module.is_skipped(function):
            if runs:
                _run_function(module, function)
            if loads:
                _script(module, function)


def _run_function(module: Module, function: ast.FunctionDef) -> None:
    """A function that builds a runner of v2, and runs it over ``cfg.workflow``."""
    built = _runner_names(module, function)
    for call in _calls(function):
        func = call.func
        is_run = isinstance(func, ast.Attribute) and func.attr == "run" and isinstance(func.value, ast.Name)
        if not is_run or func.value.id not in built or len(call.args) < 2:  # type: ignore[attr-defined]
            continue
        workflow = call.args[1]
        given = {item.arg for item in function.args.args}
        config = workflow.value if isinstance(workflow, ast.Attribute) and workflow.attr == "workflow" else None
        unknown = sorted(_names_of_calls(function) - _STANDARD) or _stores_into(function, given - {root_of(workflow)})
        statement = module.statement(call)
        if isinstance(config, ast.Name) and config.id in given and not unknown and _is_last(function, statement):
            _replace_body(module, function, config.id)
            return
        reason = (
            f"it does more: {', '.join(unknown[:3])}" if unknown else "it does not end with the run over cfg.workflow"
        )
        message = (
            "a runner of v2 is built and run here; in v3 Runner.from_cfg(cfg).train() does both. "
            f"{function.name} is left as it was: {reason}"
        )
        module.note(OWN_SCRIPT, message, statement, marker=True)
        return


def _runner_names(module: Module, function: ast.FunctionDef) -> set[str]:
    return {
        target.id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        if module.resolve(node.value.func) in _RUNNERS
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    return (item for item in ast.walk(node) if isinstance(item, ast.Call))


def _names_of_calls(node: ast.AST) -> set[str]:
    """The last name of everything that is called."""
    names = set()
    for call in _calls(node):
        func = call.func
        names.add(func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else "?")
    return names


def _stores_into(function: ast.FunctionDef, names: set[str]) -> list[str]:
    """What a function changes of the things that it was given."""
    stores = (node for node in ast.walk(function) if isinstance(node, (ast.Attribute, ast.Subscript)))
    return [ast.unparse(node) for node in stores if isinstance(node.ctx, ast.Store) and root_of(node) in names]


def _is_last(function: ast.FunctionDef, statement: ast.stmt) -> bool:
    return function.body[-1] is statement and not any(
        isinstance(node, ast.Return) and node.value for node in ast.walk(function)
    )


def _replace_body(module: Module, function: ast.FunctionDef, config: str) -> None:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    start, end = module.source.span(body[0])[0], module.source.span(body[-1])[1]
    indent = module.source.indent_at(start)
    runner = module.need("mmengine.runner", "Runner")
    text = f"runner = {runner}.from_cfg({config})\n{indent}runner.train()"
    module.edits.replace(start, end, module.lines(text))
    message = (
        f"{function.name} trains by Runner.from_cfg({config}): model, data, optimizer and hooks come from the "
        "converted config, so the model and the data sets that are passed in are not used"
    )
    module.note(RULE, message, function, Effect.MANUAL)


def _script(module: Module, function: ast.FunctionDef) -> None:
    """A script that builds model and data sets and hands them, with the config, to a function that trains."""
    loaded = _configs(module, function)
    if not loaded:
        return
    for statement in function.body:
        call = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(call, ast.Call) and _trains(call, loaded):
            _train_by_runner(module, function, statement, call, loaded)
            return


def _train_by_runner(
    module: Module, function: ast.FunctionDef, statement: ast.stmt, call: ast.Call, configs: set[str]
) -> None:
    config = next(item.id for item in call.args if isinstance(item, ast.Name) and item.id in configs)
    parameters = {item.arg for item in function.args.args}
    parsed = {root_of(item) for node in _calls(function) if last_name(node.func) == "fromfile" for item in node.args}
    found = Preparation(module, function, statement, {*configs, *parameters, *parsed})
    for item in call.args[:2]:
        name = item.id if isinstance(item, ast.Name) else ""
        if name not in found.made:
            user = found.user_of(name) or statement
            message = (
                "in v3 `runner = Runner.from_cfg(cfg); runner.train()` takes the place of the call that trains and of "
                f"the lines that build model and data sets; here {name or 'what it is given'} is used otherwise too: "
                "do that on the runner, in a hook or in the config"
            )
            module.note(OWN_SCRIPT, message, user, marker=True)
            return
    indent = module.source.indent_at(module.source.span(statement)[0])
    scope = _scope(module, call)
    lines = [
        *([f"{config}.setdefault('default_scope', {scope!r})"] if scope else []),
        *_settings(function, config, found, call),
        f"runner = {module.need('mmengine.runner', 'Runner')}.from_cfg({config})",
        "runner.train()",
    ]
    found.delete()
    found.drop_imports()
    module.replace(statement, f"\n{indent}".join(lines))
    module.note(RULE, "the runner builds model and data sets from the converted config", statement, Effect.MANUAL)
    more = sorted({str(keyword.arg) for keyword in call.keywords} - _TAKEN_OVER)
    if more:
        message = f"{', '.join(more)} of the call that trained did something that Runner.from_cfg(cfg) does not know"
        module.note(OWN_SCRIPT, message, statement, marker=True)
    for node in found.kept:
        _say_v2_keys(module, node, config)


def _scope(module: Module, call: ast.Call) -> str | None:
    """The package whose function trained: v3's runner looks its classes up by that scope."""
    tops = {path.partition(".")[0] for path in module.targets(call.func)} - {module.name.partition(".")[0]}
    return _RENAMED.get(top, top) if len(tops) == 1 and (top := tops.pop()) else None


def _say_v2_keys(module: Module, statement: ast.stmt, config: str) -> None:
    """What stays of the script may still use keys that the converted config has not."""
    for node in ast.walk(statement):
        key = node.attr if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) else ""
        if key in V2_KEYS - _ANSWERED and root_of(node) == config:
            message = f"{config}.{key} is a key of v2's configs: the converted config says it elsewhere"
            module.note(OWN_SCRIPT, message, node, marker=True)


def _configs(module: Module, function: ast.FunctionDef) -> set[str]:
    """Variables that hold what ``Config.fromfile`` gave."""
    return {
        target.id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        if (module.resolve(node.value.func) or "").endswith("Config.fromfile")
        if (module.resolve(node.value.func) or "").startswith("mmcv.")
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _trains(call: ast.Call, configs: set[str]) -> bool:
    """``train_detector(model, datasets, cfg, distributed=…)`` and its like."""
    func = call.func
    name = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
    names = [item.id if isinstance(item, ast.Name) else "" for item in call.args]
    keywords = {keyword.arg for keyword in call.keywords}
    return (
        name.startswith("train_")
        and len(names) == 3
        and names[2] in configs
        and bool(keywords & {"distributed", "validate"})
    )


def _settings(function: ast.FunctionDef, config: str, found: Preparation, call: ast.Call) -> list[str]:
    """What the script has put elsewhere for v2, where v3's runner reads it."""
    stored = {
        node.attr
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and root_of(node) == config
    }
    read: dict[str, str] = {}
    for node in _attributes(function):
        read.setdefault(node.attr, ast.unparse(node))
    lines = [f"{config}.launcher = {read['launcher']}"] if "launcher" in read else []
    seed = _seed(function, config, found)
    if seed is not None:
        more = {"deterministic": "deterministic", "diff_rank_seed": "diff_seed"}
        given = "".join(f", {new}={read[old]}" for new, old in more.items() if old in read)
        lines.append(f"{config}.randomness = dict(seed={seed}{given})")
    if "resume_from" in stored:
        lines += [
            f"if {config}.get('resume_from'):",
            f"    {config}.load_from, {config}.resume = {config}.resume_from, True",
        ]
    if "auto_resume" in stored:
        lines += [f"{'elif' if 'resume_from' in stored else 'if'} {config}.get('auto_resume'):",
                  f"    {config}.resume = True"]  # fmt: skip
    validate = next((item.value for item in call.keywords if item.arg == "validate"), None)
    if validate is not None and not isinstance(validate, ast.Constant) and found.made.isdisjoint(_names(validate)):
        off = validate.operand if isinstance(validate, ast.UnaryOp) and isinstance(validate.op, ast.Not) else None
        lines += [
            f"if {ast.unparse(off) if off is not None else f'not {ast.unparse(validate)}'}:",
            f"    {config}.val_cfg = {config}.val_dataloader = {config}.val_evaluator = None",
        ]
    return lines


def _names(node: ast.AST) -> set[str]:
    return {item.id for item in ast.walk(node) if isinstance(item, ast.Name)}


def _seed(function: ast.FunctionDef, config: str, found: Preparation) -> str | None:
    """The seed that the script was asked for: an argument of that name, or what a removed assignment began with."""
    asked = next((item for item in _attributes(function) if item.attr == "seed" and root_of(item) != config), None)
    if asked is not None:
        return ast.unparse(asked)
    seed: ast.expr | None = None
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == f"{config}.seed":
            seed = node.value
    if seed is None or isinstance(seed, ast.Call) or not found.made.isdisjoint(_names(seed)):
        return None
    return ast.unparse(seed)


def _attributes(function: ast.FunctionDef) -> Iterator[ast.Attribute]:
    """What the function reads of names."""
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and isinstance(node.value, ast.Name):
            yield node


RULE = CodeRule(
    code="SCR001",
    title="script or function that trains",
    why="mmengine's `Runner.from_cfg(cfg)` builds model, data, optimizer, schedules, hooks and evaluation, which v2's "
    "scripts built and registered one by one. It is rewritten where nothing else is done.",
    before="from mmcv.runner import build_runner\n\n\ndef train(model, loaders, cfg):\n"
    "    runner = build_runner(cfg.runner, dict(model=model))\n    runner.run(loaders, cfg.workflow)",
    after="from mmengine.runner import Runner\n\n\ndef train(model, loaders, cfg):\n"
    "    runner = Runner.from_cfg(cfg)\n    runner.train()",
    effect=Effect.MANUAL,
    reversible=False,
    words=frozenset({"workflow", "fromfile"}),
    convert=convert,
)
