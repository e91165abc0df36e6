"""An independent evaluation of rates: the region of [Hu2025, Theorem 1] and what it is compared with."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from qcoord_hw.theory.claims import Findings, brief
from qcoord_hw.theory.formats import lacks
from qcoord_hw.theory.linear_computation.checker.arithmetic import side_by_side
from qcoord_hw.theory.linear_computation.checker.scheme import ClaimedTask

MAX_GROUPED = 6
"""Beyond so many servers the converse counts servers as they are, not joined into groups."""


def check_rates(findings: Findings, task: ClaimedTask, c: int) -> None:
    """Check rate, region and baselines of a task with c auxiliary qudits for two instances."""
    sizes, total = dict(zip(task.servers, task.sizes, strict=True)), sum(task.sizes) + c
    rate = Fraction(2 * task.rows, total)
    findings.equal(("rate",), str(rate))
    corners = [
        {s: str(Fraction(m + (c if s == extra else 0), 2)) for s, m in sizes.items()}
        for extra in (task.servers if c else [None])
    ]
    constraints: list[dict[str, Any]] = [
        {"name": s, "coefficients": {s: 2}, "at_least": m} for s, m in sizes.items()
    ]
    constraints.append({"name": "total", "coefficients": dict.fromkeys(sizes, 2), "at_least": total})
    region = {
        "servers": task.servers,
        "sizes": task.sizes,
        "auxiliary": c,
        "constraints": constraints,
        "corners": corners,
        "cost": str(Fraction(total, 2)),
        "rate": str(rate),
    }
    findings.equal(("region",), region)
    values = _compared(task, rate)
    findings.equal(
        ("baselines",), {name: str(value) for name, (value, _) in values.items() if value is not None}
    )
    sources = findings.get("sources")
    if not isinstance(sources, dict) or set(sources) != set(values):
        findings.wrong(("sources",), f"allowed are {', '.join(values)}")
        return
    for name, (value, kind) in values.items():
        findings.equal(("sources", name, "value"), None if value is None else str(value))
        findings.equal(("sources", name, "kind"), kind)


def _compared(task: ClaimedTask, rate: Fraction) -> dict[str, tuple[Fraction | None, str]]:
    """Return the rates that theorem 1 is compared with, and what each is."""
    k, total = task.rows, sum(task.sizes)
    # a sum over n servers costs n/2 qudits, and at least the one that carries a dit
    users = [sum(any(v[row]) for v in task.v) for row in range(k)]
    bound, known = k / least_cost(task), len(task.v) <= 3
    return {
        "theorem1": (rate, "optimum" if rate == bound else "achievable"),
        "classical": (Fraction(k, total), "achievable"),
        "sigma_qmac": (k / sum((max(Fraction(1), Fraction(n, 2)) for n in users), Fraction(0)), "achievable"),
        "holevo": (Fraction(1), "upper bound"),
        "dense_coding": (min(Fraction(1), Fraction(2 * k, total)), "upper bound"),
        "converse": (bound, "optimum" if known else "upper bound"),
        "three_server_optimum": (bound if known else None, "optimum"),
    }


OPTIMUM = {"rate", "cost", "scheme", "source", "certificate"}
CERTIFICATE = {"groups", "ranks", "private", "cost"}


def check_optimum(findings: Findings, task: ClaimedTask) -> None:
    """Check the capacity: rates that were checked, one of which meets the bound of the groups it names.

    Raises:
        LookupError: when a field is missing.
    """
    answer = findings.answer
    rates = {"Hu2025, Theorem 1": findings.get("rate")}
    for k, one in enumerate(findings.get("batched")):
        rates[f"batched, F_{one['field']}"] = findings.get("batched", k, "rate")
    for key, label in (("beyond", "beyond theorem 1"), ("stabilizers", "the stabilizers as given")):
        if isinstance(answer.get(key), dict):
            rates[label] = findings.get(key, "rate")
    least = least_cost(task)
    capacity = str(task.rows / least)
    if lacks(findings, "optimum"):
        return
    if "optimum" not in answer:
        if capacity in rates.values():
            findings.wrong(
                ("optimum",), f"missing, although a scheme attains {capacity}, the most of any code"
            )
        return
    own = findings.get("optimum")
    if not isinstance(own, dict) or set(own) != OPTIMUM:
        findings.wrong(("optimum",), f"not an object of {', '.join(sorted(OPTIMUM))}")
        return
    findings.equal(("optimum", "rate"), capacity)
    findings.equal(("optimum", "cost"), str(least))
    scheme = own["scheme"]
    attained = isinstance(scheme, str) and rates.get(scheme) == own["rate"]
    findings.require(attained, ("optimum", "scheme"), f"does not attain {brief(own['rate'])}")
    _check_converse(findings, task, least)


def _check_converse(findings: Findings, task: ClaimedTask, least: Fraction) -> None:
    """Check that the groups named prove the cost, from the ranks of what they hold."""
    path = ("optimum", "certificate")
    own = findings.get(*path)
    if not isinstance(own, dict) or set(own) != CERTIFICATE:
        findings.wrong(path, f"not an object of {', '.join(sorted(CERTIFICATE))}")
        return
    groups = own["groups"]
    fits = isinstance(groups, list) and all(isinstance(group, list) and group for group in groups)
    if not fits or sorted(str(s) for group in groups for s in group) != sorted(task.servers):
        findings.wrong((*path, "groups"), "not every server in one group")
        return
    held = [[task.v[task.servers.index(s)] for s in group] for group in groups]
    if len(groups) == 1:
        ranks, private, cost = [task.rows], [task.rows], Fraction(task.rows)
    else:
        ranks = [task.f.rank(side_by_side(group)) for group in held]
        rest = [[v for other in held if other is not group for v in other] for group in held]
        private = [task.rows - task.f.rank(side_by_side(group)) for group in rest]
        alone = max(Fraction(max(private), 2), Fraction(sum(private), 2 * (len(groups) - 1)))
        cost = Fraction(sum(ranks), 2) + alone
    findings.confirm(*path, "groups")
    findings.equal((*path, "ranks"), ranks)
    findings.equal((*path, "private"), private)
    findings.equal((*path, "cost"), str(cost))
    if cost != least:
        findings.wrong((*path, "cost"), f"its groups prove {cost}, and {least} is needed")


def least_cost(task: ClaimedTask) -> Fraction:
    """Return the converse: qudits an instance that every scheme needs.

    For any grouping of the servers into g > 1 groups of rank r_i, of which a_i = K - rank(all others) are
    reached by that group alone, the cost is at least sum r_i / 2 + max(max a_i / 2, sum a_i / (2 (g - 1))).
    """
    n, best = len(task.v), Fraction(task.rows)
    ranks: dict[frozenset[int], int] = {frozenset(): 0}

    def rank(group: frozenset[int]) -> int:
        if group not in ranks:
            ranks[group] = task.f.rank(side_by_side([task.v[s] for s in sorted(group)]))
        return ranks[group]

    for labels in _groupings(n) if n <= MAX_GROUPED else [tuple(range(n))]:
        groups = [frozenset(s for s in range(n) if labels[s] == g) for g in sorted(set(labels))]
        if len(groups) > 1:
            alone = [task.rows - rank(frozenset(range(n)) - group) for group in groups]
            both = sum(rank(group) for group in groups)
            best = max(best, Fraction(both + max(alone), 2))
            best = max(best, Fraction(both, 2) + Fraction(sum(alone), 2 * (len(groups) - 1)))
    return best


def _groupings(n: int) -> Iterator[tuple[int, ...]]:
    """Yield the group of each of n servers, for every grouping; a new group has the next number."""
    for labels in itertools.product(*(range(s + 1) for s in range(n))):
        if all(label <= max(labels[:s], default=-1) + 1 for s, label in enumerate(labels)):
            yield labels
