"""Counts that somebody else measured, as a sealed run; and whether such a run is what its file says."""

from __future__ import annotations

import json
import math
import shutil
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qcoord_hw import record, registry
from qcoord_hw.api.result import DEFAULT_CONFIDENCE, Result
from qcoord_hw.errors import InputError, RecordError
from qcoord_hw.families.counted import Counted
from qcoord_hw.imports import MAX_FILE, CountTable, read_counts
from qcoord_hw.imports.table import MAX_COUNT
from qcoord_hw.inputs import read_file
from qcoord_hw.provenance import provenance
from qcoord_hw.record import Chunk
from qcoord_hw.record.files import digest
from qcoord_hw.sources import spec_of
from qcoord_hw.spec import MAX_BLOCKS, Plain, check_confidence, spec_from_mapping
from qcoord_hw.text import one_line, short_repr

KEPT = "counts-of-others"
"""The file that is kept, without its ending."""

MAX_TILES = 1000
MAX_NAME = 100
TIME_BLOCKS = 8
"""Into so many stretches shots are divided where there are more times than `MAX_TIMES`."""

MAX_TIMES = 64

OF_A_CHUNK = ("tile", "block", "chunk", "time", "job")
"""The columns that, beside the setting, say of which shots `shots` is the number."""

Key = tuple[int, int, int]
"""Tile, block, setting."""


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
    spec = spec_of(experiment, parameters or {})
    name, content = _content(counts)
    try:
        table = _table(content, bit_order, columns or {}, backend)
        found = registry.family(spec.family).counted(spec, table)
        source = _source(name, content, table, found) | {"columns": dict(columns or {}), "backend": backend}
        intent, chunks = _intent(found, table, source)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    path = _write(record.runs_folder(runs), intent, content, chunks, found.spec.spec_id)
    return Result(record.read(path), confidence)


def check_imported(run: record.RunRecord) -> None:
    """Check that an imported run is what its file says.

    Raises:
        RecordError: naming what is not.
    """
    with record.interpreting(run.path):
        intent, source = run.intent, run.intent["source"]
        content = run.file(source["kept"])
        spec = spec_from_mapping(intent["spec"], "recorded spec")
    try:
        table = _table(content, source["bit_order"], source["columns"], source["backend"])
        found = registry.family(spec.family).counted(spec, table)
        now, counts = _intent(found, table, source | {"notes": []})
    except InputError as error:
        raise RecordError(f"run {run.path.name}: {source['kept']}: {error}") from None
    for key in ("play", "settings", "copies", "circuits"):
        if _plain(now["experiment"][key]) != intent["experiment"][key]:
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
            for chunk in intent["plan"]:
                own = Chunk(**chunk)
                record.append(path, own, counts[own.id], sync=own.id == len(counts) - 1)
        record.seal(path)
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)  # half an import is of no use to anybody
        raise
    return path


def _source(name: str, content: bytes, table: CountTable, found: Counted) -> dict[str, Any]:
    """Return what a record says of a file."""
    is_json = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")
    return {
        "file": one_line(name, 200),
        "sha256": digest(content),
        "kept": f"{KEPT}.{'json' if is_json else 'csv'}",
        "format": table.format,
        "bit_order": table.bit_order,
        "rows": len(table),
        "notes": _notes(table, found),
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


def _intent(
    found: Counted, table: CountTable, source: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[int, dict[str, int]]]:
    """Return the intent of a run of these counts, and the counts of each chunk."""
    cells, plan = _cells(found, table), list[dict[str, int]]()
    counts: dict[int, dict[str, int]] = {}
    for (tile, block, setting), own in cells.items():
        if (shots := sum(own.values())) > MAX_COUNT:
            raise InputError(f"count: {shots} of one setting and block; allowed are at most {MAX_COUNT}")
        counts[len(plan)] = own
        plan.append({"id": len(plan), "block": block, "setting": setting, "shots": shots} | _tile(tile))
    if len(plan) > record.MAX_PLAN:
        raise InputError(f"block: {len(plan)} settings and blocks; allowed are {record.MAX_PLAN} in all")
    unknown: dict[str, Any] = {"layout": None, "snapshot": None, "locality": None}
    circuits = 1 + max(setting["circuit"] for setting in found.settings)
    tiles = 1 + max(tile for tile, _, _ in cells)
    backend = table.single("backend") or "unknown"
    if len(backend) > MAX_NAME:
        raise InputError(f"backend: {len(backend)} characters; allowed are at most {MAX_NAME}")
    target: dict[str, Any] = {
        "name": backend,
        "kind": record.IMPORTED,
        "noise": "",
        "methods": [],
    }
    intent = {
        "spec": found.spec.to_json(),
        "experiment": {
            "name": found.spec.name,
            "title": found.spec.title,
            "copies": found.copies,
            "weights": [],
            "usage": None,
            "topology": None,
            "wires": [],
            "circuits": [{"events": [], "movable": [], "measured": [None] * found.width}] * circuits,
            "settings": list(found.settings),
            "play": found.play,
        },
        "target": target | unknown | ({"tiles": [unknown] * (tiles - 1)} if tiles > 1 else {}),
        "seed": None,
        "plan": plan,
        "provenance": provenance(),
        "source": dict(source),
    }
    return intent, counts


def _cells(found: Counted, table: CountTable) -> dict[Key, dict[str, int]]:
    """Return the counts of each tile, block and setting, in this order."""
    for name in ("run", "backend"):
        table.single(name)
    tiles = table.integers("tile", MAX_TILES - 1) if "tile" in table else [0] * len(table)
    blocks = _blocks(table)
    _check_shots(found, table)
    cells: dict[Key, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row, setting, outcome in found.rows:
        if table.count[row]:
            cells[tiles[row], blocks[row], setting][outcome] += table.count[row]
    each = {tile: {key[1:] for key in cells if key[0] == tile} for tile in range(1 + max(tiles))}
    if any(own != each[0] for own in each.values()):
        raise InputError("tile: others than the first have other blocks or settings; allowed are the same")
    return {key: dict(sorted(cells[key].items())) for key in sorted(cells)}


def _blocks(table: CountTable) -> list[int]:
    """Return the block of each row: stated, or made of times; else one."""
    if "block" in table:
        return table.integers("block", MAX_BLOCKS - 1)
    if "time" not in table:
        return [0] * len(table)
    times = table.read("time", _moment, "are numbers, or dates such as 2026-11-22T10:03:11Z")
    if len({kind for kind, _ in times}) > 1:
        raise InputError("time: dates with and without a zone, or numbers; allowed is one kind")
    order = {time: k for k, time in enumerate(sorted(set(times)))}
    if len(order) <= MAX_TIMES:
        return [order[time] for time in times]
    return [order[time] * TIME_BLOCKS // len(order) for time in times]


def _moment(cell: Any) -> tuple[str, float]:
    """Return what kind of time a cell states (a number, a date with or without a zone), and what orders it.

    Raises:
        ValueError: when it is none.
    """
    text = str(cell).strip()
    try:
        number = float(text)
    except ValueError:
        date = datetime.fromisoformat(text)
        start = datetime(1970, 1, 1, tzinfo=date.tzinfo and UTC)
        return "date" if date.tzinfo is None else "date with a zone", (date - start).total_seconds()
    if not math.isfinite(number):
        raise ValueError
    return "number", number


def _check_shots(found: Counted, table: CountTable) -> None:
    """Check the column `shots` against the counts of each setting, block, job, .. ."""
    if "shots" not in table:
        return
    stated = table.integers("shots", MAX_COUNT)
    keys = [table.words(name) for name in OF_A_CHUNK if name in table]
    sums: dict[tuple[object, ...], int] = defaultdict(int)
    first: dict[tuple[object, ...], int] = {}
    for row, setting, _ in found.rows:
        key = (setting, *(own[row] for own in keys))
        sums[key] += table.count[row]
        if stated[first.setdefault(key, row)] != stated[row]:
            raise table.refusal(row, "shots", stated[row], "is one number for all rows of a setting")
    for key, row in first.items():
        if sums[key] != stated[row]:
            raise table.refusal(row, "shots", stated[row], f"is the sum of their counts, {sums[key]}")


def _notes(table: CountTable, found: Counted) -> list[str]:
    """Return what was made of the file that its reader may not expect."""
    notes = []
    if table.unread:
        notes.append(one_line(f"columns that were not read: {', '.join(table.unread)}", 400))
    keys = [table.words(name) for name in (*OF_A_CHUNK, "check", "bits") if name in table]
    beside = list(zip(*keys, strict=True)) if keys else [()] * len(table)
    distinct = {(setting, outcome, beside[row]) for row, setting, outcome in found.rows}
    if twins := len(found.rows) - len(distinct):
        notes.append(f"{twins} rows say the same as another one; their counts were added")
    return notes


def _tile(tile: int) -> dict[str, int]:
    return {"tile": tile} if tile else {}


def _shots(chunk: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(chunk.get(key, 0) for key in ("id", "tile", "block", "setting", "shots"))


def _plain(value: Any) -> Any:
    """Return values as a record would hold them."""
    return json.loads(json.dumps(value))
