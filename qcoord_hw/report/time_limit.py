"""What became of a time limit: what was asked for, what was used, and which step went beyond it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

STEP = "a step that cannot be interrupted was under way"


def kept_time(started: float, asked: float, steps: Mapping[str, float]) -> dict[str, Any]:
    """Return how a time limit was kept, in seconds; `why` is None where it was.

    Args:
        started: `time.monotonic()` at the beginning.
        asked: the limit.
        steps: how long each step took; empty where they were not timed.
    """
    used = time.monotonic() - started
    beyond = max(0.0, used - asked)
    longest = max(steps, key=steps.__getitem__, default=None)
    took = "" if longest is None else f"; the longest was {longest}, {steps[longest]:.3g} s"
    return {
        "asked": asked,
        "used": round(used, 3),
        "exceeded_by": round(beyond, 3),
        "why": f"{STEP} when time was up{took}" if beyond else None,
    }


def time_words(kept: Mapping[str, Any]) -> str:
    """Return a line on a limit that was exceeded, else nothing.

    >>> time_words({"asked": 1.0, "used": 3.5, "exceeded_by": 2.5, "why": STEP + " when time was up"})
    'time limit of 1 s exceeded by 2.5 s: a step that cannot be interrupted was under way when time was up'
    """
    if not kept["exceeded_by"]:
        return ""
    return f"time limit of {kept['asked']:g} s exceeded by {kept['exceeded_by']:.3g} s: {kept['why']}"
