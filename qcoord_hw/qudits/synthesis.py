"""Which graph: few edges, no cycles, small degrees, among all that compute the same.

Each edge costs two entangling gates, one to make the state and one to undo it, and a forest of small degrees
fits a device without swaps. What a search found is kept on disk (`qcoord_hw.disk_cache`) and proved when it
is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from qcoord_hw.disk_cache import remembered
from qcoord_hw.errors import InputError
from qcoord_hw.qudits.completions import completions
from qcoord_hw.qudits.graph import DigitCode, GraphCode, digit_code
from qcoord_hw.qudits.graph_descent import GraphPath, Move, Surroundings, descend
from qcoord_hw.theory.linear_computation.field import Array, field_of
from qcoord_hw.theory.linear_computation.precoding import (
    Precoding,
    minimal_precodings,
    minimise_auxiliary,
)
from qcoord_hw.theory.linear_computation.scheme import Scheme, build_scheme
from qcoord_hw.theory.linear_computation.task import Reduction

PRECODINGS = 4
"""Minimal precodings among which the sparsest graph is looked for."""

PLACES = 8
"""Ways to place the auxiliary qudits that are tried."""

STEPS = 80
"""Moves of a first descent, from every start."""

LONG_STEPS = 800
"""Moves of a second descent, from the few best."""

FEW = 5
"""How many go on to the second."""

SOLVERS = ("qcoord_hw.qudits", "qcoord_hw.theory.linear_computation")
"""Packages whose source decides which graph is found."""

_Found = tuple["_Graph", DigitCode, int]
"""A graph, the code that it is for, and which of the codes that is."""


def sparse_scheme(
    reduction: Reduction,
    auxiliary: Sequence[str] | None = None,
    found: Precoding | None = None,
    number: int = 0,
) -> tuple[Scheme, GraphCode]:
    """Return a scheme with the fewest auxiliary qudits known, and its graph code.

    Among some minimal precodings, and places of the auxiliary qudits if none are given, the one whose graph
    is easiest to make is taken.

    Args:
        reduction: the task.
        auxiliary: the server of each auxiliary qudit.
        found: minimal precoders, if known already.
        number: as in `synthesise`.

    Raises:
        InputError: as `synthesise`.
    """
    task = reduction.task
    found = found or minimise_auxiliary(task)

    def search() -> tuple[Scheme, _Graph, DigitCode]:
        precodings = minimal_precodings(task, found.c, count=PRECODINGS, seed=0, start=found)
        places = [tuple(auxiliary)] if auxiliary is not None else _places(task.servers, found.c)
        schemes = [build_scheme(task, precoders, place) for place in places for precoders in precodings]
        graph, code, k = _search((digit_code(reduction, scheme) for scheme in schemes), 0, number)
        return schemes[k], graph, code

    def write(answer: tuple[Scheme, _Graph, DigitCode]) -> dict[str, Any]:
        scheme, graph, _ = answer
        place = [task.servers[k] for k in scheme.holders[sum(task.sizes) :]]
        return {"P": [p.tolist() for p in scheme.precoders], "auxiliary": place} | graph.to_json()

    def read(kept: dict[str, Any]) -> tuple[Scheme, _Graph, DigitCode]:
        shapes = [(m, m) for m in task.sizes]
        order = task.field.order
        precoders = [_symbols(p, shape, order) for p, shape in zip(kept["P"], shapes, strict=True)]
        scheme = build_scheme(task, precoders, kept["auxiliary"])
        if scheme.auxiliary != found.c or (auxiliary is not None and kept["auxiliary"] != list(auxiliary)):
            raise ValueError("auxiliary: others than were asked for")
        code = digit_code(reduction, scheme)
        return scheme, _Graph.from_json(kept, code), code

    question = {
        "field": task.field.order,
        "irreducible_poly": list(task.field.irreducible_poly),
        "servers": list(task.servers),
        "V": [v.tolist() for v in task.matrices],
        "P": [p.tolist() for p in found.P],
        "auxiliary": None if auxiliary is None else list(auxiliary),
        "number": number,
    }
    scheme, graph, code = remembered("scheme", question, SOLVERS, search=search, write=write, read=read)
    return scheme, _graph_code(graph, code)


def _places(servers: Sequence[str], c: int) -> list[tuple[str, ...]]:
    """Return some ways to give c auxiliary qudits to servers: all to one, or one after the other."""
    alone = [(server,) * c for server in servers]
    turns = [tuple(servers[(k + i) % len(servers)] for i in range(c)) for k in range(len(servers))]
    return list(dict.fromkeys([*alone, *turns]))[:PLACES]


def synthesise(codes: Iterable[DigitCode], *, seed: int = 0, number: int = 0) -> tuple[GraphCode, int]:
    """Return a graph code with few edges, and which of the codes it is.

    For each code and each of some completions of its checks to a maximal isotropic space, a seeded descent
    moves among the graphs that represent the same state up to operations inside servers: local
    complementation, change of basis, and removal of edges inside a server. The few best go on for longer.
    Preferred are few edges, no cycles and small degrees, which fit a device without swaps. A graph of
    separate pairs is taken at once.

    Args:
        codes: what to choose from, for example several precodings and places of the auxiliary qudits.
        seed: of the descent.
        number: of the graphs found, each of other edges, this one; 0 is the easiest.

    Raises:
        InputError: when fewer graphs were found.
    """
    every = tuple(codes)

    def write(found: _Found) -> dict[str, Any]:
        return {"code": found[2]} | found[0].to_json()

    def read(kept: dict[str, Any]) -> _Found:
        code = every[kept["code"]]
        return _Graph.from_json(kept, code), code, kept["code"]

    question = {
        "codes": [{"p": c.p, "holders": list(c.holders), "checks": c.checks.tolist()} for c in every],
        "seed": seed,
        "number": number,
    }
    graph, code, k = remembered(
        "graph", question, SOLVERS, search=lambda: _search(every, seed, number), write=write, read=read
    )
    return _graph_code(graph, code), k


def _search(codes: Iterable[DigitCode], seed: int, number: int) -> _Found:
    """Return what `synthesise` is asked for."""
    rng = np.random.default_rng(seed)
    found: list[tuple[GraphPath, _Found]] = []
    for k, code in enumerate(codes):
        place = Surroundings.of(code.holders, code.p, field_of(code.p).inv.tolist())
        for generators in completions(code, rng):
            graph = _Graph(generators, code.holders, code.p)
            path = descend(GraphPath.start(graph.gamma, place), STEPS, rng)
            if path.is_matching and not number:
                return graph.moved(path.moves), code, k
            found.append((path, (graph, code, k)))
    found.sort(key=lambda entry: entry[0].cost)
    found = [(descend(path, LONG_STEPS, rng), start) for path, start in found[:FEW]]
    found.sort(key=lambda entry: entry[0].cost)
    distinct = [found[i] for i in _first([path.key for path, _ in found])]
    if number >= len(distinct):
        allowed = "is 0" if len(distinct) == 1 else f"are 0 to {len(distinct) - 1}"
        raise InputError(f"parameters.graph: {number}; allowed {allowed}, no more graphs were found")
    path, (graph, code, k) = distinct[number]
    return graph.moved(path.moves), code, k


def _first(keys: Sequence[bytes]) -> list[int]:
    """Return where each key stands first, in order."""
    return [i for i, key in enumerate(keys) if key not in keys[:i]]


def _graph_code(graph: _Graph, code: DigitCode) -> GraphCode:
    p, n = code.p, len(code.holders)
    exponents = graph.frame @ code.encode % p
    detect = code.detect @ _symplectic_inverse(graph.frame, p) % p
    return GraphCode(
        p, code.degree, graph.gamma, code.holders, exponents[:n], exponents[n:], np.asarray(detect[:, n:])
    )


def _symplectic_inverse(s: Array, p: int) -> Array:
    """Return the inverse of a symplectic matrix, J^-1 S^T J."""
    n = len(s) // 2
    a, b, c, d = s[:n, :n], s[:n, n:], s[n:, :n], s[n:, n:]
    return np.block([[d.T, -b.T], [-c.T, a.T]]) % p


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

    def to_json(self) -> dict[str, Any]:
        """Return what makes the graph again, for its code."""
        return {"gamma": self.gamma.tolist(), "frame": self.frame.tolist()}

    @classmethod
    def from_json(cls, kept: dict[str, Any], code: DigitCode) -> _Graph:
        """Read a graph and prove that it is one for a code.

        Raises:
            KeyError, TypeError, ValueError: when it is not.
        """
        graph, n, p = object.__new__(cls), len(code.holders), code.p
        graph.p, graph.inv = p, field_of(p).inv
        graph.outside = np.not_equal.outer(code.holders, code.holders)
        graph.gamma = _symbols(kept["gamma"], (n, n), p)
        graph.frame = _symbols(kept["frame"], (2 * n, 2 * n), p)
        inverse = _symplectic_inverse(graph.frame, p)
        if graph.gamma[~graph.outside].any() or (graph.gamma != graph.gamma.T).any():
            raise ValueError("gamma: no graph between servers")
        if (graph.frame @ inverse % p != np.eye(2 * n)).any():
            raise ValueError("frame: not symplectic")
        if graph.frame[np.tile(graph.outside, (2, 2))].any():
            raise ValueError("frame: not local to the servers")
        rows = code.checks @ inverse % p
        if ((rows[:, :n] + rows[:, n:] @ graph.gamma) % p).any():
            raise ValueError("gamma: the graph's state has other checks")
        return graph

    def copy(self) -> _Graph:
        twin = object.__new__(_Graph)
        twin.p, twin.inv, twin.outside = self.p, self.inv, self.outside
        twin.gamma, twin.frame = self.gamma.copy(), self.frame.copy()
        return twin

    def moved(self, moves: Iterable[Move]) -> _Graph:
        """Return the graph that moves lead to, with its frame."""
        twin = self.copy()
        for move in moves:
            twin.complement(*move) if len(move) == 2 else twin.add(*move)
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


def _symbols(data: Any, shape: tuple[int, int], order: int) -> Array:
    """Return a matrix of symbols 0..order-1 that was kept as lists; a ValueError where it is none."""
    matrix = np.array(data, dtype=object)  # so that true does not become 1
    if (
        matrix.shape != shape
        or {*map(type, matrix.flat)} != {int}
        or not all(0 <= k < order for k in matrix.flat)
    ):
        raise ValueError(f"not {shape[0]} x {shape[1]} symbols")
    return matrix.astype(np.int64)
