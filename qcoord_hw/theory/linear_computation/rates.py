"""Exact rates of a linear computation: the region of [Hu2025, Theorem 1] and what to measure it against.

Rates are computations (dits of F_d) per qudit, costs are qudits per instance, both exact fractions. Tasks are
reduced (`task.reduce_task`): rank V = K and rank V_s = m_s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np

from qcoord_hw.errors import InputError
from qcoord_hw.theory.linear_computation.task import LinearTask

MAX_GROUPED = 6
"""Up to so many servers every grouping is tried as a bound: there are 203 of six, but 4140 of eight."""

CONVERSE = "converse for any number of servers, docs/linear-converse.md; for three after [YaoJafar2024]"

Kind = Literal["achievable", "upper bound", "optimum"]


@dataclass(frozen=True)
class Baseline:
    """A rate to compare with.

    Attributes:
        value: computations per qudit; None where it is not known.
        kind: what the value is for this task: the rate of a scheme, a bound on every scheme, or both.
        source: a citation.
        note: what it stands for, in words.
    """

    value: Fraction | None
    kind: Kind
    source: str
    note: str

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; fractions as text."""
        value = None if self.value is None else str(self.value)
        return {"value": value, "kind": self.kind, "source": self.source, "note": self.note}


@dataclass(frozen=True)
class Region:
    """D_LC, the download costs Delta (qudits an instance) reached with c auxiliary qudits [Hu2025, (6)].

    2 Delta_s >= m_s for every server, and 2 sum Delta_s >= sum m_s + c.

    Attributes:
        servers: their names.
        sizes: m_s.
        auxiliary: c.
        rows: K.
    """

    servers: tuple[str, ...]
    sizes: tuple[int, ...]
    auxiliary: int
    rows: int

    @property
    def cost(self) -> Fraction:
        """The least total cost (sum m_s + c) / 2, in qudits an instance."""
        return Fraction(sum(self.sizes) + self.auxiliary, 2)

    @property
    def rate(self) -> Fraction:
        """2K / (sum m_s + c), in computations per qudit [Hu2025, (8)]."""
        return self.rows / self.cost

    def constraints(self) -> tuple[tuple[str, dict[str, int], int], ...]:
        """Return (name, coefficients, bound) for each inequality: sum of coefficient times cost >= bound."""
        single = [(s, {s: 2}, m) for s, m in zip(self.servers, self.sizes, strict=True)]
        return (*single, ("total", dict.fromkeys(self.servers, 2), sum(self.sizes) + self.auxiliary))

    def margin(self, costs: Mapping[str, Fraction | int | float]) -> tuple[Fraction, str]:
        """Return how far the tightest constraint is exceeded (negative: violated) and its name.

        Args:
            costs: Delta_s, qudits an instance, for every server.

        Raises:
            InputError: when `costs` does not name exactly the servers.
        """
        if set(costs) != set(self.servers):
            raise InputError(
                f"costs: {', '.join(costs) or 'none'}; allowed are {', '.join(self.servers)}, each once"
            )
        return min(
            (sum((k * Fraction(costs[s]) for s, k in row.items()), Fraction(-bound)), name)
            for name, row, bound in self.constraints()
        )

    def contains(self, costs: Mapping[str, Fraction | int | float]) -> bool:
        """Return whether the costs (see `margin`) lie in the region."""
        return self.margin(costs)[0] >= 0

    def corners(self) -> tuple[dict[str, Fraction], ...]:
        """Return the region's corner points: m_s/2 everywhere, and c/2 more at any one server."""
        base = {s: Fraction(m, 2) for s, m in zip(self.servers, self.sizes, strict=True)}
        if self.auxiliary == 0:
            return (base,)
        return tuple(base | {s: base[s] + Fraction(self.auxiliary, 2)} for s in self.servers)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; fractions as text."""
        return {
            "servers": list(self.servers),
            "sizes": list(self.sizes),
            "auxiliary": self.auxiliary,
            "constraints": [
                {"name": name, "coefficients": row, "at_least": bound}
                for name, row, bound in self.constraints()
            ],
            "corners": [{s: str(x) for s, x in corner.items()} for corner in self.corners()],
            "cost": str(self.cost),
            "rate": str(self.rate),
        }


def region(task: LinearTask, c: int) -> Region:
    """Return D_LC of a reduced task when c auxiliary qudits suffice for two instances."""
    return Region(task.servers, task.sizes, c, task.rows)


@dataclass(frozen=True)
class Converse:
    """A lower bound on the cost of every code, by the servers joined into groups.

    Attributes:
        groups: the servers of each group.
        ranks: r_i, the rank of what group i computes of its data.
        private: a_i, the dimensions of the user's space that group i alone can fill: K - rank(all others).
        cost: qudits an instance that every code needs.
    """

    groups: tuple[tuple[str, ...], ...]
    ranks: tuple[int, ...]
    private: tuple[int, ...]
    cost: Fraction

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; the cost as text."""
        return {
            "groups": [list(group) for group in self.groups],
            "ranks": list(self.ranks),
            "private": list(self.private),
            "cost": str(self.cost),
        }


def converse(task: LinearTask) -> Converse:
    """Return the best lower bound on the total cost of every code; with up to three servers it is attained.

    For the servers joined into g > 1 groups, with r_i the rank of group i and a_i = K - rank(all others),
    every code needs at least

        sum r_i / 2 + max(max_i a_i / 2, sum_i a_i / (2 (g - 1)))

    qudits an instance, and at least K (one group). Proof (in full in `docs/linear-converse.md`; entropies in
    dits an instance): servers share any state, server s applies any channel that depends on its data W_s,
    uniform and independent, and sends Q_s of Delta_s dits; N_J averages over the data of the servers J. With
    f_s = S(Q_-s|W) - S(Q|W), where Q_-s is Q without Q_s,

        z_s = Delta_s - f_s >= 0         since -S(Q_s|Q_-s) <= S(Q_s);
        x_s = Delta_s + f_s - r_s >= 0   since r_s <= I(W_s; Q|W_-s) <= Delta_s + S(Q_-s|W) - S(Q|W);
        a_i <= z_i + sum_{s != i} x_s    since a_i <= I(W_i; Q) <= sum_s Delta_s - S(N_J rho), J all but i,

    and S(N_J rho) >= S(Q_i) + sum_J S(Q_s|Q_-s)_{N_s rho} >= f_i + sum_J (r_s - f_s), by the chain rule,
    strong subadditivity and concavity. As 2 Delta_s = r_s + x_s + z_s, twice the cost is sum r_s +
    sum (x_s + z_s), and the last line bounds the second sum by each a_i, and g - 1 times it by their sum.
    Joining servers into one only allows more. For S = 3 and equal ranks it is the optimum of [YaoJafar2024].

    Args:
        task: reduced. Beyond six servers only the servers as they are count, not their groupings.
    """
    servers = range(len(task.servers))
    best = Converse((task.servers,), (task.rows,), (task.rows,), Fraction(task.rows))
    for groups in _partitions(len(servers)) if len(servers) <= MAX_GROUPED else [[[s] for s in servers]]:
        if len(groups) < 2:
            continue
        ranks = tuple(_rank(task, group) for group in groups)
        private = tuple(task.rows - _rank(task, [s for s in servers if s not in group]) for group in groups)
        extra = max(Fraction(max(private), 2), Fraction(sum(private), 2 * (len(groups) - 1)))
        cost = Fraction(sum(ranks), 2) + extra
        if cost > best.cost:
            best = Converse(tuple(tuple(task.servers[s] for s in g) for g in groups), ranks, private, cost)
    return best


def minimum_cost(task: LinearTask) -> Fraction:
    """Return the lower bound of `converse` on the total cost of every code, in qudits an instance."""
    return converse(task).cost


@dataclass(frozen=True)
class Optimum:
    """The capacity of a task: a rate that a scheme attains and no code exceeds.

    Attributes:
        rate: computations per qudit.
        scheme: which scheme attains it.
        certificate: the groups that prove the converse.
    """

    rate: Fraction
    scheme: str
    certificate: Converse
    source: str = CONVERSE

    def to_json(self) -> dict[str, Any]:
        """Return `rate` and `cost` as text, `scheme`, `source` and `certificate`."""
        return {
            "rate": str(self.rate),
            "cost": str(self.certificate.cost),
            "scheme": self.scheme,
            "source": self.source,
            "certificate": self.certificate.to_json(),
        }


def optimum(task: LinearTask, achieved: Mapping[str, Fraction]) -> Optimum | None:
    """Return the capacity where a scheme meets the converse; None where none does.

    Args:
        task: reduced.
        achieved: rates in computations per qudit, by scheme; of equal ones the first is named.
    """
    bound = converse(task)
    for scheme, rate in achieved.items():
        if rate == task.rows / bound.cost:
            return Optimum(rate, scheme, bound)
    return None


def _rank(task: LinearTask, servers: Sequence[int]) -> int:
    return task.field.rank(np.hstack([task.matrices[s] for s in servers])) if servers else 0


def _partitions(n: int) -> Iterator[list[list[int]]]:
    """Yield the partitions of 0..n-1."""
    if n == 0:
        yield []
        return
    for rest in _partitions(n - 1):
        yield [*rest, [n - 1]]
        for k in range(len(rest)):
            yield [*rest[:k], [*rest[k], n - 1], *rest[k + 1 :]]


def baselines(task: LinearTask, c: int) -> dict[str, Baseline]:
    """Return the rates that Theorem 1 is compared with.

    Args:
        task: reduced.
        c: auxiliary qudits for two instances.

    Returns:
        By name: theorem1, classical, sigma_qmac (achievable); holevo, dense_coding, converse (upper bounds);
        three_server_optimum (None for more than three servers).
    """
    k, total = task.rows, sum(task.sizes)
    users = [sum(bool(v[row].any()) for v in task.matrices) for row in range(k)]
    separate = sum((max(Fraction(1), Fraction(s, 2)) for s in users), Fraction(0))
    bound = k / minimum_cost(task)
    known = len(task.servers) <= 3
    return {
        "theorem1": Baseline(
            region(task, c).rate,
            "optimum" if region(task, c).rate == bound else "achievable",
            "Hu2025, Theorem 1",
            f"two instances together, {total} + {c} qudits",
        ),
        "classical": Baseline(
            Fraction(k, total),
            "achievable",
            "Hu2025, Section I",
            "every server sends its symbols, no entanglement",
        ),
        "sigma_qmac": Baseline(
            k / separate,
            "achievable",
            "YaoJafar2024Sum",
            "each computation alone, as a sum over the servers that take part in it"
            + (" (odd sums of bits by batching)" if task.field.order == 2 else ""),
        ),
        "holevo": Baseline(
            Fraction(1), "upper bound", "Hu2025, Section IV", "a qudit carries at most one dit"
        ),
        "dense_coding": Baseline(
            k / max(Fraction(k), Fraction(total, 2)),
            "upper bound",
            "Hu2025, Section IV; YaoJafar2024",
            "a qudit carries at most one dit, and at most two of what one server knows: 2 Delta_s >= m_s",
        ),
        "converse": Baseline(
            bound,
            "optimum" if known else "upper bound",
            "after YaoJafar2024",
            "dense coding, and what one server alone (or one group) contributes; docs/linear-converse.md",
        ),
        "three_server_optimum": Baseline(
            bound if known else None,
            "optimum",
            "after YaoJafar2024",
            "best rate of any scheme" if known else "not known for more than three servers",
        ),
    }
