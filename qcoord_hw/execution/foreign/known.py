"""One circuit whose answer is known beforehand: it shows whether a target's outcomes are read as meant.

It has the registers and the measurements of the experiment's circuits, and flips some qubits before they are
measured. Which ones is chosen such that as many misreadings as possible change the answer: registers or bits
in another order, a register left out, no shots at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, pairwise

import numpy as np
from qiskit.circuit import Clbit, ControlFlowOp, QuantumCircuit, Qubit

from qcoord_hw.execution.foreign.reading import Read
from qcoord_hw.record import Counts

NAME = "known-answer"

MIN_SHOTS = 50
"""Fewest shots from which the commonest outcome of a noisy device is taken to be the right one."""

TRIED = 256
"""Patterns that are compared where there are more."""

GRAVE = 1000
"""How much a misreading of everything weighs against one of a single register or pair."""


@dataclass(frozen=True, eq=False)
class KnownAnswer:
    """A circuit that has one outcome.

    Attributes:
        circuit: as built, or as compiled.
        expected: its outcome, classical bit 0 first.
    """

    circuit: QuantumCircuit
    expected: str

    def fits(self, counts: Counts) -> bool:
        """Return whether no outcome is commoner than the expected one."""
        return bool(counts) and counts.get(self.expected, 0) == max(counts.values())


def known_answer(like: QuantumCircuit) -> KnownAnswer:
    """Return the circuit for an experiment.

    Args:
        like: one of its circuits, whose qubits, registers and measurements it gets.
    """
    circuit = QuantumCircuit(*like.qregs, *like.cregs, name=NAME)
    measures = [(like.find_bit(q).index, like.find_bit(c).index) for q, c in _measures(like)]
    read = {c for _, c in measures}
    sizes = [register.size for register in like.cregs]
    pattern = betraying(tuple(sizes), tuple(k in read for k in range(like.num_clbits)))
    flipped: set[int] = set()
    for qubit, clbit in measures:
        if (pattern[clbit] == "1") != (qubit in flipped):
            circuit.x(qubit)
            flipped ^= {qubit}
        circuit.measure(qubit, clbit)
    return KnownAnswer(circuit, pattern)


def wrong_answer(known: KnownAnswer, answer: Read) -> str:
    """Return what is wrong with what came of the circuit, the target as its subject; empty if nothing is."""
    if answer.fault:
        return f"{answer.fault}; what came is kept"
    if known.fits(answer.counts):
        return ""
    commonest = max(answer.counts, key=lambda word: answer.counts[word])
    sizes = [register.size for register in known.circuit.cregs]
    return (
        f"answers {_in_registers(commonest, sizes)} to the circuit whose answer is "
        f"{_in_registers(known.expected, sizes)} (registers in order, bit 0 first): its outcomes are not "
        "what was measured, nothing is estimated from them; what came is kept"
    )


def _in_registers(word: str, sizes: Sequence[int]) -> str:
    ends = np.cumsum([0, *sizes]).tolist()
    return " ".join(word[a:b] for a, b in pairwise(ends))


@lru_cache(maxsize=64)
def betraying(sizes: tuple[int, ...], read: tuple[bool, ...]) -> str:
    """Return bits of which as many misreadings as possible make others; classical bit 0 first.

    Args:
        sizes: of the registers, in their order.
        read: for each bit whether it is measured; one that is not stays 0.
    """
    free = [k for k, measured in enumerate(read) if measured]
    if 1 << len(free) <= TRIED:
        tried = [[n >> k & 1 for k in range(len(free))] for n in range(1 << len(free))]
    else:
        tried = np.random.default_rng(0).integers(0, 2, (TRIED, len(free))).tolist()
    best, most = "", -1
    for bits in tried:
        pattern = ["0"] * len(read)
        for k, bit in zip(free, bits, strict=True):
            pattern[k] = str(bit)
        word = "".join(pattern)
        betrayed = sum(weight for weight, other in _misreadings(word, sizes) if other != word)
        if betrayed > most:
            best, most = word, betrayed
    return best


def _misreadings(word: str, sizes: Sequence[int]) -> Iterator[tuple[int, str]]:
    """Yield (weight, what would be read) for the ways in which outcomes are known to go wrong."""
    ends = np.cumsum([0, *sizes]).tolist()
    parts = [word[a:b] for a, b in pairwise(ends)]
    last = len(parts) - 1
    yield 2 * GRAVE, "0" * len(word)  # what a missing memory is read as
    yield GRAVE, "1" * len(word)
    yield GRAVE, word[::-1]
    yield GRAVE, "".join(reversed(parts))
    yield GRAVE, "".join(part[::-1] for part in parts)
    yield GRAVE, word[1:] + word[:1]
    for k, part in enumerate(parts):
        yield (
            5 + (3 if k == last else 0),
            _with(parts, {k: "0" * len(part)}),
        )  # the highest bits are lost first
        yield 1, _with(parts, {k: "1" * len(part)})
        yield 5, _with(parts, {k: part[::-1]})
    for a, b in combinations(range(len(parts)), 2):
        if sizes[a] == sizes[b] and (b == a + 1 or len(parts) <= 8):
            yield 10, _with(parts, {a: parts[b], b: parts[a]})


def _with(parts: Sequence[str], others: Mapping[int, str]) -> str:
    return "".join(others.get(k, part) for k, part in enumerate(parts))


def _measures(circuit: QuantumCircuit) -> Iterator[tuple[Qubit, Clbit]]:
    """Yield the (qubit, bit) of every measurement, also of those under a condition."""
    for instruction in circuit.data:
        if instruction.operation.name == "measure":
            yield instruction.qubits[0], instruction.clbits[0]
        elif isinstance(instruction.operation, ControlFlowOp):
            for block in instruction.operation.blocks:
                for qubit, clbit in _measures(block):
                    yield (
                        instruction.qubits[block.find_bit(qubit).index],
                        instruction.clbits[block.find_bit(clbit).index],
                    )
