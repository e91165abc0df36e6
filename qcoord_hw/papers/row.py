"""A row of `qcoord reproduce`: what a paper prints, what the program says, and whether they agree."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from qcoord_hw.papers.asking import Ask

Label = Literal["exact", "lower", "upper", "bracket", "not reproducible"]
Verdict = Literal["match", "differs"]

EXACT = 1e-6
"""By which a value may miss a formula."""

NOT_PRINTED = "not printed"


@dataclass(frozen=True)
class Found:
    """What the program says of one quantity: both ends are equal where it is exact."""

    lower: float
    upper: float

    @classmethod
    def of(cls, value: Any) -> Found:
        """Return a number, a fraction as text, `inf`, or a pair (lower, upper)."""
        if isinstance(value, Found):
            return value
        ends = value if isinstance(value, tuple) else (value, value)
        lower, upper = (float(Fraction(v)) if isinstance(v, str) and "/" in v else float(v) for v in ends)
        return cls(lower, upper)

    def words(self) -> str:
        """Return the value, or both ends where they differ in six digits."""
        ends = [_number(self.lower), _number(self.upper)]
        return ends[0] if ends[0] == ends[1] else f"[{ends[0]}, {ends[1]}]"


@dataclass(frozen=True)
class Claim:
    """One quantity that a paper states.

    Attributes:
        quantity: what it is.
        printed: how the paper prints it: a number, or the formula; `not printed` where ours stands alone.
        value: the number of what is printed, for a formula by a closed form; read off `printed` if omitted.
        instead: what an erratum puts in its place; None where the paper holds.
        tolerance: by which ours may miss it; half a unit of the last digit printed, or `EXACT`, if omitted.
        width: how far apart the ends of a bracket may be that counts as a match.
        how: whether ours is what is printed, or at most or at least that: a code that is as good or better.
    """

    quantity: str
    printed: str
    value: float | None = None
    instead: float | None = None
    tolerance: float | None = None
    width: float = 1e-5
    how: Literal["equal", "at most", "at least"] = "equal"

    @property
    def is_stated(self) -> bool:
        """Whether there is something to compare ours with."""
        return self.printed != NOT_PRINTED or self.value is not None

    @property
    def is_question(self) -> bool:
        """Whether yes (1) or no (0) is printed."""
        return self.printed.partition(" ")[0].rstrip(":,") in ("yes", "no")

    @property
    def expected(self) -> float:
        """The number of what is printed."""
        return _read(self.printed) if self.value is None else self.value

    @property
    def within(self) -> float:
        """By how much ours may miss it."""
        if self.tolerance is not None:
            return self.tolerance
        decimals = re.fullmatch(r"[0-9]*\.([0-9]+)", self.printed)
        return 0.5 * 10.0 ** -len(decimals[1]) + 1e-12 if decimals and self.value is None else EXACT

    def agrees(self, found: Found, value: float, within: float) -> bool:
        """Return whether what was found is this value: it lies between ends that are near enough."""
        if math.isinf(value):
            return found.lower == found.upper == value
        if self.how != "equal":
            return found.upper <= value + within if self.how == "at most" else found.lower >= value - within
        near = found.lower - within <= value <= found.upper + within
        return near and found.upper - found.lower <= max(within, self.width)

    def matches(self, found: Found) -> bool:
        """Return whether ours is what is printed."""
        return not self.is_stated or self.agrees(found, self.expected, self.within)

    def corrected(self, found: Found) -> bool:
        """Return whether ours is what an erratum puts in its place."""
        return self.instead is not None and self.agrees(found, self.instead, EXACT)


@dataclass(frozen=True)
class Row:
    """What one place of a paper states, and how the program comes to it.

    Attributes:
        id: its name on the command line.
        paper: whose.
        place: the equation, theorem, example or figure; equation numbers in brackets.
        claims: what it states.
        asks: the commands that show it.
        read: from the objects that these print with `--json` to what was found, one for each claim.
        label: what ours is.
        erratum: the item of `docs/errata.md` that says why it differs, such as `Nator 8`.
        note: what else is to be said, one line.
        runs: catalogue names of the circuits that show it on hardware or a simulator.
        quick: whether it takes less than a second.
    """

    id: str
    paper: Literal["Nator", "Hu"]
    place: str
    claims: tuple[Claim, ...]
    asks: tuple[Ask, ...]
    read: Callable[..., Sequence[Any]]
    label: Label = "exact"
    erratum: str | None = None
    note: str = ""
    runs: tuple[str, ...] = ()
    quick: bool = True

    @property
    def command(self) -> str:
        """The commands that show it, as they are typed."""
        return " && ".join(ask.command for ask in self.asks)

    @property
    def printed(self) -> str:
        """What the paper prints, in words."""
        return "; ".join(f"{claim.quantity} {claim.printed}".strip() for claim in self.claims)


def _read(printed: str) -> float:
    """Return the number that is printed: 1.5850, 3/4, inf."""
    return math.inf if printed in ("inf", "infinity") else float(Fraction(printed))


def _number(value: float) -> str:
    if math.isinf(value):
        return "infinity" if value > 0 else "-infinity"
    return f"{value:.6f}".rstrip("0").rstrip(".") if abs(value) < 1e6 else f"{value:.6g}"
