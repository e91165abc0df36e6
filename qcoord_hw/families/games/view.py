"""What is said of a game before and after it is run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qcoord_hw.families.base import Prediction
from qcoord_hw.families.games.expression import EXPRESSION, units_of
from qcoord_hw.families.games.rule import rule_lines
from qcoord_hw.families.games.scoring import GameScoring
from qcoord_hw.families.view import Line, Listing, Panel, Section, View
from qcoord_hw.statistics.shots import shots_for_verdict
from qcoord_hw.statistics.words import interval, main_estimate, some, verdict_words, worst
from qcoord_hw.theory.value import Value

if TYPE_CHECKING:
    from qcoord_hw.families.experiment import Experiment
    from qcoord_hw.statistics.analysis import Analysis


def own_keys(intent: Mapping[str, Any], analysis: Analysis | None) -> dict[str, Any]:
    """Return the keys of a summary that are those of a game: its questions, and a Bell expression's units."""
    from qcoord_hw.families.games.expression import summary_block

    if analysis is None:
        return {"questions": []}
    figures = intent["experiment"]["play"].get("figures", ())
    own = summary_block(figures, analysis.estimates)
    return {"questions": list(analysis.rows), **({"expression": own} if own else {})}


def view(summary: Mapping[str, Any]) -> View:
    """Return what is to be drawn of a run: a row for each question and round."""
    main = main_estimate(summary["estimates"])
    if main is None:
        return View()
    rows = summary["questions"]
    rounds = count_rounds(rows)
    bound = main["bound"] and main["bound"]["value"]
    return View(
        headline=verdict_words(main),
        details=(Section("Questions", listing=_listing(rows, rounds, bound)),) if rows else (),
        panel=Panel(
            "each question",
            tuple(_line(row, rounds) for row in rows),
            tuple(dict.fromkeys(e["bound"]["value"] for e in summary["estimates"] if _is_shared(e, main))),
        ),
        counted="shots" if rounds == 1 else "rounds played",
    )


def count_rounds(rows: Sequence[Mapping[str, Any]]) -> int:
    """Return how many rounds a circuit has."""
    return 1 + max((row["round"] for row in rows), default=0)


def worst_questions(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the questions that were won least often, if there are many; else all, in order."""
    return worst(rows, lambda row: row["best"])


def predict(experiment: Experiment, play: GameScoring) -> Prediction:
    """Return what theory says of a game, and how many shots a verdict takes if it wins as theory says."""
    shots = None
    if play.theory is not None and play.game.score is None:
        shots = shots_for_verdict(play.theory.value, play.bound.value)
    named = some([setting.label for setting in experiment.settings])
    rule = rule_lines(play)
    lines = [
        *(f"{'rules' if k == 0 else '':<10}{line}" for k, line in enumerate(rule)),
        f"circuits  {len(experiment.circuits)}, one per question: {named}",
        f"theory    win probability {_stated(play.theory)}",
        f"bound     {_stated(play.bound)}, classical",
    ]
    own = next((figure for figure in play.figures if figure.name == EXPRESSION), None)
    if own is not None:
        reached = f", this strategy {own.theory.value:.6g}" if own.theory else ""
        lines.append(
            f"own units I = {own.scale:.6g} w {own.offset:+.6g}: local at most {own.bound.value:.6g}{reached}"
        )
    if shots is not None:
        lines.append(f"shots     {shots} in all for p < 1e-6, if it wins as theory says")
    values = {
        "rule": list(rule),
        "theory": play.theory.to_json() if play.theory else None,
        "bound": play.bound.to_json(),
        "shots_for_verdict": shots,
    } | ({} if own is None else {"expression": units_of(own)})
    return Prediction(values, tuple(lines))


def _listing(rows: Sequence[Mapping[str, Any]], rounds: int, bound: float | None) -> Listing:
    few = worst_questions(rows)
    return Listing(
        ("question", "wins", "shots", "best [low, high]"),
        tuple(_line(row, rounds) for row in rows),
        tuple(_line(row, rounds) for row in few) if len(few) < len(rows) else (),
        "won least often",
        (1, 2, 3),
        bound,
        "questions",
    )


def _line(row: Mapping[str, Any], rounds: int) -> Line:
    name = str(row["label"]) if rounds == 1 else f"{row['label']}, round {row['round'] + 1}"
    cells = (name, str(row["wins"]), str(row["shots"]), interval(row))
    return Line(cells, (row["low"], row["best"], row["high"]))


def _is_shared(estimate: Mapping[str, Any], main: Mapping[str, Any]) -> bool:
    """Whether the bound of an estimate is one for each question as well."""
    return bool(estimate["bound"]) and estimate["axis"] == main["axis"]


def _stated(value: Value | None) -> str:
    return f"{value.value:.6g} ({value.kind}; {value.source})" if value else "not stated"
