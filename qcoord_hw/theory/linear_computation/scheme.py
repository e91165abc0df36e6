"""From precoders to a self-orthogonal transfer matrix and its stabilizer generators [Hu2025, Section V].

Two instances are coded together. Server s puts P_s^-1 W_s of instance 1 into X exponents and W_s of instance
2 into Z exponents; c auxiliary qudits, on which nobody acts, make the transfer matrix self-orthogonal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qcoord_hw.errors import InputError
from qcoord_hw.theory.linear_computation.field import Array
from qcoord_hw.theory.linear_computation.nsum_box import complete_rows
from qcoord_hw.theory.linear_computation.task import LinearTask


@dataclass(frozen=True, eq=False)
class Scheme:
    """The scheme of [Hu2025, Theorem 1] for a reduced task.

    Attributes:
        task: the reduced task.
        precoders: P_s, one invertible (m_s, m_s) matrix a server.
        left: shape (K, N): [V P | H'], the rows that detect X exponents (instance 1).
        right: shape (K, N): [V | G'], the rows that detect Z exponents (instance 2).
        holders: for each of the N qudits (data in server order, then auxiliary) the index of its server.
    """

    task: LinearTask
    precoders: tuple[Array, ...]
    left: Array
    right: Array
    holders: tuple[int, ...]

    @property
    def auxiliary(self) -> int:
        """c: how many qudits nobody acts on."""
        return len(self.holders) - sum(self.task.sizes)

    @property
    def qudits(self) -> int:
        """N = sum m_s + c: qudits downloaded for two instances."""
        return len(self.holders)

    @property
    def matrix(self) -> Array:
        """M, shape (2K, 2N): columns [data | auxiliary] of instance 1, then of instance 2."""
        zero = np.zeros_like(self.left)
        return np.block([[self.left, zero], [zero, self.right]])

    @property
    def download(self) -> dict[str, int]:
        """Qudits that each server sends for two instances."""
        return {s: self.holders.count(k) for k, s in enumerate(self.task.servers)}

    def generators(self) -> list[dict[str, Any]]:
        """Return the stabilizer generator of each output: Weyl exponents X(x) Z(z), N symbols each.

        Row k of M = [M_l | M_r] is read from the syndrome of X(-M_r) Z(M_l): the exponents change places
        ([Hu2025, Lemma 1]; literal rows answer wrongly). For d = p^r the generators are these and their
        multiples by a basis of F_d over F_p.
        """
        gf, (k, n) = self.task.field, self.left.shape
        m = self.matrix
        return [
            {
                "output": f"y{1 + row // k}[{row % k}]",
                "x": gf.neg[m[row, n:]].tolist(),
                "z": m[row, :n].tolist(),
            }
            for row in range(2 * k)
        ]

    def completion(self) -> Array:
        """Return rows of Z type that extend the generators to a maximal isotropic space: (N - 2K, N).

        Lemma 1 leaves 2K < N open. The user who measures a complete basis learns these functions of the
        X exponents as well.
        """
        return complete_rows(self.task.field, self.matrix)[2 * self.task.rows :, : self.qudits]

    def bonus_outputs(self) -> list[dict[str, Any]]:
        """Return what the user learns besides y: a function of instance 1 for each row of `completion`.

        Each has the generator's exponents and, for every server, the coefficients of its symbols W_s.
        """
        gf = self.task.field
        inverses = [gf.inverse(p) for p in self.precoders]
        outputs = []
        for row in self.completion():
            start, function = 0, {}
            for server, inverse in zip(self.task.servers, inverses, strict=True):
                part = row[None, start : start + len(inverse)]
                function[server] = gf.matmul(part, inverse)[0].tolist()
                start += len(inverse)
            outputs.append({"x": [0] * self.qudits, "z": row.tolist(), "instance": 1, "function": function})
        return outputs


def build_scheme(
    task: LinearTask, precoders: Sequence[Array], holders: Sequence[str] | None = None
) -> Scheme:
    """Return the self-orthogonal scheme of a reduced task with these precoders.

    With R = sum V_s P_s V_s^T = A B (A of full column rank c), H' = -A and G' = B^T make
    [V P | H'] [V | G']^T = 0. (Lemma 3 prints B_1 H', B_2 G', which holds for the inverses of B_1, B_2.)

    Args:
        task: rank(V) = K, rank(V_s) = m_s.
        precoders: P_s, invertible.
        holders: the server of each auxiliary qudit; one after the other, in order, if omitted.

    Raises:
        InputError: when `holders` does not name c servers of the task.
    """
    gf = task.field
    left = np.hstack([gf.matmul(v, p) for v, p in zip(task.matrices, precoders, strict=True)])
    right = task.matrix
    r = gf.matmul(left, right.T)
    b, pivots = gf.rref(r)  # R = R[:, pivots] B
    a = r[:, list(pivots)]
    c = len(pivots)
    if holders is None:
        holders = [task.servers[k % len(task.servers)] for k in range(c)]
    if len(holders) != c or any(s not in task.servers for s in holders):
        raise InputError(
            f"auxiliary: {', '.join(holders) or 'none'}; allowed are {c} names among "
            f"{', '.join(task.servers)}"
        )
    data = [k for k, size in enumerate(task.sizes) for _ in range(size)]
    return Scheme(
        task,
        tuple(precoders),
        np.hstack([left, gf.neg[a]]),
        np.hstack([right, b.T]),
        tuple(data + [task.servers.index(s) for s in holders]),
    )
