"""A proof that nothing wins always: bits that have to agree around a cycle, and to differ once around."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Question = tuple[int, ...]

Link = tuple[int, int, int, Question]
"""Two bits (indices), their sum wherever both are asked, and the question that asks both."""

SHOWN = 12
"""Questions of a cycle that are told."""


@dataclass(frozen=True)
class Step:
    """Two bits of answers that one question of all players ties together.

    Attributes:
        asked: the question.
        players: whose answers.
        ones: for both, the answers (of those that can win) at which the bit is 1.
        parity: what the bits sum to wherever the answers win.
    """

    asked: Question
    players: tuple[int, int]
    ones: tuple[tuple[int, ...], tuple[int, ...]]
    parity: int


@dataclass(frozen=True)
class Refutation:
    """A proof that no quantum strategy wins always: the value is below 1.

    Attributes:
        why: in words.
        steps: a cycle of bits, the second of each step being the first of the next, of odd parity in all;
            empty where some question has no answer left when those that cannot win are left out.
    """

    why: str
    steps: tuple[Step, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the proof as plain JSON values, read by `checker.check_refutation`."""
        return {
            "steps": [
                {
                    "asked": list(step.asked),
                    "players": list(step.players),
                    "ones": [list(own) for own in step.ones],
                    "parity": step.parity,
                }
                for step in self.steps
            ]
        }


def refuted(steps: tuple[Step, ...]) -> Refutation:
    """Return the refutation by a cycle."""
    shown = " ".join("(" + ",".join(map(str, step.asked)) + ")" for step in steps[:SHOWN])
    more = f" and {len(steps) - SHOWN} more" if len(steps) > SHOWN else ""
    return Refutation(
        f"around a cycle, the questions {shown}{more} make a bit of an answer differ from itself", steps
    )


def odd_cycle(links: Iterable[Link]) -> list[Link] | None:
    """Return links around a cycle whose parities sum to 1; None if there is none.

    Where two bits agree on the state, so do their observables: F|psi> = (-1)^s G|psi>. Around such a cycle
    F|psi> = -F|psi>, which no state fulfils.
    """
    edges: dict[int, list[Link]] = {}
    for a, b, parity, asked in links:
        for one, other in itertools.permutations((a, b)):
            edges.setdefault(one, []).append((one, other, parity, asked))
    sign: dict[int, int] = {}
    back: dict[int, Link] = {}  # the link from the parent
    for start in edges:
        if start in sign:
            continue
        sign[start] = 0
        todo = deque([start])
        while todo:
            for link in edges[todo.popleft()]:
                one, other, parity, _ = link
                if other not in sign:
                    sign[other], back[other] = sign[one] ^ parity, link
                    todo.append(other)
                elif sign[other] != sign[one] ^ parity:
                    return _around(back, link)
    return None


def _around(back: dict[int, Link], closing: Link) -> list[Link]:
    """Return the links from where both ends of a link meet, over that link, and back."""
    paths: list[list[Link]] = []
    for bit in closing[:2]:
        path: list[Link] = []
        while bit in back:
            path.append(back[bit])
            bit = back[bit][0]
        paths.append(path)
    down, up = paths
    while down and up and down[-1] == up[-1]:
        down.pop()
        up.pop()
    return [*reversed(down), closing, *((b, a, parity, asked) for a, b, parity, asked in up)]
