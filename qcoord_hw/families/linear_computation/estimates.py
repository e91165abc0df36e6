"""The figures of a linear computation, each with what it is the mean over.

Where inputs were drawn at random, every figure is about all inputs: its interval and its p-value are also
those of Student's t over the inputs drawn. Where all were run, or somebody chose them, it is about these, and
they are strata.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from qcoord_hw.families.linear_computation.error_entropy import ByInput, ErrorCounts, survival
from qcoord_hw.families.linear_computation.scoring import LinearScoring
from qcoord_hw.families.linear_computation.tally import Tally
from qcoord_hw.statistics.binomial import clopper_pearson, tail
from qcoord_hw.statistics.clusters import Clusters, distinct, reach
from qcoord_hw.statistics.estimate import Estimate, Limits, difference_limits
from qcoord_hw.theory.value import Value

FloatArray = npt.NDArray[np.float64]

ASSUMES = "shots independent"
FIXED = "inputs fixed in advance"
DRAWN = "inputs drawn independently, mean over them normal"
ASSUMES_GUESS = f"{ASSUMES}; {FIXED}; to a guesser every output is equally likely"
ASSUMES_RATE = f"{ASSUMES}; {FIXED}; normal approximation"
RATE_METHOD = (
    "normal interval of the mean score L K + log p(error) over N, stratified by input, Agresti-Coull; "
    "entropy after Miller-Madow, its largest bias off the low end"
)
ENTROPY_METHOD = (
    "normal interval of -log p(error), stratified by input, Agresti-Coull; "
    "Miller-Madow, largest bias added to the high end"
)
STRATIFIED = ", stratified by input"
BINOMIAL = "clopper-pearson"
GUESS = "guessing without quantum or classical link"
CERTAIN = Value(1.0, "exact", "every shot right [Hu2025, Lemma 1]")
NEVER = Value(0.0, "exact", "no error [Hu2025, Lemma 1]")
AXIS, RATE_AXIS = "probability", "dits per qudit"
SHARES = {
    "success_probability": ("Whole output right", "guessing"),
    "success_postselected": ("Whole output right, of the shots that did not leak", "guessing"),
    "leakage": ("Leakage", "bound"),
}
"""Name of a share of shots -> what people call it, and its bound."""

MAX_WRITTEN = 10**6
"""Up to here the number of all inputs is written out."""


@dataclass(frozen=True, eq=False)
class Figure:
    """An estimate, and how far each of the inputs run moves it.

    Attributes:
        estimate: the figure.
        influence: shape (inputs,), in the figure's units; None of a figure that nothing moves.
    """

    estimate: Estimate
    influence: FloatArray | None


def figures(found: Tally, confidence: float) -> Iterator[Figure]:
    """Yield all figures of a run, in their order.

    Args:
        found: what was counted.
        confidence: two-sided level of every interval.
    """
    drawn = found.play.chosen == "drawn"
    inputs = len(distinct(found.setting)[0])
    estimand = _estimand(found.play)
    for figure in _figures(found, confidence, drawn):
        e = figure.estimate
        if drawn and figure.influence is not None:
            method = f"{e.method.replace(STRATIFIED, '')}; t over {inputs} inputs drawn, where wider"
            assumes = e.assumes.replace(FIXED, DRAWN) if FIXED in e.assumes else f"{e.assumes}; {DRAWN}"
            e = replace(e, method=method, assumes=assumes)
        yield Figure(replace(e, estimand=estimand), figure.influence)


def paired_differences(before: Tally, after: Tally, confidence: float) -> dict[str, Limits]:
    """Return name -> (low, best, high) of the differences of two runs, input by input.

    What the inputs drawn have in common is no part of a difference. The interval is that of Student's t over
    the differences of inputs, or, where that is wider, of the shots alone by square-and-add [Newcombe1998].

    Returns:
        Nothing where the runs did not draw the same inputs.
    """
    plays = before.play, after.play
    if {play.chosen for play in plays} != {"drawn"} or not np.array_equal(plays[0].inputs, plays[1].inputs):
        return {}
    if not np.array_equal(np.unique(before.setting), np.unique(after.setting)):
        return {}
    each = [{f.estimate.name: f for f in _figures(one, confidence, drawn=False)} for one in (before, after)]
    made: dict[str, Limits] = {}
    for name in (name for name in each[0] if name in each[1]):
        a, b = each[0][name], each[1][name]
        if a.influence is None or b.influence is None:
            continue
        low, best, high = difference_limits(a.estimate.limits, b.estimate.limits)
        inputs = reach(b.influence - a.influence, confidence)
        made[name] = min(low, best - inputs), best, max(high, best + inputs)
    return made


def _figures(found: Tally, confidence: float, drawn: bool) -> Iterator[Figure]:
    """Yield the figures, for inputs drawn at random or for these inputs."""
    play = found.play
    field, rows = play.task.field, play.task.rows
    symbols = play.instances * field.rank(play.task.matrix)  # rows that depend on others tell nothing new
    cells = np.bincount(found.cells, found.shots, minlength=2).astype(np.int64)
    _, number = distinct(found.setting)
    kind = np.where(found.cells < 2, 1 - found.cells, found.cells)
    by_input = ByInput.of(drawn, number, kind, found.shots)
    counts = ErrorCounts(int(cells[0]), cells[2:], int(cells[1]), field.order, symbols, by_input)
    guess = Value(float(field.order) ** -symbols, "exact", GUESS)

    def clusters(hits: npt.NDArray[np.bool_], among: npt.NDArray[np.bool_]) -> Clusters:
        return Clusters(*(np.bincount(number, found.shots * some).astype(float) for some in (hits, among)))

    def shares(name: str, hits: npt.NDArray[np.bool_], among: npt.NDArray[np.bool_], bound: Value) -> Figure:
        return _share(name, clusters(hits & among, among), confidence, drawn, CERTAIN, bound)

    whole, every = found.cells == 0, np.ones(len(found.cells), dtype=bool)
    yield shares("success_probability", whole, every, guess)
    yield _surviving(play, counts, confidence)
    if field.characteristic == 2:
        exact = "exact: a bit has no third value"
        leakage = Estimate(
            "leakage", 0.0, 0.0, 0.0, exact, confidence, counts.shots, theory=NEVER, better="less", axis=AXIS
        )
        yield Figure(leakage, None)
    else:
        yield _share("leakage", clusters(found.lost, every), confidence, drawn, NEVER, None)
        yield shares("success_postselected", whole, ~found.lost, guess)
    one = Value(1 / field.order, "exact", GUESS)
    names = [f"success_y{1 + j}[{k}]" for j in range(min(2, play.instances)) for k in range(rows)]
    for j, name in enumerate(names):
        yield shares(name, found.right[:, j], every, one)
    kept = survival(counts.without_leaked(), confidence)
    limits = symbols - kept.high, symbols - kept.best, symbols - kept.low
    entropy = Estimate(
        "error_entropy",
        *limits,
        ENTROPY_METHOD,
        confidence,
        counts.kept,
        NEVER,
        assumes=ASSUMES_RATE,
        title="Entropy of errors (dits)",
        unit="dits",
        better="less",
        axis="",
    )
    yield Figure(entropy, None if kept.scores is None else -kept.scores.influence)


def _share(
    name: str, clusters: Clusters, confidence: float, drawn: bool, theory: Value, bound: Value | None
) -> Figure:
    """Return a share of shots; Clopper-Pearson is conservative if inputs differ [Hoeffding1956]."""
    hits, shots = round(clusters.scores.sum()), round(clusters.shots.sum())
    low, best, high = clopper_pearson(hits, shots, confidence)
    p_value = None
    if bound is not None:
        p_value = tail(hits, shots, bound.value) if hits >= shots * bound.value + 1 else 1.0
    if drawn:
        wide = clusters.reach(confidence)
        low, high = min(low, max(0.0, best - wide)), max(high, min(1.0, best + wide))
        if p_value is not None and bound is not None:
            p_value = max(p_value, clusters.p_value(best - bound.value))
    assumes = ASSUMES if bound is None else ASSUMES_GUESS
    title, label = SHARES.get(name, (name.replace("_", " ").capitalize(), "guessing"))
    estimate = Estimate(
        name,
        low,
        best,
        high,
        BINOMIAL,
        confidence,
        shots,
        theory,
        bound,
        p_value,
        assumes,
        title=title,
        bound_label=label,
        better="less" if bound is None else "more",
        axis=AXIS,
    )
    return Figure(estimate, clusters.influence)


def _surviving(play: LinearScoring, counts: ErrorCounts, confidence: float) -> Figure:
    """Return the rate that survives: (1 - leakage) (L K - entropy of errors) / N, in dits per qudit."""
    dits = survival(counts, confidence)
    quantum, classical = (_baseline(play, name) for name in ("quantum", "classical"))
    estimate = Estimate(
        "surviving_rate",
        dits.low / play.qudits,
        dits.best / play.qudits,
        dits.high / play.qudits,
        RATE_METHOD,
        confidence,
        counts.shots,
        theory=quantum,
        bound=classical,
        p_value=dits.p_value(classical.value * play.qudits),
        assumes=ASSUMES_RATE,
        title="Surviving rate (dits per qudit)",
        short="surviving rate",
        unit="dits per qudit",
        bound_label="classical rate",
        headline=True,
        axis=RATE_AXIS,
    )
    return Figure(estimate, None if dits.scores is None else dits.scores.influence / play.qudits)


def _baseline(play: LinearScoring, name: str) -> Value:
    value, source = play.baselines[name]
    return Value(value, "exact", source)


def _estimand(play: LinearScoring) -> str:
    """Return what the figures of a run are means over."""
    if play.chosen == "given":
        inputs = len(play.inputs)
        return "mean over the input given" if inputs == 1 else f"mean over the {inputs} inputs given"
    every = play.all_inputs
    exponent = play.instances * sum(play.task.sizes)
    return f"mean over all {every if every <= MAX_WRITTEN else f'{play.task.field.order}^{exponent}'} inputs"
