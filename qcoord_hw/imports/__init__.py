"""Counts that somebody else measured: whatever the file, one table of plain columns comes out of it.

    table.py          the table, and how its cells are read: whole numbers, lists of them, bits
    tables.py         CSV, and rows or columns in JSON
    qiskit_result.py  `Result.to_dict()` of Qiskit: counts in hexadecimal
    runtime_json.py   results as the runtime client's `RuntimeEncoder` writes them; no pickle is ever loaded

Nothing here knows an experiment: what a row says about one is a family's business (`Family.counted`).
"""

from __future__ import annotations

from collections.abc import Mapping

from qcoord_hw.errors import InputError
from qcoord_hw.imports.qiskit_result import is_result, read_result
from qcoord_hw.imports.runtime_json import is_runtime, read_runtime
from qcoord_hw.imports.table import CountTable as CountTable
from qcoord_hw.imports.table import Given, make_table
from qcoord_hw.imports.tables import columns_of, read_csv
from qcoord_hw.inputs import parse_json, without_twins
from qcoord_hw.text import one_line

BOM = b"\xef\xbb\xbf"
MAX_FILE = 64 * 2**20
"""Bytes of a file of counts."""

MAX_JSON = 12_000_000
"""Values in one that is JSON."""


def read_counts(
    content: bytes, bit_order: str | None = None, columns: Mapping[str, str] | None = None
) -> CountTable:
    """Return the table that a file holds.

    Args:
        content: of the file: CSV with a heading, or JSON.
        bit_order: `first` or `last`: which character of a bit string is classical bit 0.
        columns: our name of a column -> its name in the file, where it is another.

    Raises:
        InputError: naming the column and the row, or what the file is instead.
    """
    given = _read_json(content) if is_json(content) else read_csv(content)
    return make_table(given, bit_order, columns or {})


def is_json(content: bytes) -> bool:
    """Return whether a file begins as JSON does."""
    return content.removeprefix(BOM).lstrip()[:1] in (b"{", b"[")


def _read_json(content: bytes) -> Given:
    try:
        data = parse_json(content.removeprefix(BOM), MAX_JSON, object_pairs_hook=without_twins)
    except InputError:
        raise
    except (ValueError, ArithmeticError) as error:
        raise InputError(f"not valid JSON ({one_line(error, 160)}); allowed are CSV and JSON") from None
    if is_runtime(data):
        return read_runtime(data)
    if is_result(data):
        return read_result(data)
    return columns_of(data)
