"""The path of a config, on one screen: read, translate, write, check.

    text --read--> traced tree --merge--> v2 tree --rules--> v3 tree --override, emit--> new text --check--> written

Reading never executes the file; nothing is written before the new text, read back, means the v3 tree.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from mmmigrate.compat.findings import ConversionError, Effect, Finding
from mmmigrate.compat.results import FileResult, common_root, write_file
from mmmigrate.converters.convert import ConfigConverter
from mmmigrate.converters.generation import V2_KEYS, V3_KEYS
from mmmigrate.converters.read.source import MAX_BYTES
from mmmigrate.converters.rules.experiment import Options


def convert_file(path: Path, converter: ConfigConverter) -> FileResult:
    """Convert one config; what is wrong with it becomes a finding, never an exception."""
    try:
        converted = converter.convert(path)
    except ConversionError as error:
        finding = error.finding
        if Path(finding.path) != path:  # the fault is in a base: say it here too, or this file seems fine
            place = f"{finding.path}:{finding.line}" if finding.line else finding.path
            finding = Finding(str(path), 0, 0, finding.code, Effect.ERROR, f"its base {place}: {finding.message}")
        return FileResult(path, "failed", findings=[finding])
    file = converted.file
    return FileResult(
        path,
        "converted" if converted.changed else "unchanged",
        file.source.text,
        converted.text,
        file.source.encode(converted.text),
        sorted(converted.findings),
        [] if converted.flattened else [base.path for base in file.inherited],
    )


def find_configs(folder: Path) -> list[Path]:
    """Python files, and YAML and JSON files with keys of a config, under a folder; hidden folders are left out."""
    return sorted(
        path
        for pattern in ("*.py", "*.yaml", "*.yml", "*.json")
        for path in folder.rglob(pattern)
        if not any(part.startswith(".") or part == "__pycache__" for part in path.relative_to(folder).parts)
        and (path.suffix == ".py" or has_config_keys(path))
    )


def has_config_keys(path: Path) -> bool:
    """Whether a file sets a key that configs have, by a test of its bytes; true for one that cannot be read."""
    try:
        if not path.is_file() or path.stat().st_size > MAX_BYTES:
            return path.suffix == ".py"
        return _CONFIG_KEY.search(path.read_bytes()) is not None
    except OSError:
        return True


_CONFIG_KEY = re.compile(
    rb"""^(?:[ \t{]*["']?)(?:_base_|model|custom_hooks|load_from|default_scope|%s)["']?\s*[:=.\[]|\bread_base\(\)"""
    % b"|".join(key.encode() for key in sorted(V2_KEYS | V3_KEYS)),
    re.MULTILINE,
)


def convert_files(
    paths: list[Path], options: Options, jobs: int = 1, found: Collection[Path] = ()
) -> Iterator[FileResult]:
    """Results in the order of ``paths``. With more jobs, neighbours share a process, since they share their bases.

    Of those that were ``found`` in a folder and not named, scripts that are no configs are skipped.
    """
    if jobs <= 1 or len(paths) < 64:
        converter = ConfigConverter(options)
        results: Iterator[FileResult] = (convert_file(path, converter) for path in paths)
    else:
        results = _in_processes(paths, options, jobs)
    for result in results:
        refused = result.status == "failed" and result.findings[0].code == "CFG003" and result.path in found
        is_script = refused and not has_config_keys(result.path)
        yield replace(result, status="skipped", findings=[]) if is_script else result


def _in_processes(paths: list[Path], options: Options, jobs: int) -> Iterator[FileResult]:
    size = -(-len(paths) // (jobs * 4))
    chunks = [paths[start : start + size] for start in range(0, len(paths), size)]
    with ProcessPoolExecutor(jobs) as pool:
        for results in pool.map(_convert_chunk, chunks, [options] * len(chunks)):
            yield from results


def _convert_chunk(paths: list[Path], options: Options) -> list[FileResult]:
    converter = ConfigConverter(options)
    return [convert_file(path, converter) for path in paths]


def with_bases(path: Path, options: Options) -> list[FileResult]:
    """One config and everything it inherits from, bases first."""
    converter = ConfigConverter(options)
    results: dict[Path, FileResult] = {}

    def visit(current: Path) -> None:
        result = convert_file(current, converter)
        for base in result.bases:
            if base.resolve() not in results:
                visit(base)
        results[current.resolve()] = result

    visit(path)
    return list(results.values())


@dataclass(frozen=True)
class Written:
    """A converted config on disk, and what was said of it and its bases."""

    path: Path
    findings: list[Finding]


def convert_to(path: Path, out_dir: Path, *, schedule: str = "exact", order: str = "v2") -> Written:
    """Write a config and its chain of bases, converted, under ``out_dir``.

    The defaults are those that can be compared bit for bit: closed-form schedules and the order of a v2 process.
    Raises ConversionError if one of the files cannot be converted; nothing is written then.
    """
    results = with_bases(Path(path), Options(schedule=schedule, order=order, packs=()))
    for result in results:
        if result.status == "failed":
            raise ConversionError(result.findings[0])
    root = common_root([result.path for result in results])
    for result in results:
        write_file(out_dir / result.path.resolve().relative_to(root), result.data)
    findings = [finding for result in results for finding in result.findings]
    return Written(out_dir / Path(path).resolve().relative_to(root), findings)
