"""Training scripts: what builds a runner piece by piece becomes ``Runner.from_cfg(cfg)``, where nothing else is done.

v3's runner builds model, data, optimizer, schedules, hooks and evaluation from the config, and joins the processes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mmmigrate.compat.findings import Effect
from mmmigrate.converters.code.module import Module
from mmmigrate.converters.code.remarks import OWN_SCRIPT
from mmmigrate.converters.code.rule import CodeRule

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
        unknown = sorted(_names_of_calls(function) - _STANDARD) or _stores_into(function, given - {_root(workflow)})
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


def _root(node: ast.AST) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _stores_into(function: ast.FunctionDef, names: set[str]) -> list[str]:
    """What a function changes of the things that it was given."""
    stores = (node for node in ast.walk(function) if isinstance(node, (ast.Attribute, ast.Subscript)))
    return [ast.unparse(node) for node in stores if isinstance(node.ctx, ast.Store) and _root(node) in names]


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
    for index, statement in enumerate(function.body):
        call = statement.value if isinstance(statement, ast.Expr) else None
        if not isinstance(call, ast.Call) or not _trains(call, loaded):
            continue
        message = (
            "in v3 `runner = Runner.from_cfg(cfg); runner.train()` takes the place of this call and of the lines that "
            "build model and data sets; cfg.launcher, cfg.randomness, cfg.load_from and cfg.resume say the rest"
        )
        first = _first_of_window(module, function, index, call)
        if first is None:
            module.note(OWN_SCRIPT, message, statement, marker=True)
            return
        config = next(item.id for item in call.args if isinstance(item, ast.Name) and item.id in loaded)
        lines = [
            *_settings(function, config),
            f"runner = {module.need('mmengine.runner', 'Runner')}.from_cfg({config})",
        ]
        start, end = module.source.span(function.body[first])[0], module.source.span(statement)[1]
        indent = module.source.indent_at(start)
        module.edits.replace(start, end, module.lines(f"\n{indent}".join([*lines, "runner.train()"])))
        module.note(RULE, "the runner builds model and data sets from the converted config", statement, Effect.MANUAL)
        return


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


def _first_of_window(module: Module, function: ast.FunctionDef, last: int, call: ast.Call) -> int | None:
    """Where building model and data sets begins; None if something else is done in between."""
    names = [item.id for item in call.args[:2] if isinstance(item, ast.Name)]
    if len(names) != 2:
        return None
    names += [item.value.id for item in call.keywords if item.arg == "meta" and isinstance(item.value, ast.Name)]
    built = [index for index, node in enumerate(function.body[:last]) if _assigns(node, names[0])]
    if not built or not all(_prepares(node, names) for node in function.body[built[0] : last]):
        return None
    return built[0]


def _assigns(node: ast.stmt, name: str) -> bool:
    return isinstance(node, ast.Assign) and any(isinstance(item, ast.Name) and item.id == name for item in node.targets)


def _prepares(node: ast.stmt, names: list[str]) -> bool:
    """Statements that v3's runner makes needless: building, initializing, a val phase, facts for checkpoints."""
    model = names[0]
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        if isinstance(target, ast.Name) and target.id in names:
            return True
        if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and target.value.id in names[2:]:
            return True
        of_model = isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == model
        return of_model and target.attr in ("CLASSES", "PALETTE", "cfg")  # type: ignore[attr-defined]
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        func = node.value.func
        own = isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id == model
        logs = isinstance(func, ast.Attribute) and func.attr in ("info", "warning")
        notes = isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id in names[2:]
        return (own and func.attr == "init_weights") or logs or notes  # type: ignore[attr-defined]
    if isinstance(node, ast.If):
        asked = {item.attr for item in ast.walk(node.test) if isinstance(item, ast.Attribute)}
        return bool(asked & {"workflow", "checkpoint_config"})
    return False


def _settings(function: ast.FunctionDef, config: str) -> list[str]:
    """What the script has put elsewhere for v2, where v3's runner reads it."""
    stored: set[str] = set()
    read: dict[str, str] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if isinstance(node.ctx, ast.Store) and node.value.id == config:
                stored.add(node.attr)
            elif isinstance(node.ctx, ast.Load):
                read.setdefault(node.attr, ast.unparse(node))
    lines = []
    if "launcher" in read:
        lines.append(f"{config}.launcher = {read['launcher']}")
    if "seed" in stored:
        deterministic = f", deterministic={read['deterministic']}" if "deterministic" in read else ""
        lines.append(f"{config}.randomness = dict(seed={config}.seed{deterministic})")
    if "resume_from" in stored:
        lines += [
            f"if {config}.get('resume_from'):",
            f"    {config}.load_from, {config}.resume = {config}.resume_from, True",
        ]
    return lines


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
