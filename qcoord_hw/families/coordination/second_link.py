"""One copy over Bob's link to Charlie, a message beside ebits: what `qcoord theory second-link` answers.

The converses of circuits count Schmidt ranks; where ebits help a message that is too small, this says more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qcoord_hw.answer import Answer, Row
from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.proof_steps import find_state
from qcoord_hw.spec import check_integer
from qcoord_hw.theory.finite_blocklength.converses import BestAtN, SecondLink, second_link_bracket
from qcoord_hw.theory.finite_blocklength.converses.second_link import MAX_WORK, work
from qcoord_hw.theory.regions.cascade import PARTIES
from qcoord_hw.theory.regions.holders import check_systems
from qcoord_hw.theory.states import State
from qcoord_hw.watching import watching

MAX_LEVELS = 16
"""Of the message, and of the ebits."""

MAX_ENTRIES = 64
"""Levels of A, B and C together."""


@dataclass(frozen=True, eq=False, repr=False)
class SecondLinkAnswer(Answer):
    """What any code makes of one copy of a pure state with so much on Bob's link to Charlie.

    Attributes:
        state: its name.
        message: levels of the message.
        ebits: rank of the maximally entangled state that Bob and Charlie share.
        Q2: qubits: log2 of the message's levels.
        E2: ebits: log2 of their rank.
        best_at_n: the bracket of the fidelity, with its certificate.
    """

    state: str
    message: int
    ebits: int
    Q2: float
    E2: float
    best_at_n: BestAtN

    def to_json(self) -> dict[str, Any]:
        """Return the object that `qcoord theory second-link --json` prints."""
        found = {key: getattr(self, key) for key in ("ok", "state", "message", "ebits", "Q2", "E2")}
        return {**found, "best_at_n": self.best_at_n.to_json()}

    def rows(self) -> Sequence[Row]:
        """Return one row: the bracket."""
        best = self.best_at_n
        return [{"figure": best.figure, **{k: getattr(best, k) for k in ("lower", "upper", "source")}}]

    def _text(self) -> str:
        best = self.best_at_n
        return "\n".join(
            (
                f"{self.state}: one copy, Bob's message to Charlie of {self.message} levels beside ebits of "
                f"rank {self.ebits}",
                f"  counted on link 2  Q2 = {self.Q2:.6f}, E2 = {self.E2:.6f}; link 1 is free",
                f"  fidelity           some code has {best.lower:.6f}, none has more than {best.upper:.6f}",
                f"  {best.source}",
            )
        )


@watching("theory second-link")
def theory_second_link(state: str | Path | State, message: int, ebits: int = 1) -> SecondLinkAnswer:
    """Return what no code can beat on Bob's link to Charlie: `qcoord theory second-link`.

    Args:
        state: a state file, a name or a pure state of A, B and C without classical systems; one that it
            lacks has dimension 1.
        message: levels of the message from Bob to Charlie, 1 to 16: 2 is a qubit, 1 none.
        ebits: rank of the maximally entangled state that they share, 1 to 16: 2 is an ebit, 1 none.

    Raises:
        InputError: when the name is unknown, the file is wrong, the state is mixed or so large that the bound
            would take minutes, or a number is not allowed.
    """
    check_integer("message", message, 1, MAX_LEVELS)
    check_integer("ebits", ebits, 1, MAX_LEVELS)
    found = find_state(state)
    check_systems(found, PARTIES)
    if not found.pure or found.classical:
        raise InputError(f"state: {found.name!r} is not pure; allowed are pure states of A, B and C")
    task = SecondLink(found.ket(PARTIES), message, ebits)
    if math.prod(task.ket.shape) > MAX_ENTRIES or work(task) > MAX_WORK:
        shape = " x ".join(map(str, task.ket.shape))
        raise InputError(
            f"state: {found.name!r} with {shape} levels beside message {message} and ebits {ebits}; allowed "
            f"are at most {MAX_ENTRIES} levels together, and fewer where no phases leave the state as it is"
        )
    best = second_link_bracket(task)
    return SecondLinkAnswer(found.name, message, ebits, math.log2(message), math.log2(ebits), best)
