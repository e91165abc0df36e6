"""The counts of a run: one line a finished chunk, each with its own checksum.

Many are read and written at a time: there may be a hundred thousand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any

from qcoord_hw.errors import RecordError
from qcoord_hw.record.files import CANONICAL, Most, exists, line_in_words, read_many_lines
from qcoord_hw.record.written import each
from qcoord_hw.spec import canonical_json

COUNTS = "counts.jsonl"

MAX_OUTCOMES = 2**21
"""Outcomes of all chunks together."""

BESIDE = 8
"""Values of a line of counts beside the outcomes, at most."""

Counts = dict[str, int]
"""Outcome string (classical bit 0 first) -> number of shots."""

_LINES = re.compile(
    rb'^\{"chunk":(0|[1-9][0-9]{0,9}),"counts":(\{[^{}\n]*\}),"sha256":"(.{64})"\}$', re.MULTILINE
)
_SIGNATURE = len(',"sha256":""}') + 64


def lines_of(counted: Iterable[tuple[int, Counts]]) -> str:
    """Return the lines of some chunks, each as `signed_line` writes it.

    Args:
        counted: ids of chunks, and what was counted.
    """
    lines, several = [], list(counted)
    if not several:
        return ""
    for (chunk, _), text in zip(several, each([counts for _, counts in several], CANONICAL), strict=True):
        body = f'{{"chunk":{chunk},"counts":{text}'
        lines.append(f'{body},"sha256":"{sha256(f"{body}}}".encode()).hexdigest()}"}}\n')
    return "".join(lines)


def read_counts(path: Path, shots: Mapping[int, int], width: int) -> dict[int, Counts]:
    """Read the finished chunks.

    Args:
        path: the run's folder.
        shots: of each chunk, by its id.
        width: the number of classical bits.

    Raises:
        RecordError: naming the line that was changed, or is not as it was planned.
    """
    if not exists(path, COUNTS):
        return {}
    cells = 2 ** min(width, 40)
    outcomes = [min(n, cells) for n in shots.values()]
    most = Most(
        len(shots), BESIDE + max(outcomes, default=0), min(sum(outcomes), MAX_OUTCOMES) + BESIDE * len(shots)
    )
    outcome = re.compile(f"[01]{{{width}}}")
    found: dict[int, Counts] = {}
    for number, lines in read_many_lines(path, COUNTS, most, _read_together):
        if not _add(lines, found, shots, outcome):
            for k, line in enumerate(lines):  # one by one, to tell which it is
                if not _add([line], found, shots, outcome):
                    raise _misfit(line, shots, line_in_words(path, COUNTS, number + k))
    return found


def _add(
    lines: Sequence[Mapping[str, Any]],
    found: dict[int, Counts],
    shots: Mapping[int, int],
    outcome: re.Pattern[str],
) -> bool:
    """Add what some lines hold to the counts that were found, if all of it is as it was planned."""
    try:
        chunks = [line["chunk"] for line in lines]
        counts = [line["counts"] for line in lines]
        numbers = list(chain.from_iterable(map(dict.values, counts)))
        fits = (
            {int}.issuperset(map(type, numbers))
            and min(numbers) > 0
            and all(map(outcome.fullmatch, set().union(*counts)))
            and list(map(sum, map(dict.values, counts))) == [shots[chunk] for chunk in chunks]
            and len(set(chunks)) == len(chunks)
            and found.keys().isdisjoint(chunks)
        )
    except (KeyError, TypeError, ValueError):
        return False
    if fits:
        found.update(zip(chunks, counts, strict=True))
    return fits


def _misfit(line: Mapping[str, Any], shots: Mapping[int, int], where: str) -> RecordError:
    """Return the error that tells what is wrong with a line."""
    try:
        known = line["chunk"] in shots and {str}.issuperset(map(type, line["counts"].keys()))
    except (KeyError, TypeError, AttributeError):
        known = False
    if not known:
        return RecordError(f"{where} is not a chunk; the record is damaged")
    return RecordError(f"{where}: chunk {line['chunk']} is there twice or is not what was planned")


def _read_together(lines: Sequence[bytes]) -> list[dict[str, Any]] | None:
    """Return what several lines hold, by the one form that they have; None where one has to be looked at.

    What stands in the braces has no others, so that each is one object where all together are JSON; and they
    are as this program writes them where they are written so again.
    """
    parts = _LINES.findall(b"\n".join(lines))
    if len(parts) != len(lines):
        return None
    chunks, counts, stated = zip(*parts, strict=True)
    try:
        text = (b"[" + b",".join(counts) + b"]").decode()
        found = json.loads(text)
        intact = canonical_json(found) == text
    except ValueError:
        return None
    made = [sha256(line[:-_SIGNATURE] + b"}").hexdigest() for line in lines]
    if not intact or "".join(made).encode() != b"".join(stated):
        return None
    return [{"chunk": int(k), "counts": one} for k, one in zip(chunks, found, strict=True)]
