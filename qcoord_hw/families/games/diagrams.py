"""What is drawn of a run of a game: answers, correlators, questions and blocks, beside the ideal circuits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.diagrams import (
    BOUND,
    THEORY,
    Bar,
    Curves,
    Diagram,
    Histograms,
    Interval,
    Mark,
    Rows,
    Series,
)
from qcoord_hw.families.base import Ideal
from qcoord_hw.families.games.analysis import Cell, block_limits, tally
from qcoord_hw.families.games.scoring import GameScoring, question_label
from qcoord_hw.record import RunRecord
from qcoord_hw.statistics.binomial import clopper_pearson
from qcoord_hw.statistics.words import main_estimate, worst

FloatArray = npt.NDArray[np.float64]

PANELS = 12
"""Histograms at most, of the questions won least often."""

BARS = 16
"""Bars at most of one histogram, of the answers given most often."""


@dataclass(frozen=True, eq=False)
class Asked:
    """All that was counted of one question, in all rounds and circuits that asked it.

    Attributes:
        question: what was asked.
        counts: how often each answer was given, shape of the answers; a last answer stands for leakage.
        win: what each answer is worth.
        ideal: probability of each answer for ideal circuits; None where it is not known.
    """

    question: tuple[int, ...]
    counts: npt.NDArray[np.int64]
    win: FloatArray
    ideal: FloatArray | None

    @property
    def shots(self) -> int:
        """Shots that asked it."""
        return int(self.counts.sum())

    @property
    def mean(self) -> float:
        """Mean score."""
        return float((self.counts * self.win).sum()) / self.shots


def diagrams(
    record: RunRecord, summary: Mapping[str, Any], ideal: Callable[[], Ideal]
) -> tuple[Diagram, ...]:
    """Return histograms, correlators where all answers are bits, questions, and blocks.

    Args:
        record: a finished run.
        summary: its summary.
        ideal: computes what ideal circuits would give.
    """
    play = GameScoring.from_json(record.intent["experiment"]["play"])
    cells = tally(record, play)
    asked = _asked(play, cells, ideal())
    main = main_estimate(summary["estimates"])
    if not asked or main is None:
        return ()
    found: list[Diagram] = [_histograms(play, asked, main["confidence"])]
    if all(size == 2 for size in play.game.answers) and not play.leaks:
        found.append(_correlators(asked, main["confidence"]))
    if play.game.score is None:
        found.append(_questions(asked, main))
    blocks = _blocks(cells, main)
    return tuple(found + ([blocks] if blocks else []))


def _asked(play: GameScoring, cells: Sequence[Cell], ideal: Ideal) -> list[Asked]:
    """Return what was counted of each question; those that were never asked are left out."""
    found: dict[tuple[int, ...], list[Cell]] = {}
    for cell in cells:
        if cell.shots:
            found.setdefault(cell.question, []).append(cell)
    rows = []
    for question, own in found.items():
        counts = sum((cell.tally.sum(axis=0) for cell in own), np.zeros_like(own[0].tally[0]))
        known = None
        if ideal is not None:
            each = [_probabilities(play, cell, ideal[cell.circuit]) for cell in own]
            known = np.average(each, axis=0, weights=[cell.shots for cell in own])
        rows.append(Asked(question, counts, own[0].win, known))
    return rows


def _probabilities(play: GameScoring, cell: Cell, outcomes: Mapping[str, float]) -> FloatArray:
    """Return the probability of each answer in a round of an ideal circuit."""
    read = np.array([list(key.encode()) for key in outcomes], dtype=np.int64) - ord("0")
    table = np.zeros(cell.tally.shape[1:])
    answers = tuple(play.answered(cell.circuit, cell.round, read))
    np.add.at(table, answers, np.array(list(outcomes.values())))
    return table


def _histograms(play: GameScoring, asked: Sequence[Asked], confidence: float) -> Histograms:
    shown = worst(asked, lambda one: one.mean) if len(asked) > PANELS else list(asked)
    won = play.game.score is None
    few = f", the {len(shown)} questions won least often of {len(asked)}" if len(shown) < len(asked) else ""
    return Histograms(
        f"Answers of {', '.join(play.players)}{few}",
        "share of shots",
        {question_label(one.question): _bars(one, play.leaks, confidence) for one in shown},
        "wins" if won else "",
        "loses" if won else "",
    )


def _bars(one: Asked, leaks: bool, confidence: float) -> tuple[Bar, ...]:
    order = np.argsort(-one.counts.reshape(-1), kind="stable")[:BARS]
    bars = []
    for k in sorted(order.tolist()):
        answers = np.unravel_index(k, one.counts.shape)
        low, best, high = clopper_pearson(int(one.counts[answers]), one.shots, confidence)
        known = None if one.ideal is None else float(one.ideal[answers])
        bars.append(Bar(_name(answers, one, leaks), (low, best, high), known, bool(one.win[answers] > 0)))
    return tuple(bars)


def _name(answers: Sequence[Any], one: Asked, leaks: bool) -> str:
    """Return the answers of all players as digits; `-` where an answer leaked."""
    digits = [
        "-" if leaks and b == size - 1 else str(int(b))
        for b, size in zip(answers, one.counts.shape, strict=True)
    ]
    return ("," if max(one.counts.shape) > 10 else "").join(digits)


def _correlators(asked: Sequence[Asked], confidence: float) -> Rows:
    """Return the means of the product of all answers, written as +1 and -1."""
    sign = np.ones(asked[0].counts.shape)
    for player in range(sign.ndim):
        shape = [2 if p == player else 1 for p in range(sign.ndim)]
        sign = sign * np.array([1.0, -1.0]).reshape(shape)
    shown = list(asked)[: 2 * PANELS]
    rows = []
    for one in shown:
        low, best, high = (
            2 * end - 1 for end in clopper_pearson(int(one.counts[sign > 0].sum()), one.shots, confidence)
        )
        known = None if one.ideal is None else float((one.ideal * sign).sum())
        rows.append(Interval(question_label(one.question), low, best, high, known))
    few = f", {len(shown)} of {len(asked)} questions" if len(shown) < len(asked) else ""
    return Rows(f"Correlators{few}", "mean of the product of the answers (0 is +1, 1 is -1)", tuple(rows))


def _questions(asked: Sequence[Asked], main: Mapping[str, Any]) -> Rows:
    shown = worst(asked, lambda one: one.mean) if len(asked) > 2 * PANELS else list(asked)
    rows = []
    for one in shown:
        wins = int(one.counts[one.win > 0].sum())
        known = None if one.ideal is None else float((one.ideal * one.win).sum())
        limits = clopper_pearson(wins, one.shots, main["confidence"])
        rows.append(Interval(question_label(one.question), *limits, known))
    few = f", the {len(shown)} won least often of {len(asked)}" if len(shown) < len(asked) else ""
    title = f"Questions: observed against ideal circuits{few}"
    return Rows(title, str(main["axis"]), tuple(rows), _bound(main))


def _blocks(cells: Sequence[Cell], main: Mapping[str, Any]) -> Curves | None:
    """Return the main figure in each block, where there are several with shots."""
    blocks = len(cells[0].tally)
    points = []
    for b in range(blocks):
        own = [replace(cell, tally=cell.tally[[b]]) for cell in cells]
        if any(cell.shots for cell in own):
            low, best, high = block_limits(own, main["confidence"])
            points.append((float(b + 1), low, best, high))
    if len(points) < 2:
        return None
    theory = main["theory"]
    marks = (*([Mark("theory", theory["value"], THEORY, "-")] if theory else []), *_bound(main))
    series = (Series("counted in the block", tuple(points)),)
    return Curves("Drift over blocks", "block", str(main["axis"]), series, marks)


def _bound(main: Mapping[str, Any]) -> tuple[Mark, ...]:
    bound = main["bound"]
    return (Mark(str(main["bound_label"]), bound["value"], BOUND),) if bound else ()
