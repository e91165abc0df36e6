"""Runs as a table for R or pandas: one row per chunk and outcome, or one row an estimate.

The first columns say which run it is and on which qubits, under which calibration; the last but `count` say
what was asked and answered (the columns that the run's family adds), so that the file alone says who won.
Numbers are written with all their digits; what is not known, or has no meaning for a run, is an empty cell.
`bits` is what was read, classical bit 0 first, and `outcome` the same, or what of it a family scores: read
both as text, since their leading zeros count (in pandas `dtype={"outcome": str, "bits": str}`). `method` is
`direct` where the setting was executed, else how its counts were derived; `schedule` is `drawn` where
settings were drawn at random, shot by shot. A circuit that plays n rounds has n
rows per outcome.

A cell that begins with `=`, `+`, `-`, `@` or the like would be a formula to a spreadsheet. Text that does
so gets a `'` in front; numbers never need it. Control characters become `?`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from qcoord_hw import registry
from qcoord_hw.answer import Answer, optional
from qcoord_hw.errors import InputError
from qcoord_hw.families.base import Outcomes
from qcoord_hw.record import RunRecord, interpreting
from qcoord_hw.record.journal import COLLECTED
from qcoord_hw.report.output_files import whole_file
from qcoord_hw.report.shapes import RunSummary
from qcoord_hw.text import printable

RUN_COLUMNS = ("run", "experiment", "target", "kind", "created", "calibrated", "layout", "seed")
CHUNK_COLUMNS = (
    *("tile", "block", "chunk", "setting", "label", "method", "circuit", "shots", "job", "tag", "schedule"),
    "bits",
)
ESTIMATE_COLUMNS = (
    *RUN_COLUMNS,
    *("name", "low", "best", "high", "method", "confidence", "shots"),
    *("theory", "bound", "verdict", "p_value", "estimand"),
)

Row = dict[str, object]

Jobs = Mapping[int, tuple[str, str]]
"""Chunk id -> id and tag of the job that executed it."""

_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Exported(Answer):
    """A table that was written.

    Attributes:
        run: the folder, of one run.
        runs: the folders, of several.
        csv: the file.
        written: how many rows it has below its heading.
    """

    run: str | None = optional()
    runs: Sequence[str] | None = optional()
    csv: str
    written: int = field(metadata={"key": "rows"})

    def _text(self) -> str:
        return f"{self.csv}: {self.written} rows"


def count_columns(records: Sequence[RunRecord]) -> tuple[str, ...]:
    """Return the columns of the counts of some runs: those of every kind of run among them.

    Raises:
        RecordError: when a record cannot be interpreted.
    """
    said: list[str] = []
    for record in records:
        with interpreting(record.path):
            said = merged(said, _outcomes(record).columns)
    return (*RUN_COLUMNS, *CHUNK_COLUMNS, *said, "outcome", "count")


def merged(columns: Sequence[str], others: Sequence[str]) -> list[str]:
    """Return the columns of two kinds of runs, each in its order.

    >>> merged(["question_1", "answer_1", "win"], ["question_1", "question_2", "answer_1", "answer_2", "win"])
    ['question_1', 'question_2', 'answer_1', 'answer_2', 'win']
    """
    found = list(columns)
    place = 0
    for name in others:
        if name in found:
            place = found.index(name) + 1
        else:
            found.insert(place, name)
            place += 1
    return found


def _outcomes(record: RunRecord) -> Outcomes:
    """Return what says what the outcomes of a run mean."""
    play = record.intent["experiment"]["play"]
    return registry.family_of_kind(play["kind"]).outcomes(play)


def count_rows(record: RunRecord, jobs: Jobs | None = None) -> Iterator[Row]:
    """Yield the rows of each outcome of each chunk that is counted, chunks by their number, outcomes sorted.

    Args:
        record: a run, finished or not.
        jobs: which job executed a chunk; what the run's journal says if omitted.

    Raises:
        RecordError: when the record cannot be interpreted.
    """
    with interpreting(record.path):
        experiment = record.intent["experiment"]
        settings, read = experiment["settings"], _outcomes(record)
        runs = [_run_cells(record.tile(number)) for number in range(record.tiles)]
        jobs = jobs_of(record) if jobs is None else jobs
        is_drawn = bool(record.intent["spec"].get("random_questions") or experiment.get("sampled"))
        for chunk in sorted(record.plan, key=lambda chunk: chunk.id):
            job, tag = jobs.get(chunk.id, ("", ""))
            setting = settings[chunk.setting]
            about = {
                **runs[chunk.tile],
                "tile": chunk.tile,
                "block": chunk.block,
                "chunk": chunk.id,
                "setting": chunk.setting,
                "label": setting["label"],
                "method": setting["method"],
                "circuit": setting["circuit"],
                "shots": chunk.shots,
                "job": job,
                "tag": tag,
                "schedule": "drawn" if is_drawn else "fixed",
            }
            counts = sorted(record.counts.get(chunk.id, {}).items())
            meant = read.rows(setting, chunk.setting, [outcome for outcome, _ in counts]) if counts else ()
            for (outcome, count), rows in zip(counts, meant, strict=True):
                for row in rows:
                    yield about | {"bits": outcome, "outcome": outcome, "count": count} | row


def estimate_rows(record: RunRecord, summary: RunSummary) -> list[Row]:
    """Return a row for each estimate of a finished run.

    Args:
        record: the run.
        summary: what was derived from it.

    Raises:
        InputError: when the run is unfinished.
        RecordError: when the record cannot be interpreted.
    """
    if not record.sealed:
        name = record.path.resolve().name
        raise InputError(f"run: {name} is unfinished, so it has no estimates; {record.how_to_finish}")
    with interpreting(record.path):
        run = _run_cells(record)
    rows = []
    for estimate in summary["estimates"]:
        values = {
            key: value and value["value"]
            for key, value in (("theory", estimate["theory"]), ("bound", estimate["bound"]))
        }
        cells: Row = {**estimate, **values}
        rows.append(run | {key: cells[key] for key in ESTIMATE_COLUMNS[len(RUN_COLUMNS) :]})
    return rows


def jobs_of(record: RunRecord) -> dict[int, tuple[str, str]]:
    """Return which job's result was counted for each chunk of a run on a device."""
    return {
        chunk: (job.id or "", job.tag)
        for job in record.jobs
        if job.state == COLLECTED
        for named in job.chunks
        for chunk in record.executed_with(named)
    }


def csv_lines(columns: Iterable[str], rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of a table, its heading first."""
    line = io.StringIO()
    writer = csv.writer(line, lineterminator="\n")
    names = list(columns)
    for cells in _cells(names, rows):
        writer.writerow(cells)
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def write_csv(place: Path | TextIO, columns: Iterable[str], rows: Iterable[Row]) -> int:
    """Write a table, and return how many rows it has below its heading.

    Args:
        place: a file, written as UTF-8, whole or not at all; or an open one.
        columns: in their order; what a row lacks is an empty cell.
        rows: of the table.

    Raises:
        InputError: when it cannot be written, or would replace a part of a record.
    """
    lines = csv_lines(columns, rows)
    if isinstance(place, Path):
        with whole_file("csv", place) as file:
            return sum(file.write(line.encode()) > 0 for line in lines) - 1
    return sum(place.write(line) > 0 for line in lines) - 1


def _cells(names: list[str], rows: Iterable[Row]) -> Iterator[list[object]]:
    yield list(names)
    for row in rows:
        yield [_cell(row.get(name)) for name in names]


def _run_cells(record: RunRecord) -> Row:
    intent = record.intent
    return {
        "run": record.path.resolve().name,
        "experiment": intent["experiment"]["name"],
        "target": intent["target"]["name"],
        "kind": intent["target"]["kind"],
        "created": intent["created"],
        "calibrated": (record.calibration or {}).get("calibrated"),
        "layout": " ".join(map(str, intent["target"].get("layout") or ())),
        "seed": intent["seed"],
    }


def _cell(value: object) -> object:
    """Return a value as a spreadsheet, R and pandas may read it: no text of it is a formula.

    >>> _cell("=1+1"), _cell("x=0"), _cell(-1), _cell(None)
    ("'=1+1", 'x=0', -1, '')
    """
    if value is None or isinstance(value, (int, float)):
        return "" if value is None else value
    text = str(value)
    return printable(f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text)
