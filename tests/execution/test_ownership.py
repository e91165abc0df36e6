"""Whether `between_parties` can fail: gates stand in compiled circuits where no party could have done them.

Which of them these are is read here off the protocol's event log, by code that the check knows nothing of.
"""

import functools
import itertools
import json
import shutil
from dataclasses import replace

import pytest
from qiskit.circuit import Barrier, QuantumCircuit
from qiskit.circuit.library import CCXGate, CXGate, CZGate, SwapGate, UnitaryGate

from qcoord_hw import api, record
from qcoord_hw.catalogue import catalogue_paths, load_spec
from qcoord_hw.cli import main
from qcoord_hw.errors import RecordError, TargetError, TooLargeError
from qcoord_hw.execution.formats import from_qpy, to_qpy
from qcoord_hw.execution.ownership import check_ownership
from qcoord_hw.execution.recorded import check_recorded
from qcoord_hw.execution.run_description import describe, intent_of, program_of
from qcoord_hw.execution.targets import BACKEND, compile_whole, fake_backends, resolve_target
from qcoord_hw.families.experiment import build_experiment
from qcoord_hw.network import CASCADE, Link, NetworkCircuit, Topology
from qcoord_hw.record.files import digest, signed

PLACES = ("aer", "fake_torino", "whole")

SAMPLE = (
    "chsh",
    "magic-square",
    "sum-2-f3",
    "cascade-ghz2",
    "mac-n2",
    "broadcast-n1-feed-forward",
)
"""Stages of every kind: Alice holds all, sends, ebits, a source, a user who holds all, conditions."""

FEW = tuple(f"{name}-{PLACES[k % 3]}" for k, name in enumerate(SAMPLE))
"""Each stage once, each place twice."""


def holders_by_stage(net):
    """Return for each stage who holds each qubit; a stage ends where a barrier spans all qubits there are."""
    events, first = net.events, {}
    for event in events:
        for q, owner in zip(event.qubits, event.owners or [event.party] * len(event.qubits), strict=True):
            if event.kind in ("allocate", "share"):
                first[q] = "source" if event.kind == "share" else owner
    ends = [
        k
        for k, event in enumerate(events)
        if event.kind == "barrier"
        and set(event.qubits) == {q for e in events[:k] if e.kind in ("allocate", "share") for q in e.qubits}
    ]
    stages, start = [], 0
    for end in [*ends, len(events)]:
        brought = {q for e in events[start:end] if e.kind == "share" for q in e.qubits}
        there = {q for e in events[:end] if e.kind in ("allocate", "share") for q in e.qubits} - brought
        stages.append({q: net.owner(net.circuit.qubits[q], end) if q in there else first[q] for q in first})
        start = end + 1
    return [{q for e in events[:end] for q in e.qubits} for end in ends], stages


def places_in(circuit, layout, ends):
    """Yield (position, stage) of every place between the instructions of a compiled circuit."""
    stage = 0
    for position, instruction in enumerate(circuit.data):
        yield position, stage
        if isinstance(instruction.operation, Barrier) and stage < len(ends):
            spanned = {circuit.find_bit(q).index for q in instruction.qubits}
            stage += spanned == {layout[q] for q in ends[stage]}
    yield len(circuit.data), stage


def with_gates(circuit, inserted):
    """Return a circuit with (operation, physical qubits) put before each position."""
    changed = circuit.copy_empty_like()
    for position, instruction in enumerate([*circuit.data, None]):
        for operation, qubits in inserted.get(position, ()):
            changed.append(operation, qubits)
        if instruction is not None:
            changed.append(instruction)
    return changed


@functools.cache
def built(name):
    """Return an experiment and its program: built once for all places."""
    experiment = build_experiment(load_spec(name))
    return experiment, program_of(experiment)


@functools.cache
def compiled(name, place):
    """Return an experiment, its circuits on a target, their layouts and the physical qubit of each qubit."""
    experiment, program = built(name)
    if place == "whole":
        prepared = compile_whole("whole", BACKEND, fake_backends()["fake_torino"](), program, ())
        return experiment, prepared.circuits, [prepared.layout], prepared.layout
    circuits = resolve_target(place).prepare(program, ()).circuits
    return experiment, circuits, (), range(circuits[0].num_qubits)


def pairs_of(name, place):
    """Yield (events, circuit, layouts, {position: possible pairs}, {position: impossible pairs})."""
    experiment, circuits, layouts, where = compiled(name, place)
    for net, circuit in zip(experiment.circuits, circuits, strict=True):
        ends, stages = holders_by_stage(net)
        sorts = {True: {}, False: {}}
        last = 0
        for position, last in places_in(circuit, where, ends):
            for a, b in itertools.combinations(range(len(where)), 2):
                one_hand = stages[last][a] == stages[last][b]
                sorts[one_hand].setdefault(position, []).append((CZGate(), (where[a], where[b])))
        assert last == len(ends), "a barrier was lost"
        yield [event.to_json() for event in net.events], circuit, layouts, sorts[True], sorts[False]


def check_all_insertions(name, place):
    """Put every gate on two qubits at every place: all that no party can do are counted, and no other."""
    tried = 0
    for events, circuit, layouts, possible, impossible in pairs_of(name, place):
        own = check_ownership([events], [circuit], layouts)
        assert own.between_parties == 0, own.example
        for inserted, wrong in ((possible, False), (impossible, True)):
            many = sum(map(len, inserted.values()))
            found = check_ownership([events], [with_gates(circuit, inserted)], layouts)
            assert found.two_qubit_gates == own.two_qubit_gates + many
            assert found.between_parties == wrong * many
            tried += many
    return tried


@pytest.mark.few(FEW)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", SAMPLE)
def test_every_gate_that_no_party_could_have_done_is_counted(name, place):
    assert check_all_insertions(name, place)


@pytest.mark.few(0, slow=30)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", sorted(set(catalogue_paths()) - set(SAMPLE)))
def test_in_the_whole_catalogue(name, place):
    try:
        *_, where = compiled(name, place)
    except TooLargeError:
        pytest.skip("does not fit the device")
    if len(where) == 1:
        pytest.skip("a single qubit has no gate on two")
    assert check_all_insertions(name, place)


@pytest.mark.few(FEW)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", SAMPLE)
def test_a_run_with_one_such_gate_of_any_kind_is_refused(name, place, rng):
    events, circuit, layouts, possible, impossible = next(pairs_of(name, place))
    for position in rng.choice(list(impossible), size=min(4, len(impossible)), replace=False).tolist():
        (_, (a, b)) = impossible[position][rng.integers(len(impossible[position]))]
        joint = QuantumCircuit(2)
        joint.cz(0, 1)
        gates = [SwapGate(), CXGate(), UnitaryGate(CXGate().to_matrix()), joint.to_gate(label="hidden")]
        for gate in gates:
            changed = with_gates(circuit, {position: [(gate, (b, a))]})
            assert check_ownership([events], [changed], layouts).between_parties == 1
        third = next((q for q in range(circuit.num_qubits) if q not in (a, b)), None)
        if third is not None:
            changed = with_gates(circuit, {position: [(CCXGate(), (a, third, b))]})
            assert check_ownership([events], [changed], layouts).between_parties == 1
        changed = under_a_condition(circuit, position, (a, b))
        assert check_ownership([events], [changed], layouts).between_parties >= 1
    for position in rng.choice(list(possible or [0]), size=min(4, len(possible)), replace=False).tolist():
        _, pair = possible[position][rng.integers(len(possible[position]))]
        changed = under_a_condition(circuit, position, pair)  # on a bit that is not measured yet
        measured = [k for k, i in enumerate(circuit.data) if circuit.clbits[0] in i.clbits]
        if position <= measured[0]:
            assert check_ownership([events], [changed], layouts).between_parties == 2


def under_a_condition(circuit, position, pair):
    """Return a circuit with a gate on two qubits in a branch of a branch."""
    changed = circuit.copy_empty_like()
    for k, instruction in enumerate([*circuit.data, None]):
        if k == position:
            with changed.if_test((changed.clbits[0], 1)) as otherwise:
                changed.x(pair[0])
            with otherwise, changed.switch(changed.clbits[0]) as case, case(0):
                changed.cx(*pair)
        if instruction is not None:
            changed.append(instruction)
    return changed


def test_what_alice_held_before_the_last_barrier_is_not_allowed_after_it():
    experiment, (circuit, *_), layouts, _ = compiled("chsh", "fake_torino")
    events = [event.to_json() for event in experiment.circuits[0].events]
    last = max(k for k, i in enumerate(circuit.data) if isinstance(i.operation, Barrier))
    before = with_gates(circuit, {last: [(CXGate(), (0, 1))]})
    after = with_gates(circuit, {last + 1: [(CXGate(), (0, 1))]})
    assert check_ownership([events], [before], layouts).between_parties == 0
    found = check_ownership([events], [after], layouts)
    assert found.between_parties == 1
    assert found.example == (
        f"circuit '{circuit.name}': compiled gate cx joins qubit 0 of Bob, qubit 1 of Charlie"
    )


def test_a_run_whose_compiled_circuit_joins_two_parties_does_not_begin(runs_dir, monkeypatch):
    experiment = build_experiment(load_spec("chsh"))
    program, spec = program_of(experiment), load_spec("chsh")
    prepared = resolve_target("fake_torino").prepare(program, ())
    wrong = with_gates(prepared.circuits[3], {len(prepared.circuits[3].data): [(CZGate(), (1, 0))]})
    changed = replace(prepared, circuits=(*prepared.circuits[:3], wrong))
    with pytest.raises(TargetError, match="joins qubit 1 of Charlie, qubit 0 of Bob"):
        intent_of(describe(experiment), program, spec, changed, [""], 1)


@pytest.mark.parametrize("change", ["lost", "twice", "shorter"])
def test_a_circuit_without_its_barriers_cannot_be_checked(change):
    experiment = build_experiment(load_spec("sequential-chsh"))
    (net, *_), circuit = experiment.circuits, experiment.circuits[0].circuit
    changed = circuit.copy_empty_like()
    for k, instruction in enumerate(circuit.data):
        last = isinstance(instruction.operation, Barrier) and all(
            not isinstance(i.operation, Barrier) for i in circuit.data[k + 1 :]
        )
        if not last or change == "twice":
            changed.append(instruction)
        if last and change == "twice":
            changed.append(instruction)
        if last and change == "shorter":
            changed.barrier(changed.qubits[:-1])
    events = [event.to_json() for event in net.events]
    with pytest.raises(TargetError, match="without the barriers of its protocol"):
        check_ownership([events], [changed])


def test_barriers_in_another_order_are_lost():
    net = NetworkCircuit(CASCADE, "three")
    net.allocate("Alice", 2)
    net.barrier()
    x = QuantumCircuit(1)
    x.x(0)
    net.local("Alice", x, net.circuit.qubits[:1])
    net.barrier()
    net.allocate("Bob", 1)
    net.local("Alice", x, net.circuit.qubits[:1])
    net.barrier()
    events = [event.to_json() for event in net.events]
    assert check_ownership([events], [net.circuit]).between_parties == 0
    barriers = [k for k, i in enumerate(net.circuit.data) if isinstance(i.operation, Barrier)]
    changed = net.circuit.copy_empty_like()
    for k, instruction in enumerate(net.circuit.data):
        swapped = {barriers[-1]: barriers[-2], barriers[-2]: barriers[-1]}.get(k, k)
        changed.append(net.circuit.data[swapped] if swapped != k else instruction)
    with pytest.raises(TargetError, match="without the barriers"):
        check_ownership([events], [changed])


def test_a_condition_is_known_to_who_acts_on_it():
    experiment, (circuit, *_), layouts, _ = compiled("chsh", "aer")
    events = [event.to_json() for event in experiment.circuits[0].events]
    bit = circuit.find_bit(next(i for i in circuit.data if i.operation.name == "measure").qubits[0]).index
    own, other = (bit, 1 - bit)
    for qubits, wrong in (((own,), 0), ((other,), 1), ((own, other), 1)):
        changed = circuit.copy()
        with changed.if_test((changed.clbits[0], 1)):
            for q in qubits:
                changed.x(q)
        assert check_ownership([events], [changed], layouts).between_parties == wrong
    changed = circuit.copy()
    with changed.if_test((changed.clbits[0], 1)):
        changed.x(own)
        changed.cx(0, 1)
    assert check_ownership([events], [changed], layouts).between_parties == 1


def test_who_was_told_a_bit_may_act_on_it_and_nobody_before():
    pair = Topology("pair", ("Alice", "Bob"), (Link("Alice", "Bob", bits=True),))
    told, not_told = NetworkCircuit(pair, "told"), NetworkCircuit(pair, "not_told")
    flip = QuantumCircuit(1)
    flip.x(0)
    for net in (told, not_told):
        a, b = net.allocate("Alice", 1), net.allocate("Bob", 1)
        net.local("Alice", flip, a)
        bits = net.measure("Alice", a, "a")
        if net is told:
            net.send_bits("Alice", "Bob", bits)
            net.local("Bob", flip, b, when=(bits, 1))
        net.measure("Bob", b, "b")
    circuit, early = told.circuit, told.circuit.copy_empty_like()
    for k in (2, 0, 1, 3):  # before it is measured
        early.append(circuit.data[k])
    assert circuit.data[2].operation.name == "if_else"
    for net, run, wrong in ((told, circuit, 0), (not_told, circuit, 1), (told, early, 1)):
        events = [event.to_json() for event in net.events]
        assert check_ownership([events], [run]).between_parties == wrong


@pytest.mark.parametrize("change", ["another's bit", "twice"])
def test_a_bit_is_written_once_by_who_measures_it(change):
    experiment, (circuit, *_), layouts, _ = compiled("chsh", "aer")
    events = [event.to_json() for event in experiment.circuits[0].events]
    a, b = [k for k, i in enumerate(circuit.data) if i.operation.name == "measure"]
    changed = circuit.copy()
    if change == "twice":
        changed.append(circuit.data[a])
    else:
        changed.data[a], changed.data[b] = (
            circuit.data[a].replace(clbits=circuit.data[b].clbits),
            circuit.data[b].replace(clbits=circuit.data[a].clbits),
        )
    assert check_ownership([events], [changed], layouts).between_parties >= 1


def test_layouts_of_a_device_as_small_as_the_protocol_are_read():
    topology = Topology("pair", ("Alice", "Bob"), (Link("Alice", "Bob", qubits=True),))
    net = NetworkCircuit(topology, "three")
    a = net.allocate("Alice", 2)
    net.allocate("Bob", 1)
    gate = QuantumCircuit(2)
    gate.cx(0, 1)
    net.local("Alice", gate, a)
    events = [event.to_json() for event in net.events]
    placed = QuantumCircuit(3)
    placed.cx(2, 1)
    assert check_ownership([events], [placed], [(2, 1, 0)]).between_parties == 0
    assert check_ownership([events], [placed], [(1, 0, 2)]).between_parties == 1


def test_a_qubit_that_is_nobodys_serves_one_party_until_it_is_reset():
    net = NetworkCircuit(CASCADE, "three")
    net.allocate("Alice", 1)
    net.allocate("Bob", 1)
    events = [event.to_json() for event in net.events]
    used = QuantumCircuit(4)
    used.cx(0, 3)
    used.cx(1, 3)
    assert check_ownership([events], [used], [(0, 1)]).between_parties == 1
    reset = QuantumCircuit(4)
    reset.cx(0, 3)
    reset.reset(3)
    reset.cx(1, 3)
    assert check_ownership([events], [reset], [(0, 1)]).between_parties == 0
    idle = QuantumCircuit(4)
    idle.cx(2, 3)
    assert check_ownership([events], [idle], [(0, 1)]).between_parties == 1
    joined = QuantumCircuit(2)
    joined.cx(0, 1)
    lend = QuantumCircuit(4)
    for q in (0, 0, 1, 1):
        gate = joined.to_gate()
        gate.name = "move"
        lend.append(gate, (q, 3))
    assert check_ownership([events], [lend], [(0, 1)]).between_parties == 0


def test_tiles_that_run_side_by_side_are_other_laboratories():
    experiment = build_experiment(load_spec("chsh"))
    events = [event.to_json() for event in experiment.circuits[0].events]
    one = experiment.circuits[0].circuit
    both = QuantumCircuit(4, 4)
    both.compose(one, [0, 1], [0, 1], inplace=True)
    both.compose(one, [3, 2], [2, 3], inplace=True)
    layouts = [(0, 1), (3, 2)]
    own = check_ownership([events], [both], layouts)
    assert (own.two_qubit_gates, own.between_parties) == (2, 0)
    both.cz(0, 3)  # both are Bob's
    assert check_ownership([events], [both], layouts).between_parties == 1


def tamper(path, name):
    """Put a gate between two parties behind the last barrier of the first circuit, with right checksums."""
    first, *others = from_qpy((path / name).read_bytes())
    changed = first.copy_empty_like()
    for k, instruction in enumerate(first.data):
        changed.append(instruction)
        if isinstance(instruction.operation, Barrier) and not any(
            isinstance(i.operation, Barrier) for i in first.data[k + 1 :]
        ):
            changed.cz(0, 1)
    (path / name).write_bytes(to_qpy([changed, *others]))
    for signed_file in (record.reader.INTENT, record.reader.SEAL):
        content = json.loads((path / signed_file).read_text())
        del content["sha256"]
        for listed in content["files"]:
            content["files"][listed] = digest((path / listed).read_bytes())
        (path / signed_file).write_bytes(signed(content))


@pytest.mark.parametrize("target", ["aer", "fake_torino"])
@pytest.mark.parametrize("name", [record.CIRCUITS, record.EXECUTED])
def test_a_record_with_another_circuit_is_refused(runs_dir, capsys, target, name):
    result = api.run("chsh", target=target, shots=20, seed=1)
    assert check_recorded(result.record).locality.to_json() == result.summary["locality"]
    assert api.verify(result.path)["locality"] == result.summary["locality"]
    tamper(result.path, name)
    assert record.read(result.path).sealed
    with pytest.raises(RecordError, match="circuit does cz on|1 of its gates are between parties"):
        api.verify(result.path)
    for command in (["verify"], ["verify", "--execute"], ["report"], ["replay"]):
        assert main([*command, str(result.path), "--json"]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert "circuit does cz on qubits [0, 1]" in err or "joins qubit 0 of Bob, qubit 1 of Charlie" in err


def test_an_unfinished_run_with_another_circuit_is_not_executed(runs_dir, monkeypatch):
    result = api.run("chsh", shots=20, seed=1)
    tamper(result.path, record.EXECUTED)
    (result.path / record.reader.SEAL).unlink()
    (result.path / record.COUNTS).unlink()
    with pytest.raises(RecordError, match="between parties"):
        api.collect(result.path)


@pytest.mark.slow
@pytest.mark.usefixtures("as_written")
def test_reference_runs_keep_to_their_networks(tmp_path):
    from tests.integration.test_reference import REFERENCE

    for path in sorted(p for p in REFERENCE.iterdir() if p.is_dir()):
        shutil.copytree(path, tmp_path / path.name)
        found = check_recorded(record.read(tmp_path / path.name))
        assert (found.locality.between_parties, found.protocol) == (0, "rebuilt")
