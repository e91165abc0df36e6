"""One-shot codes of the cascade network that make a state without error, built and simulated.

A scheme is a code of Definition 3 of [NatorPereg] with n = 1: resource kets and one isometry a party, whose
environment is thrown away. The simulation lets each isometry act on what its party holds and on nothing else.

With |psi> a purification of the target, held by Alice (A R), Bob (B R) or Charlie (C R), cut as (a, b, c):

- link 1: Alice holds one half of the Schmidt state of a; the other half is sent, or was shared before;
- Bob turns it into (b, c), which is an isometry because |psi> is pure;
- link 2: he sends the support of c; or, if a and c are independent, half of the Schmidt state of c was shared
  before, and he turns both halves that he has into b.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from qcoord_hw.theory.information import complex_data, trace_norm
from qcoord_hw.theory.regions.local_part import Core

ComplexArray = npt.NDArray[np.complex128]
FloatArray = npt.NDArray[np.float64]
Holder = Literal["Alice", "Bob", "Charlie"]

HOLDERS: tuple[Holder, ...] = ("Alice", "Bob", "Charlie")

EXACT = 1e-9
"""Trace norm by which the simulated state may miss the target."""

EIGENVALUE, AMPLITUDE, NOISE = 1e-14, 1e-9, 1e-14
"""Taken to be 0 below: eigenvalues of the target, Schmidt coefficients of link 1, and those of link 2 (far
smaller, so that Bob's map, whose rows are divided by the former, stays an isometry)."""

MAX_PRODUCTS = 100_000_000
"""Products of complex numbers in the last step of a simulation; above this no scheme is built."""


@dataclass(frozen=True, eq=False)
class Scheme:
    """A code of the cascade network for one copy.

    Attributes:
        name: who purifies, and how each link is used.
        rates: (Q1, E1, Q2, E2) in qubits and ebits: logarithms of the dimensions of M1, T_A, M2, T_C.
        resources: Schmidt coefficients of the state shared by Alice and Bob, and of that of Bob and Charlie.
        alice: isometry, shape (A, M1, environment, T_A).
        bob: isometry, shape (B, M2, environment, M1, T_B', T_B'').
        charlie: isometry, shape (C, environment, M2, T_C).
        trace_norm: of the difference of the simulated output and the target.
    """

    name: str
    rates: tuple[float, float, float, float]
    resources: tuple[FloatArray, FloatArray]
    alice: ComplexArray
    bob: ComplexArray
    charlie: ComplexArray
    trace_norm: float

    def to_json(self) -> dict[str, Any]:
        """Return name, rates and error; see `maps_json` for the maps."""
        rates = dict(zip(("Q1", "E1", "Q2", "E2"), self.rates, strict=True))
        return {"name": self.name, "rates": rates, "trace_norm": self.trace_norm}

    @property
    def entries(self) -> int:
        """How many complex numbers its maps have."""
        return self.alice.size + self.bob.size + self.charlie.size

    def maps_json(self) -> dict[str, Any]:
        """Return what a simulation needs: `resources`, `alice`, `bob` and `charlie`."""
        maps = {"alice": self.alice, "bob": self.bob, "charlie": self.charlie}
        return {
            "resources": [spectrum.tolist() for spectrum in self.resources],
            **{name: complex_data(isometry) for name, isometry in maps.items()},
        }


def exact_schemes(density: ComplexArray, core: Core) -> tuple[Scheme, ...]:
    """Return the schemes whose simulation gives the target to 1e-9 in trace norm.

    Args:
        density: the target, shape (d, d), of A, B and C.
        core: the target without what the parties make by themselves; the schemes make it, and then the
            parties put on their own parts.
    """
    values, vectors = np.linalg.eigh(core.density)
    keep = values > EIGENVALUE
    ket = (vectors[:, keep] * np.sqrt(values[keep])).reshape(*core.dimensions, -1)
    environment = ket.shape[-1] * math.prod(isometry.shape[1] for isometry in core.recover)
    if len(density) ** 2 * environment > MAX_PRODUCTS:
        return ()
    schemes = []
    for holder in HOLDERS:
        for shared_1 in (False, True):
            for shared_2 in (False, True):
                scheme = _build(density, core, ket, holder, shared_1, shared_2)
                if scheme is not None and scheme.trace_norm < EXACT:
                    schemes.append(scheme)
    return tuple(schemes)


def simulate(
    resources: tuple[FloatArray, FloatArray], alice: ComplexArray, bob: ComplexArray, charlie: ComplexArray
) -> ComplexArray:
    """Return the output of a scheme, a density matrix of A, B and C.

    Args:
        resources: Schmidt coefficients of the two shared states.
        alice: as in `Scheme`.
        bob: as in `Scheme`.
        charlie: as in `Scheme`.

    Raises:
        ValueError: when a map is not an isometry.
    """
    for name, isometry, inputs in (("alice", alice, 1), ("bob", bob, 3), ("charlie", charlie, 2)):
        matrix = isometry.reshape(-1, math.prod(isometry.shape[-inputs:]))
        if np.abs(matrix.conj().T @ matrix - np.eye(matrix.shape[1])).max() > EXACT:
            raise ValueError(f"{name}: not an isometry")
    first, second = resources
    # Axes: a A, m M1, e f g the environments, t T_A and T_B', b B, n M2, u T_B'' and T_C, c C.
    ket = np.einsum("amet,t->aemt", alice, first)
    ket = np.einsum("aemt,bnfmtu->aebfnu", ket, bob, optimize=True)
    ket = np.einsum("aebfnu,u,cgnu->abcefg", ket, second, charlie, optimize=True)
    matrix = ket.reshape(math.prod(ket.shape[:3]), -1)
    return np.asarray(matrix @ matrix.conj().T)


def _build(
    density: ComplexArray, core: Core, ket: ComplexArray, holder: Holder, shared_1: bool, shared_2: bool
) -> Scheme | None:
    """Return a scheme, simulated; None if it is not exact or the same as one without the shared state."""
    parts = _parts(core, ket, holder)
    tensor, keep_a, keep_b, keep_c = parts
    a, b, c = tensor.shape
    left, first, rows = _schmidt(tensor.reshape(a, b * c), AMPLITUDE)
    right, second, _ = _schmidt(tensor.reshape(a * b, c).T, NOISE)
    # In the Schmidt bases: Bob's map from (i) to (b, j), or from (i, j) to b.
    bob = np.einsum("ibc,cj->ibj", rows.reshape(-1, b, c), right.conj())
    if (shared_1 and len(first) == 1) or (shared_2 and len(second) == 1):
        return None
    if shared_2:
        bob = bob / second
        matrix = bob.transpose(1, 0, 2).reshape(b, -1)
        if np.abs(matrix.conj().T @ matrix - np.eye(matrix.shape[1])).max() > EXACT:
            return None  # a and c are not independent
    one = np.ones(1)
    spectra = (first if shared_1 else one, second if shared_2 else one)
    # Alice: her half of the Schmidt state, with her local part; she makes both halves if nothing is shared.
    half = np.einsum("xea,ai->xei", keep_a, left)
    alice = half[:, None] if shared_1 else (half * first).transpose(0, 2, 1)[..., None]
    kept = np.einsum("xeb,ibj->xeij", keep_b, bob, optimize=True)
    if shared_2:  # axes (B, M2, environment, M1, T_B', T_B'')
        bob_map = kept[:, None, :, None, :, :] if shared_1 else kept[:, None, :, :, None, :]
    else:
        sent = kept.transpose(0, 3, 1, 2)
        bob_map = (sent[:, :, :, None, :] if shared_1 else sent[:, :, :, :, None])[..., None]
    out = np.einsum("xec,cj->xej", keep_c, right)
    charlie = out[:, :, None, :] if shared_2 else out[:, :, :, None]
    rates = (
        math.log2(alice.shape[1]),
        math.log2(alice.shape[3]),
        math.log2(charlie.shape[2]),
        math.log2(charlie.shape[3]),
    )
    links = tuple("shared before" if shared else "sent" for shared in (shared_1, shared_2))
    name = f"purifier at {holder}; link 1 {links[0]}, link 2 {links[1]}"
    error = trace_norm(simulate(spectra, alice, bob_map, charlie) - density)
    return Scheme(name, rates, spectra, alice, bob_map, charlie, error)


def _parts(
    core: Core, ket: ComplexArray, holder: Holder
) -> tuple[ComplexArray, ComplexArray, ComplexArray, ComplexArray]:
    """Return |psi> cut as (a, b, c), and what each party does with its part at the end.

    That is an isometry of shape (original system, environment, part): it puts on the local part and throws
    away R if the party holds it.
    """
    holds, rank = HOLDERS.index(holder), ket.shape[-1]
    sizes, maps = list(core.dimensions), list(core.recover)
    sizes[holds] *= rank
    tensor = np.moveaxis(ket, -1, holds + 1).reshape(sizes)
    original, environment, small = maps[holds].shape
    with_r = np.einsum("xea,rs->xeras", maps[holds], np.eye(rank))
    maps[holds] = with_r.reshape(original, environment * rank, small * rank)
    return tensor, maps[0], maps[1], maps[2]


def _schmidt(matrix: ComplexArray, zero: float) -> tuple[ComplexArray, FloatArray, ComplexArray]:
    """Return the singular value decomposition without the zeros; the values are normalised."""
    left, singular, right = np.linalg.svd(matrix, full_matrices=False)
    keep = singular > zero
    return left[:, keep], singular[keep] / np.linalg.norm(singular[keep]), right[keep]
