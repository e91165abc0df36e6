"""Counts that somebody else measured, as a sealed run; and whether such a run is what its file says."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qcoord_hw import record, registry
from qcoord_hw.api.result import DEFAULT_CONFIDENCE, Result
from qcoord_hw.errors import InputError, RecordError
from qcoord_hw.families.counted import Counted
from qcoord_hw.families.imported import intent_of, notes_of
from qcoord_hw.imports import MAX_FILE, CountTable, is_json, read_counts
from qcoord_hw.inputs import read_file
from qcoord_hw.record.files import digest
from qcoord_hw.sources import spec_of
from qcoord_hw.spec import Plain, check_confidence, spec_from_mapping
from qcoord_hw.text import one_line, short_repr

KEPT = "counts-of-others"
"""The file that is kept, without its ending."""


def import_counts(
    counts: Any,
    *,
    experiment: object,
    bit_order: str | None = None,
    columns: Mapping[str, str] | None = None,
    backend: str | None = None,
    parameters: Mapping[str, Plain] | None = None,
    runs: str | Path | None = None,
    confidence: float = DEFAULT_CONFIDENCE,
) -> Result:
    """Keep counts that somebody else measured as a sealed run of kind `imported`, and return its result.

    The file itself is kept in the run's folder. Layout, calibration, locality, usage and circuits are
    unknown: null in the record, and listed under `unknown` in the result's summary.

    Args:
        counts: the path of a CSV or JSON file (`docs/formats/counts.md`), a pandas data frame, a dictionary
            (of columns, with rows, or `Result.to_dict()` of Qiskit), or a list of rows that are dictionaries.
        experiment: what was measured: a name, a file, a spec, a task, a state or a game, as in `run`.
        bit_order: of bit strings: `first` if their leftmost character is classical bit 0, `last` if the
            rightmost is. Tables with a column per answer need none.
        columns: our name of a column -> its name in the table, where it is another.
        backend: of a table of several, the one whose rows are meant.
        parameters: of the experiment's family, such as the `network` of a state.
        runs: the folder of all runs; `$QCOORD_RUNS` or `./runs` if omitted.
        confidence: two-sided confidence level of the intervals.

    Raises:
        InputError: naming the column and the row, or the argument, that is wrong; nothing is written then.
    """
    check_confidence(confidence)
    if not isinstance(columns, Mapping | None):
        raise InputError(f"columns: {short_repr(columns)}; allowed is a mapping of our names to the table's")
    spec = spec_of(experiment, parameters or {})
    name, content = _content(counts)
    try:
        table = _table(content, bit_order, columns or {}, backend)
        found = registry.family(spec.family).counted(spec, table)
        source = _source(name, content, table, found) | {"columns": dict(columns or {}), "backend": backend}
        intent, chunks = intent_of(found, table, source)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    path = _write(record.runs_folder(runs), intent, content, chunks, found.spec.spec_id)
    return Result(record.read(path), confidence)


def check_imported(run: record.RunRecord) -> None:
    """Check that an imported run is what its file says.

    Raises:
        RecordError: naming what is not.
    """
    from qcoord_hw.execution.decided import other_version
    from qcoord_hw.execution.recorded import near
    from qcoord_hw.execution.stated_twice import Contradicts, check_stated_twice

    try:
        check_stated_twice(run)
    except Contradicts as contradicts:
        raise RecordError(f"run {run.path.name}: {contradicts}; it was altered") from None
    with record.interpreting(run.path):
        intent, source = run.intent, run.intent["source"]
        content = run.file(source["kept"])
        spec = spec_from_mapping(intent["spec"], "recorded spec")
    try:
        table = _table(content, source["bit_order"], source["columns"], source["backend"])
        found = registry.family(spec.family).counted(spec, table)
        now, counts = intent_of(found, table, source | {"notes": []})
    except InputError as error:
        raise RecordError(f"run {run.path.name}: {source['kept']}: {error}") from None
    older = bool(other_version(run))
    for key in ("play", "settings", "copies", "circuits"):
        if not near(intent["experiment"][key], _plain(now["experiment"][key]), older):
            raise RecordError(f"run {run.path.name}: {key}: another than its file and its spec say")
    if [_shots(chunk) for chunk in now["plan"]] != [_shots(chunk) for chunk in intent["plan"]]:
        raise RecordError(f"run {run.path.name}: plan: another than its file says")
    if counts != {k: dict(own) for k, own in run.counts.items()}:
        raise RecordError(f"run {run.path.name}: {record.COUNTS}: other counts than in its file")


def refuse_imported(run: record.RunRecord, what: str) -> None:
    """Refuse what needs circuits.

    Raises:
        InputError: when somebody else measured the counts.
    """
    if run.is_imported:
        raise InputError(
            f"{what}: run {run.path.name} was imported, and nobody here knows its circuits; allowed are runs "
            "that were executed here"
        )


def _write(
    runs: Path, intent: Mapping[str, Any], content: bytes, counts: Mapping[int, record.Counts], spec_id: str
) -> Path:
    """Write the sealed folder of a run, or nothing.

    Raises:
        InputError: when it cannot be written.
    """
    files, target = {intent["source"]["kept"]: content}, f"{intent['target']['name']}-imported"
    path = record.create(runs, intent, files, spec_id=spec_id, target=target)
    try:
        with record.writing(path):
            record.append(path, [(chunk["id"], counts[chunk["id"]]) for chunk in intent["plan"]])
        record.seal(path)
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)  # half an import is of no use to anybody
        raise
    return path


def _source(name: str, content: bytes, table: CountTable, found: Counted) -> dict[str, Any]:
    """Return what a record says of a file."""
    return {
        "file": one_line(name, 200),
        "sha256": digest(content),
        "kept": f"{KEPT}.{'json' if is_json(content) else 'csv'}",
        "format": table.format,
        "bit_order": table.bit_order,
        "rows": len(table),
        "notes": notes_of(table, found),
    }


def _table(
    content: bytes, bit_order: str | None, columns: Mapping[str, str], backend: str | None
) -> CountTable:
    table = read_counts(content, bit_order, columns)
    return table if backend is None else table.only("backend", backend)


def _content(given: Any) -> tuple[str, bytes]:
    """Return the name and the bytes of what is to be kept.

    Raises:
        InputError: when it is neither a file nor a table.
    """
    if isinstance(given, (str, Path)):
        return one_line(Path(given).name, 120), read_file(Path(given), "CSV or JSON", MAX_FILE)
    name = f"({type(given).__name__})"
    if hasattr(given, "to_dict") and hasattr(given, "columns"):  # pandas is not imported for its name
        names = list(given.columns)
        if len(set(map(str, names))) < len(names):
            raise InputError(f"{name}: columns: {short_repr(names)}; allowed is every column once")
        given = {str(key): list(given[key]) for key in names}
    if not isinstance(given, (dict, list)):
        raise InputError(f"counts: {short_repr(given)}; allowed are a path, a data frame, a dictionary")
    try:
        return name, json.dumps(given, default=_plain_cell, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{name}: {one_line(error, 120)}; allowed are plain values") from None


def _plain_cell(value: Any) -> Any:
    """Return a number of NumPy, a time or an enumeration as JSON has it."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        return value.item()
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if hasattr(value, "name") and hasattr(value, "value"):
        return value.name
    raise TypeError(f"{type(value).__name__} is no plain value")


def _shots(chunk: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(chunk.get(key, 0) for key in ("id", "tile", "block", "setting", "shots"))


def _plain(value: Any) -> Any:
    """Return values as a record would hold them."""
    return json.loads(json.dumps(value))
