"""Python code from one generation to the other: found with ``ast``, changed by byte splices.

    bytes --decode--> CodeSource --ast--> Module (names resolved) --rules--> edits, imports, notes --apply--> new text

How to write a rule: one file in ``rules/`` with a ``RULE = CodeRule(...)`` (several objects are found too). Its
``convert(module)`` asks the `Module`:

- ``module.classes``: every class; ``cls.derives("mmcv.runner.Hook")`` is true at any distance, through other files of
  the project and the library's own classes; ``cls.methods``, ``cls.find("before_run")`` (in the project's bases too),
  ``cls.bases``, ``cls.ancestors``, ``cls.node``.
- ``module.uses_of("mmcv.runner.build_optimizer")``: places where a library name is used, whatever it was imported as. A
  name that a parameter, variable or other class shadows is not found. ``module.resolve(node)`` names one expression.
- Library names come under one path, that of the package that has them (``mmcv.runner.Hook``, ``mmcv.utils.Config``);
  any other path of them (``mmcv.runner.hooks.hook.Hook``, ``mmcv.Config``) may be asked for as well.
- ``module.parents``, ``module.statement(node)``, ``module.tree``, ``module.source.segment(node)``.

and says what it wants:

- ``module.replace(node, text)``, ``module.delete(stmt)``, ``module.insert_before(stmt, text)``, ``insert_after``;
  anything finer by ``module.edits.replace(start, end, text)`` with offsets from ``module.source.span(node)``.
- ``local = module.need("mmengine.optim", "OptimWrapper")``: asks for an import, gives the name to use.
- ``module.note(RULE, "what to know", node, Effect.MANUAL, marker=True)``: a finding, with ``marker`` a comment too.

A structural rule runs alone: no other rule edits in the same round, and the text is parsed again after it. So it sees
what earlier rules (by code) left, and it must not rename imported symbols itself: all names that still point to v2 are
moved in the last round, and imports that lost their last use are dropped there. A rule must not fire on its own result.

A case is ``fixtures/code/<CODE>/<case>/before.py`` and ``after.py`` (no ``after``: nothing may change).
"""
