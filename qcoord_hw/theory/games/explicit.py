"""Strategies of the catalogue's games that are known in closed form, with what they win."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, reduce

import numpy as np
import numpy.typing as npt

from qcoord_hw.theory.games.catalogue import G14_VECTORS, PENTAGRAM
from qcoord_hw.theory.games.strategies import (
    PAULI,
    ComplexArray,
    QuantumStrategy,
    basis,
    kron,
    maximally_entangled,
    pauli,
    projective,
)
from qcoord_hw.theory.games.xor import vector_strategy
from qcoord_hw.theory.value import Value

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Explicit:
    """A strategy in closed form.

    Attributes:
        build: returns the strategy.
        value: what it wins: `exact` where no quantum strategy wins more, else `lower`.
    """

    build: Callable[[], QuantumStrategy]
    value: Value


def _angles(*angles: float) -> FloatArray:
    """Return unit vectors of the plane, shape (n, 2)."""
    return np.array([[math.cos(angle), math.sin(angle)] for angle in angles])


def biased_chsh(p: float = 2 / 3, q: float = 3 / 5) -> QuantumStrategy:
    """Return the optimal strategy of biased CHSH: Charlie at the best angle, Bob responding to it."""
    length, cross = q * q + (1 - q) ** 2, 2 * q * (1 - q)
    cosine = length * (p * p - (1 - p) ** 2) / (p * p + (1 - p) ** 2) / cross
    charlie = _angles(0, math.acos(min(1.0, max(-1.0, cosine))))
    signed = np.array([[q, 1 - q], [q, q - 1]]) @ charlie
    return vector_strategy(signed / np.linalg.norm(signed, axis=1, keepdims=True), charlie)


def tilted() -> QuantumStrategy:
    """Return the strategy on cos t |00> + sin t |11> with sin 2t = sqrt(3/5) [Acin2012]."""
    sine = math.sqrt(3 / 5)
    t, mu = math.asin(sine) / 2, math.atan(sine)
    z, x = PAULI["Z"], PAULI["X"]
    charlie = [math.cos(mu) * z + sign * math.sin(mu) * x for sign in (1, -1)]
    state = np.array([math.cos(t), 0, 0, math.sin(t)], dtype=np.complex128)
    return QuantumStrategy(
        (2, 2), state, ((projective(z), projective(x)), (*map(projective, charlie), projective(z)))
    )


def odd_cycle(n: int) -> QuantumStrategy:
    """Return the optimal strategy of the odd cycle: neighbours are almost opposite [Cleve2004]."""
    turn, off = math.pi * (n - 1) / n, math.pi / (2 * n)
    charlie = [y * turn for y in range(n)]
    return vector_strategy(_angles(*(angle - off for angle in charlie)), _angles(*charlie))


def chained(n: int) -> QuantumStrategy:
    """Return the optimal strategy of the chained inequality: equal steps [BraunsteinCaves1990]."""
    steps = [math.pi / (2 * n) * k for k in range(2 * n)]
    return vector_strategy(_angles(*steps[1::2]), _angles(*steps[::2]))


def rac(n: int) -> QuantumStrategy:
    """Return the optimal strategy of the random access code: Charlie's n observables anticommute."""
    signs = [[1 - 2 * (x >> (n - 1 - y) & 1) for y in range(n)] for x in range(2**n)]
    return vector_strategy(np.array(signs) / math.sqrt(n), np.eye(n))


def ghz(players: int) -> QuantumStrategy:
    """Return the strategy on (|0..0> + |1..1>) / sqrt 2: X for question 0, Y for 1 [Mermin1990]."""
    state = np.zeros(2**players, dtype=np.complex128)
    state[[0, -1]] = math.sqrt(0.5)
    # XX..YY.. with 2m times Y has the eigenvalue (-1)^m
    own = (projective(PAULI["X"]), projective(PAULI["Y"]))
    return QuantumStrategy((2,) * players, state, (own,) * players)


def _contexts(bob: list[list[str]], charlie: list[list[str]]) -> QuantumStrategy:
    """Return the strategy of joint Pauli measurements (words) on a maximally entangled state."""
    d = 2 ** len(bob[0][0])
    measurements = (
        tuple(projective(*map(pauli, words)) for words in bob),
        tuple(projective(*(pauli(word).T for word in words)) for words in charlie),
    )
    return QuantumStrategy((d, d), maximally_entangled(d), measurements)


SQUARE = (("XI", "IX", "XX"), ("IZ", "ZI", "ZZ"), ("XZ", "ZX", "YY"))
"""The square of [Mermin1990Square]: rows and columns multiply to 1, the last column to -1."""

VERTICES = ("XXX", "XZZ", "ZXZ", "ZZX", "XII", "IXI", "IIX", "ZII", "IZI", "IIZ")
"""The observables of the magic pentagram: line 0 multiplies to -1, the others to 1 [Mermin1993]."""

_ROWS = [list(row[:2]) for row in SQUARE]
_COLUMNS = [[SQUARE[0][c], SQUARE[1][c]] for c in range(3)]
_LINES = [[VERTICES[v] for v in line[:3]] for line in PENTAGRAM]


def g14() -> QuantumStrategy:
    """Return the strategy of bases in which adjacent vertices are orthogonal colour by colour.

    A direction v of space is the quaternion v_1 i + v_2 j + v_3 k, the apex is 1, and colour c is its
    product with 1, i, j or k: orthogonal quaternions stay so [MancinskaRoberson2016].
    """
    units = np.zeros((4, 4, 4))  # (1, i, j, k) by right multiplication, as orthogonal matrices
    units[0] = np.eye(4)
    for i, j, k in ((1, 2, 3), (2, 3, 1), (3, 1, 2)):  # 1 i = i, i i = -1, j i = -k, k i = j
        units[i, i, 0], units[i, 0, i], units[i, k, j], units[i, j, k] = 1, -1, -1, 1
    vertices = [np.array([0, *v]) / np.linalg.norm(v) for v in G14_VECTORS] + [np.eye(4)[0]]
    own = tuple(basis(units @ vertex) for vertex in vertices)
    return QuantumStrategy((4, 4), maximally_entangled(4), (own, own))


def hardy(n: int) -> QuantumStrategy:
    """Return, on n pairs, the strategy that answers 11 to question 00 most often [Hardy1993]."""
    t = (3 - math.sqrt(5)) / 2
    a, b = math.sqrt(1 - 2 * t), math.sqrt(t)  # of |00>, and of |01> and |10>
    u = [b / math.hypot(a, b), -a / math.hypot(a, b)]  # answer 1 to question 0; orthogonal to (a, b)
    pair = np.array([[a, b], [b, 0]], dtype=np.complex128)
    own = tuple(reduce(kron, [basis(rows)] * n) for rows in ([[-u[1], u[0]], u], np.eye(2)))
    return QuantumStrategy((2**n, 2**n), reduce(kron, [pair] * n).reshape(-1), (own, own))


def cglmp3() -> QuantumStrategy:
    """Return the optimal strategy on |00> + g |11> + |22> with g = (sqrt 11 - sqrt 3) / 2 [Acin2002]."""
    g = (math.sqrt(11) - math.sqrt(3)) / 2
    state = np.diag([1, g, 1]).reshape(-1).astype(np.complex128) / math.sqrt(2 + g * g)
    j, k = np.arange(3), np.arange(3)[:, None]

    def fourier(sign: int, phase: float) -> ComplexArray:
        return basis(np.exp(2j * np.pi / 3 * j * (sign * k + phase)) / math.sqrt(3))

    return QuantumStrategy(
        (3, 3), state, ((fourier(1, 0), fourier(1, 1 / 2)), (fourier(-1, 1 / 4), fourier(-1, -1 / 4)))
    )


def i3322() -> QuantumStrategy:
    """Return the strategy of one ebit, angles 0 and +-60 degrees, for which I = 1/4 [CollinsGisin2004]."""
    vectors = _angles(0, math.pi / 3, -math.pi / 3)
    return vector_strategy(vectors, vectors)


def deterministic(strategy: tuple[tuple[int, ...], ...], answers: tuple[int, ...]) -> QuantumStrategy:
    """Return a deterministic strategy, answers strategy[player][question], without a state."""
    measurements = tuple(
        tuple(np.eye(size, dtype=np.complex128)[answer].reshape(size, 1, 1) for answer in own)
        for own, size in zip(strategy, answers, strict=True)
    )
    return QuantumStrategy((1,) * len(strategy), np.ones(1, dtype=np.complex128), measurements)


def parallel(strategy: QuantumStrategy, n: int) -> QuantumStrategy:
    """Return n copies of a strategy, for n copies of its game (`catalogue.parallel`)."""
    return reduce(_beside, [strategy] * n)


def _beside(left: QuantumStrategy, right: QuantumStrategy) -> QuantumStrategy:
    # of arrays with an axis a player, the Kronecker product puts each player's systems together
    state = kron(left.state.reshape(left.dimensions), right.state.reshape(right.dimensions))
    measurements = tuple(
        tuple(kron(e, f) for e in own for f in other)
        for own, other in zip(left.measurements, right.measurements, strict=True)
    )
    return QuantumStrategy(state.shape, state.reshape(-1), measurements)


def _cycle(n: int) -> float:
    return math.cos(math.pi / (4 * n)) ** 2


_CHSH = math.cos(math.pi / 8) ** 2
_BIASED = 1 / 2 + math.sqrt(2 * (5 / 9) * (13 / 25)) / 2
_HARDY = (5 * math.sqrt(5) - 11) / 2

EXPLICIT: dict[str, Explicit] = {
    "chsh": Explicit(partial(biased_chsh, 1 / 2, 1 / 2), Value(_CHSH, "exact", "[Tsirelson1980]")),
    "biased-chsh": Explicit(biased_chsh, Value(_BIASED, "exact", "[Lawson2010]")),
    "tilted": Explicit(tilted, Value(1 / 2 + math.sqrt(10) / 10, "exact", "[Acin2012]")),
    **{
        f"odd-cycle-{n}": Explicit(partial(odd_cycle, n), Value(_cycle(n), "exact", "[Cleve2004]"))
        for n in (3, 5, 7, 9, 11, 13)
    },
    **{
        f"chained-{n}": Explicit(partial(chained, n), Value(_cycle(n), "exact", "[BraunsteinCaves1990]"))
        for n in range(3, 11)
    },
    "magic-square": Explicit(partial(_contexts, _ROWS, _COLUMNS), Value(1, "exact", "[Mermin1990Square]")),
    "magic-square-cv": Explicit(
        partial(_contexts, _ROWS + _COLUMNS, [[word] for row in SQUARE for word in row]),
        Value(1, "exact", "[Mermin1990Square]"),
    ),
    "magic-pentagram": Explicit(
        partial(_contexts, _LINES, [[word] for word in VERTICES]), Value(1, "exact", "[Mermin1993]")
    ),
    "magic-pentagram-lines": Explicit(partial(_contexts, _LINES, _LINES), Value(1, "exact", "[Mermin1993]")),
    **{f"ghz-{n}": Explicit(partial(ghz, n), Value(1, "exact", "[Mermin1990]")) for n in (3, 4, 5, 6)},
    **{
        f"rac-{n}": Explicit(
            partial(rac, n), Value(1 / 2 + 1 / (2 * math.sqrt(n)), "exact", "[Ambainis2008]")
        )
        for n in (2, 3, 4)
    },
    "g14": Explicit(g14, Value(1, "exact", "[MancinskaRoberson2016]")),
    "ffl": Explicit(
        partial(deterministic, ((0, 0), (0, 0)), (2, 2)), Value(2 / 3, "exact", "[FeigeLovasz1992]")
    ),
    "guess-each-other": Explicit(
        partial(deterministic, ((0, 1), (0, 1)), (2, 2)), Value(1 / 2, "exact", "[Almeida2010]")
    ),
    "chsh-squared": Explicit(
        lambda: parallel(biased_chsh(1 / 2, 1 / 2), 2), Value(_CHSH**2, "exact", "[Cleve2008]")
    ),
    **{
        f"hardy-{n}": Explicit(
            partial(hardy, n), Value(1 - (1 - _HARDY) ** n / 4, "lower", "[MancinskaVidick2014]")
        )
        for n in (1, 2, 4)
    },
    "cglmp-3": Explicit(cglmp3, Value(1 / 2 + (1 + math.sqrt(11 / 3)) / 8, "exact", "[Acin2002]")),
    "i3322": Explicit(i3322, Value((1 / 4 + 6) / 8, "lower", "[CollinsGisin2004]")),
}
"""The strategies, by the name of the game."""
