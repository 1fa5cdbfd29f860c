"""One config file from the text of one generation to that of the other, on top of its converted bases."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from mmmigrate.compat.findings import ConversionError, Effect, Finding
from mmmigrate.converters.check import check
from mmmigrate.converters.direction import Translation, direction
from mmmigrate.converters.emit.data import listed, new_data_text
from mmmigrate.converters.emit.layout import new_text
from mmmigrate.converters.emit.plain_bases import inside_a_block, with_plain_bases
from mmmigrate.converters.generation import left_over
from mmmigrate.converters.merge.inherit import union
from mmmigrate.converters.read.load import KEPT, ConfigFile, Loader
from mmmigrate.converters.read.traced import TracedDict
from mmmigrate.converters.recent import Recent
from mmmigrate.converters.rules.experiment import Note, Options, Rejected
from mmmigrate.converters.rules.rule import ABSOLUTE, FLATTENED, UNHANDLED


@dataclass
class Converted:
    """A file that was converted: its new text, and the whole new tree that it means together with its bases."""

    file: ConfigFile
    text: str
    tree: TracedDict
    notes: list[Note] = field(default_factory=list)  # of the merged experiment
    findings: list[Finding] = field(default_factory=list)  # those that are this file's own
    flattened: bool = False

    @property
    def changed(self) -> bool:
        return self.text != self.file.source.text


class ConfigConverter:
    """Converts files and keeps what it converted: a base is translated once for all that inherit it."""

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self.direction = direction(self.options.to)
        self.loader = Loader(self.options.trust)
        self._done: Recent[Converted | ConversionError] = Recent(KEPT)

    def convert(self, path: Path) -> Converted:
        """Raises ConversionError where a file cannot be converted."""
        return self._converted(self.loader.load(path))

    def _converted(self, file: ConfigFile) -> Converted:
        key = file.key
        found = self._done.get(key)
        if found is None:
            try:
                found = self._done.put(key, self._convert(file))
            except ConversionError as error:
                found = self._done.put(key, error)
            except RecursionError:
                message = "a value holds itself, or is nested more deeply than a config can need"
                finding = file.source.finding("CFG004", Effect.ERROR, message)
                found = self._done.put(key, ConversionError(finding))
        if isinstance(found, ConversionError):
            raise found
        return found

    def _convert(self, file: ConfigFile) -> Converted:
        if file.generation == self.options.to:
            return _unchanged(file, self.options.to)
        try:
            new = self.direction.translate(file.merged, self.options)
        except Rejected as error:
            raise ConversionError(_place(file, error.note)) from error
        bases, flatten = self._bases(file)
        base, twice = union(converted.tree for converted in bases)
        if file.imports and any(key not in new.tree for key in base):
            flatten = flatten or "it imports a part of a base"
        if file.path.suffix == ".json":  # which has no tuples
            new = Translation(listed(new.tree), new.notes)
        result = Converted(file, "", new.tree, new.notes, _own_findings(file, new.notes, bases))
        if twice or flatten or self.options.flatten:
            reason = (
                f"its bases would define {', '.join(twice)} twice" if twice else flatten or "asked for by --flatten"
            )
            result.findings.append(
                file.source.finding(FLATTENED.code, FLATTENED.effect, f"{FLATTENED.title}: {reason}")
            )
            result.flattened, base = True, TracedDict()
        for key in base:
            if key not in new.tree:  # what a base says cannot be unsaid, only set to nothing
                new.tree.put(key, None)
        result.text = self._checked_text(file, new.tree, base, result.flattened)
        return result

    def _bases(self, file: ConfigFile) -> tuple[list[Converted], str]:
        if file.only_v3:
            return [], file.only_v3
        if self.options.to == "v3" and not file.is_data and inside_a_block(file.source.tree.body):
            return [], "_base_ is set inside a block, where mmengine does not look for it"
        try:
            return [self._converted(item) for item in file.inherited], ""
        except ConversionError as error:
            return [], f"a base cannot be converted ({error.finding.message})"

    def _checked_text(self, file: ConfigFile, tree: TracedDict, base: TracedDict, flatten: bool) -> str:
        """The new text, proved to mean the tree. Where moved expressions spoil it, the values are written out."""
        if file.is_data:
            text = new_data_text(file, tree, base, self.direction.sources_of, flatten)
            fault = check(file, text, tree, base, flatten)
            if not fault:
                return text
            file.source.fail("CFG008", f"the new text would not mean what the old one means: {fault}")
        grouped, sources = self.options.style == "idiomatic", self.direction.sources_of
        text = self._with_bases(file, new_text(file, tree, base, sources, flatten=flatten, grouped=grouped), flatten)
        if not check(file, text, tree, base, flatten):
            return text
        text = self._with_bases(file, new_text(file, tree, base, sources, flatten=flatten, literal=True), flatten)
        fault = check(file, text, tree, base, flatten)
        if not fault:
            return text
        file.source.fail("CFG008", f"the new text would not mean what the old one means: {fault}; nothing is written")

    def _with_bases(self, file: ConfigFile, text: str, flatten: bool) -> str:
        """Scripts beside configs import things too: only what is a config is made readable for mmengine."""
        if self.options.to != "v3" or not (file.generation or file.bases or "model" in file.own):
            return text
        return with_plain_bases(text, [] if flatten else file.base_paths)


def _unchanged(file: ConfigFile, generation: str) -> Converted:
    findings = []
    for key in left_over(file.own) if generation == "v3" else []:
        origin = file.own.origins.get(key)
        message = f"{key} is a v2 key in a v3 config and has no effect there"
        line, column = (origin.line, origin.column) if origin else (0, 0)
        findings.append(file.source.finding(UNHANDLED.code, UNHANDLED.effect, message, line, column))
    return Converted(file, file.source.text, file.merged, findings=findings)


def _own_findings(file: ConfigFile, notes: list[Note], bases: list[Converted]) -> list[Finding]:
    """What the experiment has to say, less what its bases have said already."""
    said = {_identity(note) for base in bases for note in base.notes}
    findings = [_place(file, note) for note in notes if _identity(note) not in said]
    for written in file.base_paths:
        if Path(written).is_absolute():
            message = f"{ABSOLUTE.title}: {written}; write it relative to this file"
            findings.append(file.source.finding(ABSOLUTE.code, ABSOLUTE.effect, message, *file.base_place))
    return list(dict.fromkeys(findings))


def _identity(note: Note) -> tuple[str, str, int]:
    return note.rule.code, note.message, id(note.slot.origin)


def _place(file: ConfigFile, note: Note) -> Finding:
    """Where a note belongs in this file: its value, else the key's statement, else the file as a whole."""
    for origin in (note.slot.origin, file.own.origins.get(note.key)):
        if origin is not None and origin.source is file.source:
            return file.source.finding(note.rule.code, note.effect, note.message, origin.line, origin.column)
    return file.source.finding(note.rule.code, note.effect, note.message)
