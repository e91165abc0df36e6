"""The words and figures of a summary, the same in tables, figures and pages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

CAUTION_BELOW = 1e-3
"""A check whose p-value is smaller than this is reported with a caution."""

KINDS = {"ideal": "ideal simulator", "noise-model": "noise model"}
MANY, WORST = 12, 8
"""Where there are more than `MANY` questions, the `WORST` stand in the table."""

_SMALLEST = 2.3e-308  # binomial tails below the smallest normal number are reported as that number
_NAMES = {
    "win_probability": "Win probability",
    "win_probability_mitigated": "Win probability, readout mitigated",
    "win_probability_min_round": "Win probability of the worst round",
    "chsh_s": "CHSH S",
    "success_probability": "Whole output right",
    "success_postselected": "Whole output right, of the shots that did not leak",
    "surviving_rate": "Surviving rate (dits a qudit)",
    "leakage": "Leakage",
    "error_entropy": "Entropy of errors (dits)",
}
_RATES = {
    "quantum": "quantum, formula (achievable)",
    "theorem1": "quantum, formula (achievable)",
    "classical": "classical, formula",
    "sigma_qmac": "quantum, one computation at a time",
    "holevo": "upper bound, a dit a qudit",
    "dense_coding": "upper bound, dense coding",
    "converse": "upper bound, the best known",
    "three_server_optimum": "optimum of three servers",
    "guessing": "guessing",
    "counted": "used by this circuit (counted)",
    "surviving": "surviving on this target",
}
"""Names of rates of linear computations, in the order of `summary.rates`."""

_CHECKS = {"frame": "a difference between derived and direct inputs"}

LINEAR, GAME, COORDINATION = "linear-computation", "game", "coordination"
"""Kinds of plays."""
_UNITS = ("qubits", "qudits", "log2_dim", "bits", "ebits", "random_bits")


def printable(value: object) -> str:
    """Return a value as text without control characters, which a record could hold.

    >>> printable("a" + chr(27) + "[31mb")
    'a?[31mb'
    """
    return "".join(c if c.isprintable() else "?" for c in str(value))


def in_words(name: str) -> str:
    """Return the name of an estimate as people say it."""
    return _NAMES.get(name, name.replace("_", " "))


def digits(estimate: Mapping[str, Any]) -> int:
    """Return how many decimals show the width of an interval: at least four."""
    width = estimate["high"] - estimate["low"]
    return min(9, max(4, 1 - math.floor(math.log10(width)))) if width > 0 else 4


def interval(estimate: Mapping[str, Any]) -> str:
    """Return `best [low, high]`.

    >>> interval({"low": 0.836, "best": 0.8386, "high": 0.8411})
    '0.8386 [0.8360, 0.8411]'
    """
    low, best, high = (f"{estimate[key]:.{digits(estimate)}f}" for key in ("low", "best", "high"))
    return f"{best} [{low}, {high}]"


def number(value: float, decimals: int = 4) -> str:
    """Return a number without trailing zeros.

    >>> number(0.75), number(2), number(0.8535533905932737)
    ('0.75', '2', '0.8536')
    """
    return f"{value:.{decimals}f}".rstrip("0").rstrip(".")


def p_words(p_value: float) -> str:
    """Return `= p`, or `< 1e-300` where p is too small to be told from zero."""
    return "< 1e-300" if p_value <= _SMALLEST else f"= {p_value:.2g}"


def bound_words(estimate: Mapping[str, Any]) -> str:
    """Return what the bound of an estimate is."""
    if estimate["name"] == "surviving_rate":
        return "classical rate"
    return "guessing" if estimate["name"].startswith("success_") else "classical bound"


def headline(summary: Mapping[str, Any]) -> str:
    """Return in one sentence what a finished run found."""
    if summary["play"] != LINEAR:
        return verdict_words(summary["estimates"][0])
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


def rate_rows(summary: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return (what it is, dits a qudit, source) of every rate of a linear computation."""
    found = {name: (number(rate["value"]), rate["source"]) for name, rate in summary["rates"].items()}
    for estimate in summary["estimates"]:
        if estimate["name"] == "surviving_rate":
            found["surviving"] = interval(estimate), f"{estimate['shots']} shots, {target_words(summary)}"
    names = dict.fromkeys([*(name for name in _RATES if name in found), *found])
    rows = {_RATES.get(name, name.replace("_", " ")): found[name] for name in names}
    return [(words, *row) for words, row in rows.items()]


def input_words(summary: Mapping[str, Any]) -> str:
    """Return how many inputs of a linear computation were run, and how the worst of them fared."""
    inputs = summary["inputs"]
    run = f"{inputs['run']} {'input' if inputs['run'] == 1 else 'inputs'} run"
    right = "of every one" if inputs["all_right"] else "NOT of every one"
    return (
        f"{run}: the commonest output is right {right}; right least often {number(inputs['worst_success'])}"
    )


def symbols(vector: Sequence[int] | None) -> str:
    """Return symbols of a vector with spaces; nothing for an output that was never read.

    >>> symbols([0, 12, 3]), symbols(None)
    ('0 12 3', '-')
    """
    return "-" if vector is None else " ".join(map(str, vector))


def worst_outputs(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the outputs that were right least often, if there are many; else all, in order."""
    return _worst(summary["outputs"], "success")


def _worst(rows: Sequence[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    return list(rows) if len(rows) <= MANY else sorted(rows, key=lambda row: row[key])[:WORST]


def verdict_words(estimate: Mapping[str, Any]) -> str:
    """Return in one sentence what an estimate says of the bound it is judged against."""
    found = f"{in_words(estimate['name'])} {interval(estimate)}"
    if estimate["bound"] is None:
        return f"{found}."
    bound = f"the {bound_words(estimate)} {number(estimate['bound']['value'])}"
    claim = f"is {estimate['verdict']} {bound}"
    if estimate["verdict"] == "inconclusive":
        claim = f"is inconclusive: its interval holds {bound}"
    p_value = [] if estimate["p_value"] is None else [f"p {p_words(estimate['p_value'])}"]
    rests_on = "; ".join([*p_value, *filter(None, [estimate["assumes"]])])
    return f"{found} {claim} ({rests_on})." if rests_on else f"{found} {claim}."


def confidence_words(estimate: Mapping[str, Any]) -> str:
    """Return what an interval is and what it rests on."""
    assumes = f"; assumes {estimate['assumes']}" if estimate["assumes"] else ""
    return f"{100 * estimate['confidence']:g}% {estimate['method']}{assumes}"


def check_words(name: str, check: Mapping[str, Any]) -> str:
    """Return what a check found, with a caution where its p-value is small."""
    what = _CHECKS.get(name, name.removeprefix("no_").replace("_", " "))
    if check["degrees_of_freedom"] == 0:
        return f"{what} not tested: nothing to compare"
    found = "CAUTION: signs of" if is_suspicious(check) else "no sign of"
    return f"{found} {what} (p {p_words(check['p_value'])}; {check['method']})"


def is_suspicious(check: Mapping[str, Any]) -> bool:
    """Whether a check deserves a caution."""
    return bool(check["p_value"] < CAUTION_BELOW)


def unfinished_words(summary: Mapping[str, Any]) -> str:
    """Return how far an unfinished run is, and what finishes it."""
    chunks, finish = summary["chunks"], f"`qcoord collect {Path(summary['run']).name}` finishes it"
    return f"UNFINISHED: {chunks['done']} of {chunks['planned']} chunks counted; {finish}"


def target_words(summary: Mapping[str, Any]) -> str:
    """Return where the circuits ran."""
    return f"{summary['target']} ({KINDS.get(summary['kind'], summary['kind'])})"


def question_words(row: Mapping[str, Any], rounds: int) -> str:
    """Return which question a row of the table of questions is about."""
    return str(row["label"]) if rounds == 1 else f"{row['label']}, round {row['round'] + 1}"


def count_rounds(summary: Mapping[str, Any]) -> int:
    """Return how many rounds a circuit has."""
    return 1 + max((row["round"] for row in summary["questions"]), default=0)


def worst_questions(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the questions that were won least often, if there are many; else all, in order."""
    return _worst(summary["questions"], "best")


def units(usage: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Return the units in which use is counted: the usual ones first."""
    found = {unit for used in usage.values() for unit in used}
    return [u for u in _UNITS if u in found] + sorted(found.difference(_UNITS))
