"""Targets of the multiple-access network on qubits: two pairs, and the isometry V^dagger of Charlie."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.parameters import SENDERS
from qcoord_hw.theory.regions.multiple_access import multiple_access
from qcoord_hw.theory.states import State

ComplexArray = npt.NDArray[np.complex128]

FIT = 1e-9
"""Singular values below this part of the largest are 0."""


@dataclass(frozen=True, eq=False)
class Side:
    """One sender's pair.

    Attributes:
        sender: `Alice` or `Bob`.
        largest: the larger eigenvalue; 1 where the sender shares nothing.
        own: what turns the basis of the eigenvectors to that of the system, shape (d, d) with d = 1 or 2.
        charlie: the isometry of Charlie's half to its qubit of C, shape (1 or 2, rank); empty where V joins.
        place: which qubit of C that is.
    """

    sender: str
    largest: float
    own: ComplexArray
    charlie: ComplexArray
    place: int

    @property
    def sends(self) -> bool:
        """Whether there is a pair at all."""
        return self.largest < 1

    @property
    def ket(self) -> ComplexArray:
        """The vector of one copy, where V^dagger acts on the halves apart."""
        weights = np.sqrt([self.largest, 1 - self.largest][: 1 + self.sends])
        return np.asarray((self.own[:, : len(weights)] * weights) @ self.charlie.T).ravel()


@dataclass(frozen=True, eq=False)
class Parts:
    """A target as the protocol makes it.

    Attributes:
        ket: shape (1 or 2, 1 or 2, 1, 2 or 4): A, B, C on qubits.
        sides: Alice's and Bob's.
        isometry: V^dagger, shape (C on qubits, ranks of A and B multiplied).
        apart: whether it acts on the two halves apart.
    """

    ket: ComplexArray
    sides: tuple[Side, Side]
    isometry: ComplexArray
    apart: bool


def parts_of(state: State) -> Parts:
    """Return the pairs and V of a target."""
    answer = multiple_access(state)
    if answer.status != "feasible":
        raise InputError(f"state: {state.name}: {answer.why}; allowed are pure states, of two pairs up to V")
    sizes = state.sizes(("A", "B", "C"))
    if max(sizes[:2]) > 2 or sizes[2] > 4:
        raise InputError(f"state: dimensions {sizes} of A, B, C; allowed are at most (2, 2, 4)")
    phi, chi = _positive(answer.details["phi"]), _positive(answer.details["chi"])
    vector = np.linalg.eigh(state.density(("A", "B", "C")))[1][:, -1].reshape(sizes)
    vector = vector * np.exp(-1j * np.angle(vector.ravel()[np.abs(vector).argmax()]))
    d = 1 << (sizes[2] - 1).bit_length()
    # V^dagger is the polar factor of <phi chi|psi>, whose positive factor is diagonal in these bases.
    overlap = np.einsum("ai,bj,abc->cij", phi.conj(), chi.conj(), vector)
    left, _, right = np.linalg.svd(overlap.reshape(sizes[2], -1), full_matrices=False)
    isometry = np.zeros((d, right.shape[1]), dtype=complex)
    isometry[: sizes[2]] = left @ right
    ket = np.zeros((*sizes[:2], d), dtype=complex)
    ket[:, :, : sizes[2]] = vector
    shares = _factors(isometry, overlap.shape[1:])
    sides = []
    for k, (sender, own) in enumerate(zip(SENDERS, (phi, chi), strict=True)):
        values = np.linalg.norm(own, axis=0)
        basis = own / values
        if basis.shape[1] < len(basis):  # the other eigenvector, of weight 0
            basis = np.column_stack([basis, np.linalg.svd(basis)[0][:, 1]])
        charlie, place = shares[k] if shares else (np.zeros((0, 0), dtype=complex), 0)
        largest = float(values[0] ** 2) if len(values) > 1 else 1.0
        sides.append(Side(sender, largest, basis, charlie, place))
    return Parts(ket, (sides[0], sides[1]), isometry, bool(shares))


def _positive(columns: ComplexArray) -> ComplexArray:
    """Return columns with phases such that the largest entry of each is positive."""
    largest = columns[np.abs(columns).argmax(axis=0), np.arange(columns.shape[1])]
    return np.asarray(columns * (np.abs(largest) / largest))


def _factors(
    isometry: ComplexArray, ranks: tuple[int, int]
) -> tuple[tuple[ComplexArray, int], tuple[ComplexArray, int]] | None:
    """Return for Alice's and for Bob's half its isometry and its place in C; None where V joins them."""
    size = len(isometry).bit_length() - 1
    first, second = (1 << min(size, 1)), (1 << max(size - 1, 0))
    tensor = isometry.reshape(first, second, *ranks)
    for places, turned in (((0, 1), tensor), ((1, 0), tensor.transpose(1, 0, 2, 3))):
        one, other = turned.shape[:2]
        if one < ranks[0] or other < ranks[1]:
            continue
        matrix = turned.transpose(0, 2, 1, 3).reshape(one * ranks[0], other * ranks[1])
        left, values, right = np.linalg.svd(matrix)
        if (values[1:] < FIT * values[0]).all():
            largest = left[np.abs(left[:, 0]).argmax(), 0]
            phase = largest / abs(largest)
            alice = math.sqrt(ranks[0]) * left[:, 0].reshape(one, ranks[0]) / phase
            bob = math.sqrt(ranks[1]) * right[0].reshape(other, ranks[1]) * phase
            return (alice, places[0]), (bob, places[1])
    return None
