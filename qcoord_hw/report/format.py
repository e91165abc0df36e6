"""The words and figures of a summary, the same in tables, figures and pages."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from qcoord_hw.record.journal import INTENDED, LIVE
from qcoord_hw.record.reader import FOREIGN

CAUTION_BELOW = 1e-3
"""A check whose p-value is smaller than this is reported with a caution."""

KINDS = {"ideal": "ideal simulator", "noise-model": "noise model", "ibm": "device"}
MANY, WORST = 12, 8
"""Where there are more than `MANY` questions, the `WORST` stand in the table."""

_SMALLEST = 2.3e-308  # binomial tails below the smallest normal number are reported as that number
_NAMES = {
    "win_probability": "Win probability",
    "win_probability_min_round": "Win probability of the worst round",
    "chsh_s": "CHSH S",
    "mean_score": "Mean score",
    "expression": "Bell expression",
    "expression_as_written": "Bell expression as written",
    "success_probability": "Whole output right",
    "success_postselected": "Whole output right, of the shots that did not leak",
    "surviving_rate": "Surviving rate (dits a qudit)",
    "leakage": "Leakage",
    "error_entropy": "Entropy of errors (dits)",
    "trace_norm_exact": "Trace norm to the target, exact",
    "trace_norm_witness": "Trace norm to the target, fixed witness",
    "fidelity_exact": "Fidelity, exact",
    "fidelity_exact_all": "Fidelity of all parts together, exact",
    "fidelity_dfe": "Fidelity, direct fidelity estimation",
    "fidelity_bound": "Fidelity, lower bound from two bases",
}
_SHORT = {
    "trace_norm_exact": "trace norm, exact",
    "trace_norm_witness": "trace norm, witness",
    "fidelity_exact": "fidelity, exact",
    "fidelity_exact_all": "fidelity of all, exact",
    "fidelity_dfe": "fidelity, direct",
    "fidelity_bound": "fidelity, lower bound",
}
_MITIGATED = "_mitigated"
_EXACT = ("_exact", "_exact_all")
_MAIN = ("fidelity_dfe", "fidelity_bound", "trace_norm_witness", "trace_norm_exact")
"""Estimates of a coordination protocol: the first that there is stands for the run."""

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


def in_words(name: str) -> str:
    """Return the name of an estimate as people say it.

    >>> in_words("fidelity_dfe_mitigated")
    'Fidelity, direct fidelity estimation, readout mitigated'
    """
    if name.endswith(_MITIGATED):
        return f"{in_words(name.removesuffix(_MITIGATED))}, readout mitigated"
    return _NAMES.get(name, name.replace("_", " "))


def short_words(name: str) -> str:
    """Return the name of a figure of a coordination protocol in a table of such figures.

    >>> short_words("trace_norm_witness"), short_words("fidelity_dfe_mitigated")
    ('trace norm, witness', 'fidelity, direct, mitigated')
    """
    if name.endswith(_MITIGATED):
        return f"{short_words(name.removesuffix(_MITIGATED))}, mitigated"
    return _SHORT.get(name, name.replace("_", " "))


def is_exact(estimate: Mapping[str, Any]) -> bool:
    """Whether a figure was computed for the target, not counted."""
    return str(estimate["name"]).endswith(_EXACT)


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


def number_exactly(value: float) -> str:
    """Return a number that was computed, to six decimals; rounding errors about zero are zero.

    >>> number_exactly(0.30554263676), number_exactly(-3e-16)
    ('0.305543', '0')
    """
    return number(round(value, 6) + 0.0, 6)


def found_words(estimate: Mapping[str, Any]) -> str:
    """Return an estimate with its interval, or what was computed.

    >>> found_words({"name": "trace_norm_exact", "best": 0.25})
    '0.25 exact'
    """
    return f"{number_exactly(estimate['best'])} exact" if is_exact(estimate) else interval(estimate)


def number(value: float, decimals: int = 4) -> str:
    """Return a number without trailing zeros.

    >>> number(0.75), number(2), number(0.8535533905932737)
    ('0.75', '2', '0.8536')
    """
    return f"{value:.{decimals}f}".rstrip("0").rstrip(".")


def p_words(p_value: float) -> str:
    """Return `= p`, or `< 1e-300` where p is too small to be told from zero."""
    return "< 1e-300" if p_value <= _SMALLEST else f"= {p_value:.2g}"


def in_own_units(estimate: Mapping[str, Any]) -> bool:
    """Return whether an estimate is a Bell expression, in units of its own."""
    return str(estimate["name"]).startswith("expression")


def bound_words(estimate: Mapping[str, Any]) -> str:
    """Return what the bound of an estimate is."""
    if estimate["name"] == "surviving_rate":
        return "classical rate"
    if estimate["name"].startswith("fidelity_"):
        return "separable bound"
    if in_own_units(estimate):
        return "local bound"
    return "guessing" if estimate["name"].startswith("success_") else "classical bound"


def headline(summary: Mapping[str, Any]) -> str:
    """Return in one sentence what a finished run found."""
    if summary["play"] == GAME:
        return verdict_words(summary["estimates"][0])
    if summary["play"] == COORDINATION:
        return _distance_words(summary)
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


def main_estimate(summary: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the estimate that stands for a run of a coordination protocol; None if there is none."""
    found = {estimate["name"]: estimate for estimate in summary["estimates"]}
    return next((found[name] for name in [*_MAIN, *found] if name in found), None)


def ideal_and_exact(summary: Mapping[str, Any], name: str) -> tuple[float | None, float | None]:
    """Return what ideal circuits, and this target, make of the figure that an estimate is about."""
    figure = "fidelity_exact" if name.startswith("fidelity") else "trace_norm_exact"
    here = next((e["best"] for e in summary["estimates"] if e["name"] == figure), None)
    return summary["ideal"].get(figure), here


def _distance_words(summary: Mapping[str, Any]) -> str:
    """Return the main estimate of a coordination protocol, and what was computed of the same figure."""
    estimate = main_estimate(summary)
    if estimate is None:
        return "Nothing was estimated."
    ideal, here = ideal_and_exact(summary, estimate["name"])
    computed = [(here, f"on {summary['target']}"), (ideal, "for ideal circuits")]
    exact = [f"{number_exactly(value)} {where}" for value, where in computed if value is not None]
    figure = "fidelity" if estimate["name"].startswith("fidelity") else "trace norm"
    return " ".join(
        [verdict_words(estimate), *([f"Computed: {figure} {', '.join(exact)}."] if exact else [])]
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
    return worst(summary["outputs"], lambda row: row["success"])


def worst(rows: Sequence[dict[str, Any]], key: Callable[[dict[str, Any]], float]) -> list[dict[str, Any]]:
    """Return the rows of the lowest keys if there are more than `MANY`; else all, in order."""
    return list(rows) if len(rows) <= MANY else sorted(rows, key=key)[:WORST]


def verdict_words(estimate: Mapping[str, Any]) -> str:
    """Return in one sentence what an estimate says of the bound it is judged against."""
    found = f"{in_words(estimate['name'])} {found_words(estimate)}"
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
    """Return what an interval is and what it rests on; of an exact figure, how it was computed."""
    if is_exact(estimate):
        return str(estimate["method"])
    estimand = f"{estimate['estimand']}; " if estimate.get("estimand") else ""
    assumes = f"; assumes {estimate['assumes']}" if estimate["assumes"] else ""
    return f"{estimand}{100 * estimate['confidence']:g}% {estimate['method']}{assumes}"


def check_words(name: str, check: Mapping[str, Any] | None) -> str:
    """Return what a check found, with a caution where its p-value is small; or that it was not made."""
    what = _CHECKS.get(name, name.removeprefix("no_").replace("_", " "))
    if check is None:
        return f"{what} not tested: nothing to compare"
    if is_tomography(check):
        return (
            f"tomography: plug-in trace norm {number(check['value'])}; null mean "
            f"{number(check['null_mean'])}, 95% of {check['null_draws']} nulls below "
            f"{number(check['null_95'])}; exact for ideal circuits {number_exactly(check['ideal'])} "
            f"({check['method']})"
        )
    found = "CAUTION: signs of" if is_suspicious(check) else "no sign of"
    return f"{found} {what} (p {p_words(check['p_value'])}; {check['method']})"


def is_tomography(check: Mapping[str, Any] | None) -> bool:
    """Whether a check is a plug-in distance beside its null, which real devices are meant to exceed."""
    return check is not None and "null_mean" in check


def is_passed(check: Mapping[str, Any] | None) -> bool:
    """Whether a check was made and found nothing."""
    return check is not None and not is_tomography(check) and not is_suspicious(check)


def is_suspicious(check: Mapping[str, Any] | None) -> bool:
    """Whether a check deserves a caution."""
    return check is not None and not is_tomography(check) and bool(check["p_value"] < CAUTION_BELOW)


def unfinished_words(summary: Mapping[str, Any]) -> str:
    """Return how far an unfinished run is, and what finishes it."""
    chunks, name = summary["chunks"], Path(summary["run"]).name
    finish = f"`qcoord collect {name}` finishes it"
    if "jobs" in summary:
        coming = [job["state"] for job in summary["jobs"] if job["state"] in LIVE]
        if not coming or (summary["stopped"] and set(coming) == {INTENDED}):
            return f"UNFINISHED: nothing is on the device; `qcoord submit {name}` sends what is missing"
        finish = f"`qcoord collect {name}` counts what came back"
    elif summary["kind"] in FOREIGN:  # which a record cannot build again
        finish = "in Python, `qc.collect(run, target=..)` with the same object finishes it"
    return f"UNFINISHED: {chunks['done']} of {chunks['planned']} chunks counted; {finish}"


def job_words(job: Mapping[str, Any]) -> str:
    """Return how far a job on a device is."""
    name = f"job {job['id'] or job['tag']}: {job['state']}"
    size = f"{job['circuits']} circuits of {job['shots']} shots"
    charged = "" if job["usage_seconds"] is None else f", {job['usage_seconds']:.3g} QPU seconds charged"
    twins = f", sent again as {', '.join(job['twins'])}, cancelled" if job["twins"] else ""
    return f"{name}, {size}{charged}{twins}" + (f" ({job['reason']})" if job["reason"] else "")


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
    return worst(summary["questions"], lambda row: row["best"])


def units(usage: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Return the units in which use is counted: the usual ones first."""
    found = {unit for used in usage.values() for unit in used}
    return [u for u in _UNITS if u in found] + sorted(found.difference(_UNITS))
