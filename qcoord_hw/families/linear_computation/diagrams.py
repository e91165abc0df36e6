"""What is drawn of a run of a linear computation: its ladder of rates, its inputs and its blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from qcoord_hw.diagrams import BOUND, DATA, THEORY, Curves, Diagram, Interval, Mark, Rows, Series
from qcoord_hw.families.base import Ideal
from qcoord_hw.families.linear_computation.analysis import read_tally
from qcoord_hw.families.linear_computation.tally import Tally
from qcoord_hw.families.linear_computation.view import RATES
from qcoord_hw.record import RunRecord
from qcoord_hw.record.bits import symbols
from qcoord_hw.statistics.binomial import clopper_pearson
from qcoord_hw.statistics.words import main_estimate

INPUTS = 16
"""Inputs that are drawn: all of few, of many those right least often."""

UNIT = "dits per qudit"


def diagrams(
    record: RunRecord, summary: Mapping[str, Any], ideal: Callable[[], Ideal]
) -> tuple[Diagram, ...]:
    """Return the ladder of rates, the inputs against ideal circuits, and the blocks.

    Args:
        record: a finished run.
        summary: its summary.
        ideal: not needed: ideal circuits are always right.
    """
    found, main = read_tally(record), main_estimate(summary["estimates"])
    if main is None:
        return ()
    drawn: list[Diagram] = [ladder(summary, main)]
    if len(found.shots):
        drawn.append(_inputs(found, main["confidence"]))
    blocks = _blocks(found, main["confidence"])
    return tuple(drawn + ([blocks] if blocks else []))


def ladder(summary: Mapping[str, Any], main: Mapping[str, Any]) -> Rows:
    """Return every rate, the lowest first: schemes, upper bounds, and what survived on the target."""
    rows = [
        Interval(
            RATES.get(name, name.replace("_", " ")),
            rate["value"],
            rate["value"],
            rate["value"],
            colour=BOUND if RATES.get(name, "").startswith("upper bound") else THEORY,
        )
        for name, rate in summary["rates"].items()
        if rate["value"] is not None
    ]
    rows.append(
        Interval(f"surviving on {summary['target']}", main["low"], main["best"], main["high"], colour=DATA)
    )
    rows.sort(key=lambda row: row.best or 0.0)
    return Rows("Ladder of rates", UNIT, tuple(rows), bars=True)


def _inputs(found: Tally, confidence: float) -> Rows:
    inputs = len(found.play.inputs)
    shots = np.bincount(found.setting, found.shots, inputs).astype(int)
    right = np.bincount(found.setting, found.shots * (found.cells == 0), inputs).astype(int)
    asked = np.flatnonzero(shots)
    order = asked[np.argsort(right[asked] / shots[asked], kind="stable")]
    shown = sorted(order[:INPUTS].tolist()) if len(asked) <= INPUTS else order[:INPUTS].tolist()
    rows = []
    for k in shown:
        words = found.play.inputs[k].tolist()
        name = ", ".join(f"w{i + 1} = {_digits(w)}" for i, w in enumerate(words))
        rows.append(Interval(name, *clopper_pearson(int(right[k]), int(shots[k]), confidence), theory=1.0))
    few = f", the {len(shown)} right least often of {len(asked)}" if len(shown) < len(asked) else ""
    return Rows(
        f"Inputs: observed against ideal circuits{few}", "probability that all outputs are right", tuple(rows)
    )


def _digits(word: Sequence[int]) -> str:
    """Return the symbols of an input, without spaces where each is one digit."""
    return "".join(map(str, word)) if max(word, default=0) < 10 else symbols(word)


def _blocks(found: Tally, confidence: float) -> Curves | None:
    """Return the share of right outputs in each block, where there are several."""
    shots = np.bincount(found.block, found.shots).astype(int)
    right = np.bincount(found.block, found.shots * (found.cells == 0), len(shots)).astype(int)
    asked = np.flatnonzero(shots).tolist()
    if len(asked) < 2:
        return None
    points = []
    for b in asked:
        low, best, high = clopper_pearson(int(right[b]), int(shots[b]), confidence)
        points.append((float(b + 1), low, best, high))
    series = (Series("counted in the block", tuple(points)),)
    axis = "probability that all outputs are right"
    return Curves("Drift over blocks", "block", axis, series, (Mark("theory", 1.0, THEORY, "-"),))
