"""From a coordination protocol to an experiment: every output is measured in a Pauli basis by its owner.

The bases are parameters, so that a preparation is one circuit, compiled once, whatever is measured.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from qiskit.circuit import Parameter, QuantumCircuit, Qubit

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.measurement.design import choose
from qcoord_hw.families.coordination.preparation import Case, Coordination, Preparation
from qcoord_hw.families.coordination.scoring import CoordinationScoring, Measurement
from qcoord_hw.families.experiment import Experiment, Setting
from qcoord_hw.network.ideal_state import ComplexArray, few_columns, output_branches
from qcoord_hw.theory.pauli_measurements.figures import combined
from qcoord_hw.theory.pauli_measurements.target import Combine, Output, Target

TURN = {"X": (0.0, -math.pi / 2), "Y": (-math.pi / 2, -math.pi / 2), "Z": (0.0, 0.0)}
"""Angles of rz and then ry that turn a basis to that of the measurement."""

AGREE = 1e-6
"""How far the circuits' ideal figures may be from those that theory states of the protocol."""


def coordination_experiment(name: str, title: str, plan: Coordination, *, seed: int = 0) -> Experiment:
    """Return the experiment that measures what a protocol makes.

    Args:
        name: letters, digits and dashes.
        title: one line.
        plan: what a builder returned; its circuits are completed in place.
        seed: of bases that are drawn at random, where a target takes too many.

    Raises:
        InputError: when circuits or cases do not fit.
    """
    first = plan.preparations[0]
    if not first.outputs:
        raise InputError("state: every system has dimension 1; allowed is one with something to make")
    outputs = tuple(Output(first.net.owner(qubit)) for qubit in first.outputs)
    combine = _combine(plan.cases)
    cases = [
        Target(
            c.label, c.probability if combine == "mean" else 1.0, c.mixture, np.asarray(c.target), c.outputs
        )
        for c in plan.cases
    ]
    states = [_ideal(plan.preparations, case) for case in plan.cases]
    design = choose(cases, states, outputs, by_case=True, sampled=plan.sampled, seed=seed)
    exact = combined(design.exact, design.cases, combine)
    for key, value in plan.exact.items():
        if f"{key}_exact" in exact and abs(exact[f"{key}_exact"] - value) > AGREE:
            raise AssertionError(f"{name}: the circuits make {key} {exact[f'{key}_exact']}, theory {value}")
    angles = [_measure(preparation) for preparation in plan.preparations]
    order = [tuple(preparation.net.circuit.parameters) for preparation in plan.preparations]
    play = CoordinationScoring(
        network=plan.network,
        copies=plan.copies,
        outputs=outputs,
        cases=design.cases,
        settings=design.settings,
        estimators=design.estimators,
        bits=_bits(first),
        sampled=plan.sampled,
        combine=combine,
        tomography=design.tomography,
        rates=plan.rates,
        exact=exact | {k: v for k, v in plan.exact.items() if f"{k}_exact" not in exact},
        notes=(*plan.notes, *design.notes),
        holders=plan.holders,
    )
    return Experiment(
        name,
        title,
        tuple(preparation.net for preparation in plan.preparations),
        tuple(
            _setting(k, one, design.cases, order[one.preparation], angles[one.preparation])
            for k, one in enumerate(design.settings)
        ),
        play,
        copies=plan.copies,
        weights=tuple(one.share for one in design.settings) if plan.sampled else (),
        sampled=plan.sampled,
    )


def _ideal(preparations: Sequence[Preparation], case: Case) -> ComplexArray:
    """Return the branches of a case's outputs that its mixture of circuits makes without noise."""
    parts = []
    for k, weight in case.mixture:
        circuit, outputs = preparations[k].net.circuit, preparations[k].outputs
        places = [circuit.find_bit(outputs[q]).index for q in case.outputs]
        parts.append(math.sqrt(weight) * output_branches(circuit, places))
    return few_columns(np.concatenate(parts, axis=1))


def _combine(cases: Sequence[Case]) -> Combine:
    """Return how figures of cases go together: cases of different outputs are parts of one circuit."""
    seen = [q for case in cases for q in case.outputs]
    return "independent" if len(cases) > 1 and len(seen) == len(set(seen)) else "mean"


def _measure(preparation: Preparation) -> list[tuple[Parameter, Parameter]]:
    """Append a turn and a measurement of every output, each by its owner; return the angles of each."""
    net = preparation.net
    net.barrier()
    owners = list(dict.fromkeys(net.owner(qubit) for qubit in preparation.outputs))
    angles: dict[Qubit, tuple[Parameter, Parameter]] = {}
    for owner in owners:
        own = [qubit for qubit in preparation.outputs if net.owner(qubit) == owner]
        data = net.data(owner, f"basis_{owner.lower()}", 2 * len(own))
        turn = QuantumCircuit(len(own))
        for k, qubit in enumerate(own):
            angles[qubit] = data[2 * k], data[2 * k + 1]
            turn.rz(data[2 * k], k)
            turn.ry(data[2 * k + 1], k)
        net.local(owner, turn, own)
    for owner in owners:
        own = [qubit for qubit in preparation.outputs if net.owner(qubit) == owner]
        net.measure(owner, own, register=f"out_{owner.lower()}")
    return [angles[qubit] for qubit in preparation.outputs]


def _bits(preparation: Preparation) -> tuple[int, ...]:
    """Return where each output's bit stands in the outcome string."""
    net = preparation.net
    circuit = net.circuit
    places: dict[Qubit, int] = {}
    for i in circuit.data:
        if i.operation.name == "measure" and i.qubits[0] in preparation.outputs:
            places[i.qubits[0]] = circuit.find_bit(i.clbits[0]).index
    return tuple(places[qubit] for qubit in preparation.outputs)


def _setting(
    index: int,
    one: Measurement,
    cases: Sequence[Target],
    order: Sequence[Parameter],
    angles: Sequence[tuple[Parameter, Parameter]],
) -> Setting:
    values = {
        parameter: value
        for pair, letter in zip(angles, one.basis, strict=True)
        for parameter, value in zip(pair, TURN[letter], strict=True)
    }
    label = cases[one.case].label if one.case is not None else ""
    return Setting(
        f"{label} {one.basis}".strip(),
        one.preparation,
        tuple(values[parameter] for parameter in order),
        input=index,
    )
