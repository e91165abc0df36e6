"""What a target returned beside the counts that were asked for: one line an event, with its own checksum.

    {"event": "known-answer", "expected": "01", "counts": {"01": 98, "00": 2}, "fault": ""}
    {"event": "refused", "chunk": 3, "counts": {"00": 63}, "fault": "returned 63 shots .."}

Nothing here is ever counted. A last line that was cut short is an event that never happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qcoord_hw.errors import RecordError
from qcoord_hw.record.files import (
    Most,
    append_lines,
    cut_unfinished,
    exists,
    read_signed_lines,
    signed_line,
    unwritable,
)

NOTES = "notes.jsonl"

KNOWN = "known.qpy"
"""The known-answer circuit as executed."""

BOUND = "bound.qpy"
"""The circuits of the settings at their values, where a target was sent these."""

PAULIS = "paulis.qpy"
"""X, Y and Z on every qubit of the circuits as executed, where errors of links are made of them."""

MOST = Most(lines=20_000)

KNOWN_ANSWER, REFUSED = "known-answer", "refused"


def note(path: Path, event: Mapping[str, Any]) -> None:
    """Write down an event of a run; it is on the disk when this returns.

    Raises:
        InputError: when the folder cannot be written.
    """
    try:
        append_lines(path, NOTES, signed_line(event))
    except OSError as error:
        raise unwritable(path, error) from error


def read_notes(path: Path) -> tuple[dict[str, Any], ...]:
    """Return the events of a run in their order; none where nothing was noted.

    Raises:
        RecordError: when a line is damaged.
    """
    if not exists(path, NOTES):
        return ()
    found = []
    for where, body in read_signed_lines(path, NOTES, MOST):
        kind, counts, fault = (body.get(key) for key in ("event", "counts", "fault"))
        if kind not in (KNOWN_ANSWER, REFUSED) or not isinstance(counts, dict) or not isinstance(fault, str):
            raise RecordError(f"{where} is not an event of a target; the record is damaged")
        found.append(body)
    return tuple(found)


def answered(expected: str, notes: tuple[dict[str, Any], ...]) -> bool:
    """Return whether a target gave the known answer."""
    for one in notes:
        counts = one["counts"]
        if one["event"] == KNOWN_ANSWER and not one["fault"] and one["expected"] == expected and counts:
            whole = all(type(n) is int and n > 0 for n in counts.values())
            if whole and counts.get(expected) == max(counts.values()):
                return True
    return False


def repair(path: Path) -> None:
    """Cut off a last line that was never finished; only the one who writes may do so.

    Raises:
        OSError: when the file cannot be written.
    """
    if exists(path, NOTES):
        cut_unfinished(path, NOTES)
