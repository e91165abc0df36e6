"""All rows, and the numbered equations that no row needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from qcoord_hw.errors import InputError
from qcoord_hw.papers import hu, nator_classical, nator_games, nator_quantum, nator_steps
from qcoord_hw.papers.row import Row
from qcoord_hw.spec import short_repr
from qcoord_hw.text import meant

ROWS: tuple[Row, ...] = (
    *nator_classical.ROWS,
    *nator_quantum.ROWS,
    *nator_games.ROWS,
    *nator_steps.ROWS,
    *hu.ROWS,
)

LAST_EQUATION = {"Nator": 193, "Hu": 63}

NO_NUMBER = {
    "Nator": {
        (84, 97): "converse of Theorem 1: inequalities of the proof",
        (98, 105): "converse of Theorem 4: inequalities of the proof",
        (119, 132): "converse of Theorem 5: inequalities of the proof; (131) lacks an I (erratum Nator 17)",
        (137, 138): "covered by (135)-(149)",
        (141, 148): "covered by (135)-(149)",
        (150, 155): "converse of Theorem 6: the protocol with a reference, see errata Nator 1 and 20",
        (157, 162): "converse of Theorem 6: inequalities; (158) means T_C (erratum Nator 18)",
        (164, 164): "converse of Theorem 6: an inequality of the proof",
        (186, 193): "converse of Theorem 9: inequalities of the proof",
    },
    "Hu": {
        pair: "no equation has these numbers: lines of a matrix are counted"
        for pair in (
            (9, 10),
            (12, 13),
            (16, 17),
            (22, 25),
            (27, 28),
            (31, 34),
            (40, 41),
            (43, 44),
            (46, 47),
            (52, 53),
            (57, 58),
        )
    },
}
"""Equations (first, last) that state neither a number nor a construction of their own, and why."""


def equations(row: Row) -> set[int]:
    """Return the numbers of the equations that a row covers, as its place says them.

    >>> sorted(equations(ROWS[0]))
    [1]
    """
    found: set[int] = set()
    for first, last in re.findall(r"\((\d+)[a-z]?\)(?:-\((\d+)[a-z]?\))?", row.place):
        found |= set(range(int(first), int(last or first) + 1))
    return found


def find_rows(names: Sequence[str], rows: Iterable[Row]) -> list[Row]:
    """Return the rows of these names, in the order of the papers; all of them if none is named.

    A name may also be a paper, `nator` or `hu`, the beginning of names before a hyphen or the letter of a
    part, or a paper and the number of an equation, `nator-79`: the rows that cover it.

    Raises:
        InputError: when a name is unknown, or its equation states nothing to reproduce.
    """
    rows = list(rows)
    if not names:
        return rows
    chosen = set[str]()
    for name in names:
        fits = {row.id for row in rows if row.id == name}
        begins = re.compile(rf"{re.escape(name.rstrip('-'))}(-.*|(?<=\d)[a-z])")
        fits = fits or {row.id for row in rows if begins.fullmatch(row.id)} or _covering(name, rows)
        if not fits:
            known = [row.id for row in rows]
            raise InputError(
                f"row: unknown {short_repr(name)}{meant(name, known)}; allowed are nator, hu, and what "
                "`qcoord reproduce --list` prints"
            )
        chosen |= fits
    return [row for row in rows if row.id in chosen]


def _covering(name: str, rows: Sequence[Row]) -> set[str]:
    """Return the rows that cover the equation of a name such as `nator-79`; empty for other names.

    Raises:
        InputError: when no row needs this equation, with the reason.
    """
    for paper, excused in NO_NUMBER.items():
        if asked := re.fullmatch(rf"{paper.lower()}-(\d+)", name):
            number = int(asked[1])
            if reason := next((why for (a, b), why in excused.items() if a <= number <= b), None):
                raise InputError(f"row: {short_repr(name)}; nothing to reproduce: {reason}")
            return {row.id for row in rows if row.paper == paper and number in equations(row)}
    return set()
