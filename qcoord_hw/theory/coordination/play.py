"""How counts of a coordination experiment are scored: what was to be made, and sums of parities that tell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import InputError

ComplexArray = npt.NDArray[np.complex128]

Combine = Literal["mean", "independent"]

PURE = 1e-9
"""A density matrix is pure when its largest eigenvalue falls short of 1 by no more than this."""

SUM = 1e-9
"""How far probabilities may be from 1 in sum."""

TRACE = 1e-6
"""How far the trace of a state, or the norm of a vector, may be from 1."""

KEPT = 1024
"""Density matrices whose factors have up to so many entries that are not 0 are kept in a record."""

PRODUCT = 1e-12
"""How far a density matrix may be from a product of factors, in any entry."""


@dataclass(frozen=True)
class Output:
    """An output qubit.

    Attributes:
        owner: the party that holds it at the end.
        copy: of which copy of the target it is a part, counted from 0.
    """

    owner: str
    copy: int = 0


@dataclass(frozen=True, eq=False)
class Target:
    """A target, and the mixture of preparations that is to come close to it.

    Attributes:
        label: what is given, such as `x=01`, or which sender; empty where there is one case.
        probability: of the case.
        mixture: (preparation, weight) pairs.
        state: the state wanted of the outputs named below: a vector, shape (2^k,), or a density matrix, shape
            (2^k, 2^k); None in a record of a large mixed one. A density matrix of rank one is made a vector.
        outputs: which of the experiment's outputs the target describes, by their position; ascending.
        ideal: density matrix that an ideal device makes of these outputs, for the null of tomography; None
            where there is none.
        separable: the largest fidelity to a pure target of a state that is separable across some cut between
            parties; None where the target is mixed or itself separable so.
    """

    label: str
    probability: float
    mixture: tuple[tuple[int, float], ...]
    state: ComplexArray | None
    outputs: tuple[int, ...]
    ideal: ComplexArray | None = None
    separable: float | None = None

    def __post_init__(self) -> None:
        """Check the shapes and the probabilities, and make a pure density matrix a vector.

        Raises:
            InputError: naming the field.
        """
        if list(self.outputs) != sorted(set(self.outputs)) or not self.outputs or self.outputs[0] < 0:
            raise InputError(f"outputs: {list(self.outputs)}; allowed are different positions, ascending")
        if not 0 < self.probability <= 1 + SUM:
            raise InputError(f"probability: {self.probability:g}; allowed are numbers above 0, up to 1")
        if abs(sum(w for _, w in self.mixture) - 1) > SUM or any(w < 0 for _, w in self.mixture):
            raise InputError("mixture: allowed are weights, none below 0, that sum to 1")
        if self.state is None:
            return
        state, size = np.asarray(self.state, dtype=complex), 2 ** len(self.outputs)
        if state.shape not in ((size,), (size, size)):
            raise InputError(
                f"state: shape {state.shape}; allowed is a vector or density matrix of "
                f"{len(self.outputs)} qubits"
            )
        if state.ndim == 2:
            values, vectors = np.linalg.eigh(state)
            norm = float(values.sum())
            state = vectors[:, -1] if values[-1] >= 1 - PURE else state
        else:
            norm = float(np.linalg.norm(state))
        if abs(norm - 1) > TRACE:
            raise InputError(f"state: norm or trace {norm:.9g}; allowed is 1 within {TRACE:g}")
        object.__setattr__(self, "state", state)

    @property
    def pure(self) -> bool:
        """Whether the target is a vector."""
        return self.state is not None and self.state.ndim == 1

    def to_json(self) -> dict[str, Any]:
        """Return the target as plain JSON values; see `KEPT`."""
        size = len(self.outputs)
        state: dict[str, Any] | None = None
        if self.state is not None and self.pure:
            state = {
                "ket": {format(i, f"0{size}b"): _pair(self.state[i]) for i in np.flatnonzero(self.state)}
            }
        elif self.state is not None:
            factors = _factors(self.state)
            if all(np.count_nonzero(factor) <= KEPT for factor in factors):
                state = {"density": [_sparse(factor) for factor in factors]}
        return {
            "label": self.label,
            "probability": self.probability,
            "mixture": [list(pair) for pair in self.mixture],
            "state": state,
            "outputs": list(self.outputs),
            "ideal": None if self.ideal is None else _rows(self.ideal),
            "separable": self.separable,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Target:
        """Build the target from what `to_json` returned."""
        state = None
        if data["state"] is not None and "ket" in data["state"]:
            state = np.zeros(2 ** len(data["outputs"]), dtype=complex)
            for key, pair in data["state"]["ket"].items():
                state[int(key, 2)] = complex(*pair)
        elif data["state"] is not None:
            state = np.ones((1, 1), dtype=complex)
            for factor in data["state"]["density"]:
                state = np.kron(state, _dense(factor))
        return cls(
            label=data["label"],
            probability=data["probability"],
            mixture=tuple((k, w) for k, w in data["mixture"]),
            state=state,
            outputs=tuple(data["outputs"]),
            ideal=None if data["ideal"] is None else _matrix(data["ideal"]),
            separable=data["separable"],
        )


@dataclass(frozen=True)
class Measurement:
    """A setting that is executed: a preparation, each of its outputs measured in a Pauli basis.

    Attributes:
        preparation: index of the preparation.
        basis: a letter X, Y or Z for each output.
        case: the case that was drawn with it; None where cases are not drawn.
        share: probability with which it is drawn; where nothing is drawn, the same for all.
    """

    preparation: int
    basis: str
    case: int | None
    share: float


@dataclass(frozen=True)
class Term:
    """A part of an estimate: a sum of parities, averaged over shots of the same basis.

    Its value is the sum over `strata` of weight times the mean over shots of
    sum_i coefficients[i] (-1)^(number of ones among the outputs in masks[i]).

    Attributes:
        strata: (weight, settings) pairs; shots of the settings of a stratum are pooled: draws of one mixture.
        masks: bit q of a mask stands for output q.
        coefficients: one a mask.
    """

    strata: tuple[tuple[float, tuple[int, ...]], ...]
    masks: tuple[int, ...]
    coefficients: tuple[float, ...]


@dataclass(frozen=True)
class Estimator:
    """A linear functional of the outcome distributions: `offset` plus all the terms.

    Attributes:
        name: what it estimates.
        case: index of the case.
        offset: the constant.
        terms: the sums of parities.
        ideal: its value for ideal circuits.
        draws: Pauli strings that were drawn at random to make it; 0 where it is exact on average.
    """

    name: str
    case: int
    offset: float
    terms: tuple[Term, ...]
    ideal: float
    draws: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the estimator as plain JSON values."""
        return {
            "name": self.name,
            "case": self.case,
            "offset": self.offset,
            "terms": [
                {
                    "strata": [[w, list(settings)] for w, settings in term.strata],
                    "masks": list(term.masks),
                    "coefficients": list(term.coefficients),
                }
                for term in self.terms
            ],
            "ideal": self.ideal,
            "draws": self.draws,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Estimator:
        """Build the estimator from what `to_json` returned."""
        terms = tuple(
            Term(
                tuple((w, tuple(settings)) for w, settings in term["strata"]),
                tuple(term["masks"]),
                tuple(term["coefficients"]),
            )
            for term in data["terms"]
        )
        return cls(**data | {"terms": terms})


@dataclass(frozen=True, eq=False)
class CoordinationPlay:
    """The plain description by which counts of a coordination experiment are scored; stored in the record.

    Attributes:
        network: name of the network.
        copies: the block length n.
        outputs: the outputs, in the order of the targets' tensor factors.
        cases: what is to be made; probabilities sum to 1 unless cases are independent.
        settings: what is executed, in the order of the experiment's settings.
        estimators: at most one of each name for each case.
        bits: position of each output's bit in the outcome string (classical bit 0 first).
        sampled: whether case, preparation and basis are drawn for each shot.
        combine: `mean`: figures are averaged over cases; `independent`: the cases are parts of one circuit,
            the figure is that of the worst one.
        tomography: whether the settings hold all bases of every case.
        rates: what theory says beside: name -> {"value" or "lower"/"upper", "source"}.
        exact: what theory says of this very protocol: name -> value.
        notes: one line each.
        holders: who has each system of the target and what it is there; none in records of before.
    """

    network: str
    copies: int
    outputs: tuple[Output, ...]
    cases: tuple[Target, ...]
    settings: tuple[Measurement, ...]
    estimators: tuple[Estimator, ...]
    bits: tuple[int, ...]
    sampled: bool = False
    combine: Combine = "mean"
    tomography: bool = False
    rates: dict[str, dict[str, Any]] = dataclass_field(default_factory=dict)
    exact: dict[str, float] = dataclass_field(default_factory=dict)
    notes: tuple[str, ...] = ()
    holders: dict[str, str] = dataclass_field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the probabilities and the lengths.

        Raises:
            InputError: when they do not fit.
        """
        total = math.fsum(case.probability for case in self.cases)
        if self.combine == "mean" and abs(total - 1) > SUM:
            raise InputError(f"cases: probabilities sum to {total:.12g}; allowed is 1 within {SUM:g}")
        if len(self.bits) != len(self.outputs):
            raise InputError(
                f"bits: {len(self.bits)} of them; allowed is one for each of {len(self.outputs)}"
            )

    def to_json(self) -> dict[str, Any]:
        """Return the description as plain JSON values."""
        return {
            "kind": "coordination",
            "network": self.network,
            "copies": self.copies,
            "outputs": [{"owner": o.owner, "copy": o.copy} for o in self.outputs],
            "cases": [case.to_json() for case in self.cases],
            "settings": [
                {"preparation": s.preparation, "basis": s.basis, "case": s.case, "share": s.share}
                for s in self.settings
            ],
            "estimators": [e.to_json() for e in self.estimators],
            "bits": list(self.bits),
            "sampled": self.sampled,
            "combine": self.combine,
            "tomography": self.tomography,
            "rates": self.rates,
            "exact": self.exact,
            "notes": list(self.notes),
            "holders": self.holders,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> CoordinationPlay:
        """Build the description from what `to_json` returned."""
        return cls(
            **{key: value for key, value in data.items() if key != "kind"}
            | {
                "outputs": tuple(Output(**o) for o in data["outputs"]),
                "cases": tuple(Target.from_json(c) for c in data["cases"]),
                "settings": tuple(Measurement(**s) for s in data["settings"]),
                "estimators": tuple(Estimator.from_json(e) for e in data["estimators"]),
                "bits": tuple(data["bits"]),
                "notes": tuple(data["notes"]),
            }
        )


def _factors(density: ComplexArray) -> list[ComplexArray]:
    """Return the density matrices of consecutive qubits whose tensor product a density matrix is."""
    size = len(density).bit_length() - 1
    for k in range(1, size):
        tensor = density.reshape(2**k, 2 ** (size - k), 2**k, 2 ** (size - k))
        first, rest = np.einsum("aebe->ab", tensor), np.einsum("eaeb->ab", tensor)
        if np.abs(np.kron(first, rest) - density).max() < PRODUCT:
            return [first, *_factors(rest)]
    return [density]


def _sparse(matrix: ComplexArray) -> dict[str, Any]:
    entries = [[int(i), int(j), *_pair(matrix[i, j])] for i, j in np.argwhere(matrix)]
    return {"size": len(matrix), "entries": entries}


def _dense(data: dict[str, Any]) -> ComplexArray:
    matrix = np.zeros((data["size"], data["size"]), dtype=complex)
    for i, j, real, imaginary in data["entries"]:
        matrix[i, j] = complex(real, imaginary)
    return matrix


def _pair(value: complex) -> list[float]:
    return [float(value.real), float(value.imag)]


def _rows(matrix: ComplexArray) -> list[list[list[float]]]:
    return [[_pair(entry) for entry in row] for row in matrix]


def _matrix(rows: Sequence[Sequence[Sequence[float]]]) -> ComplexArray:
    return np.array([[complex(*pair) for pair in row] for row in rows])
