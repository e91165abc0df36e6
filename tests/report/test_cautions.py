"""A caution names a gate that was executed on those very qubits, and every such gate that is faulty."""

from __future__ import annotations

import re
import warnings

import pytest
import rustworkx as rx

from qcoord_hw.api import build
from qcoord_hw.errors import InputError, TargetError, TooLargeError
from qcoord_hw.execution.layout import check_layout
from qcoord_hw.execution.run_description import describe, intent_of, program_of
from qcoord_hw.execution.snapshot import Snapshot
from qcoord_hw.execution.targets import NoiseTarget, fake_backends
from qcoord_hw.report.summary import _cautions

MARKED = re.compile(r"calibration marks (\w+) on ([0-9, ]+) as faulty \(error 1\)")
OTHERS = {"two rounds": ("chsh", {"rounds": 2}), "sum-2-f2": ("sum-2-f2", {"inputs": 2})}
QUICK = ("fake_algiers", "fake_sherbrooke")


def device(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # some snapshots warn that they are not typical
        return fake_backends()[name]()


def faulty(snapshot):
    return {(gate.name, gate.qubits) for gate in snapshot.gates if (gate.error or 0) >= 1}


def built(name):
    entry, parameters = OTHERS.get(name, (name, None))
    return build(entry, 10, seed=1, parameters=parameters)


def prepared_on(backend, name, layout=()):
    experiment = built(name)
    program = program_of(experiment.experiment)
    made = NoiseTarget(backend).prepare(program, layout)
    intent = intent_of(describe(experiment.experiment), program, experiment.spec, made, ["x"], 1)
    return made, intent["target"]


def told(target):
    lines = _cautions(target["snapshot"], target.get("gates"))
    found = [MARKED.fullmatch(line) for line in lines]
    assert all(found)
    return [(one[1], tuple(map(int, one[2].split(", ")))) for one in found]


def executed(made):
    """Name and physical qubits of all that the compiled circuits hold; counted without the program's help."""
    return {
        (i.operation.name, tuple(made.layout[c.find_bit(q).index] for q in i.qubits))
        for c in made.circuits
        for i in c.data
    }


def as_sets(gates):
    return {(name, frozenset(qubits)) for name, qubits in gates}


def check(backend, name, layout=()):
    made, target = prepared_on(backend, name, layout)
    named, used = told(target), executed(made)
    assert set(named) <= used
    assert as_sets(named) == as_sets(used & faulty(Snapshot.of(backend)))
    assert len(named) == len(as_sets(named))
    return named


@pytest.mark.few(QUICK, slow=10)
@pytest.mark.parametrize("name", [name for name in sorted(fake_backends()) if "fractional" not in name])
def test_the_gates_named_are_those_used(name):
    backend = device(name)
    snapshot = Snapshot.of(backend)
    bad = faulty(snapshot)
    for experiment in ("chsh", "sum-2-f2", "two-node-n1", "sequential-chsh"):
        try:
            check(backend, experiment)
        except (TooLargeError, TargetError):  # in cx and ecr at once some cannot be compiled
            continue
    pairs = sorted({tuple(sorted(qubits)) for _, qubits in bad if len(qubits) == 2})
    for pair in pairs[:2]:  # where somebody insists
        named = check(backend, "chsh", pair)
        either = {g for g in snapshot.gates if set(g.qubits) == set(pair)}
        assert named or any((g.error or 0) < 1 for g in either)  # one direction may be whole
    for gate, qubits in sorted(bad):
        if gate == "sx":
            other = next(
                q
                for g in snapshot.gates
                if len(g.qubits) == 2 and qubits[0] in g.qubits
                for q in g.qubits
                if q != qubits[0]
            )
            assert (gate, qubits) in check(backend, "chsh", (qubits[0], other))


@pytest.mark.few(1)
@pytest.mark.parametrize("name", ["fake_torino", "fake_sherbrooke"])
def test_a_faulty_coupling_that_no_gate_uses_is_not_named(name):
    """Two pairs side by side, with the faulty coupling between them."""
    backend = device(name)
    snapshot = Snapshot.of(backend)
    bad = {frozenset(qubits) for _, qubits in faulty(snapshot) if len(qubits) == 2}
    graph = rx.PyGraph(multigraph=False)
    graph.add_nodes_from(range(snapshot.num_qubits))
    graph.add_edges_from_no_data(
        sorted({tuple(sorted(g.qubits)) for g in snapshot.gates if len(g.qubits) == 2})
    )
    program = program_of(built("two rounds").experiment)
    for b, c in sorted(map(sorted, bad)):
        for a, d in ((a, d) for a in graph.neighbors(b) for d in graph.neighbors(c)):
            if len({a, b, c, d}) == 4 and frozenset((a, b)) not in bad and frozenset((c, d)) not in bad:
                for layout in ((a, b, c, d), (a, c, b, d)):
                    try:
                        check_layout(layout, program.circuits, snapshot)
                    except InputError:
                        continue
                    found = check(backend, "two rounds", layout)
                    if not found:
                        _, target = prepared_on(backend, "two rounds", layout)
                        assert told({"snapshot": target["snapshot"]})  # an old record does not say
                        return
    raise AssertionError("no such place")
