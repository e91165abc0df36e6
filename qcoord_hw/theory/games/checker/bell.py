"""An independent check that a game is a Bell inequality, and of the values that follow."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

from qcoord_hw.theory.claims import Findings, brief
from qcoord_hw.theory.games.checker.payoffs import ClaimedGame, ClaimError

Term = tuple[int | None, int | None]
"""Of P(00|xy): (x, y); of a marginal P(0|x) or P(0|y) with None for the other player; (None, None) is 1."""

I3322: dict[Term, int] = {(x, y): 1 for x in range(3) for y in range(3) if x + y <= 2} | {
    (1, 2): -1,
    (2, 1): -1,
    (0, None): -1,
    (None, 0): -2,
    (None, 1): -1,
}
"""The expression of [CollinsGisin2004], at most 0 classically."""


def check_bell(findings: Findings, game: ClaimedGame) -> None:
    """Check that scale * value + offset is the expression that is named, and its three values.

    Raises:
        ClaimError: when it is not.
    """
    name = findings.get("bell_inequality", "name")
    if name != "I3322" or game.answers != (2, 2) or game.questions != (3, 3):
        raise ClaimError(f"bell_inequality.name: {brief(name)}; allowed is I3322, of its own game")
    findings.equal(("bell_inequality", "scale"), 8)
    findings.equal(("bell_inequality", "offset"), -6)
    terms: defaultdict[Term, Fraction] = defaultdict(Fraction, {(None, None): Fraction(-6)})
    for (x, y, b, c), weight in game.payoff.items():
        # P(b|x) of b = 1 is 1 - P(0|x), and so for c
        for of_x, sign in ((x, 1),) if b == 0 else ((None, 1), (x, -1)):
            for of_y, other in ((y, 1),) if c == 0 else ((None, 1), (y, -1)):
                terms[of_x, of_y] += 8 * weight * sign * other
    if {term: weight for term, weight in terms.items() if weight} != I3322:
        raise ClaimError("bell_inequality: 8 w - 6 of this game is not I3322")
    for key, path in (
        ("classical", ("classical", "float")),
        ("lower", ("quantum", "lower")),
        ("upper", ("quantum", "upper")),
    ):
        value = findings.get(*path)
        findings.equal(("bell_inequality", key), 8 * value - 6 if type(value) is float else None)
