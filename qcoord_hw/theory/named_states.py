"""Target states by name: the first paper's examples and the families that theory is usually tried on."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import InputError
from qcoord_hw.spec import short_repr
from qcoord_hw.text import meant
from qcoord_hw.theory.states import ComplexArray, State, make_state, number

PAULIS = np.array([np.eye(2), [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
PHI_PLUS = np.array([1, 0, 0, 1]) / math.sqrt(2)


@dataclass(frozen=True)
class Family:
    """A family of states.

    Attributes:
        title: what it is.
        build: from the name and the parameters in order.
        parameters: name, default, lowest and highest value of each; integers where the default is one.
    """

    title: str
    build: Callable[..., State]
    parameters: tuple[tuple[str, float, float, float], ...] = ()


def named_state(text: str) -> State:
    """Return a state by name: `ghz`, or with parameters `isotropic:fidelity=0.6,dimension=3`.

    Raises:
        InputError: naming the name or the parameter, and what is allowed.
    """
    name, _, given = text.partition(":")
    if name not in FAMILIES:
        raise InputError(
            f"state: unknown {short_repr(name)}{meant(name, FAMILIES)}; "
            f"allowed are a .json file or one of {', '.join(FAMILIES)}"
        )
    family = FAMILIES[name]
    values = {key: value for key, value, _, _ in family.parameters}
    for item in filter(None, given.split(",")):
        key, _, value = item.partition("=")
        if key not in values:
            allowed = ", ".join(values) or "no parameter"
            raise InputError(f"state: {name} has no parameter {short_repr(key)}; allowed are {allowed}")
        values[key] = read_number(f"state: {key}", value)
    for key, default, low, high in family.parameters:
        chosen, whole = values[key], isinstance(default, int)
        if not low <= chosen <= high or (whole and chosen != int(chosen)):
            kind = "integers" if whole else "values"
            raise InputError(f"state: {key} {chosen:g}; allowed are {kind} from {low:g} to {high:g}")
        values[key] = int(chosen) if whole else chosen
    return family.build(text, *values.values())


def read_number(field: str, value: str | float) -> float:
    """Return a number typed on a command line: a decimal, or an exact string such as "1/3".

    Raises:
        InputError: naming the field.
    """
    try:
        return number(field, float(value))
    except ValueError:
        return number(field, value)


def _ket(name: str, dimension: int, digits: Iterable[str]) -> State:
    keys = list(digits)
    vector = np.zeros((dimension,) * len(keys[0]))
    for key in keys:
        vector[tuple(map(int, key))] = 1
    return make_state(name, dict.fromkeys("ABCDEFGHIJ"[: len(keys[0])], dimension), [(1, (), vector.ravel())])


def _mixed(name: str, systems: Mapping[str, int], density: npt.ArrayLike) -> State:
    return make_state(name, systems, [(1, (), np.asarray(density, dtype=complex))])


def _epr(name: str) -> State:
    return _ket(name, 2, ("00", "11"))


def _ghz(name: str, parties: int) -> State:
    return _ket(name, 2, ("0" * parties, "1" * parties))


def _w(name: str, parties: int) -> State:
    return _ket(name, 2, ("0" * i + "1" + "0" * (parties - i - 1) for i in range(parties)))


def _isotropic(name: str, fidelity: float, dimension: int) -> State:
    d = dimension
    phi = np.eye(d).ravel() / math.sqrt(d)
    projector = np.outer(phi, phi)
    density = fidelity * projector + (1 - fidelity) * (np.eye(d * d) - projector) / (d * d - 1)
    return _mixed(name, {"A": d, "B": d}, density)


def _werner(name: str, visibility: float) -> State:
    singlet = np.array([0, 1, -1, 0]) / math.sqrt(2)
    density = visibility * np.outer(singlet, singlet) + (1 - visibility) * np.eye(4) / 4
    return _mixed(name, {"A": 2, "B": 2}, density)


def _ghz_mixture(name: str, parties: int) -> State:
    density = np.zeros((2**parties, 2**parties))
    density[0, 0] = density[-1, -1] = 1 / 2
    return _mixed(name, dict.fromkeys("ABCDEFGHIJ"[:parties], 2), density)


def _noisy_ghz(name: str, visibility: float) -> State:
    ghz = np.zeros(8)
    ghz[[0, 7]] = 1 / math.sqrt(2)
    density = visibility * np.outer(ghz, ghz) + (1 - visibility) * np.eye(8) / 8
    return _mixed(name, dict.fromkeys("ABC", 2), density)


def _channel(name: str, source: npt.ArrayLike, rows: npt.ArrayLike) -> State:
    """Return a classical X and the classical output B of a channel, shape (letters, outputs)."""
    rows = np.asarray(rows, dtype=float)
    blocks = [
        (p, (x,), np.diag(row)) for x, (p, row) in enumerate(zip(np.asarray(source), rows, strict=True))
    ]
    return make_state(name, {"X": rows.shape[0], "B": rows.shape[1]}, blocks, ("X",))


def _dsbs(name: str, crossover: float) -> State:
    a = crossover
    return _channel(name, [0.5, 0.5], [[1 - a, a], [a, 1 - a]])


def _erasure(name: str, erasure: float) -> State:
    e = erasure
    return _channel(name, [0.5, 0.5], [[1 - e, 0, e], [0, 1 - e, e]])


def _bloch(x: float, z: float) -> ComplexArray:
    return np.asarray((PAULIS[0] + x * PAULIS[1] + z * PAULIS[3]) / 2)


def _mirror(name: str, x: float, z: float) -> State:
    if x * x + z * z > 1:
        raise InputError(f"state: x = {x:g}, z = {z:g}; allowed are Bloch vectors of length at most 1")
    return make_state(
        name, {"X": 2, "B": 2}, [(0.5, (i,), _bloch(x, s * z)) for i, s in enumerate((1, -1))], ("X",)
    )


def _mirror_broadcast(name: str, angle: float) -> State:
    kets = [np.array([math.cos(angle / 2), s * math.sin(angle / 2)]) for s in (1, -1)]
    return make_state(
        name,
        {"X": 2, "B": 2, "C": 2},
        [(0.5, (i,), np.kron(np.eye(2)[i], ket)) for i, ket in enumerate(kets)],
        ("X",),
    )


def _bell_labels(name: str) -> State:
    blocks = [(0.25, (i,), np.kron(pauli, np.eye(2)) @ PHI_PLUS) for i, pauli in enumerate(PAULIS)]
    return make_state(name, {"X": 4, "B": 2, "C": 2}, blocks, ("X",))


_TRITS = ["".join(order) for order in itertools.permutations("012")]


def _example_1(name: str) -> State:
    density = np.zeros((27, 27))
    for key in _TRITS:
        density[int(key, 3), int(key, 3)] = 1 / 6
    return _mixed(name, dict.fromkeys("ABC", 3), density)


def _example_2(name: str) -> State:
    return _ket(name, 3, _TRITS)


def _shifts_upb(name: str) -> State:
    zero, one = np.eye(2)
    plus, minus = np.array([1, 1]) / math.sqrt(2), np.array([1, -1]) / math.sqrt(2)
    products = [(zero, one, plus), (one, plus, zero), (plus, zero, one), (minus, minus, minus)]
    vectors = [np.kron(np.kron(a, b), c) for a, b, c in products]
    density = (np.eye(8) - sum(np.outer(v, v) for v in vectors)) / 4
    return _mixed(name, dict.fromkeys("ABC", 2), density)


def _two_pairs(name: str, p: float, q: float) -> State:
    """Return sqrt(p)|00> + sqrt(1-p)|11> of A and C's first qubit, and with q of B and C's second."""
    one, two = (np.diag([math.sqrt(r), math.sqrt(1 - r)]) for r in (p, q))
    vector = np.einsum("ac,bd->abcd", one, two).ravel()
    return make_state(name, {"A": 2, "B": 2, "C": 4}, [(1, (), vector)])


def _questions(name: str, kets: Callable[[int, int], npt.NDArray[np.float64]]) -> State:
    blocks = [(0.25, (x, y), kets(x, y)) for x in range(2) for y in range(2)]
    return make_state(name, {"X": 2, "Y": 2, "B": 2, "C": 2}, blocks, ("X", "Y"))


def _turn(angle: float) -> npt.NDArray[np.float64]:
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])


def _broadcast_epr(name: str) -> State:
    """Return EPR pairs turned by Bob to his question's basis and by Charlie to his, as CHSH is played."""
    angles = (0, -math.pi / 4), (-math.pi / 8, math.pi / 8)
    return _questions(name, lambda x, y: np.kron(_turn(angles[0][x]), _turn(angles[1][y])) @ PHI_PLUS)


def _broadcast_compressed(name: str, p: float) -> State:
    ket = np.array([math.sqrt(p), 0, 0, math.sqrt(1 - p)])
    return _questions(name, lambda x, y: np.kron(_turn(x * math.pi / 4), _turn(y * math.pi / 4)) @ ket)


def _phase_pr(name: str) -> State:
    return _questions(name, lambda x, y: np.array([1, 0, 0, (-1.0) ** (x * y)]) / math.sqrt(2))


def _question_at(system: str) -> Callable[[str], State]:
    """Return a state that tells a question, or their product, to one who may not know it."""

    def build(name: str) -> State:
        told = {"A": (0, 0, 1, 1), "B": (0, 1, 0, 1), "C": (0, 0, 0, 1)}[system]
        blocks = [(0.25, (x, y), np.eye(2)[told[2 * x + y]]) for x in range(2) for y in range(2)]
        return make_state(name, {"X": 2, "Y": 2, system: 2}, blocks, ("X", "Y"))

    return build


def _pair_to_either(name: str) -> State:
    """Return a pair of A and B where X = Y = 0, of A and C where X = Y = 1."""
    pair = PHI_PLUS.reshape(2, 2)
    zero = np.eye(2)[0]
    kets = [np.einsum("ab,c->abc", pair, zero).ravel(), np.einsum("ac,b->abc", pair, zero).ravel()]
    blocks = [(0.5, (i, i), ket) for i, ket in enumerate(kets)]
    return make_state(name, {"X": 2, "Y": 2, "A": 2, "B": 2, "C": 2}, blocks, ("X", "Y"))


FAMILIES: dict[str, Family] = {
    "epr": Family("a maximally entangled pair of qubits", _epr),
    "ghz": Family("|0..0> + |1..1>", _ghz, (("parties", 3, 2, 6),)),
    "w": Family("one excitation shared by all", _w, (("parties", 3, 2, 6),)),
    "isotropic": Family(
        "a maximally entangled pair with white noise",
        _isotropic,
        (("fidelity", 0.5, 0, 1), ("dimension", 2, 2, 6)),
    ),
    "werner": Family("a singlet with white noise", _werner, (("visibility", 1 / 3, 0, 1),)),
    "ghz-mixture": Family(
        "|0..0> or |1..1>, each with probability 1/2", _ghz_mixture, (("parties", 3, 2, 6),)
    ),
    "noisy-ghz": Family("a GHZ state with white noise", _noisy_ghz, (("visibility", 1 / 5, 0, 1),)),
    "dsbs": Family("the doubly symmetric binary source", _dsbs, (("crossover", 0.1, 0, 1),)),
    "erasure": Family("a uniform bit through an erasure channel", _erasure, (("erasure", 0.5, 0, 1),)),
    "mirror-qubits": Family(
        "a uniform bit and a qubit with Bloch vector (x, 0, +z) or (x, 0, -z)",
        _mirror,
        (("x", 0.5, -1, 1), ("z", 0.5, -1, 1)),
    ),
    "mirror-broadcast": Family(
        "a uniform bit at Bob, and at Charlie a pure qubit at +angle or -angle from z",
        _mirror_broadcast,
        (("angle", math.pi / 3, 0, math.pi),),
    ),
    "bell-labels": Family("four Bell states of Bob and Charlie, labelled by X", _bell_labels),
    "example-1": Family("[NatorPereg, eq. (44)]: the six orders of 0, 1, 2, mixed", _example_1),
    "example-2": Family("[NatorPereg, eq. (47)]: the same in superposition", _example_2),
    "shifts-upb": Family("PPT across every cut, yet not fully separable", _shifts_upb),
    "two-pairs": Family(
        "A and B each share a pair with C; p and q are the larger Schmidt weights",
        _two_pairs,
        (("p", 0.8, 0, 1), ("q", 0.8, 0, 1)),
    ),
    "broadcast-epr": Family("an EPR pair of Bob and Charlie, turned to the CHSH bases", _broadcast_epr),
    "broadcast-compressed": Family(
        "a partially entangled pair of Bob and Charlie, turned by their questions",
        _broadcast_compressed,
        (("p", 0.8, 0, 1),),
    ),
    "question-at-alice": Family("A = x, which Alice does not know", _question_at("A")),
    "question-at-bob": Family("B = y, which Bob does not know", _question_at("B")),
    "question-product": Family("C = xy, which Charlie does not know", _question_at("C")),
    "pair-to-either": Family("a pair of A and B, or of A and C, as X = Y says", _pair_to_either),
    "phase-pr": Family("(I x Z^xy) Phi+: no-signalling, but would win CHSH with certainty", _phase_pr),
}
"""The families by name."""
