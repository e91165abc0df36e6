"""What to measure for a coordination experiment: settings, and the estimators that their counts feed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.scoring import Estimator, Measurement, Term
from qcoord_hw.theory.pauli_measurements.fidelity import Reading, direct_fidelity
from qcoord_hw.theory.pauli_measurements.figures import as_branches, case_branches, figures_of
from qcoord_hw.theory.pauli_measurements.paulis import (
    ComplexArray,
    PauliSum,
    all_bases,
    cover,
    expectation,
    expectations,
    reads,
)
from qcoord_hw.theory.pauli_measurements.stabilizer import two_bases
from qcoord_hw.theory.pauli_measurements.target import Output, Target
from qcoord_hw.theory.pauli_measurements.tomography import LARGEST as TOMOGRAPHY
from qcoord_hw.theory.pauli_measurements.witness import LARGEST as WITNESS
from qcoord_hw.theory.pauli_measurements.witness import trace_norm_witness

BASES = 150
"""Bases a case at most."""

SAME = 1e-9
"""Trace norm up to which the ideal output is the target."""

WHITE = "the ideal output is the target: the witness is that of white noise, which an ideal device puts at 0"

PARITIES = 12
"""Outputs of a case for which estimators are made."""


SHORT = (
    "witness without the Pauli strings that the ideal difference lacks: a lower bound on the distance only "
    "when divided by its norm, at most"
)
"""Said of short witnesses, before their largest norm."""


@dataclass(frozen=True, eq=False)
class Design:
    """What to measure.

    Attributes:
        cases: as given, with `ideal` and `separable` filled in.
        settings: what is to be executed.
        estimators: what their counts feed.
        tomography: whether the settings hold all bases of every case.
        exact: the figures of ideal circuits, per case: name -> value.
        notes: what was left out, and why.
    """

    cases: tuple[Target, ...]
    settings: tuple[Measurement, ...]
    estimators: tuple[Estimator, ...]
    tomography: bool
    exact: tuple[dict[str, float], ...]
    notes: tuple[str, ...]


def choose(
    cases: Sequence[Target],
    states: Sequence[npt.NDArray[Any]],
    outputs: Sequence[Output],
    *,
    density: bool = False,
    by_case: bool = False,
    sampled: bool = False,
    limit: int = BASES,
    tomography: bool = True,
    seed: int = 0,
) -> Design:
    """Return what to measure, and what it tells.

    A pure target gets `fidelity_dfe`, and `fidelity_bound` where two bases will do; an ideal output that is
    not the target gets `trace_norm_witness`, if its bases are few. Cases share settings unless drawn.

    Args:
        cases: with their targets.
        states: ideal states of all outputs, of each preparation: branches, shape (2^k, e), or see `density`.
        outputs: who holds which output.
        density: whether `states` are density matrices.
        by_case: whether `states` are those of the cases' own outputs, one per case.
        sampled: whether case, preparation and basis are drawn for each shot.
        limit: bases a case at most, but for those of tomography.
        tomography: whether cases of up to three outputs are measured in all bases.
        seed: of the strings drawn where a fidelity takes too many bases.

    Raises:
        InputError: when a state or a target does not fit.
        TooLargeError: when the ideal distance is too large a problem.
    """
    if wrong := [c.label for c in cases if c.outputs[-1] >= len(outputs)]:
        raise InputError(f"case {wrong[0]!r}: an output beyond the last; allowed are 0 to {len(outputs) - 1}")
    made = as_branches(states, density=density)
    own = made if by_case else [case_branches(case, made) for case in cases]
    exact = [figures_of(case, branches) for case, branches in zip(cases, own, strict=True)]
    tomography = tomography and all(len(case.outputs) <= TOMOGRAPHY for case in cases)
    rng = np.random.default_rng(seed)
    white = all(own["trace_norm_exact"] < SAME for own in exact) and not all(case.pure for case in cases)
    readings, said = [], dict[str, list[str]]()
    for case, branches in zip(cases, own, strict=True):
        given = all_bases(len(case.outputs)) if tomography else []
        found, left_out = _readings(case, branches, limit, given, rng, white=white)
        readings.append(found)
        for note in left_out:
            said.setdefault(note, []).append(case.label)
    notes = [
        note if len(labels) == len(cases) else f"{', '.join(labels)}: {note}" for note, labels in said.items()
    ]
    notes += _complete_witnesses(readings)
    if white and any("trace_norm_witness" in found for found in readings):
        notes.append(WHITE)
    bases = [_bases(found) for found in readings]
    if tomography:
        bases = [all_bases(len(case.outputs)) for case in cases]
    for c, case in enumerate(cases):
        if not bases[c]:  # nothing is estimated: it is measured all the same
            bases[c] = ["Z" * len(case.outputs)]
    settings, places = _settings(cases, bases, len(outputs), sampled)
    estimators = []
    for c, found in enumerate(readings):
        for name, reading in found.items():
            ideal = exact[c]["fidelity_exact"] if reading.draws else _mean(reading, own[c])
            within = _bases({name: reading}) if name == "fidelity_bound" else bases[c]
            terms = _terms(cases[c], reading.strings, within, places[c])
            estimators.append(Estimator(name, c, reading.offset, terms, ideal, reading.draws))
    filled = tuple(
        replace(
            case,
            ideal=branches @ branches.conj().T if tomography else None,
            separable=_separable(case, outputs),
        )
        for case, branches in zip(cases, own, strict=True)
    )
    return Design(filled, settings, tuple(estimators), tomography, tuple(exact), tuple(notes))


def _readings(
    case: Target,
    branches: ComplexArray,
    limit: int,
    given: Sequence[str],
    rng: np.random.Generator,
    *,
    white: bool,
) -> tuple[dict[str, Reading], list[str]]:
    """Return what is measured of one case: name -> reading, each with all bases chosen so far; and notes.

    The witness is that of the ideal output, or if `white` that of the maximally mixed state.
    """
    size, found, notes = len(case.outputs), {}, []
    assert case.state is not None
    bases = list(given)
    if size > PARITIES:
        return {}, [f"no estimate from counts of {size} outputs; at most {PARITIES}"]
    if case.pure:
        strings = expectations(case.state[:, None])
        pair = two_bases(strings)
        if pair is not None:
            bases = list(dict.fromkeys([*bases, *pair]))
        direct = direct_fidelity(strings, max(limit, len(given)), bases, rng)
        bases = direct.bases
        if pair is not None:
            found["fidelity_bound"] = _bound(strings, pair)
        found["fidelity_dfe"] = direct
        if direct.draws:
            notes.append(f"fidelity_dfe from {direct.draws} Pauli strings drawn at random [FlammiaLiu2011]")
    if size > WITNESS:
        return found, notes
    if white:
        branches = np.asarray(np.eye(2**size) / 2 ** (size / 2), dtype=complex)
    witness = trace_norm_witness(branches, case.state)
    most = max(limit, len(given))
    together = cover(witness.strings, most, bases)
    if together is None:
        witness = trace_norm_witness(branches, case.state, short=True)
        together = cover(witness.strings, most, bases)
    if together is None:
        notes.append(f"no witness: it takes more than {limit} bases")
    else:
        found["trace_norm_witness"] = Reading(witness.offset, witness.strings, together, norm=witness.norm)
    return found, notes


def _complete_witnesses(readings: Sequence[dict[str, Reading]]) -> list[str]:
    """Drop the witnesses where a case has none or all are zero; return notes on what is left."""
    name = "trace_norm_witness"
    kept = all(name in found for found in readings)
    zero = kept and not any(len(found[name].strings.x) for found in readings)
    if not kept or zero:
        for found in readings:
            found.pop(name, None)
    norm = max((reading.norm for found in readings for reading in found.values()), default=1.0)
    if norm > 1 + 1e-6:
        return [f"{SHORT} {norm:.4g}"]
    return []


def _mean(reading: Reading, branches: ComplexArray) -> float:
    """Return what a reading gives for a state."""
    strings = reading.strings
    return reading.offset + math.fsum(
        value * expectation(branches, int(x), int(z))
        for x, z, value in zip(strings.x, strings.z, strings.values, strict=True)
    )


def _bound(strings: PauliSum, pair: tuple[str, str]) -> Reading:
    """Return P_1 + P_2 - 1, each the mean of the stabilizers that a basis reads."""
    parts = [strings.take(which) for which in reads(pair, strings)]
    columns = [np.concatenate([getattr(part, axis) for part in parts]) for axis in ("x", "z")]
    values = np.concatenate([part.values / len(part.x) for part in parts])
    return Reading(-1.0, PauliSum(strings.size, columns[0], columns[1], values), list(pair))


def _bases(readings: dict[str, Reading]) -> list[str]:
    return list(dict.fromkeys(basis for reading in readings.values() for basis in reading.bases))


Places = dict[str, tuple[tuple[float, tuple[int, ...]], ...]]
"""Basis of a case's outputs -> the strata (weight, settings) that are measured in it."""


@dataclass(frozen=True)
class _Wanted:
    """A setting in the making: output -> letter, as far as some case asks for one."""

    preparation: int
    case: int | None
    letters: dict[int, str]

    def suits(self, letters: dict[int, str]) -> bool:
        return all(self.letters.get(q, letter) == letter for q, letter in letters.items())


def _settings(
    cases: Sequence[Target], bases: Sequence[Sequence[str]], size: int, sampled: bool
) -> tuple[tuple[Measurement, ...], list[Places]]:
    """Return the settings, and where each case finds each of its bases.

    Where cases are drawn each has its own settings. Else a setting serves every case that its basis suits:
    cases of disjoint outputs are measured together. Outputs that no case asks for are measured in Z.
    """
    wanted: list[_Wanted] = []
    suited: dict[int, list[int]] = {}  # preparation -> its settings, where cases share them
    keys: list[dict[tuple[str, int], int]] = []
    for c, case in enumerate(cases):
        keys.append({})
        for basis, (k, w) in product(bases[c], case.mixture):
            if w == 0:
                continue
            letters = dict(zip(case.outputs, basis, strict=True))
            place = next((i for i in suited.get(k, []) if wanted[i].suits(letters)), None)
            if place is None:
                place = len(wanted)
                wanted.append(_Wanted(k, c if sampled else None, {}))
                if not sampled:
                    suited.setdefault(k, []).append(place)
            wanted[place].letters.update(letters)
            keys[c][basis, k] = place
    shares = [1 / len(wanted)] * len(wanted)
    places: list[Places] = []
    for c, case in enumerate(cases):
        own: Places = {}
        for basis in bases[c]:
            parts = [(w, keys[c][basis, k]) for k, w in case.mixture if w > 0]
            if sampled:
                own[basis] = ((1.0, tuple(i for _, i in parts)),)
                for w, i in parts:
                    shares[i] = case.probability * w / len(bases[c])
            else:
                own[basis] = tuple((w, (i,)) for w, i in parts)
        places.append(own)
    settings = tuple(
        Measurement(one.preparation, "".join(one.letters.get(q, "Z") for q in range(size)), one.case, share)
        for one, share in zip(wanted, shares, strict=True)
    )
    return settings, places


def _terms(case: Target, strings: PauliSum, bases: Sequence[str], places: Places) -> tuple[Term, ...]:
    """Return the terms of a sum of strings: each string is averaged over all the bases that read it."""
    table = reads(bases, strings)
    share = strings.values / table.sum(axis=0)
    size = len(case.outputs)
    support = strings.support
    wide = np.zeros_like(support)
    for i, q in enumerate(case.outputs):
        wide |= (support >> (size - 1 - i) & 1) << q
    terms = []
    for basis, which in zip(bases, table, strict=True):
        if which.any():
            sums: dict[int, float] = {}
            for mask, value in zip(wide[which].tolist(), share[which].tolist(), strict=True):
                sums[mask] = sums.get(mask, 0.0) + value
            terms.append(Term(places[basis], tuple(sums), tuple(sums.values())))
    return tuple(terms)


def _separable(case: Target, outputs: Sequence[Output]) -> float | None:
    """Return the largest fidelity to a pure target of states separable across some cut of the parties.

    That is its largest squared Schmidt coefficient over all cuts [Bourennane2004].
    """
    owners = [outputs[q].owner for q in case.outputs]
    parties = list(dict.fromkeys(owners))
    if not case.pure or len(parties) < 2:
        return None
    assert case.state is not None
    best = 0.0
    tensor = case.state.reshape((2,) * len(owners))
    for count in range(1, len(parties) // 2 + 1):
        for side in combinations(parties, count):
            rows = [q for q, owner in enumerate(owners) if owner in side]
            columns = [q for q, owner in enumerate(owners) if owner not in side]
            matrix = tensor.transpose(rows + columns).reshape(2 ** len(rows), -1)
            best = max(best, float(np.linalg.norm(matrix, ord=2)) ** 2)
    return best if best < 1 - 1e-9 else None
