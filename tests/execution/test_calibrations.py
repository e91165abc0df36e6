"""`properties:` as a target: the calibration of a file or of a run is the chip that it is anywhere else."""

from __future__ import annotations

import copy
import json
import re
import shlex
import warnings
from pathlib import Path

import pytest
import qiskit_ibm_runtime.fake_provider.backends as snapshots

import qcoord_hw as qc
from qcoord_hw.cli import main
from qcoord_hw.execution.calibrations import read_chip
from qcoord_hw.execution.devices.ibm import snapshots as ibm
from qcoord_hw.execution.snapshot import Snapshot
from qcoord_hw.execution.targets import NoiseTarget, fake_backends, fake_chip, fake_names
from qcoord_hw.record.files import digest
from tests.execution.forgeries import read_intent, sign

FILES = Path(snapshots.__file__).parent
TORINO = FILES / "torino" / "props_torino.json"
MANILA = json.loads((FILES / "manila" / "props_manila.json").read_text())


def at(path: object, *more: object) -> str:
    return "properties:" + "+".join(map(str, (path, *more)))


@pytest.fixture
def file(tmp_path):
    """Return what writes properties, or text, and names it as a target."""

    def write(content: object, name: str = "props.json") -> str:
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / name).write_text(text, encoding="utf-8")
        return at(tmp_path / name)

    return write


def same_chip(name: str, backend: object) -> bool:
    found, known = read_chip(name), Snapshot.of(backend)
    return (found.qubits, found.gates, found.num_qubits, found.calibrated) == (
        known.qubits,
        known.gates,
        known.num_qubits,
        known.calibrated,
    )


def test_properties_are_the_chip_of_the_runtime_client():
    for coupling in ((), (FILES / "torino" / "conf_torino.json",)):
        assert same_chip(at(TORINO, *coupling), fake_backends()["fake_torino"]())


@pytest.mark.few(0, slow=8)
@pytest.mark.parametrize("name", sorted(fake_backends()))
def test_every_published_snapshot_is_read_as_the_client_reads_it(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        backend = fake_backends()[name]()
    where = Path(backend.dirname)
    assert same_chip(at(where / backend.props_filename, where / backend.conf_filename), backend)


@pytest.mark.few(("fake_fractional", "fake_torino"), slow=8)
@pytest.mark.parametrize("name", fake_names())
def test_a_snapshot_by_its_name_is_that_of_the_client_to_the_letter(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        backend = fake_backends()[name]()
    assert json.dumps(fake_chip(name).to_json()) == json.dumps(Snapshot.of(backend).to_json())
    stated = getattr(backend.configuration(), "default_rep_delay", None)
    assert NoiseTarget(fake_chip(name)).rep_delay == stated


@pytest.mark.parametrize("files", [{}, {"fake_manila": ibm.Files(Path("conf"), None)}])
def test_the_client_is_asked_where_its_files_cannot_be_read(files, monkeypatch):
    known = ibm.chip("fake_manila")
    monkeypatch.setattr(ibm, "_files", lambda: files)
    assert "fake_manila" in ibm.names()
    monkeypatch.setattr(ibm.Files, "stated", lambda self: ({}, None))
    assert ibm.chip("fake_manila") == known


@pytest.mark.parametrize("name", ["chsh", "sum-2-f2", "cascade-ghz2"])
def test_layout_noise_and_counts_are_those_of_the_snapshot(name, runs_dir):
    """One entry per family."""
    known, found = (qc.run(name, target=t, shots=40, seed=5) for t in ("fake_torino", at(TORINO)))
    assert found.record.counts == known.record.counts
    for key in ("layout", "calibrated", "kind", "gates"):
        assert found.summary[key] == known.summary[key]
    there = known.record.intent["target"]["snapshot"] | {"device": "ibm_torino"}
    assert found.record.intent["target"]["snapshot"] == there


def test_a_record_is_enough_when_the_file_is_gone(file, runs_dir, capsys):
    target = file(MANILA)
    found = qc.run("chsh", target=target, shots=40, seed=5)
    scaled = qc.run("chsh", target=f"{target}_x0.5", shots=40, seed=5)
    assert scaled.record.counts == qc.run("chsh", target="fake_manila_x0.5", shots=40, seed=5).record.counts
    Path(target.removeprefix("properties:")).unlink()
    for run in (found, scaled):
        again = qc.replay(run)
        assert again.record.counts == run.record.counts
        assert qc.verify(again, execute=True).ok
        on_it = qc.run("chsh", target=at(run.path), shots=40, seed=5)
        assert on_it.record.intent["target"]["snapshot"] == run.record.intent["target"]["snapshot"]
        assert (on_it.record.counts == run.record.counts) == (run is found)  # another name has other seeds
        assert on_it.summary["target"] == f"{at(run.path)}/"
    assert main(["plan", "chsh", "--target", "properties:latest", "--noise-scale", "0", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["expected"] == pytest.approx(0.8535533, abs=1e-6)


def test_a_run_that_keeps_its_qubits_alone_is_a_chip_of_these(runs_dir):
    small = qc.run("chsh", target="fake_torino", shots=40, seed=5)
    found = qc.run("chsh", target=at(small.path / "intent.json"), shots=40, seed=5)
    assert found.record.counts == small.record.counts
    with pytest.raises(qc.QcoordError, match="ibm_|fake_torino has 2 qubits; this experiment needs 3"):
        qc.run("ghz-3", target=at(small.path), shots=40)
    with pytest.raises(qc.QcoordError, match="has a calibration of"):
        qc.run("chsh", target=at(small.path), shots=40, layout=[0, 1])
    ideal = qc.run("chsh", shots=8, seed=1)
    with pytest.raises(qc.QcoordError, match="on aer keeps no calibration"):
        qc.run("chsh", target=at(ideal.path), shots=40)


@pytest.mark.slow
def test_a_sweep_knows_a_calibration_by_its_content(file, runs_dir):
    target = file(MANILA)
    first = qc.sweep("chsh", targets=target, noise_scale=(0.0, 1.0), shots=(40,), workers=1)
    assert (first.computed, [point.noise_scale for point in first.points]) == (2, [0.0, 1.0])
    assert qc.sweep("chsh", targets=target, noise_scale=(0.0, 1.0), shots=(40,), workers=1).already == 2
    other = copy.deepcopy(MANILA)
    other["qubits"][0][0]["value"] = 77.0
    file(other)
    from qcoord_hw.sweeps.points import Grid

    definitions = [Grid.of(["chsh"], [target], [], [], [], {}).definition() for _ in range(2)]
    assert definitions[0] == definitions[1]
    file(MANILA)
    assert Grid.of(["chsh"], [target], [], [], [], {}).definition() != definitions[0]


def test_a_chip_that_was_altered_is_refused(file, runs_dir):
    found = qc.run("chsh", target=file(MANILA), shots=40, seed=5)
    chip = json.loads((found.path / "chip.json").read_text())
    chip["qubits"][found.summary["layout"][0]]["t1"] = 1.0
    (found.path / "chip.json").write_text(json.dumps(chip))
    intent = read_intent(found.path)
    intent["files"]["chip.json"] = digest((found.path / "chip.json").read_bytes())
    sign(found.path, intent)
    with pytest.raises(qc.QcoordError, match="calibration: not that of its chip.json; it was altered"):
        qc.verify(found.path)
    del intent["files"]["chip.json"]  # then anything could stand behind the name
    sign(found.path, intent)
    with pytest.raises(qc.QcoordError, match="its folder's name says 'properties-ibmq_manila'; it was"):
        qc.verify(found.path)


def changed(place: list[object], value: object) -> dict:
    """Return the properties with one value replaced; `None` removes it."""
    data = copy.deepcopy(MANILA)
    inner = data
    for key in place[:-1]:
        inner = inner[key]
    if value is REMOVED:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return data


REMOVED = object()
CX = next(k for k, gate in enumerate(MANILA["gates"]) if gate["gate"] == "cx")
ERROR = next(k for k, one in enumerate(MANILA["gates"][CX]["parameters"]) if one["name"] == "gate_error")

WITHOUT_2 = [gate for gate in MANILA["gates"] if gate["qubits"] != [2]]

WRONG = [
    (["qubits", 1, 0], REMOVED, "qubits[1].T1: missing"),
    (["qubits", 1, 1], REMOVED, "qubits[1].T2: missing"),
    (["qubits", 1, 0, "value"], float("nan"), "qubits[1].T1: nan"),
    (["qubits", 1, 0, "value"], -5, "qubits[1].T1: -5"),
    (["qubits", 1, 0, "value"], 1e300, "qubits[1].T1: 1e+300"),
    (["qubits", 1, 0, "value"], 10**400, "qubits[1].T1: "),
    (["qubits", 1, 0, "value"], "80", "qubits[1].T1: '80'"),
    (["qubits", 1, 0, "unit"], "GHz", "qubits[1].T1.unit: 'GHz'"),
    (["qubits", 1, 0, "unit"], REMOVED, "qubits[1].T1.unit: None"),
    (["qubits", 1], [], "qubits[1].T1: missing"),
    (
        ["gates"],
        [gate for gate in MANILA["gates"] if gate["qubits"] != [2]],
        "qubit 2 has no gate of its own",
    ),
    (
        ["gates"],
        [gate for gate in MANILA["gates"] if (gate["gate"], gate["qubits"]) != ("rz", [2])],
        "sx, x on qubit 2; allowed are enough",
    ),
    (["qubits"], [], "qubits: an empty list"),
    (["qubits"], {}, "qubits: {}"),
    (["gates"], [], "gates: an empty list"),
    (["gates"], REMOVED, "no object with qubits and gates"),
    (["gates", CX, "gate"], "warp", f"gates[{CX}].gate: 'warp'"),
    (["gates", CX, "qubits"], [0, 9], f"gates[{CX}].qubits: [0, 9]"),
    (["gates", CX, "qubits"], [0, 0], f"gates[{CX}].qubits: [0, 0]"),
    (["gates", CX, "qubits"], [0], f"gates[{CX}].qubits: [0]"),
    (["gates", CX, "parameters", ERROR, "value"], -0.1, f"gates[{CX}].gate_error: -0.1"),
    (["gates", CX, "parameters", ERROR, "value"], 1.5, f"gates[{CX}].gate_error: 1.5"),
    (["gates", CX, "parameters", ERROR], REMOVED, f"gates[{CX}].gate_error: missing"),
    (["gates", CX, "parameters", ERROR, "unit"], "%", f"gates[{CX}].gate_error.unit: '%'"),
    (["last_update_date"], "yesterday", "last_update_date: 'yesterday'"),
    (["backend_name"], "a/b", "backend_name: 'a/b'"),
]


@pytest.mark.parametrize(("place", "value", "says"), WRONG)
def test_a_wrong_file_is_refused_in_one_line_that_names_the_field(place, value, says, file, capsys):
    assert main(["plan", "chsh", "--target", file(changed(place, value))]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert says in told.err


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        ("not JSON", "props.json", "not valid JSON"),
        ("[]", "props.json", "no object with qubits and gates"),
        ("", "table.csv", "column Qubit: missing"),
        ("Qubit,T1 (us)\n0,100\n", "table.csv", "column T2 (us): missing"),
        ("Qubit,T1 (us),T2 (us)\n0,100,100\n", "table.csv", "column Readout assignment error: missing"),
    ],
)
def test_what_is_no_calibration_is_refused(content, name, says, file):
    with pytest.raises(qc.QcoordError) as error:
        qc.run("chsh", target=file(content, name))
    assert says in str(error.value)


@pytest.mark.parametrize("command", ["run", "plan", "threshold", "sweep"])
@pytest.mark.parametrize("given", ["nope", "", "nope_x2", "\x1b[2J"])
def test_what_is_neither_a_file_nor_a_run_is_refused_as_a_target(command, given, runs_dir, capsys):
    flag = "--targets" if command == "sweep" else "--target"
    assert main([command, "chsh", flag, f"properties:{given}"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("qcoord: error: target: properties:")
    assert "no such file, and nothing fits" in said
    assert said.count("\n") == 1
    assert "\x1b" not in said


def test_what_is_published_out_of_bounds_is_simulated_as_it_is_today(file, runs_dir):
    """T2 beyond 2 T1, a coupling of error 1, a stuck qubit and one without T1: IBM publishes them."""
    data = copy.deepcopy(MANILA)
    data["qubits"][0][1]["value"] = 1000.0
    for gate in data["gates"]:
        if 4 in gate["qubits"] and gate["gate"] not in ("rz", "reset"):
            gate["parameters"][0]["value"] = 1
    data["qubits"][4] = [one for one in data["qubits"][4] if one["name"] not in ("T1", "T2")]
    found = qc.run("chsh", target=file(data), shots=40, seed=5, layout=[0, 1])
    assert found.record.sealed
    assert 4 not in qc.run("ghz-3", target=file(data), shots=40, seed=5).summary["layout"]


def test_every_other_value_anywhere_is_read_or_refused(file, rng):
    """300 files with something else in some place."""
    places: list[list[object]] = []

    def walk(value: object, path: list[object]) -> None:
        if path:
            places.append(path)
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(one, dict | list):
                walk(one, [*path, key])
            else:
                places.append([*path, key])

    walk(MANILA, [])
    others = [REMOVED, None, [], {}, "", "x", -1, 0, 1, 2.5, 10**30, 1e308, True, [[]], float("inf")]
    refused = []
    for _ in range(300):
        place = places[rng.integers(len(places))]
        try:
            read_chip(file(changed(place, others[rng.integers(len(others))])))
        except qc.QcoordError as error:
            refused.append(error)
    assert len(refused) > 100
    assert {error.exit_code for error in refused} == {2}
    assert not any("\n" in str(error) for error in refused)


def table_of(chip: Snapshot) -> str:
    """Return a calibration as the portal's table."""
    stated = {(gate.name, gate.qubits): gate for gate in chip.gates}
    rows = [
        '"Qubit","T1 (us)","T2 (us)","Prob meas0 prep1","Prob meas1 prep0","Readout length (ns)","ID error",'
        '"Single-qubit gate length (ns)","Z-axis rotation (rz) error","√x (sx) error","Pauli-X error",'
        '"CNOT error ","Gate time (ns)","Operational"'
    ]
    for q in chip.qubits:
        assert q.t1
        assert q.t2
        one = [stated[name, (q.index,)] for name in ("id", "sx", "x")]
        pairs = [gate for (name, qubits), gate in stated.items() if name == "cx" and qubits[0] == q.index]
        errors = "; ".join(f"{q.index}_{gate.qubits[1]}:{gate.error!r}" for gate in pairs)
        times = "; ".join(f"{q.index}_{gate.qubits[1]}:{1e9 * (gate.duration or 0):.9f}" for gate in pairs)
        cells = [q.index, 1e6 * q.t1, 1e6 * q.t2, q.p01, q.p10, 5351.11]
        cells += [one[0].error, 1e9 * (one[0].duration or 0), 0, one[1].error, one[2].error]
        cells += [errors, times, True]
        rows.append(",".join(f'"{cell}"' for cell in cells))
    return "\n".join(rows) + "\n"


def test_the_portals_table_is_the_same_chip(file, runs_dir):
    table = table_of(read_chip(file(MANILA)))
    target = file(table, "ibm_manila_calibrations_2024-01-01.csv")
    found = qc.run("magic-square", target=target, shots=100, seed=5)
    known = qc.run("magic-square", target="fake_manila", shots=100, seed=5)
    assert found.record.counts == known.record.counts
    assert found.record.chip["device"] == "ibm_manila"
    for before, after, says in (
        ("0_1:", "0_7:", "row 1, CNOT error: qubit 7"),
        ("0_1:0", "0:0", "row 1, CNOT error: qubit 0"),
        ('"True"', '"perhaps"', "row 1, Operational: 'perhaps'"),
        ('\n"0"', '\n"3"', "Qubit: 3; allowed are 0 to 4, once each"),
    ):
        with pytest.raises(qc.QcoordError) as error:
            read_chip(file(table.replace(before, after), "bad.csv"))
        assert says in str(error.value)


def test_a_coupling_map_of_its_own(file, tmp_path):
    target = file(MANILA)
    (tmp_path / "map.json").write_text("[[1, 0]]")
    chip = read_chip(f"{target}+{tmp_path / 'map.json'}")
    assert {gate.qubits for gate in chip.gates if len(gate.qubits) == 2} == {(0, 1), (1, 0)}
    for content, says in (
        ("[[0, 5]]", "coupling_map: [0, 5]; props.json has the qubits 0 to 4"),
        ("[[0, 4]]", "coupling_map: [0, 4]; props.json states no gate on these qubits"),
        ("[]", "coupling_map: an empty list"),
        ("[[0]]", "coupling_map: [0]; allowed are pairs"),
        ('{"n_qubits": 5}', "coupling_map: missing"),
    ):
        (tmp_path / "map.json").write_text(content)
        with pytest.raises(qc.QcoordError) as error:
            read_chip(f"{target}+{tmp_path / 'map.json'}")
        assert says in str(error.value)


PAGE = (Path(__file__).parents[2] / "docs" / "formats" / "properties.md").read_text()


def test_the_page_shows_what_is_read(file, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    examples = dict(re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", PAGE, re.S))
    assert len(examples) == 3
    for name, text in examples.items():
        file(text, name)
    commands = re.findall(r"```console\n\$ (.*?)\n(.*?)```", PAGE, re.S)
    assert len(commands) == 3
    for command, printed in commands:
        program, *arguments = shlex.split(command)
        assert program == "qcoord"
        assert main(arguments) in (0, 2)
        told = capsys.readouterr()
        assert printed == (told.out or told.err)
