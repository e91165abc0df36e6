"""A seeded random search for alternating forms of low cost, for any number of servers (see `beyond`)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction
from functools import reduce
from itertools import combinations, cycle

import numpy as np

from qcoord_hw.theory.linear_computation.field import Array, Field
from qcoord_hw.theory.linear_computation.forms import copies, server_cost, wedge
from qcoord_hw.theory.linear_computation.packing import MAX_SUBSETS, common_forms, meet
from qcoord_hw.theory.linear_computation.task import LinearTask

INSTANCES = (2, 4, 3, 1)
MAX_SIZE = 40
"""Largest K L: beyond it a step takes so long that a search finds nothing."""


def anneal_forms(
    task: LinearTask, goal: Fraction, *, time_limit: float, seed: int
) -> tuple[Fraction, int, list[Array]] | None:
    """Return the cheapest forms found: cost an instance, L, and A_s with sum zero.

    Every step adds multiples c_s u^v with sum c_s = 0 to the forms of some servers; u and v come from the
    column spaces and their intersections, where they change few dimensions.

    Args:
        task: reduced, with two servers or more.
        goal: a cost at which to stop.
        time_limit: seconds, shared by L = 2, 4, 3, 1.
        seed: of the search.

    Returns:
        None when K is too large for one instance.
    """
    rng = np.random.default_rng(seed)
    sizes = [n for n in INSTANCES if n * task.rows <= MAX_SIZE]
    best: tuple[Fraction, int, list[Array]] | None = None
    start = time.monotonic()
    spaces = _spaces(task, start + time_limit)
    for k, n in enumerate(sizes):
        search = _Annealing(task, n, spaces, rng, goal, start + time_limit * (k + 1) / len(sizes))
        if search.late():
            continue
        zero = np.zeros((len(task.matrices), n * task.rows, n * task.rows), dtype=np.int64)
        starts = cycle([list(zero), common_forms(task, n)])
        while not search.late() and (best is None or best[0] > goal):
            cost, forms = search.run(next(starts))
            if best is None or cost < best[0]:
                best = cost, n, forms
    return best


def _spaces(task: LinearTask, until: float) -> list[Array]:
    """Return bases, as rows, of the column spaces, of their intersections, and with sums of two others.

    As many of them as are made until that time.
    """
    gf, own = task.field, [task.field.rref(v.T)[0] for v in task.matrices]
    found = list(own)
    for space in _meets(gf, own):
        found.append(space)
        if time.monotonic() > until:
            break
    return [space for space in {space.tobytes(): space for space in found}.values() if len(space)]


def _meets(gf: Field, own: list[Array]) -> Iterator[Array]:
    for a, b in combinations(own, 2):
        yield meet(gf, a, b)
    yield reduce(lambda a, b: meet(gf, a, b), own)
    if len(own) <= MAX_SUBSETS:
        for t, u in combinations(own, 2):
            for space in own:
                yield meet(gf, space, np.vstack([t, u]))


class _Annealing:
    """Runs for one number of instances."""

    def __init__(
        self,
        task: LinearTask,
        instances: int,
        spaces: list[Array],
        rng: np.random.Generator,
        goal: Fraction,
        until: float,
    ) -> None:
        self.task, self.n, self.rng, self.goal, self.until = task, instances, rng, goal, until
        self.spaces = spaces
        self.inputs = [copies(v, instances) for v in task.matrices]
        self.known: dict[tuple[int, bytes], Fraction] = {}

    def late(self) -> bool:
        return time.monotonic() > self.until

    def cost(self, server: int, form: Array) -> Fraction:
        """Return a server's qudits; small forms come back again and again, so they are remembered."""
        key = server, form.tobytes()
        if key not in self.known:
            self.known[key] = server_cost(self.task.field, self.inputs[server], form)
        return self.known[key]

    def run(self, forms: list[Array]) -> tuple[Fraction, list[Array]]:
        """Return the best cost an instance and its forms, of 3000 steps with falling temperature."""
        gf, steps = self.task.field, 3000
        costs = [self.cost(s, form) for s, form in enumerate(forms)]
        best, kept = sum(costs, Fraction(0)), list(forms)
        for step in range(steps):
            if best <= self.goal * self.n or self.late():
                break
            new = {s: gf.add[forms[s], a] for s, a in self.step().items()}
            new_costs = {s: self.cost(s, a) for s, a in new.items()}
            change = float(sum(new_costs[s] - costs[s] for s in new))
            if change <= 0 or self.rng.random() < np.exp(-change / (0.5 * (1 - step / steps) + 0.02)):
                for s in new:
                    forms[s], costs[s] = new[s], new_costs[s]
                if sum(costs) < best:
                    best, kept = sum(costs, Fraction(0)), list(forms)
        return best / self.n, kept

    def step(self) -> dict[int, Array]:
        """Return changes u^v_s of the forms of some servers, with sum v_s = 0."""
        gf, rng, servers = self.task.field, self.rng, len(self.task.matrices)
        chosen = rng.permutation(servers)[: rng.choice([2, 2, 3, servers])].tolist()
        space = self.spaces[rng.integers(len(self.spaces))]
        u = self.vector(space)
        kind = rng.random()
        if kind < 0.7:  # multiples of one vector, of the same space or another
            other = space if kind < 0.35 else self.spaces[rng.integers(len(self.spaces))]
            v = self.vector(other)
            sides = [gf.mul[c, v] for c in rng.integers(1, gf.order, len(chosen) - 1)]
        else:  # each server one of its own vectors
            sides = [self.vector(self.task.matrices[s].T) for s in chosen[1:]]
        sides = [gf.neg[gf.total(sides)], *sides]
        return {s: wedge(gf, 1, u, v) for s, v in zip(chosen, sides, strict=True)}

    def vector(self, space: Array) -> Array:
        """Return a vector of `space` in one of the instances, or now and then spread over all of them."""
        gf, rng, n = self.task.field, self.rng, self.n
        if rng.random() < 0.8:
            weights = rng.integers(0, gf.order, len(space))
            if rng.random() < 0.5:
                weights = np.eye(len(space), dtype=np.int64)[rng.integers(len(space))]
            return np.kron(np.eye(n, dtype=np.int64)[rng.integers(n)], gf.matmul(weights[None], space)[0])
        return gf.matmul(rng.integers(0, gf.order, (n, len(space))), space).ravel()
