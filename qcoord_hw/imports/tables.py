"""Tables as people keep them: CSV with a heading; in JSON a list of rows, or columns."""

from __future__ import annotations

import csv
import io
from typing import Any

from qcoord_hw.errors import InputError
from qcoord_hw.imports.table import MAX_ROWS, Given
from qcoord_hw.text import one_line, short_repr

MAX_COLUMNS = 200
DELIMITERS = (",", ";", "\t")
CELLS = (str, int, float, bool, list, type(None))


def read_csv(content: bytes) -> Given:
    """Return the columns of a CSV file: UTF-8, with commas, semicolons or tabs, and a heading.

    Raises:
        InputError: when it is no text, or rows have other lengths than the heading.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("not text in UTF-8; allowed are CSV and JSON") from None
    if not text.strip():
        raise InputError("empty; allowed are CSV with a heading, and JSON")
    heading = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(DELIMITERS, key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: list[str] = []
    columns: list[list[str]] = []
    rows = 0
    try:
        for row in filter(None, reader):
            if not names:
                names = row
                _check_heading(names)
                columns = [[] for _ in names]
                continue
            rows += 1
            if len(row) != len(names):
                allowed = f"allowed are {len(names)}, as the heading has"
                raise InputError(f"row {rows + 1}: {len(row)} cells; {allowed}")
            if rows > MAX_ROWS:
                raise InputError(f"rows: more than {MAX_ROWS}; allowed are at most that many")
            for column, cell in zip(columns, row, strict=True):
                column.append(cell)
    except csv.Error as error:
        raise InputError(f"line {reader.line_num}: {one_line(error, 80)}; allowed is CSV") from None
    return Given("csv", dict(zip(names, columns, strict=True)), 2)


def _check_heading(names: list[str]) -> None:
    if len(names) > MAX_COLUMNS:
        raise InputError(f"header: {len(names)} columns; allowed are at most {MAX_COLUMNS}")
    seen = set[str]()
    for name in map(str.strip, names):
        if name in seen and not any(c.isalpha() for c in name):
            raise InputError(
                f"header: missing, for the first line is {short_repr(','.join(names))}; allowed is a heading "
                "with names such as question_1, answer_1, count"
            )
        if name in seen:
            raise InputError(f"header: {short_repr(name)} stands there twice; allowed is once")
        seen.add(name)


def columns_of(data: Any) -> Given:
    """Return the columns of a table in JSON.

    Args:
        data: a list of objects, `{"rows": ..}` with a list of them, `{"columns": [names], "rows": [lists]}`,
            or an object whose values are the columns.

    Raises:
        InputError: when it is none of these.
    """
    names = None
    if isinstance(data, dict) and "rows" in data:
        names, data = data.get("columns"), data["rows"]
        if names is None and isinstance(data, list) and data and isinstance(data[0], list):
            raise InputError("columns: missing; allowed is a list of names where rows are lists")
    if isinstance(data, dict):
        return Given("json columns", _columns(data))
    if not isinstance(data, list) or not 0 < len(data) <= MAX_ROWS:
        size = f"{len(data)} rows" if isinstance(data, list) else short_repr(data)
        raise InputError(f"rows: {size}; allowed is a list of 1 to {MAX_ROWS} rows")
    if names is None:
        names = list(data[0]) if isinstance(data[0], dict) else []
        for k, row in enumerate(data, start=1):
            if not isinstance(row, dict) or row.keys() != data[0].keys():
                raise InputError(
                    f"row {k}: {short_repr(row)}; allowed are objects, all with the keys of the first one"
                )
        data = [[row[name] for name in names] for row in data]
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise InputError(f"columns: {short_repr(names)}; allowed is a list of names")
    _check_heading(names)
    for k, row in enumerate(data, start=1):
        if not isinstance(row, list) or len(row) != len(names):
            raise InputError(f"row {k}: {short_repr(row)}; allowed is a list of {len(names)} cells")
    return Given("json rows", _columns(dict(zip(names, map(list, zip(*data, strict=True)), strict=True))))


def _columns(data: dict[str, Any]) -> dict[str, Any]:
    """Return columns that are lists of one length, of plain cells.

    Raises:
        InputError: naming the one that is not.
    """
    if not data or len(data) > MAX_COLUMNS:
        raise InputError(f"columns: {len(data)}; allowed are 1 to {MAX_COLUMNS}")
    first = next(iter(data.values()))
    for name, cells in data.items():
        if not isinstance(cells, list) or len(cells) != len(first):
            raise InputError(
                f"{one_line(name, 60)}: {short_repr(cells)}; allowed: a list as long as the first"
            )
        for k, cell in enumerate(cells, start=1):
            if not isinstance(cell, CELLS):
                raise InputError(f"row {k}: {one_line(name, 60)}: {short_repr(cell)}; allowed is a value")
    return data
