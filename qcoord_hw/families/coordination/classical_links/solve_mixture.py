"""Mixtures over U that make a user's state: found by the theory's solver, written out as options."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.classical_links.mixture import (
    Mixture,
    check_agreement,
    padded,
    read_target,
)
from qcoord_hw.spec import Plain
from qcoord_hw.theory.regions.auxiliary.problem import Party, Problem
from qcoord_hw.theory.regions.auxiliary.reduction import KeptParty, reduce
from qcoord_hw.theory.regions.auxiliary.solve import solve
from qcoord_hw.theory.regions.holders import roles
from qcoord_hw.theory.regions.separability import Witness, entanglement_witness
from qcoord_hw.theory.states import State

ComplexArray = npt.NDArray[np.complex128]

UNPROVED = 100.0
"""Bits; the gap that the solver may leave: only its mixture is wanted, which is exact, and no lower bound."""

WITNESS_SHARE = 0.3
"""Part of the time limit that may go into proving that the target is entangled."""

DROPPED = 1e-9
"""Products of a mixture with less probability than this are left out."""


def solve_target(
    state: State | str, parties: Sequence[str], sender: bool, *, beta: float, time_limit: float, seed: int
) -> tuple[Mixture, dict[str, Plain]]:
    """Return a mixture that makes a state, and the options `state`, `p_u`, .. that stand for it.

    Args:
        state: the target, or what the option `state` may be.
        parties: who may prepare a system.
        sender: whether a classical system of the state is Alice's source X.
        beta: as in `solve_mixture`.
        time_limit: in seconds.
        seed: of the solver's starts.

    Raises:
        InputError: saying why the network cannot make the state.
    """
    target = read_target(state) if isinstance(state, str) else state
    text = state if isinstance(state, str) else state.to_text()
    mixture = solve_mixture(target, parties, sender, beta=beta, time_limit=time_limit, seed=seed)
    if mixture is None and sender:
        mixture = letter_mixture(target, parties)
    if mixture is None:
        raise InputError(
            f"state: no mixture of products that makes {target.name!r} was found within {time_limit:g} s; "
            "allowed is a longer --time-limit, or a mixture given as p_u, theta_B .."
        )
    return mixture, {"state": text, **mixture.options()}


def solve_mixture(
    state: State, parties: Sequence[str], sender: bool, *, beta: float, time_limit: float, seed: int
) -> Mixture | None:
    """Return a mixture that makes a state, of the least (1 - beta) I(X;U) + beta I(all;U) that was found.

    None where none was found in time.

    Args:
        state: the target.
        parties: who may prepare a system.
        sender: whether a classical system of the state is Alice's source X.
        beta: 1 for the least sum rate, 0 for the least rate of communication.
        time_limit: in seconds.
        seed: of the solver's starts.

    Raises:
        InputError: when the target has too many systems or is entangled.
    """
    source, systems = roles(state, parties, sender)
    names = ([source] if source else []) + list(systems.values())
    names.sort(key=lambda system: system not in state.classical)  # the classical ones first; X stays first
    letters = [state.classical.index(s) for s in names if s in state.classical]
    quantum = [state.quantum.index(s) for s in names if s in state.quantum]
    tensor = state.tensor()
    n, q = len(letters), len(quantum)
    tensor = tensor.reshape(*tensor.shape[:n], *state.sizes(state.quantum) * 2)
    tensor = tensor.transpose(*letters, *(n + i for i in quantum), *(n + q + i for i in quantum))
    d = math.prod(state.sizes(state.quantum))
    order = tuple(
        Party(s, "classical" if s in state.classical else "quantum", state.dimension(s)) for s in names
    )
    reduction = reduce(Problem(order, tensor.reshape(*tensor.shape[:n], d, d), sender))
    _refuse_entangled(state, WITNESS_SHARE * time_limit)
    solution = solve(
        reduction.problem, beta, time_limit=(1 - WITNESS_SHARE) * time_limit, seed=seed, tolerance=UNPROVED
    )
    if solution is None:
        return None
    products = [product for product in solution.products if product.probability > DROPPED]
    p_u = np.array([product.probability for product in products])
    lifted: dict[str, ComplexArray] = {}
    kept = {part.name: (i, part) for i, part in enumerate(reduction.parties)}
    for name in names:
        marginal = state.density([name])
        if name in kept:
            i, part = kept[name]
            lifted[name] = np.array([_lifted(p.states[i], part, marginal) for p in products])
        else:
            lifted[name] = np.repeat(marginal[None], len(p_u), axis=0)
    channel = np.ones((len(p_u), 1))
    if source:
        channel = np.maximum(np.einsum("uxx->ux", lifted[source]).real, 0)
        channel /= channel.sum(axis=1, keepdims=True)
    mixture = Mixture(
        p_u / p_u.sum(), channel, tuple(systems), tuple(padded(_clean(lifted[s])) for s in systems.values())
    )
    check_agreement(mixture, state, sender)
    return mixture


def letter_mixture(state: State, parties: Sequence[str]) -> Mixture | None:
    """Return the mixture with U = X, in which Alice tells x itself; None where some omega^x is no product."""
    source, systems = roles(state, parties, sender=True)
    assert source is not None
    letters = np.flatnonzero(np.diag(state.density([source])).real > 0)
    p_x = np.diag(state.density([source])).real
    states = []
    for system in systems.values():
        d = state.dimension(system)
        blocks = state.density([source, system]).reshape(len(p_x), d, len(p_x), d)
        states.append(padded(_clean(np.array([blocks[x, :, x] / p_x[x] for x in letters]))))
    mixture = Mixture(
        p_x[letters] / p_x[letters].sum(), np.eye(len(p_x))[letters], tuple(systems), tuple(states)
    )
    try:
        check_agreement(mixture, state, sender=True)
    except InputError:
        return None
    return mixture


def _refuse_entangled(state: State, seconds: float) -> None:
    """Refuse a target with a proof that it is entangled for some letters."""
    if len(state.quantum) < 2:
        return
    for letter, block in zip(state.letters, state.blocks, strict=True):
        share = seconds / len(state.letters)
        found = entanglement_witness(block, state.sizes(state.quantum), state.quantum, time_limit=share)
        if isinstance(found, Witness):
            where = "".join(f" for {s} = {x}" for s, x in zip(state.classical, map(int, letter), strict=True))
            raise InputError(
                f"state: {', '.join(state.quantum)} of {state.name!r} are entangled{where} "
                f"(witness {-found.margin:.4g}); allowed are separable states"
            )


def _lifted(state: npt.NDArray[Any], part: KeptParty, marginal: ComplexArray) -> ComplexArray:
    """Return a party's state in the target's own space from that of the reduced problem.

    A letter that was merged is spread over its letters as in the marginal: that coin is thrown locally.
    """
    basis = np.eye(len(marginal)) if part.basis is None else part.basis
    if part.letters is None:
        return np.asarray(basis @ state @ basis.conj().T)
    own = np.einsum("ia,ij,ja->a", basis.conj(), marginal, basis).real
    spread = np.zeros(len(own))
    for p, group in zip(np.real(state), part.letters, strict=True):
        spread[list(group)] = p * own[list(group)] / own[list(group)].sum()
    return np.asarray((basis * spread) @ basis.conj().T, dtype=complex)


def _clean(states: ComplexArray) -> ComplexArray:
    """Return density matrices without the solver's rounding: no negative eigenvalue, trace 1."""
    values, vectors = np.linalg.eigh((states + states.conj().swapaxes(1, 2)) / 2)
    values = np.where(values < 1e-10, 0, values)
    values /= values.sum(axis=1, keepdims=True)
    return np.asarray((vectors * values[:, None, :]) @ vectors.conj().swapaxes(1, 2))
