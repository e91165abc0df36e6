"""`submit`, `status`, `collect` and `run` on a device: what is sent, what is kept, what comes out."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from qiskit_ibm_runtime.api import client as ibm_client

from qcoord_hw import api, record
from qcoord_hw.cli import main
from qcoord_hw.errors import BusyError, InputError
from qcoord_hw.execution import submission
from qcoord_hw.execution.calibrations import read_chip
from qcoord_hw.execution.devices.ibm import client
from qcoord_hw.execution.formats import from_qpy


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, standin: Any, server: Any) -> None:
    """The account of the stand-in, and pauses of milliseconds."""
    monkeypatch.setenv("QCOORD_IBM_URL", server.url)
    monkeypatch.setenv("QISKIT_IBM_TOKEN", standin.TOKEN)
    monkeypatch.setenv("QISKIT_IBM_INSTANCE", standin.INSTANCE)
    monkeypatch.delenv("QISKIT_IBM_CHANNEL", raising=False)
    # Put back after the test: other tests look at the client as it is.
    monkeypatch.setattr(ibm_client, "RetrySession", ibm_client.RetrySession)
    monkeypatch.setattr(client, "PAUSES", (0.001, 0.002))
    monkeypatch.setattr(client, "LOOKUPS", (0.0, 0.001))
    monkeypatch.setattr(submission, "POLLS", (0.001,))


@pytest.fixture
def qcoord(capfd: pytest.CaptureFixture[str]) -> Any:
    """Runs a command in this process and returns the object that it prints."""

    def call(*arguments: str) -> Any:
        capfd.readouterr()
        status = main([*arguments, "--json"])
        out, said = capfd.readouterr()
        assert (status, said) == (0, "")
        return json.loads(out)

    return call


def submitted(qcoord: Any, server: Any, *arguments: str) -> tuple[Any, record.RunRecord]:
    """Submit and collect, and return what was printed at the end, and the record."""
    before = qcoord("submit", *arguments, "--target", "ibm_loop", "--seed", "5")
    assert before["state"] == "unfinished"
    assert before["estimates"] == []
    after = qcoord("collect", before["run"])
    assert after["state"] == "sealed"
    found = record.read(Path(before["run"]))
    sizes = {chunk.id: chunk.shots for chunk in found.plan}
    assert {k: sum(counts.values()) for k, counts in found.counts.items()} == sizes
    assert not server.not_isa
    return after, found


def estimate(summary: Any, name: str) -> Any:
    return next(one for one in summary["estimates"] if one["name"] == name)


@pytest.mark.slow
def test_from_submission_to_verdict_in_new_processes(server, standin, runs_dir, tmp_path):
    def qcoord(*arguments: str) -> Any:
        ended = subprocess.run(
            [sys.executable, "-m", "qcoord_hw.cli", *arguments, "--json"],
            env=os.environ | {"QCOORD_RUNS": str(runs_dir)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ended.returncode, ended.stderr) == (0, "")
        assert standin.TOKEN not in ended.stdout
        return json.loads(ended.stdout)

    server.queue = 3600.0
    sent = qcoord("submit", "chsh", "--target", "ibm_loop", "--jobs", "2", "--shots", "1024", "--seed", "5")
    assert (sent["state"], sent["estimates"]) == ("unfinished", [])
    assert [job["state"] for job in sent["jobs"]] == ["queued", "queued"]
    (asked,) = qcoord("status")["runs"]
    assert [job["state"] for job in asked["jobs"]] == ["queued", "queued"]
    server.calibrate()  # another day
    for job in server.jobs.values():
        job.starts = job.ends = time.time()
    (found,) = qcoord("collect")["runs"]
    assert found["state"] == "sealed"
    assert found["shots"] == 4096
    win = estimate(found, "win_probability")
    assert win["low"] < 0.8536 < win["high"]
    assert win["verdict"] == "above"
    assert estimate(found, "chsh_s")["low"] > 2
    assert len(server.jobs) == 2
    assert set(server.created_per_tag.values()) == {1}
    assert qcoord("status") == {"ok": True, "runs": []}
    check_record(Path(sent["run"]), server, standin)


def check_record(path: Path, server: Any, standin: Any) -> None:
    """Check that the folder holds ids, tags, properties at execution, ISA circuits, and no token."""
    found = record.read(path)
    executed = from_qpy(found.file(record.EXECUTED))
    assert all(server._device.not_isa(circuit) == "" for circuit in executed)
    assert all(circuit.num_qubits == 5 for circuit in executed)
    for job in found.jobs:
        assert job.id is not None
        assert server.jobs[job.id].tags == [job.tag]
        told = json.loads(found.file(job.properties))
        assert told["backend_name"] == "ibm_loop"
        assert readout(told) == readout(server._device.properties(server.calibrations[-1]))
    bearers = [r.headers.get("Authorization", "")[7:27] for r in server.requests]
    secrets = {standin.TOKEN[:16], *(b for b in bearers if b)}
    assert len(secrets) > 1
    for file in path.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert not [s for s in secrets if s.encode() in content], file


def readout(properties: Any) -> list[float]:
    return [e["value"] for qubit in properties["qubits"] for e in qubit if e["name"] == "readout_error"]


def test_properties_are_those_of_the_execution(server, qcoord):
    server.arm("job-recalibrated", times=None)
    _, found = submitted(qcoord, server, "chsh", "--shots", "16")
    (job,) = found.jobs
    told = json.loads(found.file(job.properties))
    assert len(server.calibrations) == 2
    factor = server.calibrations[-1].factor

    then = readout(server._device.properties(server.calibrations[0]))
    assert readout(told) == pytest.approx([factor * value for value in then])
    snapshot = found.intent["target"]["snapshot"]  # at submission, by which the qubits were chosen
    at_submission = {q["index"]: q["p10"] for q in snapshot["qubits"]}
    names = {e["name"]: e["value"] for e in told["qubits"][min(at_submission)]}
    assert names["prob_meas1_prep0"] == pytest.approx(factor * at_submission[min(at_submission)])

    target = f"properties:{found.path}"  # the whole chip, as it was on that day
    chip = read_chip(target)
    assert [(q.p10 + q.p01) / 2 for q in chip.qubits] == pytest.approx(readout(told))
    again = qcoord("run", "ghz-4", "--target", target, "--shots", "16")
    assert (again["kind"], again["state"]) == ("noise-model", "sealed")


@pytest.mark.few(0)
@pytest.mark.parametrize(
    ("experiment", "more", "name", "least"),
    [
        ("ghz-4", ("--shots", "64"), "win_probability", 0.999),
        ("sum-2-f2", ("--shots", "16"), "success", 0.999),
        ("example-2-f2", ("--shots", "16"), "success", 0.999),
        ("sum-2-f3", ("--shots", "16"), "success", 0.999),
    ],
)
def test_families_on_five_qubits(server, qcoord, experiment, more, name, least):
    after, found = submitted(qcoord, server, experiment, *more)
    values = [one["best"] for one in after["estimates"] if one["name"].startswith(name)]
    assert values, [one["name"] for one in after["estimates"]]
    assert max(values) >= least
    assert not found.stopped


@pytest.mark.few(0)
@pytest.mark.parametrize("experiment", ["two-node-n1", "two-node-n1-feed-forward"])
def test_coordination_on_five_qubits(server, qcoord, experiment):
    after, found = submitted(qcoord, server, experiment, "--shots", "96")
    assert after["estimates"]
    executed = sum(len(job.chunks) * job.shots for job in found.jobs)
    assert executed >= sum(chunk.shots for chunk in found.plan)


def test_random_questions_with_few_shots(server, qcoord):
    after, found = submitted(qcoord, server, "chsh", "--random-questions", "--shots", "13")
    assert after["shots"] == 52
    assert sum(len(job.chunks) * job.shots for job in found.jobs) <= 8 * 52
    assert sum(row["shots"] for row in after["questions"]) == 52


def test_values_of_parameters_are_sent(server, qcoord):
    _, found = submitted(qcoord, server, "sum-4-f2", "--shots", "8")
    (job,) = server.jobs.values()
    assert len(job.circuits) == len(found.jobs[0].chunks) > 1
    assert any(item.circuit.parameters for item in job.program.items)


def test_dynamical_decoupling(server, qcoord):
    plain, _ = submitted(qcoord, server, "ghz-4", "--shots", "8")
    after, _ = submitted(qcoord, server, "ghz-4", "--shots", "8", "--dynamical-decoupling", "XX")
    assert after["options"]["dynamical_decoupling"] == "XX"
    first, second = server.jobs.values()

    def delays(job: Any) -> int:
        return sum(circuit.count_ops().get("delay", 0) for circuit in job.circuits)

    assert delays(second) > delays(first)
    assert estimate(after, "win_probability")["best"] == 1.0
    assert plain["options"]["dynamical_decoupling"] is None


@pytest.mark.few(0)
@pytest.mark.parametrize("twirling", ["measure", "all"])
def test_twirling(server, qcoord, twirling):
    after, _ = submitted(qcoord, server, "ghz-3", "--shots", "32", "--twirling", twirling)
    (job,) = server.jobs.values()
    assert all(hasattr(item, "samplex") for item in job.program.items)
    assert estimate(after, "win_probability")["best"] == 1.0
    assert after["shots"] == 4 * 32


def test_a_batch(server, qcoord):
    _, found = submitted(qcoord, server, "chsh", "--shots", "32", "--jobs", "4", "--mode", "batch")
    (batch,) = server.sessions.values()
    assert (batch.mode, batch.accepting) == ("batch", False)
    assert [job.session for job in server.jobs.values()] == [batch.id] * 4
    assert [job.id for job in found.jobs] == list(server.jobs)


@pytest.mark.slow
def test_part_of_a_batch(server, qcoord):
    server.arm("job-queued", times=1, skip=1, value=600.0)
    sent = qcoord("submit", "chsh", "--shots", "32", "--jobs", "4", "--mode", "batch", "--target", "ibm_loop")
    part = qcoord("collect", sent["run"])
    assert (part["state"], part["estimates"]) == ("unfinished", [])
    assert part["chunks"] == {"planned": 32, "done": 24}
    assert [job["state"] for job in part["jobs"]] == ["collected", "queued", "collected", "collected"]
    late = server.jobs[part["jobs"][1]["id"]]
    late.starts = late.ends = 0.0
    assert qcoord("status", sent["run"])["jobs"][1]["state"] == "done"
    assert qcoord("collect", sent["run"])["state"] == "sealed"


@pytest.mark.slow
def test_several_experiments(server, qcoord):
    sent = qcoord("submit", "chsh", "ghz-3", "--target", "ibm_loop", "--shots", "16")["runs"]
    assert [one["experiment"] for one in sent] == ["chsh", "ghz-3"]
    assert len(server.jobs) == 2
    assert [one["experiment"] for one in qcoord("status")["runs"]] == ["chsh", "ghz-3"]
    assert [one["state"] for one in qcoord("collect")["runs"]] == ["sealed", "sealed"]
    assert qcoord("collect") == {"ok": True, "runs": []}


@pytest.mark.slow
def test_run_waits(server, qcoord):
    server.queue = 0.1
    summary = qcoord("run", "chsh", "--target", "ibm_loop", "--shots", "64", "--jobs", "2")
    assert summary["state"] == "sealed"
    assert [job["state"] for job in summary["jobs"]] == ["collected", "collected"]


def test_submitting_a_finished_run_sends_nothing(server, qcoord):
    _, found = submitted(qcoord, server, "chsh", "--shots", "16")
    posts = len(server.received("POST", "/api/v1/jobs"))
    assert qcoord("submit", "latest")["state"] == "sealed"
    assert qcoord("collect", "latest")["state"] == "sealed"
    assert len(server.received("POST", "/api/v1/jobs")) == posts
    assert record.read(found.path).jobs == found.jobs


def test_status_sends_and_fetches_nothing(server, qcoord):
    sent = qcoord("submit", "chsh", "--shots", "16", "--target", "ibm_loop")
    asked = qcoord("status", sent["run"])
    assert [job["state"] for job in asked["jobs"]] == ["done"]
    assert not server.received("GET", "/api/v1/jobs/.*/results")
    assert len(server.received("POST", "/api/v1/jobs")) == 1
    assert not (Path(sent["run"]) / "results").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "chsh", "--target", "aer", "--jobs", "2"], "jobs"),
        (["submit", "chsh", "--target", "aer"], "target"),
        (["submit", "chsh"], "target"),
        (["submit", "chsh", "--target", "ibm_loop", "--jobs", "0"], "jobs"),
        (["submit", "chsh", "--target", "ibm_loop", "--mode", "session"], "mode"),
        (["submit", "chsh", "--target", "ibm_loop", "--twirling", "some"], "twirling"),
        (["submit", "chsh", "--target", "ibm_loop", "--dynamical-decoupling", "YY"], "dynamical_decoupling"),
    ],
)
def test_options_that_are_refused_by_name(server, runs_dir, capfd, arguments, says):
    assert main([*arguments, "--shots", "8"]) == 2
    out, said = capfd.readouterr()
    assert out == ""
    assert said.count("\n") == 1
    assert says in said
    assert not server.requests
    assert record.every(runs_dir) == []


def test_options_of_a_simulator_are_refused_by_name(server):
    with pytest.raises(InputError, match="noise_scale"):
        api.submit("chsh", target="ibm_loop", shots=8, options={"noise_scale": 2.0})
    assert not server.requests


def test_from_python_with_a_backend(backend, server, runs_dir):
    sent = api.submit("chsh", target=backend, shots=64, seed=5, options={"jobs": 2})
    assert sent.summary["state"] == "unfinished"
    found = api.collect(sent.path, target=backend)
    assert found.summary["state"] == "sealed"
    assert len(server.jobs) == 2


def test_a_run_that_is_damaged_is_not_sent(server, runs_dir, capfd, monkeypatch):
    server.arm("post-500", times=None)
    monkeypatch.setattr(client, "PAUSES", ())
    assert main(["submit", "chsh", "--target", "ibm_loop", "--shots", "8"]) == 3
    server.disarm()
    (path,) = record.every(runs_dir)
    journal = path / "jobs.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b'"shots":1', b'"shots":9', 1))
    assert main(["submit", "latest"]) == 2
    assert "damaged" in capfd.readouterr().err
    assert not server.jobs


def test_a_backend_that_is_handed_in_sends_nothing_twice(backend, server, monkeypatch):
    monkeypatch.setattr(client, "PAUSES", (0.001, 0.002, 0.003))
    server.arm("post-500-created", times=2)
    sent = api.submit("chsh", target=backend, shots=64, seed=5)
    found = api.collect(sent.path, target=backend)
    assert found.summary["state"] == "sealed"
    assert len(server.jobs) == 1


def test_a_twin_is_named_and_never_counted(server, qcoord):
    server.arm("post-drop-created")
    server.arm("list-lags", times=len(client.LOOKUPS))
    sent = qcoord("submit", "chsh", "--target", "ibm_loop", "--shots", "64")
    assert len(server.jobs) == 2
    (job,) = sent["jobs"]
    assert {job["id"], *job["twins"]} == set(server.jobs)
    assert min(server.jobs, key=lambda name: server.jobs[name].created) == job["id"]
    assert qcoord("collect", sent["run"])["shots"] == 256


def test_a_run_that_stopped_says_how_to_go_on(server, runs_dir, capfd):
    server.arm("backend-offline", times=None)
    assert main(["submit", "chsh", "--target", "ibm_loop", "--shots", "8"]) == 3
    capfd.readouterr()
    assert main(["status", "latest"]) == 0
    assert "`qcoord submit" in capfd.readouterr().out.replace("\n", " ")


def test_a_run_without_its_journal_is_damaged(server, qcoord, capfd):
    sent = qcoord("submit", "chsh", "--target", "ibm_loop", "--shots", "8")
    (Path(sent["run"]) / "jobs.jsonl").unlink()
    assert main(["collect", sent["run"]]) == 2
    assert "jobs.jsonl is missing or empty" in capfd.readouterr().err
    assert len(server.jobs) == 1


@pytest.mark.slow
def test_a_result_that_cannot_be_read_does_not_hold_up_the_others(server, qcoord, patient):
    sent = qcoord("submit", "chsh", "--target", "ibm_loop", "--shots", "64", "--jobs", "3")
    server.arm("results-500", times=None, tag=sent["jobs"][1]["tag"])
    after = qcoord("collect", sent["run"])
    assert [job["state"] for job in after["jobs"]] == ["collected", "unreadable", "collected"]
    assert 0 < after["chunks"]["done"] < after["chunks"]["planned"]
    again = qcoord("submit", sent["run"])
    assert len(again["jobs"]) == 4
    assert qcoord("collect", sent["run"])["state"] == "sealed"
    assert len(server.jobs) == 4


def test_nothing_is_repeated_on_a_device(server, qcoord, capfd):
    made = qcoord("run", "chsh", "--target", "ibm_loop", "--shots", "8")
    assert qcoord("verify", made["run"])["ok"]
    assert main(["verify", made["run"], "--execute"]) == 2
    assert "made on a device" in capfd.readouterr().err
    assert main(["replay", made["run"]]) == 2
    assert len(server.jobs) == 1
    assert qcoord("replay", made["run"], "--target", "ibm_loop")["state"] == "sealed"
    assert len(server.jobs) == 2


@pytest.mark.slow
def test_an_answer_of_another_instance_loses_nothing(server, qcoord):
    sent = qcoord("submit", "chsh", "--target", "ibm_loop", "--shots", "8")
    server.arm("job-404", times=None)
    lost = qcoord("collect", sent["run"])
    assert (lost["state"], lost["jobs"][0]["state"]) == ("unfinished", "unreadable")
    server.disarm()
    assert qcoord("collect", sent["run"])["state"] == "sealed"
    assert len(server.jobs) == 1


@pytest.mark.slow
def test_a_job_refused_after_a_lost_answer_is_found(server, qcoord):
    server.arm("post-500-created")
    server.arm("list-lags", times=len(client.LOOKUPS))
    server.arm("pending-limit", skip=1)
    sent = qcoord("submit", "chsh", "--target", "ibm_loop", "--shots", "8")
    assert sent["jobs"][0]["state"] == "queued"
    assert qcoord("collect", sent["run"])["state"] == "sealed"
    assert len(server.jobs) == 1


def test_waiting_outlasts_another_process(server, qcoord, monkeypatch):
    waited, usual = [], submission.go_on

    def busy(*arguments: Any, **named: Any) -> None:
        waited.append(1)
        if len(waited) == 1:
            raise BusyError("another process")
        usual(*arguments, **named)

    monkeypatch.setattr(submission, "go_on", busy)
    assert qcoord("run", "chsh", "--target", "ibm_loop", "--shots", "8")["state"] == "sealed"


def test_the_calibration_of_the_analysis_is_that_of_the_execution(server, qcoord):
    server.arm("job-recalibrated")
    sent = qcoord("submit", "chsh", "--target", "ibm_loop", "--shots", "64")
    after = qcoord("collect", sent["run"])
    found = record.read(Path(sent["run"]))
    then, now = found.intent["target"]["snapshot"], found.calibration
    told = json.loads(found.file(found.jobs[0].properties))["qubits"]
    for qubit in now["qubits"]:
        values = {item["name"]: item["value"] for item in told[qubit["index"]]}
        assert qubit["p10"] == pytest.approx(values["prob_meas1_prep0"])
        assert qubit["p01"] == pytest.approx(values["prob_meas0_prep1"])
        assert qubit["t1"] == pytest.approx(values["T1"] * 1e-6)
    assert now["qubits"] != then["qubits"]
    assert after["calibrated"] == now["calibrated"] > then["calibrated"]
    assert now["calibrated"].endswith("+00:00")


def test_every_tile_of_an_export_has_its_job(server, qcoord, tmp_path):
    made = qcoord("run", "chsh", "--target", "ibm_loop", "--shots", "8", "--tiles", "2")
    qcoord("export", made["run"], "--csv", str(tmp_path / "counts.csv"))
    rows = list(csv.DictReader((tmp_path / "counts.csv").read_text().splitlines()))
    assert {row["tile"] for row in rows} == {"0", "1"}
    assert {row["job"] for row in rows} == {made["jobs"][0]["id"]}


def test_errors_of_links_are_gates_of_the_device(server, qcoord, tmp_path):
    (tmp_path / "links.toml").write_text('["Alice->Charlie"]\ndepolarising = 0.4\n')
    links = ("--links", str(tmp_path / "links.toml"))
    planned = qcoord("plan", "chsh", "--target", "ibm_loop", *links, "--shots", "500")
    assert planned["links"]["patterns"]["circuits"] == 16
    assert planned["executions"] >= 2000
    after, _ = submitted(qcoord, server, "chsh", *links, "--shots", "500")
    assert after["links"]["expected"] == pytest.approx(planned["expected"], abs=1e-9)
    assert [one["shots"] for one in after["links"]["patterns"]["patterns"]] == [1400, 200, 200, 200]
    assert after["links"]["patterns"]["circuits"] == 16
    win = estimate(after, "win_probability")
    assert win["low"] < 0.5 + 0.6 / (2 * 2**0.5) < win["high"]  # the stand-in makes no errors
    assert after["links"]["expected"] < 0.7  # by its calibration


def test_every_edge_in_batches_by_one_journal(server, qcoord):
    after, found = submitted(qcoord, server, "chsh", "--every-edge", "--shots", "64", "--jobs", "2")
    pairs, batches = after["edges"]["pairs"], after["edges"]["batches"]
    assert len(server.jobs) == 2
    first = {batch[0] for batch in found.batches}
    sent = sorted(chunk for job in found.jobs for chunk in job.chunks)
    assert sent == sorted(chunk.id for chunk in found.plan if chunk.tile in first)
    circuits = from_qpy(found.file(record.EXECUTED))
    each = len(circuits) // batches
    for number, batch in enumerate(found.batches):
        for circuit in circuits[number * each : (number + 1) * each]:
            measured = [
                circuit.find_bit(one.qubits[0]).index
                for one in circuit.data
                if one.operation.name == "measure"
            ]
            together = [qubit for tile in batch for qubit in found.tile(tile).intent["target"]["layout"]]
            assert sorted(measured) == sorted(together)
    assert all(pair["violates"] for pair in pairs)
    assert qcoord("verify", after["run"])["ok"]


def test_several_experiments_of_which_one_does_not_fit(server, runs_dir, capfd):
    assert main(["submit", "chsh", "ghz-6", "--target", "ibm_loop", "--shots", "8"]) == 2
    out, said = capfd.readouterr()
    assert out == ""
    assert said.count("\n") == 1
    (path,) = record.every(runs_dir)
    assert f"sent before: {path.name}" in said
    assert len(server.jobs) == 1


@pytest.mark.parametrize("name", ["ibm_a/b", "ibm_" + "x" * 300, "ibm_"])
def test_a_name_that_is_no_backend(server, runs_dir, capfd, name):
    assert main(["submit", "chsh", "--target", name]) == 2
    assert "target: " in capfd.readouterr().err
    assert not runs_dir.exists()


def test_a_token_in_the_status_is_not_kept(server, standin, runs_dir, capfd, monkeypatch):
    usual = client.IBMDevice.check_open

    def told(device: Any) -> None:
        status = device.backend.status()
        status.operational, status.status_msg = False, f"key {standin.TOKEN}"
        monkeypatch.setattr(device.backend, "status", lambda: status)
        usual(device)

    monkeypatch.setattr(client.IBMDevice, "check_open", told)
    assert main(["submit", "chsh", "--target", "ibm_loop", "--shots", "8"]) == 3
    assert standin.TOKEN not in capfd.readouterr().err
    for file in runs_dir.rglob("*"):
        assert file.is_dir() or standin.TOKEN.encode() not in file.read_bytes()


def test_a_run_that_was_begun_elsewhere_is_left_alone_until_it_is_named(
    server, capfd, qcoord, runs_dir, monkeypatch, tmp_path
):
    """Whatever a stranger's folder asks for, no command that names no run reaches a device."""
    server.queue = 3600.0
    sent = qcoord("submit", "chsh", "--target", "ibm_loop", "--shots", "64", "--seed", "5")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another-account"))

    def never(name: str) -> Any:
        raise AssertionError(name)

    with monkeypatch.context() as patched:
        patched.setattr("qcoord_hw.execution.devices.ibm.client.connect", never)
        for command in ("collect", "status"):
            capfd.readouterr()
            assert main([command, "--json"]) == 0
            out, said = capfd.readouterr()
            assert [run["state"] for run in json.loads(out)["runs"]] == ["unfinished"]
            assert said.startswith("qcoord: note: run ")
            assert "begun elsewhere" in said
        with pytest.raises(AssertionError, match="ibm_loop"):
            main(["collect", sent["run"]])
    for job in server.jobs.values():
        job.starts = job.ends = time.time()
    assert qcoord("collect", sent["run"])["state"] == "sealed"
