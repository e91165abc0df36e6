"""What is said of a linear computation before and after it is run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qcoord_hw.families.base import Prediction
from qcoord_hw.families.linear_computation.scoring import LinearScoring
from qcoord_hw.families.view import Line, Listing, Section, View
from qcoord_hw.record.bits import symbols
from qcoord_hw.statistics.words import interval, number, p_words, some, worst

if TYPE_CHECKING:
    from qcoord_hw.families.experiment import Experiment
    from qcoord_hw.statistics.analysis import Analysis

CHECKS = {"frame": "a difference between derived and direct inputs"}

RATES = {
    "quantum": "quantum, formula (achievable)",
    "theorem1": "quantum, formula (achievable)",
    "classical": "classical, formula",
    "sigma_qmac": "quantum, one computation at a time",
    "holevo": "upper bound, a dit per qudit",
    "dense_coding": "upper bound, dense coding",
    "converse": "upper bound, the best known",
    "three_server_optimum": "optimum of three servers",
    "guessing": "guessing",
    "counted": "used by this circuit (counted)",
    "surviving": "surviving on this target",
}
"""Names of rates, in the order of `summary.rates`."""


def own_keys(intent: Mapping[str, Any], analysis: Analysis | None) -> dict[str, Any]:
    """Return the keys of a summary that are those of a linear computation."""
    experiment = intent["experiment"]
    found: dict[str, Any] = {"rates": _rates(experiment), "methods": _methods(experiment)}
    if analysis is not None:
        found["inputs"] = _inputs(analysis.rows)
        if isinstance(intent["spec"]["parameters"].get("inputs"), list):  # somebody asked for these outputs
            found["outputs"] = list(analysis.rows)
    return found


def view(summary: Mapping[str, Any]) -> View:
    """Return what is to be drawn of a run: its rates, its inputs, and outputs that somebody asked for."""
    lines = [f"{summary['methods']['words']}."]
    if "inputs" in summary:
        lines.insert(0, f"{input_words(summary)}.")
    listing = _outputs(summary["outputs"]) if summary.get("outputs") else None
    return View(
        headline=_headline(summary) if summary["estimates"] else "",
        leads=True,
        rates=Section("Rates", listing=_rate_listing(summary)),
        details=(Section("Inputs and outputs", tuple(lines), listing),),
        checks=CHECKS,
    )


def rate_rows(summary: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return (what it is, dits per qudit, source) of every rate."""
    found = {name: (number(rate["value"]), rate["source"]) for name, rate in summary["rates"].items()}
    for estimate in summary["estimates"]:
        if estimate["headline"]:
            found["surviving"] = interval(estimate), f"{estimate['shots']} shots on {summary['target']}"
    names = dict.fromkeys([*(name for name in RATES if name in found), *found])
    rows = {RATES.get(name, name.replace("_", " ")): found[name] for name in names}
    return [(words, *row) for words, row in rows.items()]


def input_words(summary: Mapping[str, Any]) -> str:
    """Return how many inputs were run, and how the worst of them fared."""
    inputs = summary["inputs"]
    run = f"{inputs['run']} {'input' if inputs['run'] == 1 else 'inputs'} run"
    right = "of every one" if inputs["all_right"] else "NOT of every one"
    return (
        f"{run}: the commonest output is right {right}; right least often {number(inputs['worst_success'])}"
    )


def worst_outputs(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the outputs that were right least often, if there are many; else all, in order."""
    return worst(rows, lambda row: row["success"])


def predict(experiment: Experiment, play: LinearScoring) -> Prediction:
    """Return the task, its scheme, and the rates that theory states of it."""
    task = play.task
    field = task.field
    modulus = f", modulus {list(field.irreducible_poly)}" if field.degree > 1 else ""
    instances = "one instance" if play.instances == 1 else f"{play.instances} instances"
    named = some([setting.label for setting in experiment.settings])
    lines = [
        f"field     F_{field.order}{modulus}",
        f"task      y = V w for {instances}, {task.rows} symbols each",
        f"scheme    {play.scheme.get('source', '')}",
        *(f"V {s:<8}{v.tolist()}" for s, v in zip(task.servers, task.matrices, strict=True)),
        f"qudits    N = {play.qudits} of {field.order} levels{_auxiliary(play)}",
        *(f"P {s:<8}{p}" for s, p in play.scheme.get("P", {}).items()),
        *(f"reduced   {note}" for note in play.scheme.get("reduced", [])),
        f"inputs    {len(experiment.settings)}: {named}",
        *(
            f"{'rates' if k == 0 else '':<10}{number(value):<8}{name.replace('_', ' ')} ({source})"
            for k, (name, (value, source)) in enumerate(play.baselines.items())
        ),
    ]
    values = {
        "task": task.to_json(),
        "qudits": play.qudits,
        "scheme": play.scheme,
        "rates": {name: {"value": v, "source": s} for name, (v, s) in play.baselines.items()},
    }
    return Prediction(values, tuple(lines))


def _headline(summary: Mapping[str, Any]) -> str:
    found = {estimate["name"]: estimate for estimate in summary["estimates"]}
    success, rate = found["success_probability"], found["surviving_rate"]
    share = "all" if success["best"] == 1 else number(success["best"])
    right = f"{share} of the outputs were right"
    if kept := found.get("success_postselected"):
        right += f" ({number(kept['best'])} of those that did not leak)"
    verb = {"above": "beats", "below": "does not reach", "inconclusive": "cannot be told from"}
    return (
        f"{summary['title']}: {right}; the surviving rate {interval(rate)} {verb[rate['verdict']]} the "
        f"classical {number(rate['bound']['value'])} (p {p_words(rate['p_value'])}; {rate['assumes']})."
    )


def _rate_listing(summary: Mapping[str, Any]) -> Listing:
    rows = tuple(Line(row) for row in rate_rows(summary))
    return Listing(("rate", "dits per qudit", "source"), rows, numeric=(1,))


def _outputs(rows: Sequence[Mapping[str, Any]]) -> Listing:
    vectors = [key for key in rows[0] if key != "success"]
    few = worst_outputs(rows)

    def line(row: Mapping[str, Any]) -> Line:
        read = ("-" if row[key] is None else symbols(row[key]) for key in vectors)
        return Line((*read, number(row["success"])))

    return Listing(
        (*(key.replace("_", " ") for key in vectors), "success"),
        tuple(map(line, rows)),
        tuple(map(line, few)) if len(few) < len(rows) else (),
        "right least often",
        (len(vectors),),
        what="outputs",
    )


def _rates(experiment: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return name -> value and source of what the surviving rate stands beside, in dits per qudit."""
    play, usage = experiment["play"], experiment["usage"] or {}
    rates = {name: {"value": v, "source": source} for name, (v, source) in play["baselines"].items()}
    rates["guessing"] = {"value": 0.0, "source": "no output is learnt when nothing is sent"}
    links = {link: used["qudits"] for link, used in usage.items() if "->" in link and used.get("qudits")}
    if total := sum(links.values()):
        dits = play["baselines"]["quantum"][0] * play["qudits"]
        source = f"{dits:g} dits in {total:g} qudits: " + ", ".join(f"{k} {n:g}" for k, n in links.items())
        rates["counted"] = {"value": dits / total, "source": source}
    return rates


def _methods(experiment: Mapping[str, Any]) -> dict[str, Any]:
    """Return how the inputs were executed, with a sentence for people."""
    inputs = len(experiment["play"]["inputs"])
    methods = sorted({setting["method"] for setting in experiment["settings"][:inputs]})
    checked = len({setting["input"] for setting in experiment["settings"][inputs:]})
    words = "direct: every input was executed"
    if experiment["usage"] is None:
        words = "somebody else executed them: nobody knows how"
    elif methods != ["direct"]:
        twirled = ", with twirled errors," if methods == ["twirled:frame"] else ""
        words = (
            f"derived: one noisy simulation{twirled} serves all inputs, its outcomes shifted by what the "
            f"data flip, before the readout error; checked against {checked or 'no'} directly simulated "
            "inputs"
        )
    return {"inputs": ", ".join(methods), "checked": checked, "words": words}


def _inputs(outputs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return how many inputs ran, the least share of right shots, and if every commonest output is right."""
    return {
        "run": len(outputs),
        "worst_success": min(row["success"] for row in outputs),
        "all_right": all(
            row[key[9:]] == row[key] for row in outputs for key in row if key[:9] == "expected_"
        ),
    }


def _auxiliary(play: LinearScoring) -> str:
    """Return how many of the scheme's qudits are auxiliary, if it is one of Theorem 1."""
    if "c" not in play.scheme:
        return ""
    batched = play.scheme["field"] != play.task.field.order
    return f", c = {play.scheme['c']} of them auxiliary" + (
        f" (batched: counted in qudits of {play.scheme['field']} levels)" if batched else ""
    )
