"""Angles with which a circuit of a given form takes some states to others, by least squares.

A form is: rz and ry on each qubit; CZ gates between pairs of qubits, with rz and ry on both after each; rz on
each qubit. Each CZ brings four angles, as many as it can use. The fit is that of Levenberg and Marquardt,
which ends in an exact solution or stops.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from qiskit.circuit import QuantumCircuit

ComplexArray = npt.NDArray[np.complex128]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

EXACT = 1e-11
"""Norm of the difference at which a fit has succeeded."""

STEPS = 200
"""Steps of a fit at most."""

PATIENCE, GAIN = 15, 0.9
"""A fit is given up when so many steps have not brought the difference below this part of what it was."""


@dataclass(frozen=True)
class Form:
    """The form of a circuit.

    Attributes:
        qubits: how many; qubit 0 is the most significant.
        pairs: the qubits of each CZ gate, in order.
    """

    qubits: int
    pairs: tuple[tuple[int, int], ...]

    @property
    def gates(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """The gates in order: `rz`, `ry` or `cz`, and its qubits."""
        found: list[tuple[str, tuple[int, ...]]] = []
        for q in range(self.qubits):
            found += [("rz", (q,)), ("ry", (q,))]
        for a, b in self.pairs:
            found += [("cz", (a, b)), ("rz", (a,)), ("ry", (a,)), ("rz", (b,)), ("ry", (b,))]
        return (*found, *(("rz", (q,)) for q in range(self.qubits)))

    @property
    def size(self) -> int:
        """How many angles."""
        return sum(name != "cz" for name, _ in self.gates)

    def circuit(self, angles: Sequence[float]) -> QuantumCircuit:
        """Return the circuit, without rotations by zero; qubit i of it is qubit i here."""
        circuit, left = QuantumCircuit(self.qubits), iter(angles)
        for name, qubits in self.gates:
            if name == "cz":
                circuit.cz(*qubits)
                continue
            angle = math.remainder(next(left), 4 * math.pi)
            if abs(math.remainder(angle, 2 * math.pi)) > EXACT:
                getattr(circuit, name)(angle, *qubits)
        return circuit


def fit(form: Form, start: ComplexArray, end: ComplexArray, angles: FloatArray) -> FloatArray | None:
    """Return angles for which the circuit takes each start to its end, up to one common phase; None if stuck.

    Args:
        form: the form of the circuit.
        start: orthonormal columns, shape (2^qubits, r), qubit 0 most significant.
        end: orthonormal columns, the same shape.
        angles: where the fit begins, shape (form.size,).
    """
    model = _Model(form, start, end)
    guess = np.append(angles, 0.0)
    difference, slope = model(guess)
    error = float(np.linalg.norm(difference))
    damping, milestone, since = 1e-2, error, 0
    for _ in range(STEPS):
        if error < EXACT:
            return guess[:-1]
        square, pull = slope.T @ slope, slope.T @ difference
        while True:
            step = np.linalg.solve(square + damping * np.eye(len(guess)), pull)
            trial, trial_slope = model(guess - step)
            trial_error = float(np.linalg.norm(trial))
            if trial_error < error:
                break
            damping *= 4
            if damping > 1e6:
                return None
        guess, difference, slope, error = guess - step, trial, trial_slope, trial_error
        damping = max(damping / 5, 1e-13)
        since += 1
        if error < GAIN * milestone:
            milestone, since = error, 0
        elif since > PATIENCE:
            return None
    return None


class _Model:
    """The difference between what a circuit makes of the starts and their ends, with its derivatives."""

    def __init__(self, form: Form, start: ComplexArray, end: ComplexArray) -> None:
        """Prepare the signs and permutations of Z and Y on each qubit."""
        self.form, self.start, self.end = form, start, end
        states = np.arange(2**form.qubits)
        masks = [1 << (form.qubits - 1 - q) for q in range(form.qubits)]
        self.sign = np.array([np.where(states & mask, -1.0, 1.0) for mask in masks])
        self.flip = np.array([states ^ mask for mask in masks])
        self.cz = {
            (a, b): np.where((states & masks[a] != 0) & (states & masks[b] != 0), -1.0, 1.0)[:, None]
            for a, b in form.pairs
        }

    def __call__(self, angles: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the difference, real and imaginary parts, and its derivative in every angle.

        The last angle is the common phase.
        """
        gates, left = self.form.gates, iter(angles[:-1])
        turns = [None if name == "cz" else next(left) for name, _ in gates]
        state, turned = self.start, []
        for (name, qubits), angle in zip(gates, turns, strict=True):
            state = self._apply(name, qubits, angle, state)
            if angle is not None:
                turned.append(self._generator(name, qubits, state))
        rest: ComplexArray = np.exp(1j * angles[-1]) * np.eye(len(self.start))
        after = []
        # What follows each gate, as rows: (G^T W^T) is applied from the last gate back to the first.
        for (name, qubits), angle in zip(reversed(gates), reversed(turns), strict=True):
            if angle is not None:
                after.append(rest)
            backwards = angle if angle is None or name == "rz" else -angle
            rest = self._apply(name, qubits, backwards, rest)
        final = np.exp(1j * angles[-1]) * state
        # Not matmul, which is far slower where there is one column.
        columns = np.einsum("kdr,kde->ker", np.array(turned), np.array(after[::-1]))
        slopes = np.append(columns, [1j * final], axis=0).reshape(len(angles), -1).T
        difference = (final - self.end).ravel()
        return (
            np.concatenate([difference.real, difference.imag]),
            np.concatenate([slopes.real, slopes.imag]),
        )

    def _apply(
        self, name: str, qubits: tuple[int, ...], angle: float | None, state: ComplexArray
    ) -> ComplexArray:
        if angle is None:
            return np.asarray(self.cz[qubits[0], qubits[1]] * state)
        (q,) = qubits
        if name == "rz":
            return np.asarray(np.exp(-0.5j * angle * self.sign[q])[:, None] * state)
        turned = (-self.sign[q] * math.sin(angle / 2))[:, None] * state[self.flip[q]]
        return np.asarray(math.cos(angle / 2) * state + turned)

    def _generator(self, name: str, qubits: tuple[int, ...], state: ComplexArray) -> ComplexArray:
        """Return the derivative of a rotation, which commutes with it, applied to what it has made."""
        (q,) = qubits
        if name == "rz":
            return np.asarray(-0.5j * self.sign[q][:, None] * state)
        return np.asarray((-0.5 * self.sign[q])[:, None] * state[self.flip[q]])
