"""The independent checker of the answers for networks with classical links.

It reads what `qcoord theory region --json` prints for the two-node, classical-broadcast and no-communication
networks (Theorems 1, 5 and 4 of [NatorPereg]), shares no code with the solver that made it, and verifies

- that the reduced problem is the target up to steps that leave the optimum as it is (`reduction`);
- of every program, that the mixture is one of the target and has the rates printed, and that K and delta
  prove the lower bound (`programs`; which products may occur: `support`, and for two qubits with kernels
  `kernels`; proof of delta: `bound`, `side`, `ring`);
- that the quantities, the frontier and the region's half-spaces and corners (`criteria`) say what the
  programs prove;
- of an infeasible target, the witness of entanglement (`witness`).

Entropies and rates are in bits. The arithmetic is floating point: figures agree within 1e-9, and local
supports are cut at eigenvalues of 1e-9, kernels of blocks of two qubits at 1e-10.
"""

from __future__ import annotations

import math
import time
from typing import Any

from qcoord_hw.errors import InputError
from qcoord_hw.theory.regions.auxiliary.checker.bound import NOT_RECHECKED
from qcoord_hw.theory.regions.auxiliary.checker.criteria import criteria_faults
from qcoord_hw.theory.regions.auxiliary.checker.links import mixture_names
from qcoord_hw.theory.regions.auxiliary.checker.programs import (
    Program,
    Reduced,
    differs,
    prove,
    read_program,
)
from qcoord_hw.theory.regions.auxiliary.checker.reading import field, items, number, refuse, text
from qcoord_hw.theory.regions.auxiliary.checker.reduction import State, read_target, reduce
from qcoord_hw.theory.regions.auxiliary.checker.terms import term_faults
from qcoord_hw.theory.regions.auxiliary.checker.witness import check_infeasible

__all__ = ["NETWORKS", "NOT_RECHECKED", "check_region"]

NETWORKS = ("two-node", "classical-broadcast", "no-communication")


def check_region(answer: dict[str, Any], *, time_limit: float = 120) -> tuple[str, ...]:
    """Return the violations of an answer; none if it is accepted.

    Lines that begin with NOT_RECHECKED name a bound that could be neither proved nor refuted in the time.

    Args:
        answer: parsed JSON, as `qcoord theory region --json` prints it.
        time_limit: seconds for all proofs together.

    Raises:
        InputError: a field is missing or malformed; one line names it.
    """
    end = time.monotonic() + time_limit
    network = text(field(answer, "network", "answer"), "answer.network", NETWORKS)
    status = text(
        field(answer, "status", "answer"),
        "answer.status",
        ("feasible", "infeasible", "undetermined", "not_covered"),
    )
    certificate = answer.get("certificate")
    if certificate is None:
        if status in ("feasible", "infeasible"):
            raise refuse("answer.certificate", None, f"a certificate, as the status is {status}")
        claims = _bounds(answer, status)
        return tuple(
            f"{name}: given without a certificate"
            for name, (low, up) in claims.items()
            if low > 0 or up < math.inf
        )
    if status == "infeasible":
        return tuple(check_infeasible(certificate) + _infinite_faults(answer))
    return tuple(_feasible_faults(answer, network, certificate, status, end))


def _feasible_faults(
    answer: dict[str, Any], network: str, certificate: Any, status: str, end: float
) -> list[str]:
    target, faults = read_target(certificate)
    state, found = reduce(target, certificate)
    faults += found
    order = state.classical + state.quantum
    sender = field(certificate, "sender", "certificate")
    if not isinstance(sender, bool):
        raise refuse("certificate.sender", sender, "true or false")
    faults += _sender_faults(network, target, order, sender)
    if faults:  # nothing below would mean much
        return faults
    problem = Reduced(state, order, sender)
    listed = items(field(certificate, "programs", "certificate"), "certificate.programs")
    programs: dict[str, Program] = {}
    for i, data in enumerate(listed):
        where = f"certificate.programs[{i}]"
        program, found = read_program(problem, data, where)
        if program.name in programs:
            raise refuse(f"{where}.name", program.name, "each name once")
        programs[program.name] = program
        faults += found
    faults += _quantity_faults(answer, network, status, programs) + _frontier_faults(answer, programs)
    faults += criteria_faults(answer, network, programs.values())
    if not faults:
        faults += _term_faults(answer, problem, target, programs)
    if faults:  # the proofs take time, and the answer is refused already
        return faults
    for i, program in enumerate(programs.values()):
        now = time.monotonic()
        share = max(0.0, end - now) / (len(programs) - i)
        faults += prove(problem, program, f"certificate.programs[{i}]", now + share)
    return faults


def _term_faults(
    answer: dict[str, Any], problem: Reduced, target: State, programs: dict[str, Program]
) -> list[str]:
    """Return where the terms of a constraint are not those of the program that it comes from."""
    order = [programs[name] for name in ("R_inf", "C0", "C") if name in programs]
    order += [p for p in programs.values() if p.shared is not None and 0 < p.beta < 1]

    def known(criterion: str, place: int) -> dict[str, float]:
        return mixture_names(problem, order[place].conditional, target) if place < len(order) else {}

    def formula(criterion: str, place: int) -> dict[str, float]:
        """Return the coefficients of (1 - beta) I(X;U) + beta I(all;U) by what the names begin with."""
        beta = order[place].beta
        given = zip(problem.order, problem.weights(beta), strict=True)
        whole = {f"S({''.join(problem.order)})": beta}
        own = {f"S({problem.order[0]})": 1 - beta} if problem.sender and len(problem.order) > 1 else {}
        return {f"S({name}|U)": -weight for name, weight in given} | own | whole

    told = answer.get("criteria") and "terms" in answer  # `.answer` refuses where it should be
    return term_faults(answer, known, formula) if told else []


def _sender_faults(network: str, target: State, order: tuple[str, ...], sender: bool) -> list[str]:
    """Return why the first party is not as it should be. The sender is X, else the first classical one."""
    if network == "no-communication":
        return ["certificate.sender: true given, in a network without communication"] if sender else []
    if not target.classical:
        return [f"certificate.target.classical: no sender of the {network} network"]
    name = "X" if "X" in target.classical else target.classical[0]
    if sender != (name in order):
        return [f"certificate.sender: {sender} given, but {name} is {'' if name in order else 'not '}a party"]
    if sender and order[0] != name:
        return [f"certificate.parties[0].name: {order[0]} given, but the sender is {name}"]
    return []


def _quantity_faults(
    answer: dict[str, Any], network: str, status: str, programs: dict[str, Program]
) -> list[str]:
    """Return where the named quantities are not those of the programs."""
    faults, claims = [], _bounds(answer, status)
    named = {"C": 1.0} if network == "no-communication" else {"C0": 1.0, "R_inf": 0.0}
    for name, beta in named.items():
        if name not in programs:
            raise InputError(f"certificate.programs: no program {name}; allowed is one named {name}")
        if name not in claims:
            raise InputError(f"answer.quantities.{name}: nothing given; allowed is its lower and upper bound")
        program, (lower, upper) = programs[name], claims[name]
        faults += differs(f"certificate.programs.{name}.beta", program.beta, beta)
        faults += differs(f"answer.quantities.{name}.lower", lower, program.lower)
        faults += differs(f"answer.quantities.{name}.upper", upper, program.upper)
    if "R_inf" in named:
        if "R0_for_R_inf" not in claims:
            raise InputError("answer.quantities.R0_for_R_inf: nothing given; allowed is its upper bound")
        program = programs["R_inf"]
        needed = program.sum_rate - program.sender_rate if program.sum_rate < math.inf else math.inf
        faults += differs("answer.quantities.R0_for_R_inf.upper", claims["R0_for_R_inf"][1], needed)
    for name in sorted(set(claims) - set(named) - {"R0_for_R_inf"}):
        faults.append(f"answer.quantities.{name}: no program proves it")
    return faults


def _frontier_faults(answer: dict[str, Any], programs: dict[str, Program]) -> list[str]:
    """Return where the points of the frontier are not what the programs prove."""
    faults: list[str] = []
    shared = {program.shared: program for program in programs.values() if program.shared is not None}
    asked = answer.get("at")  # which has a program of its own
    left = set(shared) - ({asked.get("R0")} if isinstance(asked, dict) else set())
    for i, point in enumerate(items(answer.get("frontier") or [], "answer.frontier")):
        where = f"answer.frontier[{i}]"
        r0 = number(field(point, "R0", where), f"{where}.R0")
        lower = number(field(point, "lower", where), f"{where}.lower")
        upper = number(field(point, "upper", where), f"{where}.upper", infinite=True)
        proved = max([0.0, *(program.lower - program.beta * r0 for program in programs.values())])
        faults += differs(f"{where}.lower", lower, proved)
        program = shared.get(r0)
        left.discard(r0)
        if program is None or program.sender_upper is None:
            faults.append(f"{where}.R0: no program has R0 = {r0:.12g}")
        else:
            faults += differs(f"{where}.upper", upper, program.sender_upper)
        rate = number(field(point, "R1", where), f"{where}.R1", infinite=True)
        faults += differs(f"{where}.R1", rate, upper)
    faults += [f"answer.frontier: no point with R0 = {r0:.12g}, of which there is a program" for r0 in left]
    return faults


def _infinite_faults(answer: dict[str, Any]) -> list[str]:
    faults, bounds = [], _bounds(answer, "infeasible")
    for name in {"C"} if answer.get("network") == "no-communication" else {"C0", "R_inf"}:
        if name not in bounds:
            faults.append(
                f"answer.quantities.{name}: nothing given; allowed is infinity, nothing makes the target"
            )
    for name, (lower, upper) in bounds.items():
        if not lower == upper == math.inf:
            faults.append(f"answer.quantities.{name}: finite, but the target is infeasible")
    if answer.get("frontier"):
        faults.append("answer.frontier: given, but the target is infeasible")
    if answer.get("criteria"):
        faults.append("answer.criteria: given, but the target is infeasible")
    return faults


def _bounds(answer: dict[str, Any], status: str) -> dict[str, tuple[float, float]]:
    """Return (lower, upper) of each quantity; a missing lower is 0, or infinity for an infeasible target."""
    quantities = answer.get("quantities") or {}
    if not isinstance(quantities, dict):
        raise refuse("answer.quantities", quantities, "an object")
    bounds = {}
    for name, data in quantities.items():
        where = f"answer.quantities.{name}"
        upper = number(field(data, "upper", where), f"{where}.upper", infinite=True)
        lower = math.inf if status == "infeasible" else 0.0
        if "lower" in data:
            lower = number(data["lower"], f"{where}.lower", infinite=True)
        elif name != "R0_for_R_inf":
            raise InputError(f'{where}.lower: nothing given; allowed is a number or "inf"')
        bounds[name] = (lower, upper)
    return bounds
