"""From the result of a job, as its file keeps it, to counts.

A result is JSON and lists its circuits under one of two keys: `pubs`, with the bits of every shot, or
`counts`, a histogram of outcomes (classical bit 0 first), which is all that many vendors return.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from qiskit.circuit import ClassicalRegister, QuantumCircuit

from qcoord_hw.execution.devices.base import UnreadableError
from qcoord_hw.record import Counts
from qcoord_hw.spec import one_line


def listed_circuits(body: Mapping[str, Any]) -> list[Any]:
    """Return what a result holds of each circuit, in order."""
    kind = "pubs" if "pubs" in body else "counts"
    return [(kind, one) for one in body[kind]]


def check_result(result: bytes, circuits: Sequence[QuantumCircuit], shots: int) -> None:
    """Check what a device returned for a job before it is kept.

    Raises:
        UnreadableError: when a circuit, a register or a shot is missing, or an outcome is none of its
            circuit.
    """
    try:
        came = listed_circuits(json.loads(result))
        if len(came) != len(circuits):
            raise ValueError(f"{len(came)} of {len(circuits)} circuits")
        for circuit, (kind, one) in zip(circuits, came, strict=True):
            if kind == "pubs":
                for register in circuit.cregs:
                    data = one[register.name]
                    packed = len(base64.b64decode(data["base64"]))
                    if data["shots"] < shots or packed != data["shots"] * -(-register.size // 8):
                        raise ValueError(f"{data['shots']} of {shots} shots")
            else:
                word = re.compile(rf"[01]{{{circuit.num_clbits}}}")
                if not all(word.fullmatch(key) and type(n) is int and n > 0 for key, n in one.items()):
                    raise ValueError(f"outcomes that are none of {circuit.num_clbits} bits")
                if (many := sum(one.values())) != shots:
                    raise ValueError(f"{many} of {shots} shots")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableError(f"the result is not whole ({one_line(error, 160)})") from None


def counts_of(
    circuit: QuantumCircuit, parts: Sequence[Any], shots: int, seed: int, tile: int = 0, tiles: int = 1
) -> Counts:
    """Return the counts of a chunk: of the first shots of its parts, where it is known which came first.

    Of histograms that hold more shots than were asked for some are drawn, without replacement.

    Args:
        circuit: that was executed; the registers of all tiles follow each other.
        parts: what came of it, once for each time that it was in the job.
        shots: how many are counted.
        seed: of the draw.
        tile: whose registers are counted.
        tiles: how many there are.

    Raises:
        ValueError: when there are not so many shots.
    """
    own = len(circuit.cregs) // tiles
    before, registers = circuit.cregs[: tile * own], circuit.cregs[tile * own : (tile + 1) * own]
    if all(kind == "pubs" for kind, _ in parts):
        return first_shots(registers, [pub for _, pub in parts], shots)
    start, width = sum(r.size for r in before), sum(r.size for r in registers)
    return drawn_shots([counts for _, counts in parts], shots, seed, slice(start, start + width))


def first_shots(registers: Sequence[ClassicalRegister], pubs: Sequence[Any], shots: int) -> Counts:
    """Return the counts of the first shots of some results of one circuit (classical bit 0 first).

    Raises:
        ValueError: when there are not so many.
    """
    words = np.concatenate([_words(registers, pub) for pub in pubs])[:shots]
    if len(words) != shots:
        raise ValueError(f"{len(words)} of {shots} shots")
    outcomes, times = np.unique(words, return_counts=True)
    return {str(word): int(n) for word, n in zip(outcomes, times, strict=True)}


def drawn_shots(histograms: Sequence[Counts], shots: int, seed: int, bits: slice) -> Counts:
    """Return the counts of some bits in so many shots of histograms: all of them, or as many drawn.

    Raises:
        ValueError: when there are not so many.
    """
    together: Counts = {}
    for histogram in histograms:
        for word, n in histogram.items():
            together[word] = together.get(word, 0) + n
    words = sorted(together)
    times = np.array([together[word] for word in words], dtype=np.int64)
    if times.sum() < shots:
        raise ValueError(f"{times.sum()} of {shots} shots")
    if times.sum() > shots:
        times = np.random.default_rng(seed).multivariate_hypergeometric(times, shots, method="marginals")
    found: Counts = {}
    for word, n in zip(words, times.tolist(), strict=True):
        if n:
            found[word[bits]] = found.get(word[bits], 0) + n
    return dict(sorted(found.items()))


def _words(registers: Sequence[ClassicalRegister], pub: Mapping[str, Any]) -> Any:
    """Return the outcome of every shot as a string, classical bit 0 first."""
    columns = []
    for register in registers:
        data = pub[register.name]
        packed = np.frombuffer(base64.b64decode(data["base64"]), np.uint8).reshape(data["shots"], -1)
        bits = np.unpackbits(packed, axis=1)[:, ::-1][:, : register.size]  # the last byte holds bit 0
        columns.append(bits)
    table = np.concatenate(columns, axis=1) + ord("0")
    return np.ascontiguousarray(table).view(f"S{table.shape[1]}").reshape(-1).astype(f"U{table.shape[1]}")
