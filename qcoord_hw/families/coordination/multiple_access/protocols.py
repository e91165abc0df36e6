"""The multiple-access network [NatorPereg, Section IV-C]: Alice and Bob send halves of pairs to Charlie.

Theorem 9: a pure state that can be made is two pairs, phi of A and C1 and chi of B and C2, up to an isometry
V^dagger of Charlie. The option `protocol` says what a sender does before it sends m qubits:

- `prepared`: it prepares what n copies of its pair keep of their likeliest strings (`kept`): F = P, the best
  possible;
- `schumacher`: it prepares n copies and compresses the halves (`schumacher`): F = P^2, the best possible
where a
  pair is given and only its half can be touched;
- `naive`: it prepares n copies and sends some halves.

Charlie puts fresh qubits in place of what was not sent, expands, and applies V^dagger to each copy.

Where V^dagger acts on C1 and C2 apart, the two senders' parts have no gate in common: they are two cases.
Where it joins them there is one case, and Charlie's qubits of a block are in a row between the senders'.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from qiskit.circuit import QuantumCircuit, Qubit
from qiskit.synthesis import OneQubitEulerDecomposer

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.classical_links.mixture import read_target
from qcoord_hw.families.coordination.local_circuits.isometry import synthesise
from qcoord_hw.families.coordination.local_circuits.kept import kept_triple
from qcoord_hw.families.coordination.local_circuits.linear_routing import in_a_row
from qcoord_hw.families.coordination.local_circuits.schumacher import (
    CROSSED,
    DROPPED,
    SENT,
    TRIPLE,
    Block,
    angle_of,
    best_blocks,
    blocks,
    compressed_triple,
    expander,
    naive_blocks,
    pair,
    retained,
)
from qcoord_hw.families.coordination.multiple_access.targets import FIT, Parts, Side, parts_of
from qcoord_hw.families.coordination.parameters import MULTIPLE_ACCESS_PARAMETERS, SENDERS
from qcoord_hw.families.coordination.preparation import Case, Coordination, Preparation
from qcoord_hw.network import MULTIPLE_ACCESS, NetworkCircuit
from qcoord_hw.schema import read, refusal
from qcoord_hw.spec import Plain
from qcoord_hw.theory.finite_blocklength.schumacher import trace_distance
from qcoord_hw.theory.information import entropy
from qcoord_hw.theory.regions.multiple_access import SOURCE

ComplexArray = npt.NDArray[np.complex128]

MAX_OUTPUTS = 12
"""Output qubits of one case at most: its target is a vector with 2^outputs entries."""


def build_multiple_access(options: Mapping[str, Plain]) -> Coordination:
    """Build a code of two senders.

    Args:
        options: those of `MULTIPLE_ACCESS_PARAMETERS`.

    Returns:
        Outputs copy by copy: A, B, C. A case for each sender, or one case where V joins the halves, or only
        one shares a pair. `exact` holds the worst case's figures.

    Raises:
        InputError: naming the option, or why the network cannot make the state.
    """
    values = read(MULTIPLE_ACCESS_PARAMETERS, options, "for network multiple-access")
    protocol, senders, n = values["protocol"], values["senders"], values["n"]
    state = read_target(values["state"])
    parts = parts_of(state)
    if senders != "both" and not parts.apart:
        raise refusal("senders", senders, "where V joins the halves is both")
    sides = tuple(side for side in parts.sides if senders in ("both", side.sender))
    coded = _blocks(protocol, n, values["m"], [side.largest for side in sides])
    m = sum(block[1] for block in coded)
    cases = _cases(parts, sides, n)
    net = NetworkCircuit(MULTIPLE_ACCESS, f"multiple-access-n{n}-m{m}")
    prepared = protocol == "prepared"
    sent = (_prepared if prepared else _projected)(net, sides, coded)
    made = _apart(net, sides, coded, sent) if parts.apart else _joined(net, parts, coded, sent)
    order = [side.sender for side in sides] + ["Charlie"]
    outputs = tuple(q for copy in range(n) for party in order for q in made[party][copy])
    kept = [retained(coded, side.largest) if side.sends else 1.0 for side in sides]
    retained_mass = min(kept) if parts.apart else math.prod(kept)
    return Coordination(
        network="multiple-access",
        preparations=(Preparation(net, outputs),),
        cases=cases,
        copies=n,
        rates=_rates(sides, n, m, prepared),
        exact=_exact(retained_mass, prepared),
        notes=_notes(parts, sides, coded, protocol),
    ).of_target(state)


def _exact(kept: float, prepared: bool) -> dict[str, float]:
    """Return the figures of the probability P that is kept."""
    if prepared:
        return {"fidelity": kept, "trace_norm": 2 * math.sqrt(max(0.0, 1 - kept))}
    return {"fidelity": kept**2, "trace_norm": 2 * trace_distance(1 - kept)}


def _blocks(protocol: str, n: int, m: int | None, largest: Sequence[float]) -> tuple[Block, ...]:
    """Return how each sender's copies are compressed."""
    split = naive_blocks if protocol == "naive" else blocks
    if m is None:
        power = 1 if protocol == "prepared" else 2
        m = sum(block[1] for block in best_blocks(n, min(largest), power))
    return split(n, m)


Made = dict[str, list[list[Qubit]]]
"""Output qubits by party and copy."""


Sent = tuple[dict[str, list[Qubit]], dict[str, list[list[Qubit]]]]
"""By sender: its own qubits by copy, and what Charlie was sent of each block, if there is a pair."""


def _apart(net: NetworkCircuit, sides: Sequence[Side], coded: Sequence[Block], sent: Sent) -> Made:
    """Build the parts of the senders, which have no gate in common."""
    copies = range(_copies(coded))
    own, halves = sent
    received: dict[str, list[Qubit]] = {}
    for side in sides:
        received[side.sender] = _expanded(net, side, halves[side.sender], coded)
        _turn(net, "Charlie", side.charlie, received[side.sender])
    made = {party: [qubits[k : k + 1] for k in copies] for party, qubits in own.items()}
    ordered = [received[side.sender] for side in sorted(sides, key=lambda side: side.place)]
    return made | {"Charlie": [[q for qubits in ordered for q in qubits[k : k + 1]] for k in copies]}


def _prepared(net: NetworkCircuit, sides: Sequence[Side], coded: Sequence[Block]) -> Sent:
    """Let the senders prepare what is kept of their pairs, and send the code."""
    own, codes = {}, {}
    for side in sides:
        copies = _copies(coded)
        own[side.sender] = _allocate(net, side.sender, copies if len(side.own) == 2 else 0, "output")
        code = _allocate(net, side.sender, sum(b[1] for b in coded) if side.sends else 0, "code")
        codes[side.sender] = _by_block(coded, code)
        for (block, where), theirs in zip(_placed(coded), codes[side.sender], strict=True):
            mine = _picked(own[side.sender], where)
            if theirs:
                keep = kept_triple(side.largest) if block == TRIPLE else pair(angle_of(side.largest))
                net.local(side.sender, keep, mine + theirs)
            _turn(net, side.sender, side.own, mine)
    for sender, blocks_sent in codes.items():
        if sent := [q for qubits in blocks_sent for q in qubits]:
            net.send(sender, "Charlie", sent)
    return own, codes


def _by_block(coded: Sequence[Block], qubits: Sequence[Qubit]) -> list[list[Qubit]]:
    """Divide the qubits of a code among the blocks."""
    left = iter(qubits)
    return [list(itertools.islice(left, block[1])) for block in coded]


def _projected(net: NetworkCircuit, sides: Sequence[Side], coded: Sequence[Block]) -> Sent:
    """Let the senders prepare pairs, compress the halves and send them."""
    own, halves = {}, {}
    for side in sides:
        copies = _copies(coded)
        own[side.sender] = _allocate(net, side.sender, copies if len(side.own) == 2 else 0, "output")
        halves[side.sender] = _allocate(net, side.sender, copies if side.sends else 0, "half")
        for block, where in _placed(coded):
            mine, theirs = _picked(own[side.sender], where), _picked(halves[side.sender], where)
            if theirs:
                angle = angle_of(side.largest)
                prepare = compressed_triple(angle) if block == TRIPLE else pair(angle)
                net.local(side.sender, prepare, mine + theirs)
            _turn(net, side.sender, side.own, mine)
    for sender, qubits in halves.items():  # of a block that loses one, all but the last qubit
        sent = [q for block, where in _placed(coded) for q in _picked(qubits, where)[: block[1]]]
        if sent:
            net.send(sender, "Charlie", sent)
    codes = {
        sender: [_picked(qubits, where)[: block[1]] for block, where in _placed(coded)]
        for sender, qubits in halves.items()
    }
    return own, codes


def _expanded(
    net: NetworkCircuit, side: Side, codes: list[list[Qubit]], coded: Sequence[Block]
) -> list[Qubit]:
    """Let Charlie undo a sender's compression; return its qubits of C by copy."""
    if len(side.charlie) < 2:
        return []
    if not side.sends:
        return _allocate(net, "Charlie", _copies(coded), f"{side.sender.lower()}_part")
    fresh = iter(_allocate(net, "Charlie", sum(b[0] - b[1] for b in coded), f"{side.sender.lower()}_fresh"))
    found: list[Qubit] = []
    for block, code in zip(coded, codes, strict=True):
        if block == TRIPLE:
            control, near = code
            places = (control, near, next(fresh))
            net.local("Charlie", expander(), [near, control, places[2]])
            found += [places[place] for place in CROSSED]
        else:
            found += code if block == SENT else [next(fresh)]
    return found


def _joined(net: NetworkCircuit, parts: Parts, coded: Sequence[Block], sent: Sent) -> Made:
    """Build one circuit for both senders; Charlie's qubits of a block are in a row, Alice's part first."""
    own, codes = sent
    made = {party: [qubits[k : k + 1] for k in range(_copies(coded))] for party, qubits in own.items()}
    made["Charlie"] = [[] for _ in range(_copies(coded))]
    ends = [k for k, side in enumerate(parts.sides) if side.sends]
    gate = synthesise(parts.isometry, ends)
    for k, (block, copies) in enumerate(_placed(coded)):
        alice, bob = (_row(net, side, codes[side.sender][k], block) for side in parts.sides)
        # Without a qubit between them two trees of triples fit no heavy-hexagonal device.
        between = _allocate(net, "Charlie", int(block == TRIPLE and len(ends) == 2), "between")
        row = alice + between + bob[::-1]
        circuit = QuantumCircuit(len(row))
        places = [list(range(len(alice))), list(range(len(row)))[: -len(bob) - 1 : -1]]
        if block == TRIPLE:
            for k in ends:
                circuit.compose(expander(), places[k], inplace=True)
            places = [[at[place] for place in NEAR_FIRST] for at in places]
        for one, other in zip(*places, strict=True):
            circuit.compose(gate, [one, other], inplace=True)
        routed, final = in_a_row(circuit)
        net.local("Charlie", routed, row)
        for copy, one, other in zip(copies, *places, strict=True):
            made["Charlie"][copy] = [row[final[one]], row[final[other]]]
    return made


NEAR_FIRST = tuple((1, 0, 2)[place] for place in CROSSED)
"""As `CROSSED`, among near, control and the fresh qubit."""


def _row(net: NetworkCircuit, side: Side, code: list[Qubit], block: Block) -> list[Qubit]:
    """Return Charlie's qubits of one sender and block: near, control, fresh; or the half; or fresh ones."""
    label = f"{side.sender.lower()}_part"
    if not side.sends:
        return _allocate(net, "Charlie", block[0], label)
    if block == TRIPLE:
        return [code[1], code[0], *_allocate(net, "Charlie", 1, label)]
    return code if block == SENT else _allocate(net, "Charlie", 1, label)


def _copies(coded: Sequence[Block]) -> int:
    return sum(block[0] for block in coded)


def _placed(coded: Sequence[Block]) -> list[tuple[Block, list[int]]]:
    """Return each block with its copies."""
    starts = np.cumsum([0, *(block[0] for block in coded)])
    return [(block, list(range(s, s + block[0]))) for block, s in zip(coded, starts, strict=False)]


def _picked(qubits: list[Qubit], copies: Sequence[int]) -> list[Qubit]:
    return [qubits[copy] for copy in copies] if qubits else []


def _allocate(net: NetworkCircuit, party: str, count: int, label: str) -> list[Qubit]:
    taken = sum(wire.startswith(f"{party.lower()}_{label}") for wire in net.wires)
    name = f"{party.lower()}_{label}" + (f"_{taken}" if taken else "")
    return net.allocate(party, count, name) if count else []


def _turn(net: NetworkCircuit, party: str, matrix: ComplexArray, qubits: Sequence[Qubit]) -> None:
    """Apply a gate to each qubit, if there are any and the gate does anything."""
    circuit = _one_qubit(matrix) if qubits else None
    for qubit in qubits if circuit is not None else ():
        net.local(party, circuit, [qubit])


def _one_qubit(matrix: ComplexArray) -> QuantumCircuit | None:
    """Return the gate that has these first columns, None for the identity up to a phase."""
    if matrix.shape == (2, 1):
        matrix = np.column_stack([matrix, [-matrix[1, 0].conj(), matrix[0, 0].conj()]])
    if abs(np.trace(matrix)) > 2 - FIT:
        return None
    return OneQubitEulerDecomposer("U")(matrix)


def _cases(parts: Parts, sides: Sequence[Side], n: int) -> tuple[Case, ...]:
    """Return a case for each sender, or one for all outputs where V joins them, or only one has a pair."""
    if not parts.apart or (len(sides) == 2 and not all(side.sends for side in sides)):
        outputs = n * (parts.ket.size.bit_length() - 1)
        _check_outputs(outputs)
        return (Case("", 1.0, ((0, 1.0),), _power(parts.ket.ravel(), n), tuple(range(outputs))),)
    holders = [side for side in sides if len(side.own) == 2]
    parts_of_c = sorted((side for side in sides if len(side.charlie) == 2), key=lambda side: side.place)
    size = len(holders) + len(parts_of_c)
    cases = []
    for side in sides:
        own = [holders.index(side)] if side in holders else []
        own += [len(holders) + parts_of_c.index(side)] if side in parts_of_c else []
        _check_outputs(len(own) * n)
        places = tuple(copy * size + k for copy in range(n) for k in own)
        cases.append(Case(side.sender, 1 / len(sides), ((0, 1.0),), _power(side.ket, n), places))
    return tuple(cases)


def _check_outputs(count: int) -> None:
    if count > MAX_OUTPUTS:
        raise InputError(f"parameters.n: {count} output qubits in one case; allowed are {MAX_OUTPUTS}")


def _power(ket: ComplexArray, n: int) -> ComplexArray:
    whole = np.ones(1, dtype=complex)
    for _ in range(n):
        whole = np.kron(whole, ket)
    return whole


def _rates(sides: Sequence[Side], n: int, m: int, prepared: bool) -> dict[str, dict[str, object]]:
    source = "the kept type classes, prepared" if prepared else "Schumacher compression by type classes"
    rates: dict[str, dict[str, object]] = {}
    for side in sides:
        rate = f"Q{SENDERS.index(side.sender) + 1}"
        h = entropy([side.largest, 1 - side.largest])
        rates[f"{rate} asymptotic"] = {"value": h, "source": SOURCE}
        used = m / n if side.sends else 0.0
        rates[f"{rate} at this n"] = {"value": used, "source": source}
    return rates


def _notes(parts: Parts, sides: Sequence[Side], coded: Sequence[Block], protocol: str) -> tuple[str, ...]:
    notes = []
    if protocol == "prepared":
        notes.append(
            "the sender prepares what the 2^m likeliest strings keep of its pairs: nothing is discarded"
        )
    elif protocol == "naive":
        notes.append("without coding: some halves are sent, and Charlie puts |0> in place of the others")
    elif TRIPLE in coded or DROPPED in coded:
        notes.append(
            "the 2^m likeliest strings are kept; what is discarded is left alone, never post-selected"
        )
    if not parts.apart:
        notes.append("V joins the halves of Alice and Bob: one case, scored on all outputs")
    elif sum(side.sends for side in sides) == 2:
        notes.append("V acts on the halves of Alice and Bob apart: each sender's part is a case of its own")
    return tuple(notes)
