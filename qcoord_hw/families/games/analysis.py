"""Estimates and checks of a run of a nonlocal game, from its raw counts.

A long module: all figures and checks are made of the same cells, one for each circuit and round.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from qcoord_hw.families.games.expression import EXPRESSION, OWN_UNITS, as_written, expression_game
from qcoord_hw.families.games.scoring import GameScoring, LinearFigure, question_label
from qcoord_hw.record import RunRecord, interpreting
from qcoord_hw.statistics.analysis import Analysis
from qcoord_hw.statistics.binomial import check_confidence, clopper_pearson, lower_limit, tail, upper_limit
from qcoord_hw.statistics.drift import Blocks, drift_check
from qcoord_hw.statistics.estimate import Estimate
from qcoord_hw.statistics.homogeneity import combined_p_value
from qcoord_hw.statistics.mitigation import (
    invert_readout,
    project_to_simplex,
    readout_matrices,
    stuck_readout,
)
from qcoord_hw.statistics.scores import METHOD as DRAWN_SCORES
from qcoord_hw.statistics.scores import score_limits, score_tail
from qcoord_hw.statistics.stratified import METHOD, Stratum, sum_limits, sum_tail
from qcoord_hw.statistics.words import some

Readout = Callable[[int, Sequence[int]], npt.NDArray[np.float64]]
"""(circuit, classical bits) -> confusion matrices, shape (bits, 2, 2)."""

CLASSICAL = "classical bound"
AXIS = "probability to win"
FIGURES = {
    "chsh_s": {"title": "CHSH S"},
    EXPRESSION: {"title": "Bell expression", "axis": OWN_UNITS, "bound_label": "local bound"},
}
"""Figures that are linear in the win probability -> what people call them, and where they are drawn."""

ASSUMES = "settings fixed in advance: i.i.d. local models only"
ASSUMES_SOME = ASSUMES + ", who do not know which questions were drawn to be asked"
ASSUMES_ROUNDS = ASSUMES + "; rounds of one circuit independent"
ASSUMES_DRAWN = "questions drawn at random a shot: local models with memory included (p-value)"
SCORE_METHOD = METHOD + "; p-value: chernoff"
NOT_ATTESTED = "; schedule not attested"
"""Of imported counts: nobody here saw when which question was asked."""

ASSUMES_MITIGATED = "readout calibration exact, readout errors of different bits independent"


@dataclass(frozen=True, eq=False)
class Cell:
    """All that was counted for one round of one circuit, so for one question.

    Attributes:
        circuit: index of the circuit.
        round: index of the round.
        question: what was asked.
        weight: the cell's share in the average over questions (and rounds).
        tally: shape (blocks, B_1, .., B_k): how often the players gave each answer, block by block.
        win: shape (B_1, .., B_k): 1 where the answers win, or their score.
    """

    circuit: int
    round: int
    question: tuple[int, ...]
    weight: float
    tally: npt.NDArray[np.int64]
    win: npt.NDArray[np.float64]

    @cached_property
    def shots(self) -> int:
        """Shots in this cell."""
        return int(self.tally.sum())

    @cached_property
    def total(self) -> float:
        """Sum of the scores of all shots."""
        return float((self.tally.sum(axis=0) * self.win).sum())

    @cached_property
    def wins(self) -> int:
        """Shots that won."""
        return round(self.total)

    @cached_property
    def mean(self) -> float:
        """Mean score per shot."""
        return self.total / self.shots

    @cached_property
    def variance(self) -> float:
        """Variance of the score per shot, with n - 1 below."""
        squares = float((self.tally.sum(axis=0) * (self.win - self.mean) ** 2).sum())
        return squares / max(self.shots - 1, 1)

    @cached_property
    def leaked(self) -> int:
        """Shots in which an answer leaked, if the last answer of every player stands for that."""
        whole = self.tally.sum(axis=0)
        return self.shots - int(whole[tuple(slice(0, -1) for _ in whole.shape)].sum())


def analyse_game(record: RunRecord, confidence: float = 0.95) -> Analysis:
    """Return estimates, checks and the table of questions of a finished run.

    Args:
        record: a run of a game.
        confidence: two-sided confidence level of every interval.

    Raises:
        InputError: when the confidence is not between 0 and 1.
        RecordError: when the record is not that of a game.
    """
    check_confidence(confidence)
    with interpreting(record.path):
        play = GameScoring.from_json(record.intent["experiment"]["play"])
        every = tally(record, play)
        cells = tuple(cell for cell in every if cell.shots)
        won = play.game.score is None
        drawn = bool(record.intent["spec"].get("random_questions"))
        readout, cautions = (
            _readout(record, play) if play.decoded is None and play.asked is None and won else (None, [])
        )
        text = record.intent["spec"]["parameters"].get("expression")
        written = None if text is None else expression_game(text, play.game)
    if drawn:
        win = (_drawn_win_probability if won else _drawn_mean_score)(play, cells, confidence)
    else:
        win = (_win_probability if won else _mean_score)(play, every, confidence)
    if record.is_imported:
        win = replace(win, assumes=win.assumes + NOT_ATTESTED)
    win = replace(win, headline=True)
    estimates = [win, *(_figure(win, f) for f in play.figures)]
    if written is not None and play.rounds == 1:
        estimates += filter(None, [as_written(written, cells, estimates[-1])])
    if readout is not None:
        estimates.append(_mitigated(play, cells, readout, confidence))
    if play.rounds > 1 and won:
        estimates.append(_worst_round(play, every, confidence))
    if play.leaks:
        estimates.append(_leakage(cells, confidence))
    return Analysis(
        estimates=tuple(estimates),
        checks={"no_signalling": _signalling(play, cells), "drift": drift(play, cells)},
        rows=tuple(_row(play, cell, confidence) for cell in cells),
        cautions=(*cautions, *_never_asked(every, drawn)),
    )


def _never_asked(cells: Sequence[Cell], drawn: bool) -> list[str]:
    """Return a caution where questions were never asked, which only others' counts and drawn ones lack."""
    missing = [cell for cell in cells if not cell.shots]
    if drawn or not missing:
        return []
    labels = some(list(dict.fromkeys(question_label(cell.question) for cell in missing)))
    share = sum(cell.weight for cell in missing) / sum(cell.weight for cell in cells)
    return [f"never asked: {labels}; the interval is wider by their probability, {share:.4g}"]


def _figure(win: Estimate, figure: LinearFigure) -> Estimate:
    """Return a figure that is linear in the win probability."""
    words = FIGURES.get(figure.name, {})
    return win.linear(figure.name, figure.scale, figure.offset, figure.theory, figure.bound, **words)


def tally(record: RunRecord, play: GameScoring) -> tuple[Cell, ...]:
    """Decode raw counts into answers, one cell a circuit and round."""
    blocks = 1 + max(chunk.block for chunk in record.plan)
    leaks = int(play.leaks)  # the last answer of every player is then "none"
    shape = (blocks, *(size + leaks for size in play.game.answers))
    tallies = np.zeros((len(play.questions), play.rounds, *shape), dtype=np.int64)
    for (block, circuit), counts in record.by_block().items():
        outcomes = np.array([list(key.encode()) for key in counts], dtype=np.int64) - ord("0")
        shots = np.array(list(counts.values()), dtype=np.int64)
        for r in range(play.rounds):
            np.add.at(tallies[circuit, r, block], tuple(play.answered(circuit, r, outcomes)), shots)
    asked = [q for circuit in play.questions for q in circuit]
    return tuple(
        Cell(c, r, q, float(play.game.prob[q]) / asked.count(q), tallies[c, r], _payoffs(play, q))
        for c, circuit in enumerate(play.questions)
        for r, q in enumerate(circuit)
    )


def _payoffs(play: GameScoring, question: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Return what each answer tuple is worth, nothing where an answer leaked."""
    table = play.game.table[question].astype(float)
    return np.pad(table, [(0, 1)] * table.ndim) if play.leaks else table


def no_signalling(play: GameScoring, cells: Sequence[Cell]) -> tuple[float, int]:
    """Return (p-value, degrees of freedom) that no player's answers depend on the others' questions.

    For each player, schedule, round and own question the distribution of its answer is compared across the
    questions of the others; circuits are independent, so chi-squares add up; players share shots, so
    their p-values are combined by Bonferroni.
    """
    tests = []
    for player in range(play.game.players):
        tables: dict[tuple[int, int, int], list[npt.NDArray[np.int64]]] = {}
        others = tuple(1 + p for p in range(play.game.players) if p != player)
        for cell in cells:
            marginal = cell.tally.sum(axis=(0, *others))
            agreed = play.agreed[cell.circuit] if play.agreed else 0
            tables.setdefault((agreed, cell.round, cell.question[player]), []).append(marginal)
        tests.append(combined_p_value(np.array(rows) for rows in tables.values()))
    return min(1.0, len(tests) * min(p for p, _ in tests)), sum(freedom for _, freedom in tests)


def drift(play: GameScoring, cells: Sequence[Cell]) -> dict[str, Any] | None:
    """Test that every circuit wins as often, and has the same outcomes, in all blocks."""
    circuits = [Blocks(cell.tally.reshape(len(cell.tally), -1), cell.win.reshape(-1)) for cell in cells]
    merit = "wins" if play.game.score is None else "scores"
    return drift_check(circuits, merit + _rounds_words(play))


def _signalling(play: GameScoring, cells: Sequence[Cell]) -> dict[str, Any] | None:
    p_value, freedom = no_signalling(play, cells)
    if not freedom:
        return None
    method = "chi-square, Bonferroni over players" + _rounds_words(play)
    return {"p_value": p_value, "degrees_of_freedom": freedom, "method": method}


def _rounds_words(play: GameScoring) -> str:
    return "" if play.rounds == 1 else ", rounds taken as independent"


def _is_balanced(cells: Sequence[Cell]) -> bool:
    """Whether the cells have shots in proportion to their weights, so that wins can be added up."""
    ratios = [cell.shots / cell.weight for cell in cells]
    return min(ratios) > 0 and math.isclose(min(ratios), max(ratios))


def _limits(cells: Sequence[Cell], alpha_low: float, alpha_high: float) -> tuple[float, float, float]:
    """Return (low, best, high) of the weighted win probability.

    Balanced cells: Clopper-Pearson on the sum of wins, which for cells of different probabilities is
    conservative [Hoeffding1956]. Else: as for scores.
    """
    if _is_balanced(cells):
        wins, shots = sum(c.wins for c in cells), sum(c.shots for c in cells)
        return lower_limit(wins, shots, alpha_low), wins / shots, upper_limit(wins, shots, alpha_high)
    low, best, high = _score_limits(cells, alpha_low, alpha_high)
    return max(0.0, low), best, min(1.0, high)


def block_limits(cells: Sequence[Cell], confidence: float) -> tuple[float, float, float]:
    """Return (low, best, high) of the weighted mean score of some shots; a cell without any may have any."""
    alpha = (1 - confidence) / 2
    won = all(set(np.unique(cell.win)) <= {0.0, 1.0} for cell in cells)
    return (_limits if won else _score_limits)(cells, alpha, alpha)


def _score_limits(cells: Sequence[Cell], alpha_low: float, alpha_high: float) -> tuple[float, float, float]:
    """Return (low, best, high) of the weighted mean score; a cell without shots may have any."""
    total = sum(cell.weight for cell in cells)
    strata = []
    for cell in cells:
        weight, scores = cell.weight / total, np.unique(cell.win)
        low, high = weight * float(scores[0]), weight * float(scores[-1])
        if not cell.shots:
            strata.append(Stratum(0, 0.0, 0.0, low, high))
            continue
        mean, variance = weight * cell.mean, weight**2 * cell.variance
        strata.append(Stratum(cell.shots, mean, variance, low, high, two=len(scores) == 2))
    return sum_limits(strata, 0.0, alpha_low, alpha_high)


def _p_value(cells: Sequence[Cell], bound: float) -> float:
    """Return the p-value against a win probability of at most `bound`.

    Balanced cells: the exact binomial tail, valid for cells of different probabilities whose mean is at
    most the bound [Hoeffding1956]. Else: what Chernoff's inequality allows at most.
    """
    if _is_balanced(cells):
        wins, shots = sum(c.wins for c in cells), sum(c.shots for c in cells)
        return tail(wins, shots, bound) if wins >= shots * bound + 1 else 1.0
    return _score_p_value(cells, bound)


def _score_p_value(cells: Sequence[Cell], bound: float) -> float:
    """Return what Chernoff's inequality allows at most for a mean score of at most `bound`.

    Cells without shots may add nothing to the mean, so that the others may have more of it.
    """
    asked = [cell for cell in cells if cell.shots]
    share = sum(cell.weight for cell in asked) / sum(cell.weight for cell in cells)
    weights = np.array([cell.weight for cell in asked])
    totals, shots = np.array([cell.total for cell in asked]), np.array([cell.shots for cell in asked])
    return sum_tail(weights / weights.sum(), shots, totals, min(1.0, bound / share))


def _method(cells: Sequence[Cell]) -> str:
    return "clopper-pearson" if _is_balanced(cells) else METHOD


def _win_probability(play: GameScoring, cells: Sequence[Cell], confidence: float) -> Estimate:
    alpha = (1 - confidence) / 2
    low, best, high = _limits(cells, alpha, alpha)
    return Estimate(
        name="win_probability",
        low=low,
        best=best,
        high=high,
        method=_method(cells),
        confidence=confidence,
        shots=sum(cell.shots for cell in cells),
        theory=play.theory,
        bound=play.bound,
        p_value=_p_value(cells, play.bound.value),
        assumes=_assumes(play),
        title="Win probability",
        bound_label=CLASSICAL,
        axis=AXIS,
    )


def _assumes(play: GameScoring) -> str:
    if play.asked is not None:
        return ASSUMES_SOME
    return ASSUMES if play.rounds == 1 else ASSUMES_ROUNDS


def _drawn_win_probability(play: GameScoring, cells: Sequence[Cell], confidence: float) -> Estimate:
    """Return the win probability where every shot's question was drawn at random: all shots are alike.

    The binomial tail then holds whatever the device remembers of earlier shots [ElkoussWehner2016].
    """
    wins, shots = sum(cell.wins for cell in cells), sum(cell.shots for cell in cells)
    low, best, high = clopper_pearson(wins, shots, confidence)
    return Estimate(
        name="win_probability",
        low=low,
        best=best,
        high=high,
        method="clopper-pearson",
        confidence=confidence,
        shots=shots,
        theory=play.theory,
        bound=play.bound,
        p_value=tail(wins, shots, play.bound.value),
        assumes=ASSUMES_DRAWN,
        title="Win probability",
        bound_label=CLASSICAL,
        axis=AXIS,
    )


def _mean_score(play: GameScoring, cells: Sequence[Cell], confidence: float) -> Estimate:
    """Return the weighted mean score; there is no binomial test of scores, but Chernoff's bound holds."""
    alpha = (1 - confidence) / 2
    low, best, high = _score_limits(cells, alpha, alpha)
    return Estimate(
        name="mean_score",
        low=low,
        best=best,
        high=high,
        method=SCORE_METHOD,
        confidence=confidence,
        shots=sum(cell.shots for cell in cells),
        theory=play.theory,
        bound=play.bound,
        p_value=_score_p_value(cells, play.bound.value),
        assumes=ASSUMES if play.rounds == 1 else ASSUMES_ROUNDS,
        title="Mean score",
        bound_label=CLASSICAL,
        axis="mean score",
    )


def _drawn_mean_score(play: GameScoring, cells: Sequence[Cell], confidence: float) -> Estimate:
    """Return the mean score where every shot's question was drawn at random: all shots are alike."""
    total, shots = math.fsum(cell.total for cell in cells), sum(cell.shots for cell in cells)
    alpha = (1 - confidence) / 2
    low, best, high = score_limits(total, shots, alpha, alpha)
    return Estimate(
        name="mean_score",
        low=low,
        best=best,
        high=high,
        method=DRAWN_SCORES,
        confidence=confidence,
        shots=shots,
        theory=play.theory,
        bound=play.bound,
        p_value=score_tail(total, shots, play.bound.value),
        assumes=ASSUMES_DRAWN,
        title="Mean score",
        bound_label=CLASSICAL,
        axis="mean score",
    )


def _leakage(cells: Sequence[Cell], confidence: float) -> Estimate:
    """Return the share of shots in which an outcome stood for no answer; such shots are lost."""
    shots, leaked = sum(cell.shots for cell in cells), sum(cell.leaked for cell in cells)
    low, best, high = clopper_pearson(leaked, shots, confidence)
    return Estimate(
        "leakage",
        low,
        best,
        high,
        "clopper-pearson",
        confidence,
        shots,
        assumes="shots independent",
        better="less",
        axis=AXIS,
    )


def _worst_round(play: GameScoring, cells: Sequence[Cell], confidence: float) -> Estimate:
    """Return the minimum over rounds of the win probability, with simultaneous limits.

    The smallest lower limit needs no correction; the smallest upper limit is corrected for the number
    of rounds. The smallest point estimate is biased downwards, which the interval allows for.
    """
    rounds = [[cell for cell in cells if cell.round == r] for r in range(play.rounds)]
    alpha = (1 - confidence) / 2
    limits = [_limits(part, alpha, alpha / play.rounds) for part in rounds]
    return Estimate(
        name="win_probability_min_round",
        low=min(low for low, _, _ in limits),
        best=min(best for _, best, _ in limits),
        high=min(high for _, _, high in limits),
        method=f"{_method(rounds[0])}, simultaneous over {play.rounds} rounds",
        confidence=confidence,
        shots=sum(cell.shots for cell in cells),
        theory=play.theory,
        bound=play.bound,
        p_value=max(_p_value(part, play.bound.value) for part in rounds),
        assumes=ASSUMES,
        title="Win probability of the worst round",
        bound_label=CLASSICAL,
        axis=AXIS,
    )


def _mitigated(play: GameScoring, cells: Sequence[Cell], readout: Readout, confidence: float) -> Estimate:
    """Return the win probability after inverting the known readout errors, cell by cell.

    The inverse gives every outcome a score whose mean is the win probability before readout. The interval
    is the normal one of the mean score with z^2 shots added, half at the least and half at the largest
    score [AgrestiCoull1998], so that it does not shrink to a point where no loss was seen. The point
    estimate is projected onto probability distributions.
    """
    total = sum(cell.weight for cell in cells)
    z = float(ndtri((1 + confidence) / 2))
    added = z**2 / len(cells)
    best = centre = variance = 0.0
    for cell in cells:
        bits = play.answers[cell.round]
        matrices = readout(cell.circuit, [b for player in bits for b in player])
        shape = (2,) * len(matrices)
        counts = cell.tally.sum(axis=0).reshape(shape)
        win = cell.win.astype(float).reshape(shape)
        score = invert_readout(win, matrices.transpose(0, 2, 1))
        ends = np.array([score.min(), score.max()])
        shots = cell.shots + added
        mean = float((counts * score).sum() + added * ends.mean()) / shots
        square = float((counts * score**2).sum() + added * (ends**2).mean()) / shots
        weight = cell.weight / total
        centre += weight * mean
        variance += weight**2 * (square - mean**2) / shots
        before_readout = project_to_simplex(invert_readout(counts / cell.shots, matrices))
        best += weight * float((before_readout * win).sum())
    reach = z * math.sqrt(variance)
    best = min(max(best, 0.0), 1.0)
    return Estimate(
        name="win_probability_mitigated",
        low=min(best, max(0.0, centre - reach)),
        best=best,
        high=max(best, min(1.0, centre + reach)),
        method="tensored inverse of the readout, projected; agresti-coull on its scores",
        confidence=confidence,
        shots=sum(cell.shots for cell in cells),
        theory=play.theory,
        bound=play.bound,
        assumes=ASSUMES_MITIGATED,
        title="Win probability, readout mitigated",
        bound_label=CLASSICAL,
        axis=AXIS,
        origin="mitigated",
    )


def _readout(record: RunRecord, play: GameScoring) -> tuple[Readout | None, list[str]]:
    """Return what gives the confusion matrices of some classical bits of a circuit, and cautions.

    None if they are unknown, or one of those that are needed cannot be inverted.
    """
    errors = readout_matrices(record)
    if errors is None:
        return None, []
    measured = [circuit["measured"] for circuit in record.intent["experiment"]["circuits"]]
    bits = [b for players in play.answers for player in players for b in player]
    if cautions := stuck_readout(errors, [own[b] for own in measured for b in bits]):
        return None, cautions
    return lambda circuit, bits: np.array([errors[measured[circuit][b]] for b in bits]), []


def _row(play: GameScoring, cell: Cell, confidence: float) -> dict[str, Any]:
    low, best, high = clopper_pearson(cell.wins, cell.shots, confidence)
    if not np.isin(cell.win, (0, 1)).all():
        low, best, high = _score_limits([cell], (1 - confidence) / 2, (1 - confidence) / 2)
    return {
        "circuit": cell.circuit,
        "round": cell.round,
        "question": list(cell.question),
        "label": play.label(cell.question),
        "shots": cell.shots,
        "wins": cell.wins,
        "low": low,
        "best": best,
        "high": high,
    }
