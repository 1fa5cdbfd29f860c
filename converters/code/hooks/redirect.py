"""Pointing uses of imported names to another home: their import moves if all go along, else a second one comes."""

from __future__ import annotations

from collections.abc import Mapping

from mmmigrate.converters.code.imports import free_name
from mmmigrate.converters.code.module import Module, Use

Target = tuple[str, str]  # module, name


def redirect(module: Module, targets: Mapping[Use, Target]) -> None:
    """Makes each use name what its target says.

    An import that has no other use is moved, so that the lines that use it change only where the name does.
    """
    if not targets:
        return
    staying = {use.imported for use in module.every_use if use not in targets}
    for use, target in targets.items():
        imported = use.imported
        whole = imported is not None and use.node is use.root and use.sole and imported not in staying
        if whole and imported is not None and module.plan.moves.get(imported, target)[:2] == target:
            local = module.plan.moves[imported][2] if imported in module.plan.moves else _local(module, use, target)
            module.plan.moves[imported] = (*target, local)
        else:
            local = module.need(*target)
        if module.source.segment(use.node) != local:
            module.replace(use.node, local)


def _local(module: Module, use: Use, target: Target) -> str:
    """The name to use a moved import by: as before, or the target's own where that is another one."""
    assert use.imported is not None
    name = use.imported.target.rpartition(".")[2]
    if use.imported.local != name or target[1] == name:
        return use.imported.local
    return free_name(module, target[1], target[0])
