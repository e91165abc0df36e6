"""What became of a time limit: what was asked for, what was used, and which step went beyond it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from qcoord_hw.errors import InputError

MAX_TIME_LIMIT = 1_000_000
"""Seconds."""

STEP = "a step that cannot be interrupted was under way"


@dataclass(frozen=True)
class TimeLimit:
    """How a time limit was kept, in seconds.

    Attributes:
        asked: the limit.
        used: what was needed.
        exceeded_by: what was needed beyond it; 0 where it was kept.
        why: what went beyond it; None where it was kept.
    """

    asked: float
    used: float
    exceeded_by: float
    why: str | None

    def words(self) -> str:
        """Return a line on a limit that was exceeded, else nothing.

        >>> TimeLimit(1.0, 3.5, 2.5, STEP).words()
        'time limit of 1 s exceeded by 2.5 s: a step that cannot be interrupted was under way'
        """
        if not self.exceeded_by:
            return ""
        return f"time limit of {self.asked:g} s exceeded by {self.exceeded_by:.3g} s: {self.why}"


def kept_time(started: float, asked: float, steps: Mapping[str, float]) -> TimeLimit:
    """Return how a time limit was kept.

    Args:
        started: `time.monotonic()` at the beginning.
        asked: the limit, seconds.
        steps: how long each step took, seconds; empty where they were not timed.
    """
    used = time.monotonic() - started
    beyond = max(0.0, used - asked)
    longest = max(steps, key=steps.__getitem__, default=None)
    took = "" if longest is None else f"; the longest was {longest}, {steps[longest]:.3g} s"
    why = f"{STEP} when time was up{took}" if beyond else None
    return TimeLimit(asked, round(used, 3), round(beyond, 3), why)


def check_time_limit(time_limit: float) -> None:
    """Refuse a time limit that is none.

    Raises:
        InputError: unless it is above 0 and at most `MAX_TIME_LIMIT`.
    """
    if not 0 < time_limit <= MAX_TIME_LIMIT:
        raise InputError(f"time-limit: {time_limit!r}; allowed are seconds above 0 up to {MAX_TIME_LIMIT}")
