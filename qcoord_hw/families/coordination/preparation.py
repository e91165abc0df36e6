"""What a builder of a coordination protocol returns: circuits up to their outputs, and their targets."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from qiskit.circuit import Qubit

from qcoord_hw.network import NetworkCircuit
from qcoord_hw.theory.regions.holders import holders
from qcoord_hw.theory.states import State

ComplexArray = npt.NDArray[np.complex128]


@dataclass(frozen=True, eq=False)
class Preparation:
    """A protocol up to its outputs: nothing is measured yet.

    Attributes:
        net: the circuit on its network; resources are counted in it.
        outputs: the output qubits of all copies, in the order of the target's tensor factors, the most
            significant first. A discarded qubit is left alone by its owner and is not among them.
    """

    net: NetworkCircuit
    outputs: tuple[Qubit, ...]


@dataclass(frozen=True, eq=False)
class Case:
    """A target, and the mixture of preparations that is to come close to it.

    Attributes:
        label: what is given, such as `x=01`, or which sender; empty where there is one case.
        probability: of the case; they sum to 1 over the cases of one experiment.
        mixture: (preparation, weight) pairs; the weights sum to 1.
        target: a vector, shape (2^k,), or a density matrix, shape (2^k, 2^k), of the outputs named below.
        outputs: which of the preparation's outputs the target describes, by their position; ascending.
    """

    label: str
    probability: float
    mixture: tuple[tuple[int, float], ...]
    target: ComplexArray
    outputs: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Coordination:
    """A coordination protocol at block length n.

    Attributes:
        network: name of the network, as on the command line of `qcoord theory region`.
        preparations: all have the same qubits, outputs, network and usage.
        cases: what is to be made.
        copies: the block length n.
        sampled: whether the case and the preparation are drawn for each shot (classical links, where
            x^n, m0 and m1 are random), and not all executed equally often.
        rates: what theory says beside: name -> {"value" or "lower"/"upper", "source"}, rates a copy.
        exact: what theory says of this very protocol without Qiskit, such as {"trace_norm": .1925}.
        notes: one line each: conventions, what was completed, which reading of the paper.
        holders: who has each system of the target, and what it is there, by its letter.
    """

    network: str
    preparations: tuple[Preparation, ...]
    cases: tuple[Case, ...]
    copies: int
    sampled: bool = False
    rates: dict[str, dict[str, Any]] = field(default_factory=dict)
    exact: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    holders: dict[str, str] = field(default_factory=dict)

    def of_target(self, state: State) -> Coordination:
        """Return the protocol with who holds what of its target, and what its file held."""
        who = self.holders or holders(state, self.network)
        return replace(self, holders=who, notes=(*state.notes, *self.notes))
