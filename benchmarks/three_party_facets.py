"""The see-saw on the 46 facets of three parties with two settings of two outcomes [Sliwa2003].

Processor seconds of the lower and the upper bound of `qc.theory_game`, in this process after the imports: of
facet 10 the median of five calls, of all others one call each; and how many brackets are closed.
"""

from __future__ import annotations

import statistics
import time
from unittest.mock import patch

import qcoord_hw as qc
from qcoord_hw.theory.games import quantum

PAIRS, FACET, WANTED = 5, 10, 0.3
"""Calls, the facet that is timed alone, and the seconds in its see-saw that are wanted at most."""


def timed(facet: int) -> tuple[float, float, bool]:
    """Return the processor seconds in the see-saw and of the call, and whether the bracket is closed."""
    spent = [0.0]
    climb = quantum.seesaw

    def counted(*arguments: object, **options: object) -> object:
        start = time.process_time()
        found = climb(*arguments, **options)
        spent[0] += time.process_time() - start
        return found

    start = time.process_time()
    with patch.object(quantum, "seesaw", counted):
        answer = qc.theory_game(f"sliwa-{facet}")
    return spent[0], time.process_time() - start, answer.to_json()["quantum"]["kind"] == "exact"


def main() -> None:
    """Print the seconds of facet 10, the largest of all, and how many are closed."""
    timed(1)  # imports
    climbs, calls, _ = zip(*(timed(FACET) for _ in range(PAIRS)), strict=True)
    print(f"facet {FACET}: see-saw {statistics.median(climbs):.3f} s (wanted: at most {WANTED:g}), ", end="")
    print(f"the whole call {statistics.median(calls):.3f} s")
    every = {facet: timed(facet) for facet in range(1, 47)}
    slowest = max(every, key=lambda facet: every[facet][1])
    print(f"all 46: {sum(closed for *_, closed in every.values())} closed, ", end="")
    print(f"see-saw at most {max(own for own, *_ in every.values()):.3f} s, ", end="")
    print(f"the slowest call {every[slowest][1]:.3f} s (facet {slowest})")


if __name__ == "__main__":
    main()
