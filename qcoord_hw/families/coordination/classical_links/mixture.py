"""Mixtures of products over U, as options of a spec."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.preparation import Coordination
from qcoord_hw.schema import refusal
from qcoord_hw.spec import Plain, without_twins
from qcoord_hw.theory.finite_blocklength.codebooks import Decomposition, decomposition
from qcoord_hw.theory.finite_blocklength.points import distribution
from qcoord_hw.theory.finite_blocklength.resolvability import read_states
from qcoord_hw.theory.named_states import PAULIS, named_state
from qcoord_hw.theory.regions.holders import SOURCE, SYSTEMS, roles
from qcoord_hw.theory.states import State, number, state_from_json

FloatArray = npt.NDArray[np.float64]
ComplexArray = npt.NDArray[np.complex128]

WHERE = "parameters."
AGREES = 1e-8
"""Largest entry by which a mixture may miss the state that stands beside it."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """sum_u p(u) p(x|u) |x><x| (x) theta_1^u (x) theta_2^u ..: X and the parties independent given U.

    Attributes:
        p_u: shape (U,).
        p_x_given_u: shape (U, X); X has one letter where there is no sender.
        parties: who prepares a system, in the order of the target's tensor factors.
        states: theta^u of each party, shape (U, 2^k, 2^k): a dimension that is no power of 2 is filled up
            with levels that are never occupied.
    """

    p_u: FloatArray
    p_x_given_u: FloatArray
    parties: tuple[str, ...]
    states: tuple[ComplexArray, ...]

    @property
    def qubits(self) -> tuple[int, ...]:
        """How many qubits each party needs a copy."""
        return tuple(states.shape[-1].bit_length() - 1 for states in self.states)

    @property
    def decomposition(self) -> Decomposition:
        """The same in the form of `theory.finite_blocklength.codebooks`."""
        return decomposition(self.p_u.tolist(), self.p_x_given_u, self.states[0], *self.states[1:])

    def options(self) -> dict[str, Plain]:
        """Return the options that `read_mixture` reads the same mixture from."""
        given: dict[str, Plain] = {"p_u": tuple(self.p_u.tolist())}
        if self.p_x_given_u.shape[1] > 1:
            given["p_x_given_u"] = tuple(tuple(row) for row in self.p_x_given_u.tolist())
        for party, states in zip(self.parties, self.states, strict=True):
            given[f"theta_{SYSTEMS[party]}"] = tuple(map(_written, states))
        return given


def read_mixture(options: Mapping[str, Any], parties: Sequence[str], sender: bool) -> Mixture:
    """Read a mixture from options.

    Args:
        options: values that are given: `p_u`; with a sender `p_x_given_u`, a row for each u; and for each
            party that prepares a system, such as Bob, `theta_B`: for each u a Bloch vector (a qubit) or a
            density matrix whose entries are numbers or [re, im]. With a `state` beside them, the mixture must
            make it.
        parties: who may prepare a system.
        sender: whether Alice gets letters x from Nature.

    Raises:
        InputError: naming the option.
    """
    p_u = distribution(f"{WHERE}p_u", [number(f"{WHERE}p_u", p) for p in _listed("p_u", options["p_u"])])
    channel = np.ones((len(p_u), 1))
    if sender:
        rows = _listed("p_x_given_u", options.get("p_x_given_u") or ((1.0,),) * len(p_u))
        if len(rows) != len(p_u) or len({len(_listed("p_x_given_u", row)) for row in rows}) != 1:
            raise refusal("p_x_given_u", rows, "is a row of one length for each p_u")
        numbers = [[number(f"{WHERE}p_x_given_u", p) for p in _listed("p_x_given_u", row)] for row in rows]
        channel = np.stack([distribution(f"{WHERE}p_x_given_u", row) for row in numbers])
    found = {}
    for party in parties:
        field = f"theta_{SYSTEMS[party]}"
        if field not in options:
            continue
        values = _listed(field, options[field])
        if len(values) != len(p_u):
            raise InputError(
                f"{WHERE}{field}: {len(values)} states; allowed is one for each of {len(p_u)} p_u"
            )
        matrices = [_matrix(field, value) for value in values]
        if len({len(matrix) for matrix in matrices}) > 1:
            raise InputError(f"{WHERE}{field}: states of several dimensions; allowed is one dimension")
        found[party] = padded(read_states(WHERE + field, np.array(matrices)))
    if not found:
        fields = ", ".join(f"theta_{SYSTEMS[party]}" for party in parties)
        raise InputError(f"{WHERE}p_u: no states; allowed beside at least one of {fields}")
    mixture = Mixture(p_u, channel, tuple(found), tuple(found.values()))
    if "state" in options:
        check_agreement(mixture, read_target(options["state"]), sender)
    return mixture


def read_target(value: str) -> State:
    """Return the state that an option names: a named state, or the JSON text of a state file.

    Raises:
        InputError: when it is neither.
    """
    if not value.lstrip().startswith("{"):
        return named_state(value)
    try:
        data = json.loads(value, object_pairs_hook=without_twins)
    except (ValueError, RecursionError):
        raise refusal("state", value, "is the JSON text of a state file") from None
    return state_from_json(data)


def described(plan: Coordination, mixture: Mixture, options: Mapping[str, Any], sender: bool) -> Coordination:
    """Return a protocol with who holds what: of the target, or of the mixture where no target is named."""
    if "state" in options:
        return plan.of_target(read_target(options["state"]))
    who = {"X": SOURCE} if sender else {}
    for party, states in zip(mixture.parties, mixture.states, strict=True):
        who[SYSTEMS[party]] = f"{party}'s system, dimension {states.shape[-1]}"
    return replace(plan, holders=who)


def check_agreement(mixture: Mixture, state: State, sender: bool) -> None:
    """Refuse a mixture that does not make the state.

    Raises:
        InputError: with the dimensions, or the largest miss of an entry.
    """
    source, systems = roles(state, mixture.parties, sender)
    order = ([source] if source else []) + [systems[p] for p in mixture.parties if p in systems]
    letters = state.dimension(source) if source else 1
    sizes = state.sizes(systems[p] for p in mixture.parties if p in systems)
    d = math.prod(sizes)
    blocks = state.density(order).reshape(letters, d, letters, d)[np.arange(letters), :, np.arange(letters)]
    made = mixture.decomposition.target
    filled = [2**k for k in mixture.qubits]
    if (
        made.shape[0] != letters
        or len(sizes) != len(filled)
        or any(f < s for f, s in zip(filled, sizes, strict=True))
    ):
        raise InputError(
            f"{WHERE}state: {state.name!r} has other dimensions than the mixture; allowed are the same"
        )
    levels = np.ravel_multi_index(np.indices(sizes).reshape(len(sizes), -1), filled)
    whole = np.zeros_like(made)
    whole[np.ix_(np.arange(letters), levels, levels)] = blocks
    miss = float(np.abs(made - whole).max())
    if miss > AGREES:
        raise InputError(
            f"{WHERE}p_u: the mixture misses {state.name!r} by {miss:.3g} in an entry; allowed is {AGREES:g}"
        )


def padded(states: ComplexArray) -> ComplexArray:
    """Return states (U, d, d) on whole qubits: filled up with levels that are never occupied."""
    d = states.shape[-1]
    fill = 2 ** max(1, (d - 1).bit_length()) - d
    return np.pad(states, ((0, 0), (0, fill), (0, fill)))


def _listed(field: str, value: Plain) -> tuple[Plain, ...]:
    if not isinstance(value, tuple | list):
        raise refusal(field, value, "is a list")
    return tuple(value)


def _matrix(field: str, value: Plain) -> ComplexArray:
    """Return a density matrix from a Bloch vector or from its rows."""
    rows = _listed(field, value)
    if not any(isinstance(row, tuple | list) for row in rows):
        if len(rows) != 3:
            raise refusal(field, value, "are Bloch vectors of 3 numbers, or matrices")
        bloch = np.array([number(WHERE + field, r) for r in rows])
        if np.linalg.norm(bloch) > 1 + 1e-9:
            raise refusal(field, value, "are Bloch vectors of length at most 1")
        return np.asarray(np.tensordot([1, *(bloch / max(1.0, np.linalg.norm(bloch)))], PAULIS, 1) / 2)
    matrix = [[_entry(field, entry) for entry in _listed(field, row)] for row in rows]
    if any(len(row) != len(rows) for row in matrix):
        raise refusal(field, value, "are Bloch vectors, or square matrices")
    return np.array(matrix)


def _entry(field: str, value: Plain) -> complex:
    if isinstance(value, tuple | list):
        if len(value) != 2:
            raise refusal(field, value, "are numbers or [re, im]")
        return complex(number(WHERE + field, value[0]), number(WHERE + field, value[1]))
    return complex(number(WHERE + field, value))


def _written(state: ComplexArray) -> Plain:
    """Return a qubit's Bloch vector, or the rows of a larger matrix."""
    if len(state) == 2:
        return tuple(float(np.trace(state @ pauli).real) for pauli in PAULIS[1:])
    return tuple(tuple((float(z.real), float(z.imag)) for z in row) for row in state)
