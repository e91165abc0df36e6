"""Published Bell tables as files of ours."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qcoord_hw.errors import InputError
from qcoord_hw.inputs import read_file
from qcoord_hw.report.output_files import check_place, write_whole
from qcoord_hw.text import one_line


def convert(
    file: str | Path | int,
    notation: str,
    *,
    out: str | Path | None = None,
    name: str | None = None,
    number: int | None = None,
    scenario: Sequence[int] | None = None,
    fastest: str | None = None,
) -> dict[str, Any]:
    """Return the Bell expression of a file in a published notation, in our file format.

    It is read as a run would read it, so that what is returned can be run; a bound that the file states is
    checked.

    Args:
        file: what to read; for sliwa also a facet's number itself, where no file is called so.
        notation: `toqito`, `ncpol2sdpa`, `ine`, `sliwa` or `faacets`.
        out: a file to write it to; an existing one is replaced, unless it is part of a record.
        name: what it is to be called; the stem of the file if omitted.
        number: which inequality of a file that has several: from 0 for ine, from 1 for sliwa.
        scenario: m_A, m_B, o_A, o_B where the file does not say it (ine, a bare table of ncpol2sdpa); the
            name of an ine file such as `4322.ine` says it.
        fastest: `first` or `last`: which party's index runs fastest, where that is not settled (faacets).

    Returns:
        `ok`, `from`, `written` (the path or None), `file` (the content), and as in `theory_game` the
        `local_bound`, `scale` and `offset` of the game that is made of it.

    Raises:
        InputError: when a file cannot be read or written, is not in this notation, can be read in two ways,
            or states a bound that is not the local one.
        TooLargeError: when the bound would take too long to check.
    """
    from qcoord_hw.theory.games.notations import convert as read
    from qcoord_hw.theory.games.notations import scenario_of
    from qcoord_hw.theory.games.spread import spread

    path = Path(str(file))
    if out is not None:
        check_place("out", Path(out))
    if scenario is None and notation == "ine":
        scenario = scenario_of(path.name)
    is_number = notation == "sliwa" and str(file).isdecimal() and not path.exists()
    try:
        text = str(file) if is_number else read_file(path, notation).decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{one_line(path.name)}: not text in UTF-8; allowed is a {notation} file") from None
    called = name or "sliwa-" * is_number + path.stem + ("" if number is None else f"-{number}")
    try:
        expression = read(text, notation, called, number=number, scenario=scenario, fastest=fastest)
        game = spread(expression)
        bound = game.local_bound
    except InputError as error:
        raise InputError(f"{one_line(path.name)}: {error}") from None
    content = expression.to_json()
    if out is not None:
        write_whole("out", Path(out), (json.dumps(content) + "\n").encode())
    return {
        "ok": True,
        "from": notation,
        "written": None if out is None else str(out),
        "file": content,
        "local_bound": float(bound),
        "scale": float(game.scale),
        "offset": float(game.offset),
        "won_or_lost": game.score is None,
    }
