"""Each row asked, compared and judged."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from qcoord_hw.errors import QcoordError
from qcoord_hw.papers import items
from qcoord_hw.papers.answer import KEYS, Compared, ReproducedRow, Reproduction, RunFigure, counts
from qcoord_hw.papers.asking import Asker
from qcoord_hw.papers.items import find_rows
from qcoord_hw.papers.row import Claim, Found, Row
from qcoord_hw.spec import one_line
from qcoord_hw.watching import watched

Progress = Callable[[int, int, str], None]
"""Told how many rows are done, of how many, and which is next."""


def reproduce(
    *names: str,
    run: bool = False,
    target: Any = "fake_torino",
    shots: int = 1000,
    seed: int = 7,
    runs: str | Path | None = None,
    html: str | Path | None = None,
    progress: Progress | None = None,
    rows: Sequence[Row] | None = None,
    each: Callable[[ReproducedRow], None] | None = None,
) -> Reproduction:
    """Return the numbers of both papers beside ours: what `qcoord reproduce` prints.

    Args:
        *names: of rows, beginnings such as `nator-figure`, equations as `nator-79`, `nator` or `hu`; all if
            omitted.
        run: also run the circuits of the rows, on aer and on the target.
        target: with `run`, the noise model; nothing is ever sent to a device.
        shots: with `run`, shots per circuit.
        seed: with `run`, root seed of each run.
        runs: the folder of all runs; `$QCOORD_RUNS` or `./runs` if omitted.
        html: a file for a page with all rows and the papers' figures.
        progress: called before each row.
        rows: the rows to choose from; those of the papers if omitted.
        each: called with each row as soon as it is known.

    Raises:
        InputError: when a row is unknown, the target is a device or unknown, or the page cannot be written.
    """
    chosen = find_rows(names, items.ROWS if rows is None else rows)
    if html is not None:
        from qcoord_hw.report.output_files import check_place

        check_place("html", Path(html))
    runner = None
    if run:
        from qcoord_hw.papers.running import Runner

        runner = Runner(target, shots, seed, runs)
    start, found = time.monotonic(), list[ReproducedRow]()
    asker = Asker()
    with watched(progress, "reproduce") as told:
        for k, row in enumerate(chosen):
            if told is not None:
                told(k, len(chosen), row.id)
            one = _reproduced(row, asker, [] if runner is None else list(_runs(row, runner)))
            found.append(one)
            if each is not None:
                each(one)
    answer = Reproduction(
        rows_found=found,
        **counts(found),
        seconds=round(time.monotonic() - start, 3),
        target=None if runner is None else runner.name,
        html=None if html is None else Path(html),
    )
    if html is not None:
        from qcoord_hw.papers.page import page
        from qcoord_hw.report.output_files import write_whole

        write_whole("html", Path(html), page(answer).encode())
    return answer


def _runs(row: Row, runner: Any) -> Iterator[RunFigure]:
    for experiment in row.runs:
        yield from runner(experiment)


def _reproduced(row: Row, asker: Asker, runs: Sequence[RunFigure]) -> ReproducedRow:
    """Return a row with ours beside what is printed; what cannot be computed differs."""
    try:
        asked = [asker(one) for one in row.asks]
        found = [Found.of(value) for value in row.read(*(one.data for one in asked))]
    except (QcoordError, LookupError, TypeError, ValueError) as error:
        return _row(row, [], None, runs, f"cannot be computed: {one_line(error)}", listed=False)
    checks = [one.checked for one in asked if one.checked is not None]
    checked = next((one for one in checks if one != "holds"), checks[0] if checks else None)
    compared = [_compared(claim, one) for claim, one in zip(row.claims, found, strict=True)]
    why, listed = _judged(row, found, compared, checked, runs)
    return _row(row, compared, checked, runs, why, listed=listed)


def _judged(
    row: Row,
    found: Sequence[Found],
    compared: Sequence[Compared],
    checked: str | None,
    runs: Sequence[RunFigure],
) -> tuple[str, bool]:
    """Return why a row differs, empty where it does not, and whether an erratum lists all differences."""
    if checked not in (None, "holds"):
        return f"the checker refuses the answer: {checked}", False
    if missed := [one for one in runs if one.target == "aer" and _is_missed(one)]:
        return f"{missed[0].experiment} on aer misses theory", False
    if row.label == "not reproducible":
        return f"erratum {row.erratum}", row.erratum is not None
    wrong = [k for k, one in enumerate(compared) if not one.agrees]
    unlisted = [k for k in wrong if row.erratum is None or not row.claims[k].corrected(found[k])]
    if unlisted:
        one = compared[unlisted[0]]
        return f"no erratum lists it: {one.quantity} is {one.ours}, {one.printed} is printed", False
    if wrong:
        return f"erratum {row.erratum}", True
    silent = [claim for claim in row.claims if claim.instead is not None]
    if silent:
        return f"erratum {row.erratum} says that {silent[0].quantity} differs, and it does not", False
    return "", True


def _is_missed(one: RunFigure) -> bool:
    """Return whether an ideal simulation excludes what theory says, at the level of the interval."""
    return one.theory is not None and not one.low - 1e-6 <= one.theory <= one.high + 1e-6


def _row(
    row: Row,
    compared: Sequence[Compared],
    checked: str | None,
    runs: Sequence[RunFigure],
    why: str,
    *,
    listed: bool,
) -> ReproducedRow:
    said = "; ".join(part for part in (why, row.note) if part)
    return ReproducedRow(
        id=row.id,
        paper=row.paper,
        place=row.place,
        source=f"[{KEYS[row.paper]}] {row.place}",
        printed=row.printed,
        ours="; ".join(f"{one.quantity} {one.ours}" for one in compared),
        label=row.label,
        verdict="differs" if why else "match",
        why=said,
        listed=listed,
        checked=checked,
        command=row.command,
        claims=compared,
        runs=runs,
    )


def _compared(claim: Claim, found: Found) -> Compared:
    return Compared(
        quantity=claim.quantity,
        printed=claim.printed,
        value=_plain(claim.expected) if claim.is_stated else None,
        lower=_plain(found.lower),
        upper=_plain(found.upper),
        ours=("no", "yes")[int(found.upper)] if claim.is_question else found.words(),
        agrees=claim.matches(found),
    )


def _plain(value: float) -> float | str:
    """Return a number for JSON; infinity is `inf`."""
    return value if math.isfinite(value) else str(value)
