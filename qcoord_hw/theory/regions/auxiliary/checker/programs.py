"""One program of an answer: the mixture behind its upper bound, and K and delta behind its lower bound."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from qcoord_hw.theory.regions.auxiliary.checker.bound import SLACK, check_delta, refusal
from qcoord_hw.theory.regions.auxiliary.checker.kernels import refined
from qcoord_hw.theory.regions.auxiliary.checker.reading import (
    complexes,
    field,
    items,
    number,
    numbers,
    refuse,
    text,
)
from qcoord_hw.theory.regions.auxiliary.checker.reduction import (
    NEGATIVE,
    TOLERANCE,
    State,
    entropy,
    normal_form_gap,
    state_faults,
)
from qcoord_hw.theory.regions.auxiliary.checker.ring import Ring
from qcoord_hw.theory.regions.auxiliary.checker.side import Complexes
from qcoord_hw.theory.regions.auxiliary.checker.support import Supports


@dataclass(frozen=True, eq=False)
class Program:
    """A program as the answer prints it, with what its mixture really attains.

    Attributes:
        name, beta, lower, upper: as printed; bits.
        sender_rate: I(X; U) of the mixture, 0 without a sender; infinite without a mixture.
        sum_rate: I(all; U) of the mixture; infinite without one.
        shared: R0 of a frontier program, None for the others.
        sender_upper: R1_upper of a frontier program.
        delta: as printed, bits.
        dual: K in the shape of the reduced target's blocks; None where data processing gives the lower bound.
        conditional: by party the mean entropy of its states in the mixture, bits.
    """

    name: str
    beta: float
    lower: float
    upper: float
    sender_rate: float
    sum_rate: float
    shared: float | None
    sender_upper: float | None
    delta: float
    dual: Complexes | None
    conditional: dict[str, float]

    def rate(self, shared: float) -> float:
        """Return the R1 that the mixture needs when there are R0 = `shared` bits of common randomness."""
        return max(self.sender_rate, self.sum_rate - shared)


@dataclass(frozen=True)
class Mixture:
    """A mixture of products.

    Attributes:
        sender_rate: I(X; U), 0 without a sender; bits.
        sum_rate: I(all; U).
        conditional: by party the mean entropy of its states.
        faults: why it is not one of the target.
    """

    sender_rate: float
    sum_rate: float
    conditional: dict[str, float]
    faults: list[str]


class Reduced:
    """The reduced problem of an answer.

    Args:
        state: the reduced target.
        order: the parties' names, the classical ones first.
        sender: whether the first party is the sender.
    """

    def __init__(self, state: State, order: tuple[str, ...], sender: bool) -> None:
        """Compute the supports and entropies that all programs share."""
        self.state, self.order, self.sender = state, order, sender
        self.supports = Supports(state.matrices, state.dimensions)
        self.rings: tuple[Ring, ...] = ()
        if state.dimensions == (2, 2):
            self.faces, self.rings = refined(state.matrices, self.supports)
        else:
            self.faces = self.supports.faces()
        self.total = state.entropy()
        self.own = {name: state.alone(name).entropy() for name in order}

    def weights(self, beta: float) -> list[float]:
        """Return w of each party's entropy."""
        return [1.0 if self.sender and i == 0 else beta for i in range(len(self.order))]

    def constant(self, beta: float) -> float:
        """Return (1 - beta) H(X) + beta H(all), without the first term if there is no sender."""
        head = (1 - beta) * self.own[self.order[0]] if self.sender else 0.0
        return head + beta * self.total

    def data_processing(self, beta: float) -> float:
        """Return max_i I(i; the others) at beta = 1; I(X; the others) below it.

        U screens the parties from each other, so I(all; U) >= I(i; U) >= I(i; the others).
        """
        shared = [self.own[n] + self.state.without(n).entropy() - self.total for n in self.order]
        if beta == 1:
            return max(shared, default=0.0)
        return shared[0] if self.sender else beta * max(shared, default=0.0)


def read_program(problem: Reduced, data: Any, where: str) -> tuple[Program, list[str]]:
    """Return a program and what is wrong with its two bounds; that delta holds is left to `prove`.

    Args:
        problem: the reduced problem.
        data: the program, parsed JSON.
        where: its place in the answer.

    Raises:
        InputError: a field is missing or malformed.
    """
    name = text(field(data, "name", where), f"{where}.name")
    beta = number(field(data, "beta", where), f"{where}.beta")
    if not 0 <= beta <= 1:
        raise refuse(f"{where}.beta", beta, "0..1")
    lower = number(field(data, "lower", where), f"{where}.lower")
    upper = number(field(data, "upper", where), f"{where}.upper", infinite=True)
    shared = sender_upper = None
    if "R0" in data:
        shared = number(data["R0"], f"{where}.R0")
        sender_upper = number(field(data, "R1_upper", where), f"{where}.R1_upper", infinite=True)
    faults: list[str] = []
    mixture = Mixture(math.inf, math.inf, {}, [])
    if (listed := field(data, "decomposition", where)) is not None:
        mixture = read_mixture(problem, items(listed, f"{where}.decomposition"), where)
        faults += mixture.faults
    sender_rate, sum_rate = mixture.sender_rate, mixture.sum_rate
    delta = number(field(data, "delta", where), f"{where}.delta")
    dual = field(data, "dual", where)
    if dual is not None:
        dual = complexes(dual, f"{where}.dual", problem.state.matrices.shape)
    own = mixture.conditional
    program = Program(name, beta, lower, upper, sender_rate, sum_rate, shared, sender_upper, delta, dual, own)
    value = (1 - beta) * sender_rate + beta * sum_rate if listed is not None else math.inf
    faults += differs(f"{where}.upper", upper, value)
    if shared is not None and sender_upper is not None:
        faults += differs(f"{where}.R1_upper", sender_upper, program.rate(shared))
    return program, faults + _lower_faults(problem, where, program)


def prove(problem: Reduced, program: Program, where: str, deadline: float) -> list[str]:
    """Return why delta is not proved, one line or none.

    Args:
        problem: the reduced problem.
        program: one of its programs.
        where: its place in the answer.
        deadline: value of time.monotonic() at which to give up.
    """
    if program.dual is None:
        return []
    weights = problem.weights(program.beta)
    tops = (ring.exceeds(program.dual, weights, program.delta + SLACK) for ring in problem.rings)
    if (top := max((top for top in tops if top is not None), default=None)) is not None:
        reason: str | None = refusal(program.delta, top)
    else:
        reason = check_delta(program.dual, problem.faces, weights, program.delta, deadline)
    return [] if reason is None else [reason.replace("delta", f"{where}.delta", 1)]


def differs(where: str, given: float, found: float) -> list[str]:
    """Return a line if two figures are not the same."""
    if given == found or abs(given - found) <= TOLERANCE:
        return []
    return [f"{where}: {given:.12g} given, {found:.12g} found"]


def read_mixture(problem: Reduced, mixture: list[Any], where: str) -> Mixture:
    """Return what a mixture attains, and why it is not one of the target.

    Args:
        problem: the reduced problem.
        mixture: entries with `p` and `states` by party.
        where: its place in the answer.

    Raises:
        InputError: a field is missing or malformed.
    """
    state, faults = problem.state, list[str]()
    total = np.zeros_like(state.matrices)
    weights, conditional = 0.0, dict.fromkeys(problem.order, 0.0)
    for u, entry in enumerate(mixture):
        here = f"{where}.decomposition[{u}]"
        p = number(field(entry, "p", here), f"{here}.p")
        if p < 0:
            faults.append(f"{here}.p: negative, {p:.3g}")
        states = field(entry, "states", here)
        if not isinstance(states, dict) or set(states) != set(problem.order):
            raise refuse(f"{here}.states", states, f"an object with the states of {list(problem.order)}")
        letters, matrix = np.ones(()), np.ones((1, 1), dtype=complex)
        for name in problem.order:
            place = f"{here}.states.{name}"
            if name in state.classical:
                vector = numbers(states[name], place, (state.letters[state.classical.index(name)],))
                if vector.min() < -NEGATIVE or abs(vector.sum() - 1) > TOLERANCE:
                    faults.append(
                        f"{place}: not probabilities, {vector.min():.3g}.. of sum {vector.sum():.12g}"
                    )
                letters = np.multiply.outer(letters, vector)
                spectrum = vector
            else:
                size = state.dimensions[state.quantum.index(name)]
                density = complexes(states[name], place, (size, size))
                faults += state_faults(State((), (name,), density), place)
                matrix = np.kron(matrix, density)
                spectrum = np.linalg.eigvalsh(density)
            conditional[name] += p * entropy(spectrum)
        weights += p
        total += p * np.multiply.outer(letters, matrix)
    if abs(weights - 1) > TOLERANCE:
        faults.append(f"{where}.decomposition: probabilities sum to {weights:.12g}, not 1")
    if (gap := float(np.abs(total - state.matrices).max())) > TOLERANCE:
        faults.append(f"{where}.decomposition: its mixture differs from the reduced target by {gap:.3g}")
    first = problem.order[0] if problem.sender else None
    sender_rate = problem.own[first] - conditional[first] if first is not None else 0.0
    return Mixture(sender_rate, problem.total - sum(conditional.values()), conditional, faults)


def _lower_faults(problem: Reduced, where: str, program: Program) -> list[str]:
    """Return why constant - <K, omega> - delta is not the lower bound printed, or K not in normal form."""
    state, beta, dual = problem.state, program.beta, program.dual
    if dual is None:
        faults = differs(f"{where}.lower", program.lower, problem.data_processing(beta))
        return faults + differs(f"{where}.delta", program.delta, 0.0)
    scale, faults = max(1.0, float(np.abs(dual).max())), []
    if (crooked := float(np.abs(dual - dual.conj().swapaxes(-1, -2)).max())) > TOLERANCE * scale:
        faults.append(f"{where}.dual: not Hermitian by {crooked:.3g}")
    if (gap := normal_form_gap(state, problem.supports, dual)) > TOLERANCE * scale:
        faults.append(f"{where}.dual: acts outside the local supports of the target, by {gap:.3g}")
    overlap = float((dual * state.matrices.swapaxes(-1, -2)).sum().real)
    return faults + differs(f"{where}.lower", program.lower, problem.constant(beta) - overlap - program.delta)
