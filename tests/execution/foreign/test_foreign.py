"""The parts of a foreign target: reading, the known answer, compiling, the record, the plan's bill."""

from __future__ import annotations

import json
from itertools import pairwise
from types import SimpleNamespace

import pytest
from qiskit.circuit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit.library.standard_gates import get_standard_gate_name_mapping
from qiskit.primitives import BitArray, DataBin, SamplerPubResult, StatevectorSampler
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.transpiler import Target
from qiskit_aer import AerSimulator

import qcoord_hw as qc
from qcoord_hw import api, record
from qcoord_hw.catalogue import catalogue_paths
from qcoord_hw.errors import InputError, RecordError, TargetError
from qcoord_hw.execution.foreign.known import KnownAnswer, betraying, known_answer
from qcoord_hw.execution.foreign.reading import Read, read_pub, read_result
from qcoord_hw.execution.run_description import prepared_of, program_of
from qcoord_hw.execution.targets import fake_backends, is_foreign, resolve_target
from qcoord_hw.record.files import signed_line
from tests.execution.foreign import zoo

pytestmark = pytest.mark.filterwarnings("ignore:.*has no QubitProperties:UserWarning")


def read(counts, sizes=(1, 2), shots=10, **header):
    """Return what is read of counts for registers a, b, .. of these sizes."""
    registers = [ClassicalRegister(size, name) for size, name in zip(sizes, "abcd", strict=False)]
    circuit = QuantumCircuit(QuantumRegister(3), *registers, name="one")
    entry = SimpleNamespace(data=SimpleNamespace(counts=counts), header={"name": "one", **header})
    (found,) = read_result(SimpleNamespace(results=[entry]), [circuit], shots)
    return found


@pytest.mark.parametrize(
    ("stated", "fault"),
    [
        (["a", "b", "c"], ""),
        (["c", "a", "b"], ""),
        (["else"] * 3, ""),  # by their order
        ([None] * 3, ""),
        (["a"] * 3, "returned 3 results by the name 'a': whose they are cannot be told"),
        (["a", "a", "c"], "returned 2 results by the name 'a': whose they are cannot be told"),
        (["a", "b", "x"], "returned no result by the name 'c'; it returned ['a', 'b', 'x']"),
        (["a", "b"], "returned 2 results where 3 circuits were sent"),
        (["x"] * 4, "returned 4 results where 3 circuits were sent"),
    ],
)
def test_whose_a_result_is(stated, fault):
    circuits = [QuantumCircuit(1, 1, name=name) for name in "abc"]
    entries = [SimpleNamespace(data=SimpleNamespace(counts={"1": 10}), header={"name": n}) for n in stated]
    found = read_result(SimpleNamespace(results=entries), circuits, 10)
    assert {one.fault for one in found} - {""} == ({fault} if fault else set())


@pytest.mark.parametrize(
    ("key", "header"),
    [
        ("0x5", {}),
        ("0X05", {}),
        (5, {}),
        ("101", {}),
        ("10 1", {}),
        (" 10  1 ", {}),
        ("000101", {}),
        ("1 10", {"creg_sizes": [["b", 2], ["a", 1]]}),
        ("110", {"creg_sizes": [["b", 2], ["a", 1]]}),
        ("10 1 1", {"creg_sizes": [["else", 1], ["a", 1], ["b", 2]]}),
        ("101", {"creg_sizes": [["all", 3]]}),
        ("101", {"creg_sizes": "nonsense"}),
    ],
)
def test_one_outcome_in_every_format(key, header):
    """Register a reads 1, and b 0 then 1."""
    assert read({key: 10}, **header).counts == {"101": 10}
    assert read({key: 10}, **header).fault == ""


@pytest.mark.parametrize(
    "key",
    [
        "1",
        "01",
        "1 01",
        "1 0 1",
        "1101",
        "0x8",
        8,
        -1,
        "0xg",
        "",
        "2",
        "0b101",
        "1_01",
        None,
        (1,),
        True,
        b"1",
    ],
)
def test_no_other_outcome_is_read(key):
    found = read({key: 10})
    assert found.fault
    assert json.dumps(found.counts)


@pytest.mark.parametrize("times", [10.5, -10, float("nan"), float("inf"), "10", None, True, 9, 11, 0])
def test_no_other_number_of_shots_is_read(times):
    found = read({"101": times})
    assert found.fault
    assert json.dumps(found.counts, allow_nan=False)


def sampled(**registers):
    """Return what is read of a PUB's shots, for registers a of one bit and b of two."""
    own = [ClassicalRegister(1, "a"), ClassicalRegister(2, "b")]
    arrays = {name: BitArray.from_samples(shots, len(shots[0])) for name, shots in registers.items()}
    pub = SamplerPubResult(DataBin(**arrays, shape=()))
    return read_pub(pub, QuantumCircuit(QuantumRegister(3), *own, name="one"), 3)


def test_the_registers_of_a_pub_are_read_together():
    assert sampled(a=["1", "0", "0"], b=["10", "10", "11"]).counts == {"101": 1, "001": 1, "011": 1}
    assert sampled(more=["0"] * 3, b=["10"] * 3, a=["1"] * 3) == Read({"101": 3})


@pytest.mark.parametrize(
    "registers",
    [
        {"a": ["1"] * 3},
        {"b": ["10"] * 3},
        {},
        {"a": ["1"] * 3, "c": ["10"] * 3},
        {"a": ["1"] * 3, "b": ["1"] * 3},
        {"a": ["01"] * 3, "b": ["10"] * 3},
        {"a": ["1"] * 3, "b": ["010"] * 3},
        {"a": ["1"] * 2, "b": ["10"] * 2},
        {"a": ["1"] * 4, "b": ["10"] * 4},
        {"a": ["1"] * 3, "b": ["10"] * 2},
    ],
)
def test_no_other_registers_are_read(registers):
    assert sampled(**registers).fault


@pytest.mark.parametrize(
    "sizes", [(1,), (2,), (1, 1), (1, 2), (2, 1), (2, 2), (1, 1, 1), (3, 3), (1,) * 5, (2,) * 4]
)
def test_the_pattern_betrays_what_it_can(sizes):
    word = betraying(sizes, (True,) * sum(sizes))
    ends = [sum(sizes[:k]) for k in range(len(sizes) + 1)]
    parts = [word[a:b] for a, b in pairwise(ends)]
    assert set(word) == ({"0", "1"} if len(word) > 1 else {"1"})
    assert len(word) == 1 or word != word[::-1]
    assert len(parts) == 1 or parts != parts[::-1]
    assert max(sizes) == 1 or parts != [part[::-1] for part in parts]
    assert "1" in parts[-1]  # the highest bits are what is lost
    for size in set(sizes):
        alike = [part for part in parts if len(part) == size]
        assert len(set(alike)) >= min(len(alike), 2)


SOME = (
    "chsh",
    "magic-square",
    "ghz-5",
    "sequential-chsh",
    "sum-2-f3",
    "cascade-ghz2",
    "mac-n2",
    "broadcast-epr",
)


@pytest.mark.few(SOME, slow=12)
@pytest.mark.parametrize("name", catalogue_paths())
def test_the_known_answer_is_that_of_the_circuit(name):
    like = api.build(name).experiment.circuits[0].circuit
    if like.num_qubits > 20:
        pytest.skip("too wide to simulate here")
    known = known_answer(like)
    assert [(r.name, r.size) for r in known.circuit.cregs] == [(r.name, r.size) for r in like.cregs]
    counts = AerSimulator().run(known.circuit, shots=3, seed_simulator=1).result().get_counts(0)
    assert {key.replace(" ", "")[::-1] for key in counts} == {known.expected}


def test_a_tie_is_no_wrong_answer():
    known = KnownAnswer(QuantumCircuit(1, 1), "1")
    assert known.fits({"1": 5, "0": 5})
    assert not known.fits({"1": 4, "0": 5})
    assert not known.fits({})


def test_the_providers_own_plugins_compile():
    class Scheduling(GenericBackendV2):
        def get_scheduling_stage_plugin(self):
            return "asap"

    class Unknown(GenericBackendV2):
        def get_translation_stage_plugin(self):
            return "of another package"

    program = program_of(api.build("chsh").experiment)
    target = resolve_target(Scheduling(4, seed=1))
    assert any("delay" in circuit.count_ops() for circuit in target.prepare(program, ()).circuits)
    with pytest.raises(TargetError, match="cannot be compiled: TranspilerError: "):
        qc.run("chsh", target=Unknown(4, seed=1), shots=8)


def test_circuits_with_parameters_run_where_only_numbers_compile():
    """A logical emulator knows H, S, T and CX: no rotation by what is not known yet."""
    gates = get_standard_gate_name_mapping()
    target = Target(num_qubits=4)
    for name in ("h", "s", "sdg", "t", "tdg", "measure"):
        target.add_instruction(gates[name], {(q,): None for q in range(4)})
    target.add_instruction(gates["cx"], {(q, p): None for q in range(4) for p in range(4) if p != q})
    logical = zoo.DdsimLike()
    logical._target = target
    result = qc.run("sum-2-f2", target=logical, shots=8, seed=1)
    assert result["success_probability"].best == 1
    assert "bound.qpy" in result.record.intent["files"]
    assert qc.plan("sum-2-f2", target=logical)["expected"] == pytest.approx(1)
    assert not prepared_of(result.record).bound[0].num_parameters
    assert result.summary["locality"]["between_parties"] == 0


def test_what_is_foreign():
    class Mine(AerSimulator):
        pass

    assert all(map(is_foreign, (AerSimulator(), Mine(), StatevectorSampler(), zoo.DdsimLike())))
    assert not any(map(is_foreign, ("aer", "fake_manila", fake_backends()["fake_manila"]())))
    assert "known_answer" not in qc.run("chsh", target="aer", shots=8, seed=1).summary


@pytest.mark.parametrize("target", [AerSimulator(), StatevectorSampler()], ids=["backend", "sampler"])
def test_a_foreign_target_is_treated_as_paid(target):
    assert len(api.build("example-1-f2", target=target).experiment.settings) == 8
    assert len(api.build("example-1-f2", target="aer").experiment.settings) == 256
    asked = api.build("example-1-f2", target=target, parameters={"inputs": 20})
    assert len(asked.experiment.settings) == 20


@pytest.mark.parametrize(("shots", "known", "jobs"), [(800, 100, 8), (80, 50, 9), (4096, 512, 8)])
def test_the_known_answer_is_in_the_bill(shots, known, jobs):
    """The plan counts what a backend is really sent."""
    sent = []

    class Counting(zoo.Aer):
        def run(self, circuits, **options):
            sent.append(options["shots"] * len(circuits))
            return zoo.Aer.run(self, circuits, **options)

    plan = qc.plan("chsh", target=Counting(), shots=shots)
    assert not sent
    qc.run("chsh", target=Counting(), shots=shots, seed=1)
    assert (plan["executions"], plan["known_answer"], plan["jobs"]) == (sum(sent), known, len(sent))
    assert (sum(sent), len(sent)) == (4 * shots + known, jobs)
    assert any("whose answer is known" in note for note in plan["notes"])
    with pytest.raises(InputError, match="^jobs: "):
        qc.plan("chsh", target=Counting(), jobs=3)


@pytest.mark.parametrize(
    "target",
    [
        AerSimulator(),
        StatevectorSampler(),
        GenericBackendV2(5, noise_info=False),
        zoo.IqmLike(),
        zoo.on_a_line(),
    ],
    ids=["Aer", "sampler", "no noise", "as IQM", "line"],
)
def test_without_error_data_the_plan_says_so_and_ranks_nothing(target):
    plan = qc.plan("chsh", target=target)
    assert plan["expected.kind"] == "no error data: ideal"
    assert any("no error data: ideal" in note for note in plan["notes"])
    assert plan["ranked"] is plan["tiling"] is None
    assert plan["expected"] == pytest.approx(plan["theory"])


def test_with_error_data_the_plan_ranks():
    plan = qc.plan("chsh", target=GenericBackendV2(5, seed=1))
    assert plan["expected.kind"] == "noise model"
    assert plan["bound"] < plan["expected"] < plan["theory"]
    assert all(row["errors"] > 0 for row in plan["ranked"])
    assert qc.plan("chsh", target="aer")["expected.kind"] == "ideal"


def test_the_answer_is_part_of_the_record(runs_dir):
    """A changed count of the known-answer circuit is refused, and so is a seal without it."""
    path = qc.run("chsh", target=zoo.NoMemory(), shots=8, seed=1).path
    notes = path / "notes.jsonl"
    for expected in (None, "10"):
        whole = notes.read_bytes()
        event = json.loads(whole)
        del event["sha256"]
        event["counts"] = {"01": 3, "11": 97} if expected is None else {expected: 100}
        notes.write_text(signed_line(event))
        with pytest.raises(RecordError, match="notes.jsonl does not match the seal"):
            qc.load_run(path)
        (path / "seal.json").rename(path / "gone")
        assert qc.load_run(path).summary["state"] == "unfinished"
        (path / "gone").rename(path / "seal.json")
        notes.write_bytes(whole)
    notes.write_bytes(whole.replace(b":50", b":51"))
    with pytest.raises(RecordError, match="damaged"):
        qc.load_run(path)
    notes.write_bytes(whole)
    assert qc.verify(path)["ok"]
    with pytest.raises(InputError, match="cannot be rebuilt"):
        qc.verify(path, execute=True)
    (path / "seal.json").unlink()
    notes.unlink()
    record.seal(path)  # by another program
    with pytest.raises(RecordError, match="sealed without the known answer '01'"):
        qc.load_run(path)


def test_a_line_cut_short_never_happened(runs_dir):
    with pytest.raises(TargetError):
        qc.run("chsh", target=zoo.BAD["all zeros"](), shots=8, seed=1)
    (path,) = runs_dir.iterdir()
    with (path / "notes.jsonl").open("ab") as file:
        file.write(b'{"event": "ref')
    assert len(qc.load_run(path).record.notes) == 1
    assert qc.collect(path, target=AerSimulator()).record.sealed


def test_a_run_on_a_backend_reads_as_any_other(capsys, runs_dir):
    from tests.calls import call, call_json

    first = qc.run("chsh", target=zoo.NoMemory(), shots=40, seed=1).path
    second = qc.run("chsh", target=zoo.IqmLike(), shots=40, seed=1).path
    assert call_json(capsys, "verify", first.name)["ok"]
    assert call_json(capsys, "report", first.name, "--json")["known_answer"]["expected"] == "01"
    assert call_json(capsys, "compare", first.name, second.name)["ok"]
    assert call_json(capsys, "replay", first.name, "--target", "aer")["state"] == "sealed"
    code, out, line = call(capsys, "replay", first.name)
    assert (code, out) == (2, "")
    assert "cannot be rebuilt" in line


def test_what_somebody_derived_from_a_snapshot_is_foreign():
    manila = fake_backends()["fake_manila"]

    class Derived(manila):
        pass

    assert not is_foreign(manila())
    assert is_foreign(Derived())


def test_counts_that_are_none_are_kept_and_the_record_reads(tmp_path):
    class Negative(AerSimulator):
        def run(self, circuits, **options):
            job = super().run(circuits, **options)
            result = job.result()
            for one in result.results:
                one.data.counts = {"0x0": options.get("shots", 100) + 5, "0x1": -5}
                one.data.memory = None
            job.result = lambda: result
            return job

    with pytest.raises(TargetError):
        qc.run("chsh", target=Negative(), shots=800, seed=1, runs=tmp_path)
    (path,) = tmp_path.iterdir()
    found = qc.load_run(path)
    assert found.summary["known_answer"]["observed"] is None
    assert "to the circuit whose answer is" in found.summary["cautions"][0]
    assert "qc.collect(run, target=..)" in found.table()
