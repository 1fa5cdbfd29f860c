"""docs/migration.md: the keys of a v2 config and where each goes, from the rules' declarations."""

from __future__ import annotations

from collections import defaultdict

from mmmigrate.converters.rules.engine import rules
from mmmigrate.converters.rules.rule import Rule

HEAD = """# Migration guide

Made by `make docs` from the rules themselves.

`mmmigrate config configs/ -o configs_v3/` and `mmmigrate code mypkg/ -o mypkg_v3/` do what these tables say;
`mmmigrate verify configs/mine.py` then proves that training did not change. Names of Python code are in
[symbols/](symbols/), a page for each library; the codes are explained in [rules.md](rules.md).

## By key of the old config

| v2 key | read for the v3 keys | rules |
|---|---|---|
"""
BACK = """
## By key of the new config

| v3 key | made from the v2 keys | rules |
|---|---|---|
"""


def page() -> str:
    old: dict[str, dict[str, None]] = defaultdict(dict)
    new: dict[str, dict[str, None]] = defaultdict(dict)
    codes: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for rule in rules():
        for made, read in rule.makes.items():
            for key in read:
                old[key][made] = new[made][key] = None
                codes["v2", key][rule.code] = codes["v3", made][rule.code] = None
    return HEAD + _table(old, codes, "v2") + BACK + _table(new, codes, "v3") + _examples(rules())


def _table(keys: dict[str, dict[str, None]], codes: dict[tuple[str, str], dict[str, None]], side: str) -> str:
    rows = (
        f"| `{key}` | {', '.join(f'`{other}`' for other in sorted(others))} | "
        f"{', '.join(f'[{code}](rules.md#{code.lower()})' for code in sorted(codes[side, key]))} |\n"
        for key, others in sorted(keys.items())
    )
    return "".join(rows)


def _examples(every: tuple[Rule, ...]) -> str:
    parts = ["\n## Side by side\n"]
    for rule in every:
        if rule.before:
            parts.append(f"\n### {rule.title} ({rule.code})\n\n{rule.why}\n")
            parts.append(f"\n```python\n# v2\n{rule.before.strip()}\n```\n")
            parts.append(f"\n```python\n# v3\n{rule.after.strip() or '# nothing: it is the default'}\n```\n")
    return "".join(parts)
