"""By which method each part of a circuit is simulated, and which settings one simulation serves.

The rules were measured (`benchmarks/simulation_methods.py` prints them) and are not left to Aer's
`automatic`: exact probabilities cost one run whatever the number of shots and blocks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from enum import Enum

import numpy as np
from qiskit.circuit import QuantumCircuit

from qcoord_hw.errors import TooLargeError
from qcoord_hw.execution import active
from qcoord_hw.execution.frames import is_clifford
from qcoord_hw.execution.layout import interactions
from qcoord_hw.execution.parts import Part, split
from qcoord_hw.execution.program import Program
from qcoord_hw.families.experiment import FRAME, TWIRLED_FRAME, Setting
from qcoord_hw.network import is_relayed
from qcoord_hw.provenance import ENGINE

MAX_EXACT_IDEAL = 20
MAX_STATEVECTOR = 28
MAX_DENSITY_MATRIX = 11
"""Connected qubits with noise whose outcome probabilities are computed, however few the shots."""

MAX_LARGE_DENSITY_MATRIX = 13
"""The same where there are shots enough: a GiB."""

SHOTS_PER_DIMENSION = 0.5
"""Shots for each of 2^n amplitudes from which a density matrix of n qubits takes less time (on one core)."""

MAX_TRAJECTORIES = 16
MAX_MPS = 40
MAX_FRAMES = 16
"""Outcome bits of a Clifford part whose probabilities under twirled noise are computed, not sampled."""

FRAMES = "pauli-frames"
STIM = "stim"
TWIRLED = {FRAMES, f"exact:{FRAMES}"}
"""Methods in which errors are twirled."""

NEWER = TWIRLED | {STIM}
"""Methods that older records know nothing of, in which Aer simulated what these do now."""

DENSITY_MATRIX = "exact:density_matrix"

ACTIVE = "exact:active-qubits"
"""The method of `qcoord_hw.execution.active`."""

SPOT_CHECKS = 3
"""Inputs that are also simulated directly when the others are derived."""


def choose_method(
    part: Part,
    *,
    noisy: bool,
    values: Sequence[Sequence[float]] = (),
    shots: float = math.inf,
    engine: int = ENGINE,
) -> str:
    """Return how a part is simulated: its method, behind `exact:` if its probabilities are computed once.

    Args:
        part: with final measurements or without.
        noisy: whether anything goes wrong in it.
        values: at which its parameters are to be executed, a row for each setting; zeros if there is none.
        shots: of each of these; infinitely many where outcome probabilities are wanted.
        engine: the rules, by their version: see `provenance.ENGINE`.

    Raises:
        TooLargeError: when no method can do it within its measured limits, with the limits.
    """
    size, final = part.circuit.num_qubits, part.is_final
    if is_relayed(part.circuit) and active.fits(part.circuit):
        return ACTIVE
    if not noisy:
        if final and size <= MAX_EXACT_IDEAL:
            return "exact:statevector"
        if final and is_clifford(part.circuit, values):
            return STIM if engine >= 1 else "stabilizer"
        if size <= MAX_STATEVECTOR:
            return "statevector"
    elif final and size <= MAX_DENSITY_MATRIX:
        return DENSITY_MATRIX
    elif engine >= 1 and final and is_clifford(part.circuit, values):
        return f"exact:{FRAMES}" if len(part.clbits) <= MAX_FRAMES else FRAMES
    elif engine >= 2 and final and pays(size, shots):
        return DENSITY_MATRIX
    elif size <= MAX_TRAJECTORIES:
        return "statevector"
    if size <= MAX_MPS and _is_line(part.circuit):
        return "matrix_product_state"
    dense, why = (MAX_TRAJECTORIES, "with noise") if noisy else (MAX_STATEVECTOR, "ideal, not Clifford")
    raise TooLargeError(
        f"circuit {part.circuit.name!r}: {size} connected qubits {why}; allowed are {dense} for a state "
        f"vector or {MAX_MPS} in a line for a matrix product state"
    )


def _is_line(circuit: QuantumCircuit) -> bool:
    edges = list(interactions(circuit))
    degree = [sum(q in edge for edge in edges) for q in range(circuit.num_qubits)]
    return len(edges) < circuit.num_qubits and max(degree) <= 2 and all(len(e) == 2 for e in edges)


def pays(size: int, shots: float) -> bool:
    """Return whether a density matrix of so many qubits takes less time than so many shots one by one."""
    return size <= MAX_LARGE_DENSITY_MATRIX and shots >= SHOTS_PER_DIMENSION * 2**size


def twirled_method(part: Part) -> str | None:
    """Return how a part is simulated in which errors are twirled, so that Pauli frames shift its outcomes.

    Returns:
        None where it is not Clifford, or so wide that without twirling its probabilities are computed, but
        not with it.
    """
    if not part.is_final or not is_clifford(part.circuit):
        return None
    if len(part.clbits) <= MAX_FRAMES:
        return f"exact:{FRAMES}"
    return None if is_relayed(part.circuit) and active.fits(part.circuit) else FRAMES


def setting_method(
    part: Part,
    method: str,
    *,
    noisy: bool,
    values: Sequence[Sequence[float]] = (),
    shots: float = math.inf,
    engine: int = ENGINE,
) -> str:
    """Return how a part is simulated for settings of some method: see `choose_method`."""
    if method == TWIRLED_FRAME and (found := twirled_method(part)) is not None:
        return found
    return choose_method(part, noisy=noisy, values=values, shots=shots, engine=engine)


def twirls(circuits: Sequence[QuantumCircuit]) -> bool:
    """Return whether errors are twirled in any part of circuits when a device's noise is simulated."""
    return any(_is_twirled(part) for circuit in circuits for part in split(circuit))


class Pull(Enum):
    """Where relaxation's pull towards |0> is kept in circuits whose errors are twirled elsewhere."""

    NOWHERE = "nowhere"
    BEFORE_DATA = "before data"
    EVERYWHERE = "everywhere"

    def instructions(self, circuit: QuantumCircuit) -> int:
        """Return at how many of a circuit's instructions, the first ones, with its parameters free."""
        if self is Pull.NOWHERE:
            return 0
        data = (k for k, i in enumerate(circuit.data) if i.is_parameterized())
        return next(data, len(circuit.data)) if self is Pull.BEFORE_DATA else len(circuit.data)


def pull_of(circuits: Sequence[QuantumCircuit], settings: Sequence[Setting], engine: int = ENGINE) -> Pull:
    """Return where relaxation's pull is kept, the same in all circuits of an experiment.

    Inputs that are shifted stand for each other only if errors have no direction once data stand in the
    circuit; before, the pull is the same for all. stim, which draws Pauli errors, makes shots without it.
    """
    large = (part for circuit in circuits for part in split(circuit) if _is_twirled(part))
    if engine < 3 or any(len(part.clbits) > MAX_FRAMES for part in large):
        return Pull.NOWHERE
    return Pull.BEFORE_DATA if any(one.is_framed for one in settings) else Pull.EVERYWHERE


def _is_twirled(part: Part) -> bool:
    return part.circuit.num_qubits > MAX_DENSITY_MATRIX and part.is_final and is_clifford(part.circuit)


def shares_noisy_run(program: Program) -> bool:
    """Return whether one noisy simulation can serve all settings of a program."""
    if not all(route.is_pauli for route in program.routes):
        return False
    return len(program.circuits) == 1 and _frame(program.circuits[0], program.settings, ENGINE) is not None


def framed(
    circuits: Sequence[QuantumCircuit], settings: Sequence[Setting], *, engine: int = ENGINE
) -> tuple[Setting, ...]:
    """Return settings in which one noisy simulation serves all inputs, if it can.

    It can where every input is a Pauli frame: where all parts are Clifford circuits their errors are twirled,
    with which frames commute; else where outcome probabilities are computed exactly, which is near. Some
    inputs, evenly spread, are simulated directly as well, to check the others.
    """
    if len(settings) <= SPOT_CHECKS or len(circuits) > 1:
        return tuple(settings)
    method = _frame(circuits[0], settings, engine)
    if method is None:
        return tuple(settings)
    chosen = [settings[round(k)] for k in np.linspace(0, len(settings) - 1, SPOT_CHECKS + 2)[1:-1]]
    checks = [replace(s, label=f"{s.label} (direct)") for s in chosen]
    return (*(replace(s, method=method) for s in settings), *checks)


def _frame(circuit: QuantumCircuit, settings: Sequence[Setting], engine: int) -> str | None:
    """Return the method by which one simulation of a circuit serves all settings; None if none does."""
    if any(s.flips is None for s in settings):
        return None
    parts = split(circuit)
    if engine >= 2 and all(twirled_method(part) for part in parts):
        return TWIRLED_FRAME
    return FRAME if all(_is_derived(part, engine) for part in parts) else None


def _is_derived(part: Part, engine: int) -> bool:
    """Return whether a part's exact outcome probabilities, or its twirled errors, serve all Pauli frames."""
    if is_relayed(part.circuit) and active.fits(part.circuit):
        return part.is_final
    if part.is_final and part.circuit.num_qubits <= MAX_DENSITY_MATRIX:
        return True
    return engine >= 1 and _is_twirled(part)
