"""A target of coordination: the state wanted of some outputs, and the mixture that is to come close to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import InputError

ComplexArray = npt.NDArray[np.complex128]

Combine = Literal["mean", "independent"]

PURE = 1e-9
"""A density matrix is pure when its largest eigenvalue falls short of 1 by no more than this."""

SUM = 1e-9
"""How far probabilities may be from 1 in sum."""

TRACE = 1e-6
"""How far the trace of a state, or the norm of a vector, may be from 1."""

KEPT = 1024
"""Density matrices whose factors have up to so many entries that are not 0 are kept in a record."""

PRODUCT = 1e-12
"""How far a density matrix may be from a product of factors, in any entry."""


@dataclass(frozen=True)
class Output:
    """An output qubit.

    Attributes:
        owner: the party that holds it at the end.
        copy: of which copy of the target it is a part, counted from 0.
    """

    owner: str
    copy: int = 0


@dataclass(frozen=True, eq=False)
class Target:
    """A target, and the mixture of preparations that is to come close to it.

    Attributes:
        label: what is given, such as `x=01`, or which sender; empty where there is one case.
        probability: of the case.
        mixture: (preparation, weight) pairs.
        state: the state wanted of the outputs named below: a vector, shape (2^k,), or a density matrix, shape
            (2^k, 2^k); None in a record of a large mixed one. A density matrix of rank one is made a vector.
        outputs: which of the experiment's outputs the target describes, by their position; ascending.
        ideal: density matrix that an ideal device makes of these outputs, for the null of tomography; None
            where there is none.
        separable: the largest fidelity to a pure target of a state that is separable across some cut between
            parties; None where the target is mixed or itself separable so.
    """

    label: str
    probability: float
    mixture: tuple[tuple[int, float], ...]
    state: ComplexArray | None
    outputs: tuple[int, ...]
    ideal: ComplexArray | None = None
    separable: float | None = None

    def __post_init__(self) -> None:
        """Check the shapes and the probabilities, and make a pure density matrix a vector.

        Raises:
            InputError: naming the field.
        """
        if list(self.outputs) != sorted(set(self.outputs)) or not self.outputs or self.outputs[0] < 0:
            raise InputError(f"outputs: {list(self.outputs)}; allowed are different positions, ascending")
        if not 0 < self.probability <= 1 + SUM:
            raise InputError(f"probability: {self.probability:g}; allowed are numbers above 0, up to 1")
        if abs(sum(w for _, w in self.mixture) - 1) > SUM or any(w < 0 for _, w in self.mixture):
            raise InputError("mixture: allowed are weights, none below 0, that sum to 1")
        if self.state is None:
            return
        state, size = np.asarray(self.state, dtype=complex), 2 ** len(self.outputs)
        if state.shape not in ((size,), (size, size)):
            raise InputError(
                f"state: shape {state.shape}; allowed is a vector or density matrix of "
                f"{len(self.outputs)} qubits"
            )
        if state.ndim == 2:
            values, vectors = np.linalg.eigh(state)
            norm = float(values.sum())
            state = vectors[:, -1] if values[-1] >= 1 - PURE else state
        else:
            norm = float(np.linalg.norm(state))
        if abs(norm - 1) > TRACE:
            raise InputError(f"state: norm or trace {norm:.9g}; allowed is 1 within {TRACE:g}")
        object.__setattr__(self, "state", state)

    @property
    def pure(self) -> bool:
        """Whether the target is a vector."""
        return self.state is not None and self.state.ndim == 1

    def to_json(self) -> dict[str, Any]:
        """Return the target as plain JSON values; see `KEPT`."""
        size = len(self.outputs)
        state: dict[str, Any] | None = None
        if self.state is not None and self.pure:
            state = {
                "ket": {format(i, f"0{size}b"): _pair(self.state[i]) for i in np.flatnonzero(self.state)}
            }
        elif self.state is not None:
            factors = _factors(self.state)
            if all(np.count_nonzero(factor) <= KEPT for factor in factors):
                state = {"density": [_sparse(factor) for factor in factors]}
        return {
            "label": self.label,
            "probability": self.probability,
            "mixture": [list(pair) for pair in self.mixture],
            "state": state,
            "outputs": list(self.outputs),
            "ideal": None if self.ideal is None else _rows(self.ideal),
            "separable": self.separable,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Target:
        """Build the target from what `to_json` returned."""
        state = None
        if data["state"] is not None and "ket" in data["state"]:
            state = np.zeros(2 ** len(data["outputs"]), dtype=complex)
            for key, pair in data["state"]["ket"].items():
                state[int(key, 2)] = complex(*pair)
        elif data["state"] is not None:
            state = np.ones((1, 1), dtype=complex)
            for factor in data["state"]["density"]:
                state = np.kron(state, _dense(factor))
        return cls(
            label=data["label"],
            probability=data["probability"],
            mixture=tuple((k, w) for k, w in data["mixture"]),
            state=state,
            outputs=tuple(data["outputs"]),
            ideal=None if data["ideal"] is None else _matrix(data["ideal"]),
            separable=data["separable"],
        )


def _factors(density: ComplexArray) -> list[ComplexArray]:
    """Return the density matrices of consecutive qubits whose tensor product a density matrix is."""
    size = len(density).bit_length() - 1
    for k in range(1, size):
        tensor = density.reshape(2**k, 2 ** (size - k), 2**k, 2 ** (size - k))
        first, rest = np.einsum("aebe->ab", tensor), np.einsum("eaeb->ab", tensor)
        if np.abs(np.kron(first, rest) - density).max() < PRODUCT:
            return [first, *_factors(rest)]
    return [density]


def _sparse(matrix: ComplexArray) -> dict[str, Any]:
    entries = [[int(i), int(j), *_pair(matrix[i, j])] for i, j in np.argwhere(matrix)]
    return {"size": len(matrix), "entries": entries}


def _dense(data: dict[str, Any]) -> ComplexArray:
    matrix = np.zeros((data["size"], data["size"]), dtype=complex)
    for i, j, real, imaginary in data["entries"]:
        matrix[i, j] = complex(real, imaginary)
    return matrix


def _pair(value: complex) -> list[float]:
    return [float(value.real), float(value.imag)]


def _rows(matrix: ComplexArray) -> list[list[list[float]]]:
    return [[_pair(entry) for entry in row] for row in matrix]


def _matrix(rows: Sequence[Sequence[Sequence[float]]]) -> ComplexArray:
    return np.array([[complex(*pair) for pair in row] for row in rows])
