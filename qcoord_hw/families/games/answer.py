"""What `qcoord theory game` says of a game: typed, with its text and its figure."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from qcoord_hw.answer import Answer, Row, optional
from qcoord_hw.errors import TooLargeError
from qcoord_hw.families.games.expression import ExpressionValues, expression_values
from qcoord_hw.spec import canonical_json
from qcoord_hw.theory.games.catalogue import I3322_OFFSET, I3322_SCALE, catalogue_name
from qcoord_hw.theory.games.classical import classical_optimum
from qcoord_hw.theory.games.correlation import correlation as correlation_of
from qcoord_hw.theory.games.correlation import strategy_of
from qcoord_hw.theory.games.game import Game
from qcoord_hw.theory.games.quantum import quantum_value
from qcoord_hw.theory.games.spread import ExpressionGame
from qcoord_hw.time_limit import TimeLimit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from qcoord_hw.theory.games.odd_cycle import Refutation
    from qcoord_hw.theory.games.pauli_solution import PauliSolution

FRONTIER_SECONDS = 20.0

CLASSICAL_SHARE = 0.5
"""Of the time limit: a search that needs more leaves the classical value unknown."""

BELL = {"i3322": ("I3322", I3322_SCALE, I3322_OFFSET)}
"""Games that are Bell inequalities: I = scale * value + offset."""


@dataclass(frozen=True)
class ClassicalValue:
    """The best that players without entanglement do.

    Attributes:
        value: exact; None where it is not known.
        number: the same as a number.
        strategy: answers of each player to its questions, in order.
        why: why the value is not known.
    """

    value: Fraction | None
    number: float | None = field(metadata={"key": "float"})
    strategy: Sequence[Sequence[int]] | None
    why: str | None = optional()


@dataclass(frozen=True)
class QuantumValue:
    """What is known of the best that players with entanglement do.

    Attributes:
        lower: reached by a strategy.
        upper: certified.
        kind: `exact` or `bracket`.
        local_dimension: of the strategy.
        level: of the hierarchy of upper bounds; `0` is below it.
        lower_certificate: the strategy.
        upper_certificate: what proves the upper bound.
        source: where the strategy comes from.
        notes: what else is known, such as that nothing wins always.
        pauli_solution: the strategy as Pauli words, if it is one of those.
        refutation: a proof that nothing wins always, if one was found.
    """

    lower: float
    upper: float
    kind: str
    local_dimension: int
    level: str
    lower_certificate: Mapping[str, Any] | None
    upper_certificate: Mapping[str, Any] | None
    source: str
    notes: Sequence[str]
    pauli_solution: PauliSolution | None = optional()
    refutation: Refutation | None = optional()


@dataclass(frozen=True)
class BellInequality:
    """The Bell inequality that a game is: its value is `scale` * value of the game + `offset`."""

    name: str
    scale: float
    offset: float
    classical: float
    lower: float
    upper: float


@dataclass(frozen=True, eq=False, repr=False)
class GameAnswer(Answer):
    """What is known of a game.

    Attributes:
        name: of the game.
        game: the game.
        game_id: SHA-256 of its canonical JSON.
        players: how many.
        questions: how many each player may be asked.
        answers: how many each player has.
        classical: the classical value.
        quantum: the bracket of the quantum value.
        seconds: how long each step took.
        frontier: the rates for a win probability, if they were asked for (`theory.games.frontier`).
        expression: what is known of the Bell expression that the game was made of, if it was.
        bell_inequality: the Bell inequality that the game is, if it is one of the catalogue.
        correlation: P(b, c, .. | x, y, ..) of the strategy, `[x][y]..[b][c]..`, if it was asked for.
        time_limit: how the limit was kept.
    """

    name: str
    game: Game
    game_id: str
    players: int
    questions: Sequence[int]
    answers: Sequence[int]
    classical: ClassicalValue
    quantum: QuantumValue
    seconds: Mapping[str, float]
    frontier: Mapping[str, Any] | None = optional()
    expression: ExpressionValues | None = optional()
    bell_inequality: BellInequality | None = optional()
    correlation: Sequence[Any] | None = optional()
    time_limit: TimeLimit | None = optional()

    def rows(self) -> Sequence[Row]:
        """Return a row for each value: what it is, its bounds, and whether they meet."""
        exact, quantum, bell = self.classical.number, self.quantum, self.bell_inequality
        rows: list[Row] = []
        if exact is not None:
            rows.append({"figure": "classical value", "lower": exact, "upper": exact, "kind": "exact"})
        rows.append(
            {"figure": "quantum value", **{k: getattr(quantum, k) for k in ("lower", "upper", "kind")}}
        )
        if bell is not None:
            ends = {"lower": bell.lower, "upper": bell.upper, "kind": quantum.kind}
            rows.append({"figure": f"{bell.name}, quantum", **ends})
        if (own := self.expression) is not None:
            if own.local_bound is not None:
                local = {"lower": own.local_bound, "upper": own.local_bound, "kind": "exact"}
                rows.append({"figure": "expression, local", **local})
            ends = {"lower": own.lower, "upper": own.upper, "kind": quantum.kind}
            rows.append({"figure": "expression, quantum", **ends})
        return rows

    def plot(self) -> Figure:
        """Return a figure of the classical value and the bracket of the quantum value."""
        from qcoord_hw.charts import BOUND, DATA, Interval, Mark, interval_figure

        quantum, exact = self.quantum, self.classical.number
        rows = [Interval(f"quantum ({quantum.kind})", quantum.lower, None, quantum.upper, colour=DATA)]
        marks = []
        if exact is not None:
            rows.insert(0, Interval("classical (exact)", exact, exact, exact, colour=BOUND))
            marks.append(Mark("classical value", exact, BOUND))
        axis = "probability to win" if self.game.score is None else "mean score"
        return interval_figure(f"{self.name}: classical and quantum value", axis, rows, marks)

    def _text(self) -> str:
        return game_theory_text(self)


def game_theory(
    game: Game,
    *,
    level: str | None,
    seed: int,
    time_limit: float,
    win: float | None,
    correlation: bool = False,
) -> GameAnswer:
    """Return classical and quantum value of a game with certificates."""
    start = time.monotonic()
    try:
        optimum = classical_optimum(game, time_limit=CLASSICAL_SHARE * time_limit)
        strategy = [list(own) for own in optimum.strategy]
        classical, known = ClassicalValue(optimum.value, float(optimum.value), strategy), optimum.strategy
    except TooLargeError as error:
        classical, known = ClassicalValue(None, None, None, str(error)), None
    seconds = {"classical": round(time.monotonic() - start, 3)}
    name = catalogue_name(game)
    left = max(0.05, time_limit - (time.monotonic() - start))
    found = quantum_value(game, level=level, seed=seed, time_limit=left, classical=known)
    rates, expression, bell, table = None, None, None, None
    if correlation:
        table = correlation_of(game, strategy_of(found.lower_certificate)).tolist()
    if win is not None:
        from qcoord_hw.theory.games.frontier import frontier

        left = max(0.05, min(FRONTIER_SECONDS, time_limit - (time.monotonic() - start)))
        rates = frontier(game, win, quantum=found, time_limit=left, seed=seed)
    if isinstance(game, ExpressionGame):
        expression = expression_values(game, classical.value, found.lower, found.upper)
    if name in BELL and classical.number is not None:
        inequality, scale, offset = BELL[name]
        values = (scale * value + offset for value in (classical.number, found.lower, found.upper))
        bell = BellInequality(inequality, scale, offset, *values)
    return GameAnswer(
        name=game.name,
        game=game,
        game_id=hashlib.sha256(canonical_json(game.to_json()).encode()).hexdigest(),
        players=game.players,
        questions=list(game.prob.shape),
        answers=list(game.answers),
        classical=classical,
        quantum=QuantumValue(
            lower=found.lower,
            upper=found.upper,
            kind=found.kind,
            local_dimension=found.local_dimension,
            level=found.level,
            lower_certificate=found.lower_certificate,
            upper_certificate=found.upper_certificate,
            source=found.source,
            notes=found.notes,
            pauli_solution=found.pauli,
            refutation=found.refutation,
        ),
        seconds=seconds | {key: round(value, 3) for key, value in found.seconds.items()},
        frontier=rates,
        expression=expression,
        bell_inequality=bell,
        correlation=table,
    )


def game_theory_text(answer: GameAnswer) -> str:
    """Return an answer as plain text."""
    classical, quantum = answer.classical, answer.quantum
    shape = ", ".join(
        f"{x} questions and {b} answers" for x, b in zip(answer.questions, answer.answers, strict=True)
    )
    lines = [
        f"{answer.name}: {answer.players} players with {shape}",
        f"classical value  {classical.value} = {classical.number:.6g}, exact"
        if classical.value is not None
        else f"classical value  not known: {classical.why}",
        f"quantum value    {quantum.lower:.9g} to {quantum.upper:.9g} ({quantum.kind}; "
        f"strategy of local dimension {quantum.local_dimension}; {_upper_words(quantum)})",
    ]
    lines += [f"  strategy       {quantum.source}"]
    lines += [f"  note           {note}" for note in quantum.notes]
    if bell := answer.bell_inequality:
        lines.append(
            f"{bell.name:<16} classical {bell.classical:g}, quantum {bell.lower:.7g} to {bell.upper:.7g}"
        )
    if own := answer.expression:
        local = "not known" if own.local_bound is None else f"at most {own.local_bound:.7g}"
        lines.append(
            f"as an expression  local {local}, quantum {own.lower:.9g} to {own.upper:.9g}; it is "
            f"{own.exact.scale} w + ({own.exact.offset}) for the value w above"
        )
    if answer.frontier:
        lines += _frontier_lines(answer.frontier)
    if answer.correlation is not None:
        lines += _correlation_lines(answer)
    lines += [
        f"  player {k + 1} answers {' '.join(map(str, own))} to questions 0, 1, .."
        for k, own in enumerate(classical.strategy or ())
    ]
    late = answer.time_limit.words() if answer.time_limit else ""
    return "\n".join([*lines, f"{sum(answer.seconds.values()):.3g} s", *filter(None, [late])])


def _correlation_lines(answer: GameAnswer) -> list[str]:
    """Return (69) as a table: a line for each question, a column for each combination of answers."""
    table = np.asarray(answer.correlation)
    questions = table.shape[: answer.players]
    columns = [" ".join(map(str, own)) for own in np.ndindex(*answer.answers)]
    lines = [
        "P(answers | questions) of the strategy [NatorPereg, eq. (69)]",
        " " * 12 + "".join(f"{own:>10}" for own in columns),
    ]
    for question in np.ndindex(*questions):
        name = " ".join(map(str, question))
        lines.append(f"  {name:<10}" + "".join(f"{value:>10.6f}" for value in table[question].ravel()))
    return lines


def _upper_words(quantum: QuantumValue) -> str:
    """Return the upper bound with where it comes from; level 0 is below the hierarchy."""
    if quantum.level == "0":
        return f"upper bound {quantum.upper:.9g} (the best answers of every question)"
    return f"upper bound {quantum.upper:.9g} (level {quantum.level} of the hierarchy)"


def _frontier_lines(found: Mapping[str, Any]) -> list[str]:
    """Return the four rates for a win probability, each with what it is; none of them is 'the' rate."""
    lines = [
        f"to win {found['win']:g} (qubits to each player a round, asymptotically; four different things):"
    ]
    formula = found["formula_rate"]
    for key, words in (("bob", "H(B|X)"), ("charlie", "H(C|Y)")):
        part = formula.get(key)
        if part is not None and part.get("lower") is not None:
            lines.append(
                f"  {words:<24} {part['lower']:.4f} to {part['upper']:.4f}  {_first(formula['assumption'])}"
            )
    for key in ("time_shared", "strategy_entanglement", "circuit_qubits"):
        value = found[key].get("value")
        if value is not None:
            lines.append(f"  {key.replace('_', ' '):<24} {value:.4f}  {_first(found[key]['assumption'])}")
    return lines


def _first(text: str) -> str:
    """Return the first clause of an explanation; `--json` has all of it."""
    return text.split(". ")[0].split("; ")[0].split(": ")[0]
