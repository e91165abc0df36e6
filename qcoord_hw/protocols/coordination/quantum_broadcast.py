"""The quantum broadcast network [NatorPereg, Section IV-B]: Alice sends B to Bob, who knows X, and C to Charlie (Y).

For a pure ensemble that can be made sigma^{xy} = (V_x (x) W_y) sigma (`theory.regions.quantum_broadcast`):
Alice prepares sigma, and Bob and Charlie apply V_x and W_y. There is one circuit for each cell (x, y), equal up
to the gates of Bob and of Charlie behind the links. With n copies all have the same letters: x^n = x..x. The
option `protocol` says how B and C are sent:

- `local-unitaries`: as they are; without A only the Schmidt code of sigma, which Bob and Charlie decode;
- `compressed`: n copies of an entangled pair, both halves by Schumacher compression (`schumacher`). They carry
  the same string, so it is compressed once and the code is copied: a failure is then one of both;
- `literal`: the paper's map (169)-(171) for one letter, for comparison. Alice draws a fresh x~ and y~, measures
  B and C in their bases and sends the outcomes z and w; Bob prepares psi_{x,z}, Charlie phi_{y,w}. The draws
  and measurements are an exact mixture over (z, w), so that no circuit measures.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from qiskit.circuit import QuantumCircuit, Qubit

from qcoord_hw.errors import InputError
from qcoord_hw.network import QUANTUM_BROADCAST, NetworkCircuit
from qcoord_hw.protocols.coordination.isometry import synthesise
from qcoord_hw.protocols.coordination.mixture import check_options, read_target
from qcoord_hw.protocols.coordination.plan import Case, Coordination, Preparation
from qcoord_hw.protocols.coordination.schumacher import (
    SENT,
    TRIPLE,
    TWINS,
    Block,
    angle_of,
    blocks,
    compressed_twins,
    expander,
    pair,
    retained,
    twin_branches,
)
from qcoord_hw.spec import Plain, check_integer, shown
from qcoord_hw.theory.coordination.figures import trace_norm_between
from qcoord_hw.theory.regions.cells import Cells
from qcoord_hw.theory.regions.literal_map import _eigenbasis as eigenbasis
from qcoord_hw.theory.regions.quantum_broadcast import SOURCE, quantum_broadcast
from qcoord_hw.theory.regions.region import RegionAnswer

ComplexArray = npt.NDArray[np.complex128]
Cell = tuple[int, int]

PROTOCOLS = ("local-unitaries", "compressed", "literal")
MAX_OUTPUTS = 12
MAX_COPY = 8
"""Qubits of A, B and C of one copy at most."""

GOOD = 0.9
"""P^2 for which the default m of `compressed` is the smallest."""

FIT = 1e-9

_OPTIONS = ("network", "protocol", "state", "n", "m")


def build_quantum_broadcast(options: Mapping[str, Plain]) -> Coordination:
    """Build an ensemble of pure states on the broadcast network.

    Args:
        options: `state` (default `broadcast-epr`); `protocol` (default `local-unitaries`); `n` copies (default
            1, of `compressed` 3; of `literal` 1 is the only one); `m`, with `compressed`: the qubits of each
            half of all copies (default: the smallest with P^2 of 0.9 or more).

    Returns:
        A case for each cell, labelled `x=.. y=..`. Outputs copy by copy: A, B, C.

    Raises:
        InputError: naming the option, or why the network cannot make the state.
    """
    check_options(options, _OPTIONS)
    protocol = options.get("protocol", "local-unitaries")
    if protocol not in PROTOCOLS:
        raise InputError(f"protocol: {shown(protocol)}; allowed are {', '.join(PROTOCOLS)}")
    if protocol != "compressed" and "m" in options:
        raise InputError(f"m: {shown(options['m'])}; allowed with the protocol compressed")
    state = read_target(options.get("state", "broadcast-epr"))
    answer = quantum_broadcast(state)
    cells = Cells.of(state)
    if protocol == "literal":
        check_integer("n", options.get("n", 1), 1, 1)
        return _literal(cells, answer)
    if answer.status != "feasible":
        raise InputError(f"state: {state.name}: {answer.why}; allowed are pure ensembles known to be feasible")
    n = check_integer("n", options.get("n", 3 if protocol == "compressed" else 1), 1, MAX_OUTPUTS)
    ensemble = Ensemble.of(cells, answer)
    if n * sum(ensemble.qubits) > MAX_OUTPUTS:
        raise InputError(f"n: {n * sum(ensemble.qubits)} output qubits; allowed are {MAX_OUTPUTS}")
    if protocol == "compressed":
        return _compressed(ensemble, answer, n, options.get("m"))
    return _uncompressed(ensemble, answer, n)


@dataclass(frozen=True, eq=False)
class Ensemble:
    """A feasible ensemble on qubits.

    Attributes:
        cells: (x, y) and its probability.
        kets: by cell, shape (2^k,): A, B and C.
        dimensions: of A, B and C.
        qubits: of A, B and C.
        weights: Schmidt coefficients of sigma between B and C, squared, falling; empty where A takes part.
        bob: by x, what Bob applies to B; without A to the code of the Schmidt basis: shape (d, d or rank).
        charlie: by y, the same for C.
        sigma: what Alice prepares where A takes part, shape (2^k,): B, A, C.
    """

    cells: tuple[tuple[Cell, float], ...]
    kets: dict[Cell, ComplexArray]
    dimensions: tuple[int, int, int]
    qubits: tuple[int, int, int]
    weights: tuple[float, ...]
    bob: dict[int, ComplexArray]
    charlie: dict[int, ComplexArray]
    sigma: ComplexArray

    @classmethod
    def of(cls, cells: Cells, answer: RegionAnswer) -> Ensemble:
        """Return the ensemble of the cells, with the V_x and W_y that theory found.

        Raises:
            InputError: when the dimensions are too large.
        """
        sizes = cells.dimensions
        qubits = tuple((d - 1).bit_length() for d in sizes)
        if max(sizes) > 4 or sum(qubits) > MAX_COPY:
            raise InputError(f"state: dimensions {sizes} of A, B, C; allowed are at most 4 each")
        found = answer.details["local_unitaries"]
        padded = {cell: _padded(ket, qubits) for cell, ket in cells.kets().items()}
        sigma = padded[found["reference"]]
        bob = {x: _widened(v, 2 ** qubits[1]) for x, v in found["V"].items()}
        charlie = {y: _widened(w, 2 ** qubits[2]) for y, w in found["W"].items()}
        weights: tuple[float, ...] = ()
        if qubits[0] == 0:
            u, values, w = _schmidt(sigma[0])
            weights = tuple(float(v) ** 2 for v in values)
            bob = {x: v @ u for x, v in bob.items()}
            charlie = {y: v @ w for y, v in charlie.items()}
        return cls(
            tuple((cell, float(p)) for cell, p in zip(cells.letters, cells.probabilities, strict=True)),
            {cell: ket.ravel() for cell, ket in padded.items()},
            sizes,
            (qubits[0], qubits[1], qubits[2]),
            weights,
            bob,
            charlie,
            sigma.transpose(1, 0, 2).ravel(),
        )


def _padded(ket: ComplexArray, qubits: Sequence[int]) -> ComplexArray:
    whole = np.zeros(tuple(2**k for k in qubits), dtype=complex)
    whole[tuple(slice(d) for d in ket.shape)] = ket
    return whole


def _widened(unitary: ComplexArray, size: int) -> ComplexArray:
    whole = np.eye(size, dtype=complex)
    whole[: len(unitary), : len(unitary)] = unitary
    return whole


def _schmidt(matrix: ComplexArray) -> tuple[ComplexArray, npt.NDArray[np.float64], ComplexArray]:
    """Return U, s, W with matrix = U diag(s) W^T, without zeros in s; U = 1 if it may be."""
    left, values, right = np.linalg.svd(matrix)
    values = values[values > FIT]
    rank = len(values)
    if rank == len(matrix) and np.ptp(values) < FIT:
        return np.eye(rank, dtype=complex), values, np.asarray(matrix.T / values)
    left, right = left[:, :rank], right[:rank].T
    largest = left[np.abs(left).argmax(axis=0), np.arange(rank)]
    phases = largest / np.abs(largest)
    return left / phases, values, right * phases


def _uncompressed(ensemble: Ensemble, answer: RegionAnswer, n: int) -> Coordination:
    build = _send_code if ensemble.weights else _send_systems
    preparations = []
    for (x, y), _ in ensemble.cells:
        net = NetworkCircuit(QUANTUM_BROADCAST, f"quantum-broadcast-n{n}-x{x}-y{y}")
        preparations.append(Preparation(net, build(net, ensemble, n, x, y)))
    return _plan(ensemble, answer, n, preparations, {"fidelity": 1.0, "trace_norm": 0.0}, ())


def _send_systems(net: NetworkCircuit, ensemble: Ensemble, n: int, x: int, y: int) -> tuple[Qubit, ...]:
    """Let Alice prepare sigma, keep A and send B and C; return the outputs."""
    a, b, c = ensemble.qubits
    systems: dict[str, list[Qubit]] = {}
    for name, size in (("b", b), ("a", a), ("c", c)):
        systems[name] = net.allocate("Alice", n * size, f"alice_{name}") if size else []
    prepare = synthesise(ensemble.sigma[:, None])
    for k in range(n):
        net.local("Alice", prepare, [q for name, s in zip("bac", (b, a, c), strict=True)
                                     for q in systems[name][k * s : (k + 1) * s]])
    _send(net, "Bob", systems["b"], ensemble.dimensions[1], n)
    _send(net, "Charlie", systems["c"], ensemble.dimensions[2], n)
    for k in range(n):
        _apply(net, "Bob", ensemble.bob[x], systems["b"][k * b : (k + 1) * b])
        _apply(net, "Charlie", ensemble.charlie[y], systems["c"][k * c : (k + 1) * c])
    order = [systems[name][k * s : (k + 1) * s] for k in range(n) for name, s in zip("abc", (a, b, c), strict=True)]
    return tuple(q for part in order for q in part)


BOB_CODE, CHARLIE_CODE = (0, 1, 3, 2), (0, 2, 1, 3)
"""Where the Schmidt vectors yx = 00, 01, 10, 11 of rank above 2 are in the code of two bits."""


def _send_code(net: NetworkCircuit, ensemble: Ensemble, n: int, x: int, y: int) -> tuple[Qubit, ...]:
    """Let Alice prepare and send the codes of the Schmidt vectors; Bob and Charlie decode. Return the outputs."""
    rank = len(ensemble.weights)
    bits = (rank - 1).bit_length()
    sent = {name: net.allocate("Alice", n * bits, f"alice_{name}") if bits else [] for name in "bc"}
    for k in range(n):
        codes = {name: qubits[k * bits : (k + 1) * bits] for name, qubits in sent.items()}
        if bits == 1:
            net.local("Alice", pair(angle_of(ensemble.weights[0])), codes["b"] + codes["c"])
        elif bits == 2:
            net.local("Alice", _code_of_two(ensemble.weights), codes["b"] + codes["c"][::-1])
    for party, name in (("Bob", "b"), ("Charlie", "c")):
        _send(net, party, sent[name], rank, n)
    systems = {}
    for party, name, size, gate, code in (
        ("Bob", "b", ensemble.qubits[1], ensemble.bob[x], BOB_CODE),
        ("Charlie", "c", ensemble.qubits[2], ensemble.charlie[y], CHARLIE_CODE),
    ):
        more = net.allocate(party, n * (size - bits), f"{party.lower()}_more") if size > bits else []
        more = [more[k * (size - bits) : (k + 1) * (size - bits)] for k in range(n)]
        systems[name] = [more[k] + sent[name][k * bits : (k + 1) * bits] for k in range(n)]
        for qubits in systems[name]:
            _apply(net, party, gate, qubits, bits, code[:rank] if bits == 2 else tuple(range(rank)))
    return tuple(q for k in range(n) for name in "bc" for q in systems[name][k])


def _code_of_two(weights: Sequence[float]) -> QuantumCircuit:
    """Return sum_yx sqrt(w_yx) |y, x+y>|y, x> of two bits each, in the row b0 b1 c1 c0 (Charlie's c0 = x, c1 = y)."""
    amplitudes = np.sqrt([*weights, *[0.0] * (4 - len(weights))])
    circuit = QuantumCircuit(4)
    circuit.compose(synthesise(amplitudes[:, None].astype(complex)), [0, 1], inplace=True)
    circuit.cx(1, 2)
    circuit.cx(2, 3)
    circuit.cx(0, 1)
    circuit.cx(1, 2)
    return circuit


def _send(net: NetworkCircuit, receiver: str, qubits: list[Qubit], dimension: int, n: int) -> None:
    """Send n systems, as qudits where their dimension is no power of 2."""
    size = len(qubits) // n
    if not qubits:
        return
    if dimension == 2**size:
        net.send("Alice", receiver, qubits)
        return
    for k in range(n):
        net.send("Alice", receiver, qubits[k * size : (k + 1) * size], dimension=dimension)


def _apply(
    net: NetworkCircuit,
    party: str,
    gate: ComplexArray,
    qubits: list[Qubit],
    held: int | None = None,
    codes: Sequence[int] | None = None,
) -> None:
    """Apply an isometry from the last `held` qubits (default all) to all, if it does anything."""
    size = len(qubits)
    held = size if held is None else held
    codes = range(gate.shape[1]) if codes is None else codes
    if not size or _is_identity(gate, codes):
        return
    net.local(party, synthesise(gate, range(size - held, size), codes), qubits)


def _is_identity(gate: ComplexArray, codes: Sequence[int]) -> bool:
    columns = np.eye(len(gate))[:, list(codes)]
    return abs(np.vdot(columns, gate)) > gate.shape[1] - FIT


def _compressed(ensemble: Ensemble, answer: RegionAnswer, n: int, m: Plain | None) -> Coordination:
    if ensemble.qubits != (0, 1, 1) or len(ensemble.weights) != 2:
        raise InputError(
            f"protocol: compressed with dimensions {ensemble.dimensions} of A, B, C and Schmidt rank "
            f"{len(ensemble.weights)}; allowed is an entangled pair of qubits B and C"
        )
    largest = ensemble.weights[0]
    if m is None:
        coded = next(c for c in map(_some_blocks, [n] * (n + 1), range(n + 1)) if c and retained(c, largest) ** 2 >= GOOD)
    else:
        coded = blocks(n, check_integer("m", m, 0, n))
    qubits = sum(block[1] for block in coded)
    preparations = []
    for (x, y), _ in ensemble.cells:
        net = NetworkCircuit(QUANTUM_BROADCAST, f"quantum-broadcast-n{n}-m{qubits}-x{x}-y{y}")
        bob, charlie = _send_halves(net, largest, coded)
        for b in bob:
            _apply(net, "Bob", ensemble.bob[x], [b])
        for c in charlie:
            _apply(net, "Charlie", ensemble.charlie[y], [c])
        outputs = tuple(q for both in zip(bob, charlie, strict=True) for q in both)
        preparations.append(Preparation(net, outputs))
    made, wanted = twin_branches(coded, largest)
    exact = {
        "fidelity": float((np.abs(wanted @ made) ** 2).sum()),
        "trace_norm": trace_norm_between(made, wanted[:, None]),
    }
    notes = (
        "both halves carry the same string: it is compressed once and its code is copied, so that both fail together",
        f"one half compressed alone has the fidelity P^2 = {retained(coded, largest) ** 2:.6f}",
    )
    return _plan(ensemble, answer, n, preparations, exact, notes)


def _some_blocks(n: int, m: int) -> tuple[Block, ...] | None:
    try:
        return blocks(n, m)
    except InputError:
        return None


def _send_halves(
    net: NetworkCircuit, largest: float, coded: Sequence[Block]
) -> tuple[list[Qubit], list[Qubit]]:
    """Let Alice compress both halves, and Bob and Charlie expand them; return B and C by copy."""
    angle = angle_of(largest)
    m, triples = sum(block[1] for block in coded), coded.count(TRIPLE)
    sent = {name: net.allocate("Alice", m, f"alice_{name}") if m else [] for name in "bc"}
    far = net.allocate("Alice", triples, "alice_far") if triples else []
    start = 0
    for k, block in enumerate(coded):
        b, c = (sent[name][start : start + block[1]] for name in "bc")
        if block == TRIPLE:
            net.local("Alice", compressed_twins(angle), [*b, far[k], *c])
        elif block == SENT:
            net.local("Alice", pair(angle), b + c)
        start += block[1]
    for party, name in (("Bob", "b"), ("Charlie", "c")):
        if m:
            net.send("Alice", party, sent[name])
    received: dict[str, list[Qubit]] = {"b": [], "c": []}
    for k, (party, name) in enumerate((("Bob", "b"), ("Charlie", "c"))):
        missing = sum(block[0] - block[1] for block in coded)
        fresh = iter(net.allocate(party, missing, f"{party.lower()}_fresh") if missing else [])
        start = 0
        for block in coded:
            part = sent[name][start : start + block[1]]
            if block[1] < block[0]:
                part = [*part, next(fresh)]
            if block == TRIPLE:
                net.local(party, expander(), part)
                part = [part[place] for place in TWINS[k]]
            received[name] += part
            start += block[1]
    return received["b"], received["c"]


def _literal(cells: Cells, answer: RegionAnswer) -> Coordination:
    """Build what the map (169)-(171) makes of one letter."""
    a, b, c = cells.dimensions
    if a > 1 or max(b, c) > 2 or not cells.pure:
        raise InputError(
            f"protocol: literal with dimensions {cells.dimensions} of A, B, C; allowed are pure states of qubits "
            "B and C, without A"
        )
    bases = [
        {letter: eigenbasis(rho) for letter, rho in cells.average(system, k).items()}
        for k, system in enumerate("BC")
    ]
    average = cells.average("BC")[0]
    shares: list[dict[int, float]] = [{}, {}]
    for cell, p in zip(cells.letters, cells.probabilities, strict=True):
        for share, letter in zip(shares, cell, strict=True):
            share[letter] = share.get(letter, 0.0) + float(p)
    outcomes = np.zeros(b * c)
    for (x, p), (y, q) in itertools.product(shares[0].items(), shares[1].items()):
        both = np.kron(bases[0][x], bases[1][y])
        outcomes += p * q * np.einsum("ik,ij,jk->k", both.conj(), average, both).real
    qubits = (0, (b - 1).bit_length(), (c - 1).bit_length())
    preparations, cases, kets = [], [], cells.kets()
    exact = {"fidelity": 0.0, "trace_norm": 0.0}
    for (x, y), p in zip(cells.letters, cells.probabilities, strict=True):
        columns = np.kron(bases[0][x], bases[1][y])
        first = len(preparations)
        for z, w in itertools.product(range(b), range(c)):
            net = NetworkCircuit(QUANTUM_BROADCAST, f"quantum-broadcast-literal-x{x}-y{y}-z{z}-w{w}")
            preparations.append(Preparation(net, _send_outcomes(net, qubits[1:], (z, w), (bases[0][x], bases[1][y]))))
        mixture = tuple((first + k, float(weight)) for k, weight in enumerate(outcomes / outcomes.sum()))
        target = kets[x, y].ravel()
        cases.append(Case(f"x={x} y={y}", float(p), mixture, target, tuple(range(sum(qubits)))))
        made = columns * np.sqrt(outcomes / outcomes.sum())
        exact["fidelity"] += float(p) * float((np.abs(target.conj() @ made) ** 2).sum())
        exact["trace_norm"] += float(p) * trace_norm_between(made, target[:, None])
    figures = answer.details["literal_map"]["chsh"].get("BC")
    if figures:
        exact["chsh"] = figures["output"]
    return Coordination(
        network="quantum-broadcast",
        preparations=tuple(preparations),
        cases=tuple(cases),
        copies=1,
        rates=_rates(answer, preparations[0].net, 1),
        exact=exact,
        notes=("the map (169)-(171) as printed, for one letter: it measures and prepares, so B and C share nothing",),
    )


def _send_outcomes(
    net: NetworkCircuit, sizes: Sequence[int], outcomes: Sequence[int], bases: Sequence[ComplexArray]
) -> tuple[Qubit, ...]:
    """Let Alice send the outcomes z and w, and Bob and Charlie prepare what they stand for."""
    sent = []
    for name, size, outcome in zip("bc", sizes, outcomes, strict=True):
        sent.append(net.allocate("Alice", size, f"alice_{name}") if size else [])
        if outcome:
            flip = QuantumCircuit(1)
            flip.x(0)
            net.local("Alice", flip, sent[-1])
    for party, qubits, basis in zip(("Bob", "Charlie"), sent, bases, strict=True):
        if qubits:
            net.send("Alice", party, qubits)
    for party, qubits, basis in zip(("Bob", "Charlie"), sent, bases, strict=True):
        _apply(net, party, basis, qubits)
    return tuple(q for qubits in sent for q in qubits)


def _plan(
    ensemble: Ensemble,
    answer: RegionAnswer,
    n: int,
    preparations: Sequence[Preparation],
    exact: dict[str, float],
    notes: tuple[str, ...],
) -> Coordination:
    outputs = tuple(range(n * sum(ensemble.qubits)))
    cases = []
    for k, ((x, y), p) in enumerate(ensemble.cells):
        target = np.ones(1, dtype=complex)
        for _ in range(n):
            target = np.kron(target, ensemble.kets[x, y])
        cases.append(Case(f"x={x} y={y}", p, ((k, 1.0),), target, outputs))
    if n > 1 and len(cases) > 1:
        notes = (*notes, "all copies have the same letters: x^n = x..x, y^n = y..y")
    return Coordination(
        network="quantum-broadcast",
        preparations=tuple(preparations),
        cases=tuple(cases),
        copies=n,
        rates=_rates(answer, preparations[0].net, n),
        exact=exact,
        notes=notes,
    )


def _rates(answer: RegionAnswer, net: NetworkCircuit, n: int) -> dict[str, dict[str, Any]]:
    rates: dict[str, dict[str, Any]] = {}
    for rate, formula, link in (("Q1", "H(B|X)", "Alice->Bob"), ("Q2", "H(C|Y)", "Alice->Charlie")):
        value = answer.details["formula"][formula]
        if answer.status == "feasible":
            rates[f"{rate} asymptotic"] = {"value": value, "source": SOURCE}
        used = net.usage.get(link, {}).get("log2_dim", 0.0)
        rates[f"{rate} at this n"] = {"value": used / n, "source": "counted in this circuit"}
    return rates
