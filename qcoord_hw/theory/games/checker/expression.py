"""An independent check that a game is the Bell expression of an answer, and of the values that follow."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from qcoord_hw.theory.claims import Findings, Path, as_fraction, brief, is_integer
from qcoord_hw.theory.games.checker.payoffs import MAX_ENTRIES, ClaimedGame, ClaimError

Indicator = tuple[int, int, int]
"""1 where a party has an outcome, which is not the last, of a setting: (party, setting, outcome)."""

Polynomial = dict[frozenset[Indicator], Fraction]
"""On behaviours without signalling the expectations of these products are independent numbers."""

NEVER: tuple[Path, ...] = tuple(
    ("expression", key) for key in ("local_bound", "lower", "upper", "scale", "offset", "exact", "file")
)
"""What may not stay unproved."""


def check_expression(findings: Findings, game: ClaimedGame) -> None:
    """Check that scale * value + offset is the expression that is stated, and its three values.

    Raises:
        ClaimError: when it is not, or cannot be read.
    """
    file = findings.get("expression", "file")
    outcomes = _outcomes(findings, game)
    findings.equal(("expression", "file", "name"), findings.get("name"))
    scale, offset = (_number(findings.get("expression", "exact", key)) for key in ("scale", "offset"))
    if scale <= 0:
        raise ClaimError("expression.exact.scale: allowed is a positive number")
    made: defaultdict[frozenset[Indicator], Fraction] = defaultdict(Fraction, {frozenset(): offset})
    for index, weight in game.payoff.items():
        question, answers = index[: game.players], index[game.players :]
        events = [(p, x, a) for p, (x, a) in enumerate(zip(question, answers, strict=True))]
        if any(a >= outcomes[p][x] for p, x, a in events):
            raise ClaimError("expression: an answer that is no outcome has a payoff")
        _add(made, scale * weight, events, outcomes)
    stated: defaultdict[frozenset[Indicator], Fraction] = defaultdict(Fraction)
    for weight, events in _terms(file["expression"], outcomes):
        _add(stated, weight, events, outcomes)
    if {k: v for k, v in made.items() if v} != {k: v for k, v in stated.items() if v}:
        raise ClaimError("expression: scale * value + offset of this game is not the expression of its file")
    findings.confirm("expression", "file", "outcomes")
    findings.confirm("expression", "file", "expression")
    findings.confirm("expression", "exact", "scale")
    findings.confirm("expression", "exact", "offset")
    findings.equal(("expression", "scale"), float(scale))
    findings.equal(("expression", "offset"), float(offset))
    classical = findings.get("classical", "value")
    bound = None if classical is None else scale * _number(classical) + offset
    findings.equal(("expression", "exact", "local_bound"), None if bound is None else str(bound))
    findings.equal(("expression", "local_bound"), None if bound is None else float(bound))
    if "local_bound" in file:
        findings.equal(("expression", "file", "local_bound"), None if bound is None else str(bound))
    for key in ("lower", "upper"):
        value = findings.get("quantum", key)
        right = float(scale) * value + float(offset) if type(value) is float else None
        findings.equal(("expression", key), right)


def _outcomes(findings: Findings, game: ClaimedGame) -> list[list[int]]:
    """Return the outcomes by party and setting, which have to fit the game."""
    outcomes = findings.get("expression", "file", "outcomes")
    if not isinstance(outcomes, list) or [len(o) if isinstance(o, list) else 0 for o in outcomes] != list(
        game.questions
    ):
        raise ClaimError(f"expression.file.outcomes: {brief(outcomes)}; allowed are those of the game")
    for own, most in zip(outcomes, game.answers, strict=True):
        if not all(is_integer(size, 2, most) for size in own) or max(own) != most:
            raise ClaimError("expression.file.outcomes: allowed are those of the game")
    return outcomes


def _add(
    total: defaultdict[frozenset[Indicator], Fraction],
    weight: Fraction,
    events: list[Indicator],
    outcomes: list[list[int]],
) -> None:
    """Add a multiple of a probability of outcomes; that of a last outcome is 1 less those of the others."""
    choices: list[list[tuple[frozenset[Indicator], int]]] = []
    for p, x, a in events:
        last = outcomes[p][x] - 1
        if a < last:
            choices.append([(frozenset({(p, x, a)}), 1)])
        else:
            others = [(frozenset({(p, x, b)}), -1) for b in range(last)]
            choices.append([(frozenset(), 1), *others])
    for chosen in itertools.product(*choices):
        total[frozenset().union(*(k for k, _ in chosen))] += weight * math.prod(s for _, s in chosen)


def _terms(notations: Any, outcomes: list[list[int]]) -> Iterator[tuple[Fraction, list[Indicator]]]:
    """Yield what a file says as multiples of probabilities."""
    if not isinstance(notations, dict) or len(notations) != 1:
        raise ClaimError(f"expression.file.expression: {brief(notations)}; allowed is one notation")
    notation, content = next(iter(notations.items()))
    parties = range(len(outcomes))
    if notation == "probabilities":
        for question in itertools.product(*(range(len(own)) for own in outcomes)):
            sizes = [outcomes[p][x] for p, x in enumerate(question)]
            for answers in itertools.product(*map(range, sizes)):
                events = [(p, question[p], answers[p]) for p in parties]
                yield _number(_at(content, (*question, *answers))), events
        return
    if notation == "terms":
        for entry in content if isinstance(content, list) else []:
            weight = _number(entry["c"])
            if "E" in entry:
                yield from _correlator(weight, entry["E"])
            else:
                asked = [(p, x, a) for p, x, a in zip(parties, entry["x"], entry["a"], strict=True)]
                yield weight, [event for event in asked if event[1] is not None]
        return
    if notation not in ("correlators", "collins-gisin"):
        raise ClaimError(f"expression.file.expression: {brief(notation)}; allowed is a known notation")
    binary = notation == "correlators"
    axes: list[list[tuple[int, int] | None]] = [
        [None, *((x, a) for x, size in enumerate(own) for a in range(1 if binary else size - 1))]
        for own in outcomes
    ]
    if math.prod(map(len, axes)) > MAX_ENTRIES:
        raise ClaimError("expression.file.expression: too large")
    for place in itertools.product(*(range(len(axis)) for axis in axes)):
        weight, chosen = _number(_at(content, place)), [axes[p][i] for p, i in enumerate(place)]
        if binary:
            yield from _correlator(weight, [None if at is None else at[0] for at in chosen])
        else:
            yield weight, [(p, *at) for p, at in enumerate(chosen) if at is not None]


def _correlator(weight: Fraction, asked: list[int | None]) -> Iterator[tuple[Fraction, list[Indicator]]]:
    """Yield a multiple of a correlator as probabilities of all outcomes, those of odd parity with a minus."""
    settings = [(p, x) for p, x in enumerate(asked) if x is not None]
    for answers in itertools.product((0, 1), repeat=len(settings)):
        events = [(p, x, a) for (p, x), a in zip(settings, answers, strict=True)]
        yield weight * (-1) ** sum(answers), events


def _at(content: Any, place: tuple[int, ...]) -> Any:
    for i in place:
        if not isinstance(content, list) or i >= len(content):
            raise ClaimError("expression.file.expression: a table of another shape")
        content = content[i]
    return content


def _number(text: Any) -> Fraction:
    number = as_fraction(text)
    if number is None:
        raise ClaimError(f'expression: {brief(text)}; allowed are texts such as "1/3"')
    return number
