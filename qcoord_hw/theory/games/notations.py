"""Published notations of Bell expressions, as our files: what is ambiguous is refused.

Conventions were read from the programs that write or read them, and hold for all their published tables:

- toqito: `coefficients` with `desc` [o_A, o_B, m_A, m_B] and `notation` cg, fc or fp (fp is [a][b][x][y]);
- ncpol2sdpa: `I` in Collins-Gisin form, rows are Alice's, with the outcomes of every measurement; what it
  minimises is minus I;
- ine: columns (a, b, x, y), y running fastest, then the constant; row . (P, 1) <= 0;
- sliwa: 27 numbers, see `sliwa.FACETS`;
- faacets: `scenario`, `representation` and a flat list of coefficients, whose order its examples leave open.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from qcoord_hw.errors import InputError
from qcoord_hw.inputs import exact_number, parse_json
from qcoord_hw.spec import one_line, short_repr
from qcoord_hw.text import meant
from qcoord_hw.theory.games.exact import object_array, strings
from qcoord_hw.theory.games.expression import BellExpression, Outcomes, Term, table_of, unit
from qcoord_hw.theory.games.named_expressions import Content, sliwa_table
from qcoord_hw.theory.games.sliwa import FACETS

MOST = 1000
"""Settings and outcomes, each below that."""

LONGEST = 100_000
"""Numbers of a table of text."""


def convert(
    text: str,
    notation: str,
    name: str,
    *,
    number: int | None = None,
    scenario: Sequence[int] | None = None,
    fastest: str | None = None,
) -> BellExpression:
    """Return the Bell expression that a text states in a published notation.

    Args:
        text: content of the file.
        notation: one of `NOTATIONS`.
        name: what the expression is to be called.
        number: which inequality of a file that has several; from 0 for ine, from 1 for sliwa.
        scenario: m_A, m_B, o_A, o_B where the file does not say it (ine, a bare table of ncpol2sdpa).
        fastest: `first` or `last`: which party's index runs fastest, where that is not settled (faacets).

    Raises:
        InputError: when the text is not in this notation, or can be read in two ways.
    """
    if notation not in NOTATIONS:
        raise InputError(f"from: {short_repr(notation)}; allowed are {', '.join(NOTATIONS)}")
    given = {"number": number, "scenario": scenario, "fastest": fastest}
    allowed, read = NOTATIONS[notation]
    for option, value in given.items():
        if value is not None and option not in allowed:
            raise InputError(f"{option}: given; allowed with {_with(option)}, not with {notation}")
    content = read(text, **{option: given[option] for option in allowed})
    return BellExpression.from_json({"name": name} | content)


def _with(option: str) -> str:
    return " or ".join(name for name, (options, _) in NOTATIONS.items() if option in options)


def _toqito(text: str) -> Content:
    data = _json(text, ("coefficients", "desc", "notation"))
    desc = data["desc"]
    fits = isinstance(desc, list) and len(desc) == 4 and all(type(n) is int and 0 < n < MOST for n in desc)
    if not fits:
        raise InputError(
            f"desc: {short_repr(desc)}; allowed are four integers [o_A, o_B, m_A, m_B] from 1 to {MOST - 1}"
        )
    oa, ob, ma, mb = desc
    outcomes = [[oa] * ma, [ob] * mb]
    kind, table = data["notation"], data["coefficients"]
    if kind == "cg":
        return {"outcomes": outcomes, "expression": {"collins-gisin": table}}
    if kind == "fc":
        return {"outcomes": outcomes, "expression": {"correlators": table}}
    if kind != "fp":
        raise InputError(f"notation: {short_repr(kind)}; allowed are cg, fc and fp")
    array = object_array("coefficients", table)
    if array.shape != (oa, ob, ma, mb):
        raise InputError(f"coefficients: shape {array.shape}; allowed is {(oa, ob, ma, mb)}, as desc says")
    return {"outcomes": outcomes, "expression": {"probabilities": array.transpose(2, 3, 0, 1).tolist()}}


def _ncpol2sdpa(text: str, scenario: Sequence[int] | None) -> Content:
    data = _json(text, ("I", "A_configuration", "B_configuration"), scenario is not None)
    if isinstance(data, list) and scenario is not None:
        ma, mb, oa, ob = scenario
        return {"outcomes": [[oa] * ma, [ob] * mb], "expression": {"collins-gisin": data}}
    if scenario is not None:
        raise InputError("scenario: given beside A_configuration and B_configuration; allowed is one of them")
    outcomes = [data["A_configuration"], data["B_configuration"]]
    return {"outcomes": outcomes, "expression": {"collins-gisin": data["I"]}}


def _json(text: str, keys: tuple[str, ...], bare: bool = False) -> Any:
    """Return an object that has exactly these keys, or a bare table where that is allowed."""
    try:
        data = parse_json(text.encode(), parse_float=str)
    except ValueError as error:
        raise InputError(
            f"not valid JSON ({one_line(error, 160)}); allowed is an object with {', '.join(keys)}"
        ) from None
    if bare and isinstance(data, list):
        return data
    if not isinstance(data, dict):
        raise InputError(
            f"{short_repr(data)}: numbers alone do not say how many outcomes there are; allowed "
            "is an object with "
            f"{', '.join(keys)}"
        )
    for key in data:
        if key not in keys:
            raise InputError(f"{short_repr(key)}: unknown{meant(key, keys)}; allowed are {', '.join(keys)}")
    for key in keys:
        if key not in data:
            raise InputError(f"{key}: missing; allowed is an object with {', '.join(keys)}")
    return data


def _ine(text: str, number: int | None, scenario: Sequence[int] | None) -> Content:
    equations, inequalities = _sections(text)
    if scenario is None:
        raise InputError(
            "scenario: not known; allowed are m_A,m_B,o_A,o_B as an option, or a file's name such as 4322.ine"
        )
    ma, mb, oa, ob = scenario
    row = _chosen(inequalities, number, 0)
    if len(row) != ma * mb * oa * ob + 1:
        raise InputError(
            f"scenario: {list(scenario)} has {ma * mb * oa * ob} probabilities; allowed are "
            f"{len(row) - 1}, as in the file"
        )
    outcomes = ((oa,) * ma, (ob,) * mb)
    for equation in equations:
        *values, constant = equation
        table = table_of(outcomes, _probability_terms(values, outcomes))
        table[0, 0] = table.get((0, 0), Fraction(0)) + constant
        if any(table.values()):
            raise InputError(
                f"scenario: {list(scenario)}; allowed is one in which all equations of the file hold"
            )
    *values, constant = row
    array = np.array(values, dtype=object).reshape(oa, ob, ma, mb).transpose(2, 3, 0, 1)
    return {
        "outcomes": [list(own) for own in outcomes],
        "expression": {"probabilities": strings(array)},
        "local_bound": str(-constant),
    }


def _probability_terms(values: Sequence[Fraction], outcomes: Outcomes) -> list[Term]:
    alice, bob = outcomes
    places = itertools.product(range(alice[0]), range(bob[0]), range(len(alice)), range(len(bob)))
    return [
        (value, ((x, unit(alice[0], a)), (y, unit(bob[0], b))))
        for value, (a, b, x, y) in zip(values, places, strict=False)
        if value
    ]


def _sections(text: str) -> tuple[list[list[Fraction]], list[list[Fraction]]]:
    """Return the equations and the inequalities of a file of rows."""
    sections: dict[str, list[list[Fraction]]] = {"Equations:": [], "Inequalities:": []}
    current = None
    for line in map(str.strip, text.splitlines()):
        if line in sections:
            current = sections[line]
        elif line and current is None:
            raise InputError(
                f"{short_repr(line)}: before any section; allowed are Equations: and Inequalities:"
            )
        elif line and current is not None:
            current.append(_numbers(line))
    rows = [*sections["Equations:"], *sections["Inequalities:"]]
    if not sections["Inequalities:"]:
        raise InputError("Inequalities: none; allowed is at least one row")
    if len({len(row) for row in rows}) != 1:
        raise InputError("Inequalities: rows of different lengths; allowed is the same for all")
    return sections["Equations:"], sections["Inequalities:"]


def _numbers(line: str) -> list[Fraction]:
    found = []
    for word in line.replace(",", " ").split():
        try:
            found.append(exact_number(word))
        except ValueError:
            raise InputError(
                f"{short_repr(word)}: no number; allowed are integers and fractions such as 1/3"
            ) from None
        if len(found) > LONGEST:
            raise InputError(f"a row of more than {LONGEST} numbers; allowed are at most that many")
    return found


def _chosen(rows: Sequence[list[Fraction]], number: int | None, first: int) -> list[Fraction]:
    """Return the row that was asked for, or the only one."""
    last = first + len(rows) - 1
    if number is None and len(rows) > 1:
        raise InputError(f"number: missing; the file has several inequalities, allowed are {first} to {last}")
    place = 0 if number is None else number - first
    if not 0 <= place < len(rows):
        raise InputError(f"number: {number}; allowed are {first} to {last}")
    return rows[place]


def _sliwa(text: str, number: int | None) -> Content:
    rows = [_numbers(line) for line in map(str.strip, text.splitlines()) if line]
    if len(rows) == 1 and len(rows[0]) == 1:
        facet = rows[0][0]
        if facet.denominator != 1 or not 1 <= facet <= len(FACETS):
            raise InputError(f"facet: {facet}; allowed are 1 to {len(FACETS)}")
        return sliwa_table(FACETS[int(facet) - 1])
    if not rows or any(len(row) != 27 for row in rows):
        raise InputError(
            "allowed is a facet's number, or rows of 27 numbers: the bound and 26 coefficients of -I"
        )
    return sliwa_table(_chosen(rows, number, 1))


FAACETS = {"Non-signaling Correlators": "correlators", "Non-signaling Collins-Gisin": "collins-gisin"}
_PARTY = re.compile(r"\(([0-9 ]*)\)")


def _faacets(text: str, fastest: str | None) -> Content:
    fields: dict[str, str] = {}
    for line in _lists_in_one_line(text).splitlines():
        key, colon, value = line.partition(":")
        if colon and not key.startswith((" ", "\t", "#")):
            if key in fields:
                raise InputError(f"{short_repr(key)} stands there twice; allowed is once")
            fields[key] = value.strip().strip("'\"")
    for key in ("scenario", "representation", "coefficients"):
        if key not in fields:
            raise InputError(
                f"{key}: missing; allowed is a Bell expression with scenario, representation, coefficients"
            )
    if fields.get("type", "BellExpression") != "BellExpression":
        raise InputError(f"type: {short_repr(fields['type'])}; allowed is BellExpression")
    said = fields["scenario"]
    outcomes = [[int(n) if len(n) < 4 else MOST for n in party.split()] for party in _PARTY.findall(said)]
    if not outcomes or not all(outcomes) or _PARTY.sub("", said).replace(" ", "") != "[]":
        raise InputError(f"scenario: {short_repr(said)}; allowed is text such as [(2 2) (2 2)]")
    notation = FAACETS.get(fields["representation"])
    if notation is None:
        raise InputError(
            f"representation: {short_repr(fields['representation'])}; allowed are {', '.join(FAACETS)}"
        )
    listed = fields["coefficients"]
    if not listed.startswith("[") or not listed.endswith("]"):
        raise InputError(
            f"coefficients: {short_repr(listed)}; allowed is a list in one line, such as [0, 1, -1]"
        )
    values = _numbers(listed[1:-1])
    sizes = [1 + sum(own) - len(own) for own in outcomes]
    if len(values) != np.prod(sizes):
        raise InputError(f"coefficients: {len(values)}; allowed are {np.prod(sizes)} in this scenario")
    array = np.array(values, dtype=object)
    first = array.reshape(sizes[::-1]).transpose()  # the first party's index runs fastest
    last = array.reshape(sizes)
    if fastest is None and not (first == last).all():
        raise InputError(
            "coefficients: their order is not settled by the format, and here it matters; allowed is to say "
            "which party's index runs fastest: first or last"
        )
    if fastest not in (None, "first", "last"):
        raise InputError(f"fastest: {short_repr(fastest)}; allowed are first and last")
    return {"outcomes": outcomes, "expression": {notation: strings(first if fastest == "first" else last)}}


NOTATIONS: dict[str, tuple[tuple[str, ...], Callable[..., Content]]] = {
    "toqito": ((), _toqito),
    "ncpol2sdpa": (("scenario",), _ncpol2sdpa),
    "ine": (("number", "scenario"), _ine),
    "sliwa": (("number",), _sliwa),
    "faacets": (("fastest",), _faacets),
}
"""By name: the options that a notation takes, and what reads it."""


def _lists_in_one_line(text: str) -> str:
    """Return a text without the line breaks inside of brackets."""
    pieces = (piece.partition("[") for piece in text.split("]"))
    return "]".join(before + bracket + " ".join(inside.split()) for before, bracket, inside in pieces)


def scenario_of(name: str) -> tuple[int, ...] | None:
    """Return m_A, m_B, o_A, o_B of a file's name such as `4322.ine`, if it is one."""
    return tuple(map(int, name[:4])) if re.fullmatch(r"[1-9]{4}\.ine", name) else None
