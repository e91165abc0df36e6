"""Stabilizer codes as graph states of base-p digits: few edges, and linear maps for everything else.

A symbol of F_{p^r} is r digits: X exponents in the basis 1, x, .., x^(r-1), Z exponents in its trace-dual basis,
so that tr(xz) is the scalar product of digits. Up to Clifford operations on single digits (and on digits of
one server, which cost nothing since its Weyl operators are only relabelled) every stabilizer state of n digits
is a graph state |Gamma> = prod CZ^Gamma_ab |+..+>. Weyl operators X(u) Z(v) on it, sent through prod CZ^-Gamma
and F^-1, are measured as o = v - Gamma u, and every output is a linear function of o. Nothing here uses Qiskit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from qcoord_hw.theory.linear_computation.field import Array, Field, field_of
from qcoord_hw.theory.linear_computation.scheme import Scheme
from qcoord_hw.theory.linear_computation.task import LinearTask, Reduction

STEPS = 80
"""Moves of a first descent, from every start."""

LONG_STEPS = 800
"""Moves of a second descent, from the few best."""

FEW = 5


@dataclass(frozen=True, eq=False)
class DigitCode:
    """A stabilizer scheme over F_p, before a state is chosen.

    Attributes:
        p: the prime.
        degree: r, digits a qudit.
        encode: shape (2n, D): exponents (x, z) of the n digits' Weyl operators from the D data digits.
        detect: shape (Y, 2n): digits of the outputs, y = detect (x, z); the rows commute with each other.
        checks: shape (Y', 2n): independent rows whose span holds the rows of `detect`.
        holders: index of the server that holds each digit.

    Data digits are ordered instance, server, symbol, digit (constant term first); outputs instance, row, digit.
    """

    p: int
    degree: int
    encode: Array
    detect: Array
    checks: Array
    holders: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class GraphCode:
    """A stabilizer scheme on a graph state of n digits over F_p.

    Attributes:
        p: the prime.
        degree: r, digits a qudit.
        adjacency: Gamma, shape (n, n), symmetric, zero diagonal.
        holders: index of the server that holds each digit.
        x: shape (n, D): X exponents u = x w of each digit, from the D data digits w.
        z: shape (n, D): Z exponents v = z w.
        decoder: shape (Y, n): digits of all outputs, y = decoder o.
    """

    p: int
    degree: int
    adjacency: Array
    holders: tuple[int, ...]
    x: Array
    z: Array
    decoder: Array

    @property
    def edges(self) -> tuple[tuple[int, int, int], ...]:
        """The edges (a, b, weight) with a < b."""
        return tuple(
            (int(a), int(b), int(self.adjacency[a, b])) for a, b in np.argwhere(np.triu(self.adjacency))
        )

    @property
    def transfer(self) -> Array:
        """Outcomes as a function of the data: o = transfer w, shape (n, D)."""
        return np.asarray((self.z - self.adjacency @ self.x) % self.p)

    @property
    def operated(self) -> tuple[int, ...]:
        """The digits on which their server acts for some data."""
        return tuple(np.flatnonzero(self.x.any(axis=1) | self.z.any(axis=1)).tolist())

    def bonus(self) -> Array:
        """Return the functions of the data, rows of shape (D,), that the outcomes reveal besides y."""
        prime = field_of(self.p)
        rows = (self.decoder @ self.transfer) % self.p
        known = rank = prime.rank(rows)
        found = []
        for row in self.transfer:
            rows = np.vstack([rows, row])
            if prime.rank(rows) > rank:
                rank += 1
                found.append(row)
        assert rank == known + len(found)
        return np.array(found, dtype=np.int64).reshape(len(found), self.transfer.shape[1])


def expand(gf: Field, matrix: Array, domain: Array, target: Array) -> Array:
    """Return a matrix over F_d as one over F_p: digits in basis `domain` to digits in basis `target`.

    Shape (r rows, r columns); entry ((k, a), (q, i)) is tr(t*_a m_kq b_i) with t* dual to `target`.
    """
    dual = gf.dual_basis(target)
    products = gf.mul[
        dual[None, :, None, None], gf.mul[matrix[:, None, :, None], domain[None, None, None, :]]
    ]
    rows, columns = matrix.shape
    return np.asarray(gf.trace[products].reshape(rows * gf.degree, columns * gf.degree))


def digit_code(reduction: Reduction, scheme: Scheme) -> DigitCode:
    """Return the scheme of a task over F_p, for the data and outputs of the task as written."""
    gf, r = scheme.task.field, scheme.task.field.degree
    basis = gf.power_basis
    dual = gf.dual_basis(basis)
    width = sum(inputs.shape[1] for inputs in reduction.inputs)
    one = np.zeros((scheme.qudits, width), dtype=np.int64)
    two = np.zeros((scheme.qudits, width), dtype=np.int64)
    row = column = 0
    for combine, precoder in zip(reduction.inputs, scheme.precoders, strict=True):
        m, size = combine.shape
        one[row : row + m, column : column + size] = gf.matmul(gf.inverse(precoder), combine)
        two[row : row + m, column : column + size] = combine
        row, column = row + m, column + size
    left, right = expand(gf, scheme.left, basis, basis), expand(gf, scheme.right, dual, basis)
    checks = _blocks(left, right)
    outputs = expand(gf, reduction.outputs, basis, basis)
    return DigitCode(
        p=gf.characteristic,
        degree=r,
        encode=_blocks(expand(gf, one, basis, basis), expand(gf, two, basis, dual)),
        detect=_blocks(outputs, outputs) @ checks % gf.characteristic,
        checks=checks,
        holders=tuple(np.repeat(scheme.holders, r).tolist()),
    )


def computed(task: LinearTask) -> Array:
    """Return what the outputs should be, over F_p: digits of (y1, y2) from digits of the data (w1, w2)."""
    one = expand(task.field, task.matrix, task.field.power_basis, task.field.power_basis)
    return _blocks(one, one)


def synthesise(codes: Iterable[DigitCode], *, seed: int = 0) -> tuple[GraphCode, int]:
    """Return a graph code with few edges, and which of the codes it is.

    For each code and each of some completions of its checks to a maximal isotropic space, a seeded descent
    moves among the graphs that represent the same state up to operations inside servers: local
    complementation, change of basis, and removal of edges inside a server. The few best go on for longer.
    Preferred are few edges, no cycles and small degrees, which fit a device without swaps. A graph of
    separate pairs is taken at once.

    Args:
        codes: what to choose from, for example several precodings and places of the auxiliary qudits.
        seed: of the descent.
    """
    rng = np.random.default_rng(seed)
    found: list[tuple[_Graph, DigitCode, int]] = []
    for k, code in enumerate(codes):
        for generators in _completions(code, rng):
            graph = _descend(_Graph(generators, code.holders, code.p), STEPS, rng)
            if graph.is_matching:
                return _graph_code(graph, code), k
            found.append((graph, code, k))
    found.sort(key=lambda entry: entry[0].cost)
    found = [(_descend(graph, LONG_STEPS, rng), code, k) for graph, code, k in found[:FEW]]
    graph, code, k = min(found, key=lambda entry: entry[0].cost)
    return _graph_code(graph, code), k


def _graph_code(graph: _Graph, code: DigitCode) -> GraphCode:
    p, n = code.p, len(code.holders)
    exponents = graph.frame @ code.encode % p
    detect = code.detect @ _symplectic_inverse(graph.frame, p) % p
    return GraphCode(
        p, code.degree, graph.gamma, code.holders, exponents[:n], exponents[n:], np.asarray(detect[:, n:])
    )


def _blocks(one: Array, two: Array) -> Array:
    return np.block(
        [
            [one, np.zeros((one.shape[0], two.shape[1]), dtype=np.int64)],
            [np.zeros((two.shape[0], one.shape[1]), dtype=np.int64), two],
        ]
    )


def _symplectic_inverse(s: Array, p: int) -> Array:
    """Return the inverse of a symplectic matrix, J^-1 S^T J."""
    n = len(s) // 2
    a, b, c, d = s[:n, :n], s[:n, n:], s[n:, :n], s[n:, n:]
    return np.block([[d.T, -b.T], [-c.T, a.T]]) % p


def _completions(code: DigitCode, rng: np.random.Generator, most: int = 6) -> Iterator[Array]:
    """Yield maximal sets of n commuting rows (read as syndromes of (x, z)) that contain the checks."""
    prime, n = field_of(code.p), len(code.holders)
    for _ in range(most if len(code.checks) < n else 1):
        rows = code.checks
        while len(rows) < n:
            commuting = prime.null_space(np.hstack([-rows[:, n:], rows[:, :n]]) % code.p)
            row = rng.integers(0, code.p, len(commuting)) @ commuting % code.p
            if prime.rank(np.vstack([rows, row])) > len(rows):
                rows = np.vstack([rows, row])
        yield rows


class _Graph:
    """A graph, and the frame (u, v) = frame (x, z) in which the state is that graph's state."""

    def __init__(self, rows: Array, holders: Sequence[int], p: int) -> None:
        """Bring n commuting rows (syndromes of (x, z)) to the form [-Gamma | 1]."""
        prime, n = field_of(p), len(holders)
        self.p, self.inv = p, prime.inv
        self.outside = np.not_equal.outer(holders, holders)
        self.frame = np.eye(2 * n, dtype=np.int64)
        _, pivots = prime.rref(rows[:, n:])
        for a in set(range(n)) - set(pivots):
            self._fourier(a)
        rows = rows @ _symplectic_inverse(self.frame, p) % p
        self.gamma = -prime.matmul(prime.inverse(rows[:, n:]), rows[:, :n]) % p
        self._clean()

    @property
    def cost(self) -> float:
        """Edges, cycles and large degrees: a forest of small degrees fits a device without swaps."""
        degrees = np.count_nonzero(self.gamma, axis=0)
        edges = int(degrees.sum()) // 2
        cycles = edges - len(degrees) + _components(self.gamma)
        return float(edges + 2 * cycles + np.maximum(degrees - 2, 0).sum() / 4 + (degrees**2).sum() / 1000)

    @property
    def is_matching(self) -> bool:
        """Whether no digit has more than one edge."""
        return bool(np.count_nonzero(self.gamma, axis=0).max() <= 1)

    def copy(self) -> _Graph:
        twin = object.__new__(_Graph)
        twin.p, twin.inv, twin.outside = self.p, self.inv, self.outside
        twin.gamma, twin.frame = self.gamma.copy(), self.frame.copy()
        return twin

    def complement(self, a: int, factor: int) -> None:
        """Complement locally at a digit: a shear and a Fourier transform there, shears at its neighbours."""
        n, p = len(self.gamma), self.p
        # v gains factor u, which puts a loop at a; then the axes of a are exchanged.
        self.gamma[a, a] = factor
        self.frame[n + a] = (self.frame[n + a] + factor * self.frame[a]) % p
        row, scale = self.gamma[a].copy(), int(self.inv[factor])
        self._fourier(a)
        self.gamma = (self.gamma - scale * np.outer(row, row)) % p
        self.gamma[a], self.gamma[:, a] = -scale * row % p, -scale * row % p
        self.gamma[a, a] = -scale % p
        self._clean()

    def add(self, a: int, b: int, factor: int) -> None:
        """Change the basis of two digits of one server: u_a gains factor u_b."""
        n, p = len(self.gamma), self.p
        self.frame[a] = (self.frame[a] + factor * self.frame[b]) % p
        self.frame[n + b] = (self.frame[n + b] - factor * self.frame[n + a]) % p
        # o = v - Gamma u keeps its meaning with Gamma' = B^-T Gamma B^-1, B = 1 + factor e_a e_b^T
        self.gamma[:, b] = (self.gamma[:, b] - factor * self.gamma[:, a]) % p
        self.gamma[b] = (self.gamma[b] - factor * self.gamma[a]) % p
        self._clean()

    def _fourier(self, a: int) -> None:
        """Exchange the axes of a digit: (u, v) -> (-v, u)."""
        n = len(self.frame) // 2
        u, v = self.frame[a].copy(), self.frame[n + a].copy()
        self.frame[a], self.frame[n + a] = -v % self.p, u

    def _clean(self) -> None:
        """Remove loops and edges inside a server, by operations of the server: v gains -Gamma u."""
        n = len(self.gamma)
        inside = np.where(self.outside, 0, self.gamma)
        self.frame[n:] = (self.frame[n:] - inside @ self.frame[:n]) % self.p
        self.gamma = np.where(self.outside, self.gamma, 0)


def _components(gamma: Array) -> int:
    """Return the number of connected parts of a graph of at most 62 digits."""
    masks: list[int] = ((gamma != 0) @ (1 << np.arange(len(gamma)))).tolist()
    parts, left = 0, (1 << len(masks)) - 1
    while left:
        parts += 1
        reached = edge = left & -left
        while edge:  # digits reached but not yet followed
            a = edge & -edge
            edge ^= a
            new = masks[a.bit_length() - 1] & ~reached
            reached |= new
            edge |= new
        left &= ~reached
    return parts


def _descend(graph: _Graph, steps: int, rng: np.random.Generator) -> _Graph:
    """Return the best graph of a seeded descent that also takes some moves uphill."""
    now, best, p = graph, graph, graph.p
    cost = least = graph.cost
    pairs = [(int(a), int(b)) for a, b in np.argwhere(~graph.outside) if a != b]
    for step in range(steps):
        trial = now.copy()
        if pairs and rng.random() < 0.5:
            trial.add(*pairs[rng.integers(len(pairs))], int(rng.integers(1, p)))
        else:
            trial.complement(int(rng.integers(len(trial.gamma))), int(rng.integers(1, p)))
            if rng.random() < 0.5:  # two in a row make a pivot along an edge
                trial.complement(int(rng.integers(len(trial.gamma))), int(rng.integers(1, p)))
        heat = max(1.5 * (1 - step / steps), 1e-3)
        cost_there = trial.cost
        if cost_there <= cost or rng.random() < math.exp((cost - cost_there) / heat):
            now, cost = trial, cost_there
            if cost < least:
                best, least = now, cost
                if best.is_matching:
                    break
    return best
