"""docs/rules.md: every code, from what each rule declares of itself."""

from __future__ import annotations

from collections.abc import Iterator

from mmmigrate.compat.cli.catalogue import entries, titles
from mmmigrate.converters.code.rule import CodeRule
from mmmigrate.converters.rules.rule import Rule

HEAD = """# Every code

What a conversion can say, made from the rules' own declarations by `make docs`; `mmmigrate explain CODE` says the same.
*exact*: training is bit-identical. *measured*: the deviation is computed and printed. *manual*: a person must decide.
*error*: the file is reported and not converted.
"""


def page() -> str:
    known, every = entries(), sorted(titles().items())
    lines = [HEAD, "| code | effect | what it is about |", "|---|---|---|"]
    for code, title in every:
        effect = known[code].effect.value if code in known else "error"
        link = f"[{code}](#{code.lower()})" if code in known else code
        lines.append(f"| {link} | {effect} | {title} |")
    for code, title in every:
        if code in known:
            lines += _section(known[code], code, title)
    return "\n".join(lines) + "\n"


def _section(entry: object, code: str, title: str) -> Iterator[str]:
    yield from (f'\n## <a id="{code.lower()}"></a>{code}: {title}', "", entry.why, "")  # type: ignore[attr-defined]
    yield f"Effect: {entry.effect.value}."  # type: ignore[attr-defined]
    if isinstance(entry, (Rule, CodeRule)):
        yield f"Reversible: {'yes' if entry.reversible else 'no'}."
        for name, text in (("Before", entry.before), ("After", entry.after or "# nothing")):
            yield from ("", f"{name}:", "", "```python", text.strip("\n"), "```")
