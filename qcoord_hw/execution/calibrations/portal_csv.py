"""Calibrations as a vendor's portal lets them be downloaded: a table with a row a qubit."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

from qcoord_hw.errors import InputError
from qcoord_hw.execution.calibrations.coupling import MAX_QUBITS
from qcoord_hw.execution.calibrations.properties_json import number
from qcoord_hw.execution.calibrations.published import Published
from qcoord_hw.execution.snapshot import GateCalibration, QubitCalibration
from qcoord_hw.inputs import read_file
from qcoord_hw.spec import short_repr
from qcoord_hw.text import one_line, printable

ONE_QUBIT = {
    "ID error": "id",
    "RX error": "rx",
    "Z-axis rotation (rz) error": "rz",
    "√x (sx) error": "sx",
    "Pauli-X error": "x",
}
TWO_QUBITS = {"CNOT error": "cx", "ECR error": "ecr", "CZ error": "cz", "RZZ error": "rzz"}
SYMMETRIC = ("cz", "rzz")
NEEDED = ("Qubit", "T1 (us)", "T2 (us)")
READOUT = "Readout assignment error"
PREPARED = ("Prob meas1 prep0", "Prob meas0 prep1")
LENGTHS = ("Gate length (ns)", "Gate time (ns)")

MAX_MICROSECONDS = 1e12
MAX_NANOSECONDS = 1e9

_PAIR = re.compile(r"\s*(?:(\d{1,5})_)?(\d{1,5})\s*:\s*(\S+)\s*", re.ASCII)


class _Row:
    """A row of the table."""

    def __init__(self, cells: dict[str, str], line: int) -> None:
        self._cells, self._line = cells, line

    def text(self, column: str) -> str:
        return self._cells.get(column, "").strip()

    def where(self, column: str) -> str:
        return f"row {self._line}, {column}"

    def number(self, column: str, low: float, high: float, *, needed: bool = False) -> float | None:
        """Return the number of a cell; None where it is empty."""
        text = self.text(column)
        if not text and not needed:
            return None
        return _number(text, self.where(column), low, high)

    def pairs(self, column: str, qubit: int, high: float) -> dict[int, float]:
        """Return other qubit -> number of a cell such as `1:0.005;14:0.01` or `0_1:0.005`."""
        found: dict[int, float] = {}
        for part in filter(str.strip, self.text(column).split(";")):
            fits = _PAIR.fullmatch(part)
            if fits is None or (fits[1] is not None and int(fits[1]) != qubit):
                raise InputError(
                    f"{self.where(column)}: {short_repr(part.strip())}; allowed are pairs such as "
                    f"{qubit + 1}:0.005 or {qubit}_{qubit + 1}:0.005"
                )
            other = int(fits[2])
            if other in found or other == qubit:
                raise InputError(f"{self.where(column)}: qubit {other}; allowed is each other qubit once")
            found[other] = _number(fits[3], self.where(column), 0, high)
        return found


def read_portal_csv(file: Path) -> Published:
    """Read the table.

    Raises:
        InputError: naming the row and the column.
    """
    content = read_file(file, "CSV")
    try:
        rows, columns = _rows(content)
        return _published(file, rows, columns)
    except InputError as error:
        raise InputError(f"{one_line(file.name)}: {error}") from None


def _rows(content: bytes) -> tuple[list[_Row], list[str]]:
    try:
        text = content.decode("utf-8-sig")
        table = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"no CSV in UTF-8 ({one_line(error, 100)})") from None
    table = [row for row in table if any(cell.strip() for cell in row)]
    columns = [cell.strip() for cell in table[0]] if table else []
    for column in NEEDED:
        if column not in columns:
            raise InputError(f"column {column}: missing; allowed is the portal's table of calibrations")
    if READOUT not in columns and not set(PREPARED) <= set(columns):
        raise InputError(f"column {READOUT}: missing, and so are {' and '.join(PREPARED)}")
    for what, known in (("on one qubit", ONE_QUBIT), ("on two qubits", TWO_QUBITS)):
        if not set(known) - {"ID error", "Z-axis rotation (rz) error"} & set(columns):
            raise InputError(f"column: none of a gate {what}; allowed are {', '.join(known)}")
    if twice := next((c for c in columns if c and columns.count(c) > 1), None):
        raise InputError(f"column {printable(twice)[:60]}: stands there twice; allowed is once")
    if len(table) == 1:
        raise InputError("rows: none; allowed is one a qubit")
    if len(table) > MAX_QUBITS:
        raise InputError(f"rows: {len(table) - 1}; allowed are at most {MAX_QUBITS}")
    for k, row in enumerate(table[1:], 1):
        if len(row) != len(columns):
            raise InputError(f"row {k}: {len(row)} cells; allowed are {len(columns)}, as in the header")
    return [_Row(dict(zip(columns, row, strict=True)), k) for k, row in enumerate(table[1:], 1)], columns


def _published(file: Path, rows: list[_Row], columns: list[str]) -> Published:
    size, length = len(rows), next((c for c in LENGTHS if c in columns), LENGTHS[0])
    ordered: dict[int, _Row] = {}
    for row in rows:
        stated = row.number("Qubit", 0, size - 1, needed=True)
        if stated is None or stated != int(stated) or int(stated) in ordered:
            raise InputError(
                f"{row.where('Qubit')}: {row.text('Qubit')}; allowed are 0 to {size - 1}, once each"
            )
        ordered[int(stated)] = row
    qubits, readout, out_of_use = [], [], set()
    gates: dict[tuple[str, tuple[int, ...]], GateCalibration] = {}
    for q, row in sorted(ordered.items()):
        if (words := row.text("Operational").lower()) not in ("", "yes", "true", "1", "no", "false", "0"):
            raise InputError(f"{row.where('Operational')}: {short_repr(words)}; allowed are Yes and No")
        needed = words not in ("no", "false", "0")
        errors = {name: row.number(column, 0, 1) for column, name in ONE_QUBIT.items()}
        needed = needed and all((error or 0.0) < 1 for error in errors.values())
        if words in ("no", "false", "0"):
            out_of_use.add(q)
        t1, t2 = (row.number(c, 1e-6, MAX_MICROSECONDS, needed=needed) for c in NEEDED[1:])
        error, p10, p01 = (row.number(column, 0, 1) for column in (READOUT, *PREPARED))
        if p10 is None or p01 is None:
            if error is None and needed:
                raise InputError(f"{row.where(READOUT)}: empty; allowed are numbers from 0 to 1")
            p10 = p01 = error or 0.0
        qubits.append(QubitCalibration(q, _seconds(t1, 6), _seconds(t2, 6), p10, p01))
        readout.append((_seconds(row.number("Readout length (ns)", 0, MAX_NANOSECONDS), 9), error))
        one = _seconds(row.number("Single-qubit gate length (ns)", 0, MAX_NANOSECONDS), 9)
        gates["rz", (q,)] = GateCalibration("rz", (q,), 0.0, errors.pop("rz") or 0.0)  # done in software
        for name, value in errors.items():
            if value is not None:
                gates[name, (q,)] = GateCalibration(name, (q,), one, value)
        lengths = row.pairs(length, q, MAX_NANOSECONDS)
        for column, name in TWO_QUBITS.items():
            for other, value in row.pairs(column, q, 1).items():
                if other >= size:
                    raise InputError(f"{row.where(column)}: qubit {other}; allowed are 0 to {size - 1}")
                pair = (q, other)
                gates[name, pair] = GateCalibration(name, pair, _seconds(lengths.get(other), 9), value)
    for gate in list(gates.values()):
        if gate.name in SYMMETRIC:  # a table may state one direction alone
            other_way = replace(gate, qubits=gate.qubits[::-1])
            gates.setdefault((gate.name, other_way.qubits), other_way)
    return Published(
        device=_device(file),
        version="",
        calibrated="",
        qubits=tuple(qubits),
        gates=tuple(gates.values()),
        readout=tuple(readout),
        out_of_use=frozenset(out_of_use),
    )


def _device(file: Path) -> str:
    """Return what a table is called; the portal names it `DEVICE_calibrations_DATE.csv`."""
    stem = re.sub(r"[^A-Za-z0-9_.-]", "-", file.stem.partition("_calibrations")[0])[:100]
    return stem or "unnamed"


def _number(text: str, where: str, low: float, high: float) -> float:
    try:
        value: float | str = float(text)
    except ValueError:
        value = text
    return number(value, where, low, high)


def _seconds(value: float | None, power: int) -> float | None:
    return None if value is None else value / 10**power
