"""What is expected to be counted: outcome probabilities of circuits as compiled, as a record in memory.

Probabilities are exact where they can be computed and listed, else shares of many simulated shots.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from qiskit.circuit import QuantumCircuit

from qcoord_hw.execution.methods import FRAMES, setting_method, twirls
from qcoord_hw.execution.parities import are_known, standing
from qcoord_hw.execution.parts import split
from qcoord_hw.execution.run_description import measured_by
from qcoord_hw.execution.targets import Prepared
from qcoord_hw.families.experiment import Setting
from qcoord_hw.record import Chunk, RunRecord

MAX_LISTED = 2**18
"""Outcomes of all settings together that are listed with their probabilities."""

SAMPLED = 10**6
"""Shots of all settings together from which probabilities are estimated where they cannot be listed."""

TRAJECTORIES = 5 * 10**4
"""The same where every shot is simulated."""

Outcomes = tuple[list[str], npt.NDArray[np.float64]]
"""Outcome strings, classical bit 0 first, and their weights."""


Parities = Sequence[Sequence[int]] | None
"""Sums of classical bits that alone decide how outcomes are scored; None where that is not known."""


def outcomes_of(prepared: Prepared, chosen: Sequence[int], parities: Parities = None) -> list[Outcomes]:
    """Return what circuits give at some of their settings, on their simulator or noise model.

    Args:
        prepared: the circuits.
        chosen: the settings.
        parities: where outcomes are too many, one then stands for all that have the same sums.

    Raises:
        TooLargeError: when no simulation method can run the circuits.
        TargetError: when Aer reports a failure.
    """
    circuits, settings = prepared.simulated, [prepared.settings[k] for k in chosen]
    by_sums = [_by_parities(prepared, k, settings, parities) for k in range(len(circuits))]
    read = _final_bits(prepared, settings)
    simulator = None
    found = []
    for k, setting in enumerate(settings):
        clbits, circuit = read[setting.circuit, setting.method], circuits[setting.circuit]
        if parities and by_sums[setting.circuit]:
            bits, weights = standing(circuit, setting, prepared.snapshot, parities, pull=prepared.pull)
            found.append(([row.tobytes().decode() for row in bits + ord("0")], weights))
            continue
        simulator = simulator or prepared.counted(math.inf).simulator(settings)
        if clbits is None or not _are_listed(clbits, len(settings)):
            shots = (TRAJECTORIES if clbits is None else SAMPLED) // len(settings)
            found.append(_counted(simulator.counts(k, max(1, shots), seed=k)))
            continue
        weights = np.ones(1)
        for part in range(simulator.parts(k)):
            weights = np.multiply.outer(weights, simulator.probabilities(k, part)).reshape(-1)
        found.append(_words(clbits, circuits[setting.circuit].num_clbits, weights))
    return found


def is_exact(prepared: Prepared, chosen: Sequence[int], parities: Parities = None) -> bool:
    """Return whether the weights of `outcomes_of` are exact probabilities, not shares of simulated shots."""
    settings = [prepared.settings[k] for k in chosen]
    return all(
        (clbits is not None and _are_listed(clbits, len(chosen)))
        or _by_parities(prepared, k, settings, parities)
        for (k, _), clbits in _final_bits(prepared, settings).items()
    )


def _by_parities(prepared: Prepared, k: int, settings: Sequence[Setting], parities: Parities) -> bool:
    """Return whether a circuit's outcomes are too many to be listed, but not the sums that decide."""
    circuit = prepared.simulated[k]
    if not parities or not prepared.noisy or not twirls([circuit]):
        return False
    own = [one for one in settings if one.circuit == k]
    listed = (c is not None and _are_listed(c, len(settings)) for c in _final_bits(prepared, own).values())
    return not any(listed) and are_known(circuit, own, parities)


def random_outcomes(prepared: Prepared, chosen: Sequence[int]) -> list[Outcomes]:
    """Return equally likely outcomes of the bits that are read: all of them, or some at random."""
    each = {
        c: _random(prepared.circuits[c], len(chosen)) for c in {prepared.settings[k].circuit for k in chosen}
    }
    return [each[prepared.settings[k].circuit] for k in chosen]


def work(prepared: Prepared, chosen: Sequence[int], parities: Parities = None) -> float:
    """Return the seconds that `outcomes_of` takes, roughly: by rule, not by the clock: always the same.

    Returns:
        Infinity where shots have to be simulated one by one.
    """
    runs: dict[tuple[int, int, tuple[float, ...]], int] = {}
    noisy, outcomes = prepared.noisy, 0
    settings = [prepared.settings[k] for k in chosen]
    if all(_by_parities(prepared, k, settings, parities) for k in range(len(prepared.circuits))):
        gates = max(len(circuit.data) for circuit in prepared.circuits)
        return 2e-5 * gates * len(settings)
    parts = [split(circuit) for circuit in prepared.circuits]
    ways = {
        (circuit, method): [
            setting_method(part, method, noisy=noisy, engine=prepared.engine) for part in parts[circuit]
        ]
        for circuit, method in dict.fromkeys((one.circuit, one.method) for one in settings)
    }
    for setting in settings:
        value = dict(zip(prepared.circuits[setting.circuit].parameters, setting.values, strict=True))
        for p, part in enumerate(parts[setting.circuit]):
            method = ways[setting.circuit, setting.method][p]
            if not method.startswith("exact:"):
                return float("inf")
            own = tuple(0.0 if setting.is_framed else value[name] for name in part.circuit.parameters)
            size = part.circuit.num_qubits
            runs[setting.circuit, p, own] = size if method != f"exact:{FRAMES}" else min(size, 7)
        outcomes += 2 ** sum(len(part.clbits) for part in parts[setting.circuit])
    return sum(0.02 + 0.1 * 2.0 ** (n - 7) for n in runs.values()) + 3e-6 * min(outcomes, MAX_LISTED)


@dataclass(frozen=True, eq=False)
class Expectation:
    """Outcome probabilities of an experiment's settings.

    Attributes:
        description: what `execution.intents.describe` says of the experiment.
        spec: what is asked for, in plain values.
        prepared: its circuits as executed, and all settings.
        shares: how often each setting is executed, in units of the shots of a circuit; shape (settings,).
        chosen: the settings whose probabilities are known.
        outcomes: of each of these: outcome strings (classical bit 0 first) and their probabilities.
        figures: what was computed of them; None if nothing.
    """

    description: dict[str, Any]
    spec: dict[str, Any]
    prepared: Prepared
    shares: npt.NDArray[np.float64]
    chosen: Sequence[int]
    outcomes: Sequence[Outcomes]
    figures: dict[str, float] | None = None

    def shots(self, shots: int) -> int:
        """Return the shots of all settings whose probabilities are known, at some shots per circuit."""
        return sum(round(float(self.shares[k]) * shots) for k in self.chosen)

    def record(self, shots: int) -> RunRecord:
        """Return the record, in memory alone, of a run that counts what is expected.

        Args:
            shots: of a circuit.
        """
        return self._record([apportion(w, n) for (_, w), n in self._each(shots)])

    def draw(self, shots: int, seed: int) -> RunRecord:
        """Return the record, in memory alone, of a run that draws its counts.

        Args:
            shots: of a circuit.
            seed: of the draw.
        """
        rng = np.random.default_rng(seed)
        return self._record([rng.multinomial(n, w / w.sum()) for (_, w), n in self._each(shots)])

    def _each(self, shots: int) -> list[tuple[Outcomes, int]]:
        return [
            (outcomes, round(float(self.shares[k]) * shots))
            for k, outcomes in zip(self.chosen, self.outcomes, strict=True)
        ]

    def _record(self, drawn: Sequence[npt.NDArray[np.int64]]) -> RunRecord:
        plan, counts = [], {}
        for k, (words, _), times in zip(self.chosen, self.outcomes, drawn, strict=True):
            if shots := int(times.sum()):
                plan.append(Chunk(k, 0, k, shots, 0))
                seen = np.flatnonzero(times).tolist()
                own = words if len(seen) == len(words) else [words[place] for place in seen]
                counts[k] = dict(zip(own, times[seen].tolist(), strict=True))
        return RunRecord(Path(), self._intent, tuple(plan), counts, True)

    @cached_property
    def _intent(self) -> dict[str, Any]:
        description, prepared = self.description, self.prepared
        circuits = [
            c | {"measured": measured_by(prepared, circuit)}
            for c, circuit in zip(description["circuits"], prepared.circuits, strict=True)
        ]
        return {
            "spec": self.spec,
            "experiment": description
            | {"circuits": circuits, "settings": [setting.to_json() for setting in prepared.settings]},
            "target": {
                "name": prepared.target,
                "kind": prepared.kind,
                "snapshot": prepared.snapshot.to_json() if prepared.snapshot else None,
            }
            | ({} if self.figures is None else {"exact": self.figures}),
        }


def apportion(weights: npt.NDArray[np.float64], shots: int) -> npt.NDArray[np.int64]:
    """Return whole shots in proportion to weights, by largest remainders; they sum to `shots`.

    >>> apportion(np.array([0.5, 0.3, 0.2]), 7).tolist()
    [4, 2, 1]
    """
    share = weights / weights.sum() * shots
    whole: npt.NDArray[np.int64] = np.floor(share).astype(np.int64)
    left = shots - int(whole.sum())
    whole[np.argsort(whole - share, kind="stable")[:left]] += 1
    return whole


def _random(circuit: QuantumCircuit, every: int) -> Outcomes:
    """Return equally likely outcomes of a circuit, one of `every` settings."""
    read = sorted(
        {circuit.find_bit(i.clbits[0]).index for i in circuit.data if i.operation.name == "measure"}
    )
    if _are_listed(read, every):
        return _words(read, circuit.num_clbits, np.ones(2 ** len(read)))
    bits = np.full((max(1, SAMPLED // every), circuit.num_clbits), "0")
    bits[:, read] = np.random.default_rng(0).choice(["0", "1"], (len(bits), len(read)))
    return _counted(Counter("".join(row) for row in bits))


def _final_bits(prepared: Prepared, settings: Sequence[Setting]) -> dict[tuple[int, str], list[int] | None]:
    """Return the classical bits of the parts of circuits, in order, by circuit and method of some settings.

    None where shots have to be simulated one by one.
    """
    found: dict[tuple[int, str], list[int] | None] = {}
    for circuit, method in dict.fromkeys((one.circuit, one.method) for one in settings):
        parts = split(prepared.simulated[circuit])
        how = (setting_method(p, method, noisy=prepared.noisy, engine=prepared.engine) for p in parts)
        exact = all(one.startswith("exact:") for one in how)
        found[circuit, method] = [clbit for part in parts for clbit in part.clbits] if exact else None
    return found


def _are_listed(clbits: Sequence[int], every: int) -> bool:
    """Return whether the outcomes of some bits, at each of `every` settings, are few enough to be listed."""
    return every << len(clbits) <= MAX_LISTED


def _counted(counts: Mapping[str, int]) -> Outcomes:
    return list(counts), np.array(list(counts.values()), dtype=float)


def _words(clbits: Sequence[int], width: int, weights: npt.NDArray[np.float64]) -> Outcomes:
    """Return outcome strings with their weights, without those of weight 0.

    Args:
        clbits: the classical bits that the index of `weights` is made of, the most significant first.
        width: classical bits in all; the others read 0.
        weights: shape (2^k,).
    """
    found = np.flatnonzero(weights)
    if len(found) == len(weights):
        return _every_word(tuple(clbits), width), weights
    return _spelled(found, clbits, width), weights[found]


@lru_cache(maxsize=2)  # setting after setting reads the same bits
def _every_word(clbits: tuple[int, ...], width: int) -> list[str]:
    return _spelled(np.arange(2 ** len(clbits)), clbits, width)


def _spelled(index: npt.NDArray[np.int64], clbits: Sequence[int], width: int) -> list[str]:
    """Return the outcome strings of some places in the weights of `_words`."""
    bits = np.zeros((len(index), width), dtype=np.uint8)
    for k, clbit in enumerate(reversed(clbits)):
        bits[:, clbit] = index >> k & 1
    text = (bits + ord("0")).tobytes().decode()
    return [text[k : k + width] for k in range(0, len(text), width)]
