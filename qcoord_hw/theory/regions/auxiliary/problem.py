"""The optimisation over the auxiliary variable U behind Theorems 1, 4 and 5, as plain data.

A target omega of several parties, some classical and some quantum, is written as a mixture

    omega = sum_u p_u theta_1^u (x) theta_2^u (x) ...

of products. With H the entropy in bits and H_i(u) = H(theta_i^u), the rates of a mixture are

    I(all; U) = H(omega) - sum_u p_u sum_i H_i(u),      I(X; U) = H(X) - sum_u p_u H_X(u),

the latter where a party X, the sender, gets its letters from Nature. For beta in [0, 1] the program is

    value(beta) = min (1 - beta) I(X; U) + beta I(all; U) = constant - max sum_u p_u sum_i w_i H_i(u),

with weight w_X = 1, every other weight beta, and constant = (1 - beta) H(X) + beta H(omega). Without a sender
(no communication) beta is 1. value(1) is Corollary 2, value(0) Corollary 3, and every (R0, R1) of the
region satisfies R1 >= value(beta) - beta R0.

Duality: for every Hermitian K, value(beta) >= constant - <K, omega> - delta whenever
sum_i w_i H(theta_i) - <K, theta_1 (x) theta_2 ..> <= delta for all products that may occur in a mixture of
omega.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

ComplexArray = npt.NDArray[np.complex128]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Party:
    """A party of a problem.

    Attributes:
        name: the system, as in the state file.
        kind: a classical party's states are diagonal.
        dimension: number of letters or dimension of its Hilbert space.
    """

    name: str
    kind: Literal["classical", "quantum"]
    dimension: int


@dataclass(frozen=True, eq=False)
class Problem:
    """A target state and who holds it.

    Attributes:
        parties: the classical ones first.
        target: shape (*letters of the classical parties, D, D) with D the product of the quantum dimensions
            (1 without quantum parties): block [x, ..] is p(x, ..) omega^{x..}, so that the traces sum to 1.
        sender: whether the first (classical) party is the sender X.
    """

    parties: tuple[Party, ...]
    target: ComplexArray
    sender: bool

    @property
    def classical(self) -> tuple[Party, ...]:
        """The classical parties."""
        return tuple(party for party in self.parties if party.kind == "classical")

    @property
    def quantum(self) -> tuple[Party, ...]:
        """The quantum parties."""
        return tuple(party for party in self.parties if party.kind == "quantum")

    def weights(self, beta: float) -> tuple[float, ...]:
        """Return the weight of each party's entropy."""
        return tuple(1.0 if self.sender and i == 0 else beta for i in range(len(self.parties)))


@dataclass(frozen=True, eq=False)
class Product:
    """One product state of a mixture.

    Attributes:
        probability: p_u.
        states: one per party: a probability vector (classical) or a density matrix (quantum).
    """

    probability: float
    states: tuple[ComplexArray | FloatArray, ...]


@dataclass(frozen=True, eq=False)
class Solution:
    """value(beta) between two bounds, each with its proof.

    Attributes:
        beta: the program.
        upper: the value of the mixture `products`, bits.
        products: a mixture that equals the target within 1e-10 in every entry.
        lower: constant - <K, target> - delta, bits, or a bound of data processing where `dual` is None.
        dual: K in the shape of the target; zero outside the support of the target. None where the lower bound
            is that of data processing, max of I(i; the others) over the parties i that it holds for.
        delta: proved upper bound of sum_i w_i H(theta_i) - <K, theta> over the products that may occur.
    """

    beta: float
    upper: float
    products: tuple[Product, ...]
    lower: float
    dual: ComplexArray | None
    delta: float
