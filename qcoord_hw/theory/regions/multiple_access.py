"""The multiple-access network: Alice and Bob send qubits to Charlie, and share nothing [NatorPereg, IV-C].

A and B never meet, so omega_AB must be omega_A (x) omega_B (Remark 7). A pure state of this kind is two
pairs, phi_{A C1} and chi_{B C2}, up to Charlie's isometry V of eq. (64), and Theorem 9 gives the rates.

V is the polar factor of <phi chi|psi> (Uhlmann), with phi and chi made from the eigenvectors of omega_A and
of omega_B each by itself: those of omega_AB or omega_C are often degenerate and not of product form.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from qcoord_hw.theory.information import trace_norm, von_neumann_entropy
from qcoord_hw.theory.regions.cascade import PARTIES
from qcoord_hw.theory.regions.constraint import Term, at_least
from qcoord_hw.theory.regions.holders import check_systems
from qcoord_hw.theory.regions.region import RateRegion, RegionAnswer
from qcoord_hw.theory.states import State

ComplexArray = npt.NDArray[np.complex128]

RATES = ("Q1", "Q2")
SOURCE = "[NatorPereg, Theorem 9, eq. (67)]"

FIT = 1e-7
"""Distance of the vectors V|psi> and |phi>|chi> up to which they are the same."""

RANK = 1e-15
"""Eigenvalues below this are taken to be 0."""


def multiple_access(state: State) -> RegionAnswer:
    """Return the region (Q1, Q2) of a pure state of A, B and C, or why there is none.

    A system that the state lacks has dimension 1. A mixed state is `not_covered`: Theorem 9 takes pure ones.

    Returns:
        Criterion `theorem` where the state can be made. Details of a pure state: `root_fidelity` and
        `trace_distance` of omega_AB and omega_A (x) omega_B; `V`, shape (rank of A, rank of B, d_C), a
        partial isometry from C to C1 C2 (where the state can be made its adjoint, an isometry, is what
        Charlie does); `phi`, shape (d_A, rank of A), and `chi`, shape (d_B, rank of B), the pairs; `distance`
        of V|psi> from |phi>|chi>.

    Raises:
        InputError: when the state has another system.
    """
    check_systems(state, PARTIES)
    density = state.density(PARTIES)
    values, vectors = np.linalg.eigh(density)
    network, certificate = "multiple-access", {"target": state.to_json()}
    if values[-1] < 1 - 1e-9:
        why = f"mixed (entropy {von_neumann_entropy(density):.6f}), and Theorem 9 takes pure states"
        return RegionAnswer(network, state.name, "not_covered", why, {}, certificate=certificate)
    ket = vectors[:, -1].reshape(state.sizes(PARTIES))
    alice = _eigen(np.einsum("abc,xbc->ax", ket, ket.conj()))
    bob = _eigen(np.einsum("abc,ayc->by", ket, ket.conj()))
    phi, chi = alice[1] * np.sqrt(alice[0]), bob[1] * np.sqrt(bob[0])
    overlap = np.einsum("ai,bj,abc->ijc", phi.conj(), chi.conj(), ket, optimize=True)
    ranks, d_c = overlap.shape[:2], overlap.shape[2]
    left, singular, right = np.linalg.svd(overlap.reshape(-1, d_c), full_matrices=False)
    fidelity = float(singular.sum())
    own = singular > RANK
    isometry = (left[:, own].conj() @ right[own].conj()).reshape(*ranks, d_c)
    made = np.einsum("ijc,abc->aibj", isometry, ket)
    target = np.einsum("ai,bj->aibj", phi, chi)
    distance = float(np.linalg.norm(made - target))
    joint = np.einsum("abc,xyc->abxy", ket, ket.conj())
    apart = joint - np.einsum("ax,by->abxy", phi @ phi.conj().T, chi @ chi.conj().T)
    size = ket.shape[0] * ket.shape[1]
    gap = trace_norm(apart.reshape(size, size)) / 2
    details = {
        "root_fidelity": min(1.0, fidelity),
        "trace_distance": gap,
        "V": isometry,
        "phi": phi,
        "chi": chi,
        "distance": distance,
    }
    figures = f"root fidelity {min(1.0, fidelity):.9f}, trace distance {gap:.3g}"
    if distance > FIT:
        why = f"omega_AB is not omega_A (x) omega_B ({figures}), but Alice and Bob never meet"
        return RegionAnswer(network, state.name, "infeasible", why, {}, details, certificate=certificate)
    bounds = [
        at_least([Term("S(A)", von_neumann_entropy(phi @ phi.conj().T))], SOURCE, Q1=1),
        at_least([Term("S(B)", von_neumann_entropy(chi @ chi.conj().T))], SOURCE, Q2=1),
    ]
    why = f"omega_AB is omega_A (x) omega_B ({figures}); V|psi> misses two pairs by {distance:.2g}"
    region = RateRegion.from_constraints(RATES, bounds)
    return RegionAnswer(
        network, state.name, "feasible", why, {"theorem": region}, details, certificate=certificate
    )


def _eigen(rho: ComplexArray) -> tuple[npt.NDArray[np.float64], ComplexArray]:
    """Return the positive eigenvalues, falling, and their eigenvectors as columns."""
    values, vectors = np.linalg.eigh(rho)
    keep = values > RANK
    return values[keep][::-1], vectors[:, keep][:, ::-1]
