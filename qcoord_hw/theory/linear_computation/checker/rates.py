"""An independent evaluation of rates: the region of [Hu2025, Theorem 1] and what it is compared with."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from qcoord_hw.theory.claims import Findings
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
