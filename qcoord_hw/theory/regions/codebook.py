"""Making a separable state by an index that everybody knows: the codebook of [NatorPereg, Theorem 4].

With C bits of common randomness per copy, C = I(all;U) of a mixture of products, the parties make the target
without communication. On links of qubits the index is sent, or measured on ebits that were shared before: one
qubit, or one ebit, for each bit of it; an index that has to be sent takes half a qubit and half an ebit with
superdense coding. So links of qubits need no more than C.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qcoord_hw.theory.regions.auxiliary.certificate import mixture_data, reduction_data
from qcoord_hw.theory.regions.auxiliary.model import Model
from qcoord_hw.theory.regions.auxiliary.problem import Product
from qcoord_hw.theory.regions.auxiliary.reduction import Reduction, reduce
from qcoord_hw.theory.regions.auxiliary.solve import Workspace, cheapest_mixture, data_processing
from qcoord_hw.theory.regions.classical_links import problem_of
from qcoord_hw.theory.regions.constraint import Term
from qcoord_hw.theory.regions.measured import Measurement
from qcoord_hw.theory.regions.separability.ppt import transpose_witness
from qcoord_hw.theory.regions.separability.results import Witness
from qcoord_hw.theory.states import State

SHARE = 0.5
"""Of the time that is left, for the search."""


@dataclass(frozen=True, eq=False)
class Codebook:
    """A mixture of products that is the target.

    Attributes:
        reduction: how the target became the problem that was solved.
        products: of that problem, with their probabilities.
        total: entropy of that problem's target, bits.
        conditional: mean entropy of each of its parties given the index, bits.
    """

    reduction: Reduction
    products: tuple[Product, ...]
    total: float
    conditional: dict[str, float]

    @property
    def terms(self) -> tuple[Term, ...]:
        """What adds up to I(all;U): the entropy of the problem that was solved, and those given the index."""
        given = tuple(Term(f"S({name}|U)", value, -1.0) for name, value in self.conditional.items())
        names = "".join(self.conditional)
        return (Term(f"S({names}){self.of}", self.total), *given) if names else ()

    @property
    def of(self) -> str:
        """What the name of an entropy ends with, where it is not that of the target itself."""
        original = Model(self.reduction.original)
        same = abs(original.entropy - self.total) < 1e-9 and not self.reduction.split_off
        return "" if same else " of the reduced target"

    @property
    def rate(self) -> float:
        """I(all;U), bits per copy."""
        return max(0.0, self.total - sum(self.conditional.values()))

    def to_json(self) -> dict[str, Any]:
        """Return what proves the rate: the reduction and `decomposition`."""
        problem = self.reduction.problem
        return {**reduction_data(self.reduction), "decomposition": mixture_data(problem, self.products)}


def cheapest_codebook(state: State, *, below: float, seed: int, deadline: float) -> Codebook | None:
    """Return a mixture of products with as small an I(all;U) as is found; None if none is found or useful.

    Args:
        state: the target; each system is a party.
        below: bits; a codebook that is certain to need as much is of no use.
        seed: of the searches.
        deadline: in the time of `time.monotonic`; at most `SHARE` of what is left is taken.
    """
    systems = state.quantum
    if len(systems) > 1:
        for block in state.blocks:
            if isinstance(transpose_witness(block, state.sizes(systems), systems), Witness):
                return None
    reduction = reduce(problem_of(state, None))
    model = Model(reduction.problem)
    if data_processing(model, 1.0) >= below:
        return None
    workspace = Workspace(model, seed)
    now = time.monotonic()
    limit = now + SHARE * (deadline - now)
    products = cheapest_mixture(workspace, 1.0, limit, below=below)
    if products is None:
        return None
    return Codebook(reduction, products, model.entropy, model.conditional_entropies(products))


def proofs(measurements: Mapping[str, Measurement], codebook: Codebook | None) -> dict[str, Any]:
    """Return the entries of a certificate for measurements, by cut, and a codebook; none for none."""
    found = {"measurements": measurements, "codebook": codebook}
    return {key: value for key, value in found.items() if value}
