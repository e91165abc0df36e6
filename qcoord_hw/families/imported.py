"""From a table of counts, as a family reads it, to the intent of a run: plan, counts, and what is unknown."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from qcoord_hw import record
from qcoord_hw.errors import InputError
from qcoord_hw.families.counted import Counted
from qcoord_hw.imports.table import MAX_COUNT, CountTable
from qcoord_hw.provenance import provenance
from qcoord_hw.spec import MAX_BLOCKS
from qcoord_hw.text import one_line

MAX_TILES = 1000
MAX_NAME = 100
TIME_BLOCKS = 8
"""Into so many stretches shots are divided where there are more times than `MAX_TIMES`."""

MAX_TIMES = 64

OF_A_CHUNK = ("tile", "block", "chunk", "time", "job")
"""The columns that, beside the setting, say of which shots `shots` is the number."""

Key = tuple[int, int, int]
"""Tile, block, setting."""


def intent_of(
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


def notes_of(table: CountTable, found: Counted) -> list[str]:
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
