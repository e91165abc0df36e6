"""The verdict on an answer of `qcoord theory region --json`: what is proved again, and what is wrong.

Every value is proved again from the target and the certificate, save a few that are named in `not_checked`:
how long it took, a comparison with the paper's own map, which of several cells fits worst, isometries that do
not make a target which cannot be made, and the rate tuple asked about where there is no region.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from qcoord_hw.errors import InputError
from qcoord_hw.theory.claims import Findings, Verdict, is_integer, is_number
from qcoord_hw.theory.digest import digest
from qcoord_hw.theory.formats import FORMAT, lacks, stated
from qcoord_hw.theory.networks import NETWORKS as ALL_NETWORKS
from qcoord_hw.theory.regions.auxiliary.checker import NETWORKS, NOT_RECHECKED, check_region
from qcoord_hw.theory.regions.auxiliary.checker.cascade import check_cascade, check_two_node
from qcoord_hw.theory.regions.auxiliary.checker.dense import entropy_of, subsets
from qcoord_hw.theory.regions.auxiliary.checker.half_spaces import (
    BOUNDARY,
    FIELDS,
    check_membership,
    check_rates,
    check_slacks,
    check_source,
    check_where,
)
from qcoord_hw.theory.regions.auxiliary.checker.links import Known
from qcoord_hw.theory.regions.auxiliary.checker.pure import check_broadcast, check_multiple_access
from qcoord_hw.theory.regions.auxiliary.checker.reduction import State, read_target, reduce
from qcoord_hw.theory.regions.auxiliary.checker.terms import term_faults
from qcoord_hw.theory.regions.holders import holders
from qcoord_hw.theory.regions.resources import resource_inequalities
from qcoord_hw.theory.states import state_from_json

TOLERANCE = 1e-9
MOST_VALUES = 2_000_000
MOST_SYSTEMS = 30
MOST_ENTRIES = 1_000_000
"""Entries of a target's blocks at most."""

KEYS = (
    "ok",
    "network",
    "state",
    "status",
    "why",
    "criteria",
    "scores",
    "terms",
    "details",
    "frontier",
    "quantities",
    "certificate",
    "seconds",
    "holders",
    "notes",
)
NEVER = tuple((key,) for key in (*KEYS, "membership") if key not in ("why", "seconds", "details")) + (
    ("details", "entropies"),
    ("details", "core_dimensions"),
    ("details", "purifier_regions"),
    ("details", "schemes"),
    ("details", "measurements"),
    ("details", "codebook"),
    ("details", "formula"),
    ("details", "parties"),
)
"""What may not stay unproved."""

NEWER = ("scores", "terms")
"""Keys that answers of older versions lack."""

QUBITS: dict[str, Callable[[Findings, State], Known | None]] = {
    "cascade": check_cascade,
    "quantum-broadcast": check_broadcast,
    "multiple-access": check_multiple_access,
}


def check_region_answer(data: Any, *, time_limit: float = 120) -> Verdict:
    """Return what an independent checker says of an answer about a region.

    Args:
        data: parsed JSON, as `qcoord theory region --json` prints it.
        time_limit: seconds for the proofs of lower bounds of networks with classical links.
    """
    if not isinstance(data, dict):
        return Verdict(("answer: not an object",), (), ())
    f = Findings(data)
    bound = "confirmed"
    try:
        _check_size(data)
        bound = _check(f, data, time_limit)
    except (InputError, LookupError) as error:
        f.violations.append(str(error.args[0]) if error.args else "a value is missing")
    except (ValueError, TypeError, ArithmeticError, AttributeError, np.linalg.LinAlgError) as error:
        f.violations.append(f"malformed: {' '.join(str(error).split())}")
    return f.verdict(NEVER, bound)


def _check_size(data: dict[str, Any]) -> None:
    """Refuse what is too large before anything is computed."""
    left = MOST_VALUES
    todo: list[Any] = [data]
    while todo and left > 0:
        value = todo.pop()
        inside = value.values() if isinstance(value, dict) else value
        for one in inside:
            left -= 1
            if isinstance(one, dict | list):
                todo.append(one)
    if left <= 0:
        raise InputError(f"answer: more than {MOST_VALUES} values; allowed are fewer")
    certificate = data.get("certificate")
    target = certificate.get("target") if isinstance(certificate, dict) else None
    if not isinstance(target, dict):
        raise InputError("certificate.target: missing; allowed is the state that the answer is about")
    systems: Any = target.get("systems")
    classical = target.get("classical")
    fits = isinstance(systems, dict) and len(systems) <= MOST_SYSTEMS
    if not fits or not all(is_integer(d, 1, 10) for d in systems.values()):
        raise InputError(
            f"certificate.target.systems: allowed are at most {MOST_SYSTEMS} dimensions from 1 to 10"
        )
    quantum = [d for s, d in systems.items() if not isinstance(classical, list) or s not in classical]
    if math.prod(systems.values()) * math.prod(quantum) > MOST_ENTRIES:
        raise InputError(f"certificate.target.systems: more than {MOST_ENTRIES} entries; allowed are fewer")


def _check(f: Findings, data: dict[str, Any], time_limit: float) -> str:
    """Fill in what is found; return what is known of the lower bounds."""
    for key in KEYS:
        if key not in NEWER or not lacks(f, key):
            f.get(key)
    f.equal(("ok",), True)
    for key, kind, words in (("frontier", list, "a list"), ("quantities", dict, "an object")):
        if not isinstance(data[key], kind):
            raise InputError(f"{key}: allowed is {words}")
    network = data["network"]
    if not isinstance(network, str) or network not in ALL_NETWORKS:
        raise InputError(f"network: allowed are {', '.join(ALL_NETWORKS)}")
    f.confirm("network")
    certificate = dict(data["certificate"])
    sealed = certificate.pop("sha256", None)
    if sealed != digest(certificate):
        raise InputError("certificate.sha256: the certificate was changed; allowed is one as it was printed")
    if stated(data) not in (None, FORMAT):
        raise InputError(f"certificate.format: allowed is {FORMAT}, or none as older versions printed it")
    target = certificate["target"]
    f.equal(("state",), target.get("name"))
    f.equal(("notes",), target.get("notes", []))
    state, faults = read_target(certificate)  # JSON numbers alone: the text of a number may be a trap
    if faults:
        raise InputError(faults[0])
    f.equal(("holders",), holders(state_from_json(target), network))
    names, bound = ALL_NETWORKS[network].rates, "confirmed"
    bits = network in NETWORKS and bool(state.classical or network == "no-communication")
    if bits:
        _check_words(f, data)
    elif network == "two-node":
        names = ("Q",)
        _check_terms(f, state, check_two_node(f, state))
    else:
        _check_terms(f, state, QUBITS[network](f, state) or {})
    if not bits:
        f.equal(("frontier",), [])
        f.equal(("quantities",), {})
    lines = [] if f.violations else resource_inequalities(network, f.get("criteria"))
    if "resource_inequalities" in data or (lines and not lacks(f, "resource_inequalities")):
        f.equal(("resource_inequalities",), lines)  # words for corners that are confirmed
    if not f.violations:
        _check_asked(f, names, bits)
    if bits and not f.violations:  # proofs take time, so that they come last
        bound = _check_programs(f, data, time_limit)
    f.confirm("certificate")
    return bound


def _check_terms(f: Findings, state: State, further: Known) -> None:
    """Check the terms of a network with links of qubits: entropies of the target, and what else is named."""
    known = {f"S({systems})": entropy_of(state, systems) for systems in subsets("XYABC")} | further
    if "terms" in f.answer:
        if not f.violations:
            f.violations += term_faults(f.answer, lambda criterion, place: known)
        f.confirm("terms")


def _check_words(f: Findings, data: dict[str, Any]) -> None:
    """Check what an answer for classical links says of its certificate: parties and half-spaces, in order."""
    certificate = data["certificate"]
    if data["status"] != "feasible":
        f.equal(("criteria",), {})
        f.equal(("details",), {})
        if "terms" in data:
            f.equal(("terms",), [])
        return
    if set(f.get("criteria")) != {"theorem"} or set(f.get("criteria", "theorem")) != {
        "constraints",
        "corners",
    }:
        f.wrong(("criteria",), "other criteria than the theorem")
    f.equal(("details",), {"parties": _parties(certificate)})
    programs = {program["name"]: program for program in certificate["programs"]}
    order = [programs[name] for name in ("R_inf", "C0", "C") if name in programs]
    order += [p for p in certificate["programs"] if "R0" in p and 0 < p["beta"] < 1]
    constraints = f.get("criteria", "theorem", "constraints")
    if not isinstance(constraints, list) or len(constraints) != len(order):
        f.wrong(("criteria", "theorem", "constraints"), f"not a list of {len(order)}")
        return
    for k, program in enumerate(order):
        here = ("criteria", "theorem", "constraints", k)
        last = {} if "C" in programs else {"R1": 1.0}
        rates = {"R0": float(program["beta"]), **last}
        check_rates(f, here, {name: c for name, c in rates.items() if c})
        check_source(f, here, "[NatorPereg, Theorem ")
        for key, value in ((">=", "upper"), ("lower", "lower"), ("upper", "upper")):
            f.close((*here, key), program[value], TOLERANCE)
        if set(f.get(*here)) != FIELDS:
            f.wrong(here, f"other fields than {', '.join(sorted(FIELDS))}")


def _check_programs(f: Findings, data: dict[str, Any], time_limit: float) -> str:
    """Check the programs of a network with classical links: see `check_region`."""
    lines = check_region(data, time_limit=time_limit)
    late = [line for line in lines if line.startswith(NOT_RECHECKED)]
    f.violations += lines  # a bound that is not proved in the time may not pass for one that is
    for key in ("criteria", "terms", "frontier", "quantities", "status"):
        if key in data:
            f.confirm(key)
    return late[0] if late else "confirmed"


def _parties(certificate: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the parties of the reduced problem."""
    target, _ = read_target(certificate)
    state, _ = reduce(target, certificate)
    sizes = dict(zip(state.classical + state.quantum, state.letters + state.dimensions, strict=True))
    return [
        {"name": party["name"], "kind": party["kind"], "dimension": sizes[party["name"]]}
        for party in certificate["parties"]
    ]


def _check_asked(f: Findings, names: tuple[str, ...], bits: bool) -> None:
    """Check where the rate tuple that was asked about is said to be."""
    asked: Any = f.answer.get("at")
    if ("at" in f.answer) != ("membership" in f.answer):
        f.wrong(("membership",), "a rate tuple without its place, or a place without its tuple")
        return
    if "at" not in f.answer:
        return
    fits = isinstance(asked, dict) and set(asked) == set(names)
    if not fits or not all(is_number(asked[name]) and asked[name] >= 0 for name in names):
        f.wrong(("at",), f"allowed are {', '.join(names)}, numbers of at least 0")
        return
    if set(f.get("membership")) != set(f.get("criteria")):
        f.wrong(("membership",), "not one for each criterion")
        return
    point = np.array([float(asked[name]) for name in names])
    for name in f.get("criteria"):
        if bits:
            _check_placed(f, name, names, point)
        else:
            check_membership(f, name, names, point)
        keys = {"inside", "where", "margin", "slacks"} | ({"least"} if bits else set())
        if set(f.get("membership", name)) != keys:
            f.wrong(("membership", name), f"other fields than {', '.join(sorted(keys))}")
    if f.get("criteria"):
        f.confirm("at")
    else:
        f.equal(("membership",), {})


def _check_placed(f: Findings, name: str, names: tuple[str, ...], point: Any) -> None:
    """Check the place of a tuple in a network with classical links, against what its programs prove."""
    path = ("membership", name)
    lower, upper, step = _least(f, point)
    f.close((*path, "least", "lower"), lower, TOLERANCE)
    f.close((*path, "least", "upper"), upper, TOLERANCE)
    if set(f.get(*path, "least")) != {"lower", "upper"}:
        f.wrong((*path, "least"), "other fields than lower and upper")
    rate = float(point[-1])
    check_where(f, path, rate - step - upper, rate + step - upper, rate + step - lower)
    f.close((*path, "margin"), rate - (lower if f.get(*path, "inside") is False else upper), TOLERANCE)
    slacks = []
    for constraint in f.get("criteria", name, "constraints"):
        value = sum(float(constraint["rates"].get(r, 0)) * x for r, x in zip(names, point, strict=True))
        slacks.append(float(value) - float(constraint[">="]))
    check_slacks(f, path, slacks)


def _least(f: Findings, point: Any) -> tuple[float, float, float]:
    """Return the bounds of the least last rate at a point, and the step that the boundary is wide."""
    if len(point) == 1:
        bracket = f.get("quantities", "C")
        return bracket["lower"], bracket["upper"], BOUNDARY
    programs = f.get("certificate", "programs")
    lower = max([0.0, *(float(p["lower"]) - float(p["beta"]) * float(point[0]) for p in programs)])
    corners = sorted((float(c["R0"]), float(c["R1"])) for c in f.get("criteria", "theorem", "corners"))
    upper = float(np.interp(point[0], *np.array(corners).T))
    return lower, upper, 2 * BOUNDARY
