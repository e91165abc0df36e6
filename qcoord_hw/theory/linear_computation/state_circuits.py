"""A Clifford circuit that makes a stabilizer state of qudits of prime dimension, and its text.

With a Fourier transform on some qudits every complete set of commuting generators becomes [1 | Gamma] with a
symmetric Gamma: a graph state, with loops that are phase gates.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from qcoord_hw.theory.linear_computation.clifford_circuits import Frame, Gate
from qcoord_hw.theory.linear_computation.field import Array, Field
from qcoord_hw.theory.linear_computation.nsum_box import complete_rows
from qcoord_hw.theory.linear_computation.pauli_strings import Generators, sign_of_product


def state_circuit(gf: Field, m: Array, signs: Array) -> list[Gate]:
    """Return gates that make a state with these generators from |0..0>: H, H_INV, S, CZ, X and Z.

    Args:
        gf: the prime field F_p.
        m: rows of M that commute, shape (K, 2N). With fewer than N independent ones the state has further
            generators, those of `complete_rows`.
        signs: shape (K,), of qubits; phases of odd p are left as they come.
    """
    rows = complete_rows(gf, m)
    n = rows.shape[1] // 2
    x, z = gf.neg[rows[:, n:]], rows[:, :n]
    _, independent = gf.rref(np.hstack([x, z]).T)
    x, z = x[list(independent)], z[list(independent)]
    _, pivots = gf.rref(x)
    turned = [q for q in range(n) if q not in pivots]
    x[:, turned], z[:, turned] = gf.neg[z[:, turned]], x[:, turned]
    gamma = gf.matmul(gf.inverse(x), z)
    gates: list[Gate] = [("H", (q,)) for q in range(n)]
    gates += [("S", (q,)) for q in range(n) for _ in range(gamma[q, q])]
    gates += [("CZ", (a, b)) for a, b in np.argwhere(np.triu(gamma, 1)).tolist() for _ in range(gamma[a, b])]
    gates += [("H" if gf.order == 2 else "H_INV", (q,)) for q in turned]
    return gates + (_corrections(gf, rows, signs, gates) if gf.order == 2 else [])


def _corrections(gf: Field, rows: Array, signs: Array, gates: Sequence[Gate]) -> list[Gate]:
    """Return the Pauli gates that give the generators of qubits their signs."""
    n = rows.shape[1] // 2
    frame = Frame(n)
    for name, at in gates:
        frame.act(name, at)
    made = frame.generators()
    wanted = np.concatenate([signs, np.zeros(len(rows) - len(signs), dtype=np.int64)])
    products = gf.solve(np.hstack([made.x, made.z]).T, np.hstack([rows[:, n:], rows[:, :n]]).T)
    assert products is not None  # they generate the same group up to signs
    found = [sign_of_product(made, np.flatnonzero(column).tolist()) for column in products.T]
    errors = gf.solve(rows, np.bitwise_xor(wanted, np.array(found)))
    assert errors is not None  # signs of dependent generators fit each other
    paulis: list[Gate] = [("X", (q,)) for q in range(n) if errors[q]]
    return paulis + [("Z", (q,)) for q in range(n) if errors[n + q]]


def stim_text(gates: Sequence[Gate], holders: Sequence[str]) -> str:
    """Return a circuit of qubits as `.stim`, with a comment on who holds which qubit."""
    lines = [f"# {line}" for line in holders]
    for name, group in groupby(gates, key=lambda gate: gate[0]):
        lines.append(" ".join([name, *(str(q) for _, at in group for q in at)]))
    return "\n".join(lines) + "\n"


def chp_text(gates: Sequence[Gate], holders: Sequence[str], p: int, qudits: int) -> str:
    """Return a circuit of qudits as sdim's `.chp`, with a comment on who holds which qudit."""
    lines = [*holders, "#", f"d {p} qudits={qudits}"]
    return "\n".join([*lines, *(" ".join([name, *map(str, at)]) for name, at in gates)]) + "\n"


def generators_of(gf: Field, m: Array, signs: Array) -> Generators:
    """Return the generators X(-M_r) Z(M_l) of rows of M."""
    n = m.shape[1] // 2
    return Generators(gf.neg[m[:, n:]], m[:, :n], signs)
