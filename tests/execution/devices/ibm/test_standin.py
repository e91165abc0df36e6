"""The stand-in against the unmodified client: what it answers, and what the client makes of each fault."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import requests
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import Batch, Session
from qiskit_ibm_runtime.exceptions import (
    IBMNotAuthorizedError,
    IBMRuntimeError,
    RuntimeInvalidStateError,
    RuntimeJobFailureError,
    RuntimeJobMaxTimeoutError,
    RuntimeJobNotFound,
    RuntimeJobTimeoutError,
    RuntimeProgramNotFound,
)
from qiskit_ibm_runtime.executor_sampler import Sampler

SHOTS = 400


@pytest.fixture
def isa(backend):
    """Compile for the stand-in's backend."""
    manager = generate_preset_pass_manager(optimization_level=1, backend=backend, seed_transpiler=7)
    return manager.run


def chain(size: int = 2) -> QuantumCircuit:
    circuit = QuantumCircuit(size, size)
    circuit.h(0)
    for q in range(size - 1):
        circuit.cx(q, q + 1)
    circuit.measure(range(size), range(size))
    return circuit


@pytest.fixture
def bell(isa):
    return isa(chain())


def sampler(mode, *tags: str, **options) -> Sampler:
    made = Sampler(mode, options=options)
    made.options.environment.job_tags = list(tags)
    return made


@pytest.fixture
def send(backend, bell):
    """Submit one Bell job with tags."""
    return lambda *tags, shots=SHOTS: sampler(backend, *tags).run([bell], shots=shots)


def counts(job) -> dict[str, int]:
    return job.result(poll_interval=0.1)[0].data.c.get_counts()


# What it answers.


def test_bell_counts(server, send):
    job = send("one", "two")
    found = counts(job)
    assert set(found) == {"00", "11"}
    assert sum(found.values()) == SHOTS
    assert abs(found["00"] - SHOTS / 2) < 5 * np.sqrt(SHOTS) / 2
    assert job.status() == "DONE"
    assert server.created_per_tag == {"one": 1, "two": 1}
    (kept,) = server.jobs.values()
    assert (kept.id, kept.shots, kept.tags) == (job.job_id(), SHOTS, ["one", "two"])
    assert kept.circuits[0].count_ops()["cx"] == 1
    assert server.not_isa == []


def test_the_same_seed_gives_the_same_counts(standin, monkeypatch, bell):
    monkeypatch.setenv("QISKIT_FUNCTIONS_EXPERIMENTAL", "1")

    def twice(seed):
        with standin.StandIn(seed=seed) as server:
            monkeypatch.setenv("IAM_URL", server.url)
            device = standin.connect(server.url).backend(standin.BACKEND)
            return [counts(sampler(device).run([bell], shots=1000)) for _ in range(2)]

    first = twice(1)
    assert twice(1) == first
    assert twice(2) != first
    assert first[0] != first[1]  # each job has a seed of its own


def test_noise(standin, monkeypatch, bell):
    monkeypatch.setenv("QISKIT_FUNCTIONS_EXPERIMENTAL", "1")
    with standin.StandIn(noise=0.05) as server:
        monkeypatch.setenv("IAM_URL", server.url)
        device = standin.connect(server.url).backend(standin.BACKEND)
        found = counts(sampler(device).run([bell], shots=4000))
    wrong = (found["01"] + found["10"]) / 4000
    # Depolarising leaves 0.05/2 of odd parity, then one of two readings flips with 2 * 0.05 * 0.95.
    expected = 0.025 * (1 - 0.095) + 0.975 * 0.095
    assert abs(wrong - expected) < 5 * np.sqrt(expected / 4000)


def test_several_pubs_and_registers(backend, isa):
    circuit = QuantumCircuit(2)
    circuit.x(1)
    circuit.measure_all()
    first, second = sampler(backend).run([isa(circuit), isa(chain(3))], shots=50).result()
    assert first.data.meas.get_counts() == {"10": 50}
    assert set(second.data.c.get_counts()) == {"000", "111"}


def test_parameters(backend, isa):
    circuit = QuantumCircuit(1, 1)
    angle = Parameter("angle")
    circuit.rx(angle, 0)
    circuit.measure(0, 0)
    job = sampler(backend).run([(isa(circuit), [[0.0], [np.pi], [np.pi / 2]])], shots=300)
    (found,) = job.result()
    assert found.data.c.shape == (3,)
    assert found.data.c[0].get_counts() == {"0": 300}
    assert found.data.c[1].get_counts() == {"1": 300}
    assert set(found.data.c[2].get_counts()) == {"0", "1"}


def test_twirling(server, backend, isa):
    options = {"twirling": {"enable_gates": True, "enable_measure": True, "num_randomizations": 8}}
    job = sampler(backend, **options).run([isa(chain(3))], shots=320)
    (found,) = job.result()
    assert set(found.data.c.get_counts()) == {"000", "111"}
    assert found.data.c.num_shots == 320
    assert found.metadata["num_randomizations"] == 8
    (kept,) = server.jobs.values()
    assert kept.program.items[0].shape == (8,)
    assert kept.executions == 320
    assert any("measurement_flips" in name for name in json.loads(kept.result)["data"][0]["results"])


def test_twirled_parameters(backend, isa):
    circuit = QuantumCircuit(1, 1)
    circuit.rx(Parameter("angle"), 0)
    circuit.measure(0, 0)
    options = {"twirling": {"enable_gates": True, "enable_measure": True}}
    (found,) = sampler(backend, **options).run([(isa(circuit), [[0.0], [np.pi]])], shots=64).result()
    assert [found.data.c[i].get_counts() for i in range(2)] == [{"0": 64}, {"1": 64}]


def test_dynamical_decoupling(server, backend):
    circuit = QuantumCircuit(3, 3)
    circuit.x(0)
    circuit.barrier()
    for _ in range(4):
        circuit.cx(1, 2)
    circuit.barrier()
    circuit.measure(range(3), range(3))
    manager = generate_preset_pass_manager(optimization_level=0, backend=backend, initial_layout=[0, 1, 2])
    job = sampler(backend, dynamical_decoupling={"enable": True, "sequence_type": "XX"}).run(
        [manager.run(circuit)], shots=20
    )
    assert counts(job) == {"001": 20}
    (kept,) = server.jobs.values()
    operations = kept.circuits[0].count_ops()
    assert operations["delay"] > 0
    assert operations["x"] > 1


def test_a_new_service_finds_the_job(standin, server, send):
    job = send("mine")
    again = standin.connect(server.url).job(job.job_id())
    assert again.tags == ["mine"]
    assert counts(again) == counts(job)
    assert again.creation_date == job.creation_date
    assert again.usage_estimation == {"quantum_seconds": pytest.approx(SHOTS * 256e-6)}


def test_jobs_by_tag_are_newest_first_and_paged(server, service, send):
    made = [send("all", "odd" if i % 2 else "even", shots=1).job_id() for i in range(21)]
    found = service.jobs(limit=None, job_tags=["all"])
    assert [job.job_id() for job in found] == made[::-1]
    assert [job.job_id() for job in service.jobs(limit=3, skip=1)] == made[-2:-5:-1]
    assert [job.job_id() for job in service.jobs(limit=2, descending=False)] == made[:2]
    assert [job.job_id() for job in service.jobs(limit=None, job_tags=["all", "odd"])] == made[-2::-2]
    assert service.jobs(job_tags=["none"]) == []
    assert server.created_per_tag == {"all": 21, "even": 11, "odd": 10}


def test_jobs_by_state_and_time(server, service, send):
    done = send()
    middle = datetime.now()
    server.arm("job-queued", value=60)
    waiting = send()
    assert [job.job_id() for job in service.jobs(pending=True)] == [waiting.job_id()]
    assert [job.job_id() for job in service.jobs(pending=False)] == [done.job_id()]
    assert [job.job_id() for job in service.jobs(created_after=middle)] == [waiting.job_id()]
    assert [job.job_id() for job in service.jobs(created_before=middle)] == [done.job_id()]


@pytest.mark.parametrize(("kind", "mode"), [(Batch, "batch"), (Session, "dedicated")])
def test_batch_and_session(server, service, backend, bell, kind, mode):
    with kind(backend, max_time=600) as opened:
        jobs = [sampler(opened, f"part-{i}").run([bell], shots=10) for i in range(2)]
        assert opened.details()["mode"] == mode
        assert opened.details()["max_time"] == 600
        assert opened.details()["accepting_jobs"]
    assert [sum(counts(job).values()) for job in jobs] == [10, 10]
    assert {job.session_id for job in jobs} == {opened.session_id}
    assert opened.status() == "Closed"
    assert {job.job_id() for job in service.jobs(session_id=opened.session_id)} == {j.job_id() for j in jobs}
    assert opened.usage() == pytest.approx(20 * 256e-6)
    late = kind.from_id(opened.session_id, service)
    late._active = True
    with pytest.raises(IBMRuntimeError, match="1217"):
        sampler(late).run([bell], shots=10)
    assert len(server.jobs) == 2


def test_cancelling_a_batch_cancels_what_waits(server, backend, bell):
    server.queue = 60
    with Batch(backend) as batch:
        job = sampler(batch).run([bell], shots=10)
        assert job.status() == "QUEUED"
        assert batch.status() == "In progress, accepting new jobs"
        batch.cancel()
    assert job.status() == "CANCELLED"


def test_cancel(server, send):
    server.arm("job-queued", value=60)
    job = send()
    assert job.status() == "QUEUED"
    job.cancel()
    assert server.jobs[job.job_id()].status == "Cancelled"
    with pytest.raises(RuntimeInvalidStateError, match="cancelled"):
        job.result()
    assert job.usage() == 0


def test_a_finished_job_cannot_be_cancelled(send):
    job = send()
    counts(job)
    with pytest.raises(RuntimeInvalidStateError, match="cannot be cancelled"):
        job.cancel()


def test_queued_then_running_then_done(server, send):
    server.arm("job-queued", value=1000)
    server.arm("job-running", value=1000)
    job = send()
    kept = server.jobs[job.job_id()]
    assert kept.starts == pytest.approx(kept.created + 1000)
    assert kept.ends == pytest.approx(kept.starts + 1000)
    assert job.status() == "QUEUED"
    kept.starts -= 1000
    assert job.status() == "RUNNING"
    kept.ends -= 2000
    assert job.status() == "DONE"


def test_a_job_that_waits_outlasts_the_timeout(server, send):
    server.queue = 60
    with pytest.raises(RuntimeJobTimeoutError):
        send().result(timeout=0.1, poll_interval=0.1)


def test_metrics_and_usage(server, service, send):
    job = send()
    metrics = job.metrics()
    stamps = [datetime.fromisoformat(metrics["timestamps"][k]) for k in ("created", "running", "finished")]
    assert stamps == sorted(stamps)
    assert metrics["usage"]["status"] == "final"
    assert job.usage() == pytest.approx(SHOTS * 256e-6)
    usage = service.usage()
    assert usage["usage_consumed_seconds"] == pytest.approx(job.usage())
    assert usage["usage_remaining_seconds"] == pytest.approx(600 - job.usage())
    assert not usage["usage_limit_reached"]


def test_pending_usage_is_nothing_yet(server, send):
    server.arm("usage-pending")
    job = send()
    counts(job)
    assert job.usage() == 0
    assert job.metrics()["usage"]["status"] == "pending"


def readout(properties) -> float:
    return properties.readout_error(0)


def test_properties_by_date(server, backend):
    old = server.calibrations[0].at
    new = server.calibrate(time.time() - 10).at
    at = [datetime.fromtimestamp(t, UTC) for t in (old - 1, old + 1, new + 1)]
    none, first, second = (backend.properties(datetime=when) for when in at)
    assert none is None
    assert first.last_update_date.timestamp() == pytest.approx(old)
    assert second.last_update_date.timestamp() == pytest.approx(new)
    assert readout(second) == pytest.approx(1.1 * readout(first))
    assert readout(backend.properties(refresh=True)) == readout(second)
    assert backend.target["measure"][(0,)].error == readout(second)


def test_properties_of_the_execution_are_not_those_of_the_submission(server, backend, send):
    server.arm("job-recalibrated")
    job = send()
    counts(job)
    submitted = backend.properties(datetime=job.creation_date)
    executed = job.properties()
    assert executed.last_update_date > submitted.last_update_date
    assert readout(executed) == pytest.approx(1.1 * readout(submitted))


def test_configuration(standin, backend):
    assert backend.name == standin.BACKEND
    assert backend.num_qubits == 5
    assert set(backend.operation_names) >= {"cx", "rz", "sx", "x", "delay", "measure"}
    assert backend.configuration().rep_delay_range == [0, 5e-4]  # seconds
    assert (backend.status().operational, backend.status().status_msg) == (True, "active")


def test_tags_can_be_changed(service, send):
    job = send("before")
    assert job.update_tags(["after"]) == ["after"]
    assert [found.job_id() for found in service.jobs(job_tags=["after"])] == [job.job_id()]


def test_inputs_come_back(send):
    job = send()
    assert job.inputs["schema_version"] == "v2.0"
    assert job.inputs["quantum_program"].shots == SHOTS


def test_a_deleted_job_is_gone(service, send):
    job = send()
    service.delete_job(job.job_id())
    with pytest.raises(RuntimeJobNotFound):
        service.job(job.job_id())


# What it refuses.


def test_circuits_that_are_not_isa_are_refused(server, backend):
    with pytest.raises(IBMRuntimeError, match="1517"):
        sampler(backend).run([chain()], shots=1)
    far = QuantumCircuit(5, 1)
    far.cx(0, 4)
    far.measure(0, 0)
    with pytest.raises(IBMRuntimeError, match="1517"):
        sampler(backend).run([far], shots=1)
    assert len(server.not_isa) == 2
    assert "h on qubits (0,)" in server.not_isa[0]
    assert server.jobs == {}


def test_a_wrong_key_is_refused(standin, server):
    with pytest.warns(UserWarning, match="Provided API key could not be found"):
        standin.connect(server.url, token="not-the-key")
    refused = server.received("GET", "/api/v1/backends")
    assert [request.headers["Authorization"] for request in refused] == ["apikey not-the-key"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer made-up"}, 401),
        ({"Authorization": "apikey loopback-api-key-0123456789abcdefghijklmnopq"}, 401),
    ],
)
def test_no_answer_without_a_valid_bearer_token(server, headers, status):
    assert requests.get(f"{server.url}/api/v1/jobs", headers=headers, timeout=5).status_code == status


def test_unknown_things_are_not_found(server, service, send):
    with pytest.raises(RuntimeJobNotFound):
        service.job("unknown")
    client = service._get_api_client()
    with pytest.raises(Exception, match="404"):
        client.backend_status("ibm_other")
    with pytest.raises(Exception, match="404"):
        client.session_details("unknown")
    with pytest.raises(RuntimeProgramNotFound):
        service._run(program_id="other", inputs={}, options={"backend": "ibm_loop"})


def test_an_unknown_fault_is_refused(server):
    with pytest.raises(ValueError, match="post-429"):
        server.arm("no-such-fault")


# Faults of a submission.


@pytest.mark.few(5)
@pytest.mark.parametrize(
    ("fault", "times", "raised", "match", "created"),
    [
        ("post-429", 1, IBMRuntimeError, "429", 0),
        ("post-429-retry-after", 1, IBMRuntimeError, "429", 0),
        ("post-500", 6, IBMRuntimeError, "500", 0),
        ("post-503", 6, IBMRuntimeError, "503", 0),
        ("post-401", 1, IBMNotAuthorizedError, "401", 0),
        ("post-drop", 1, IBMRuntimeError, "Connection aborted", 0),
        ("post-drop-created", 1, IBMRuntimeError, "Connection aborted", 1),
        ("post-html-created", 1, requests.exceptions.JSONDecodeError, None, 1),
        ("plan-limit-errors", 1, IBMRuntimeError, r"403 .*4317", 0),
        ("plan-limit-error", 1, IBMRuntimeError, r"400 .*Error code: 4317", 0),
        ("pending-limit", 1, IBMRuntimeError, r"400 .*3458", 0),
        ("post-token-echo", 1, IBMRuntimeError, r"apikey loopback-api-key.*Bearer ", 0),
    ],
)
def test_a_submission_that_fails(server, send, patient, fault, times, raised, match, created):
    armed = server.arm(fault, times)
    with pytest.raises(raised, match=match):
        send("the-tag")
    assert armed.hits == times
    assert server.fired == [fault] * times
    assert len(server.received("POST", "/api/v1/jobs")) == times
    assert server.created_per_tag == ({"the-tag": 1} if created else {})
    assert sum(counts(send()).values()) == SHOTS  # and the next one works


@pytest.mark.parametrize("fault", ["post-500", "post-503"])
def test_the_client_retries_a_post_by_itself(server, send, patient, fault):
    server.arm(fault)
    assert sum(counts(send("once")).values()) == SHOTS
    assert server.created_per_tag == {"once": 1}
    assert patient == [0]


def test_the_clients_retry_makes_a_second_job(server, service, send, patient):
    server.arm("post-500-created")
    job = send("once")
    assert server.created_per_tag == {"once": 2}
    newest, oldest = service.jobs(job_tags=["once"])
    assert newest.job_id() == job.job_id()
    assert sum(counts(oldest).values()) == SHOTS


@pytest.mark.parametrize(("fault", "created"), [("post-hang", 0), ("post-hang-created", 1)])
def test_a_submission_that_is_never_answered(server, send, fault, created):
    server.arm(fault, value=0.05)
    with pytest.raises(IBMRuntimeError, match="Connection aborted"):
        send("the-tag")
    assert len(server.jobs) == created


def test_a_lost_job_is_found_by_its_tag_once_the_list_shows_it(server, service, send):
    server.arm("post-drop-created")
    server.arm("list-lags")
    with pytest.raises(IBMRuntimeError):
        send("lost")
    assert service.jobs(job_tags=["lost"]) == []
    (found,) = service.jobs(job_tags=["lost"])
    assert sum(counts(found).values()) == SHOTS


def test_a_fault_can_wait_and_choose(server, send):
    server.arm("post-429", skip=1, tag="chosen")
    send("other")
    send("chosen-1")
    with pytest.raises(IBMRuntimeError, match="429"):
        send("chosen-2")
    send("chosen-3")
    assert server.created_per_tag == {"other": 1, "chosen-1": 1, "chosen-3": 1}


def test_a_fault_can_last(server, send):
    armed = server.arm("post-429", None)
    for _ in range(3):
        with pytest.raises(IBMRuntimeError, match="429"):
            send()
    assert armed.hits == 3
    server.disarm()
    assert send().status() == "DONE"


# Faults of a job.


def test_a_job_that_fails(server, send):
    server.arm("job-failed", value="The fridge is warm")
    job = send()
    with pytest.raises(RuntimeJobFailureError, match="The fridge is warm"):
        job.result()
    assert job.status() == "ERROR"
    assert "The fridge is warm" in job.error_message()
    assert job.usage() == 0


def test_a_job_whose_reason_repeats_the_key(standin, server, send):
    server.arm("job-failed-token-echo")
    with pytest.raises(RuntimeJobFailureError, match=standin.TOKEN):
        send().result()


def test_a_job_that_the_service_cancels(server, send):
    server.arm("job-cancelled")
    with pytest.raises(RuntimeInvalidStateError):
        send().result()


def test_a_job_that_ran_too_long(server, service, send):
    server.arm("job-ran-too-long")
    job = send()
    with pytest.raises(RuntimeJobMaxTimeoutError, match="1305"):
        job.result()
    listed = service._get_api_client().jobs_get()["jobs"][0]
    assert listed["status"] == "Cancelled - Ran too long"


def test_a_status_that_the_client_does_not_know(server, send):
    server.arm("job-odd-status")
    job = send()
    assert job.status() == "QUARANTINED"
    assert not job.in_final_state()


def test_a_job_that_is_not_found(server, service, send):
    job = send()
    server.arm("job-404")
    with pytest.raises(RuntimeJobNotFound):
        service.job(job.job_id())
    assert service.job(job.job_id()).status() == "DONE"


def test_a_circuit_that_aer_cannot_run_is_a_failed_job(server, backend, isa, monkeypatch):
    def refuse(*_):
        raise RuntimeError("no memory")

    monkeypatch.setattr(server._device, "run", refuse)
    with pytest.raises(RuntimeJobFailureError, match="no memory"):
        sampler(backend).run([isa(chain())], shots=1).result()


# Faults of the results.


def test_truncated_results(server, send):
    job = send()
    server.arm("results-truncated")
    with pytest.raises(TypeError, match="string indices"):  # the client takes half of the JSON for text
        job.result()
    assert sum(counts(job).values()) == SHOTS


def test_results_without_the_last_pub(server, backend, bell):
    job = sampler(backend).run([bell, bell, bell], shots=8)
    server.arm("results-fewer-pubs")
    with pytest.raises(ValueError, match="does not match number of pubs"):
        job.result()
    assert len(job.result()) == 3


@pytest.mark.parametrize("twirled", [False, True])
def test_results_with_fewer_shots(server, backend, bell, twirled):
    options = {"twirling": {"enable_gates": twirled, "enable_measure": twirled, "num_randomizations": 4}}
    job = sampler(backend, **options).run([bell], shots=80)
    server.arm("results-fewer-shots")
    assert sum(counts(job).values()) == 40
    assert sum(counts(job).values()) == 80


def test_empty_results(server, send):
    job = send()
    server.arm("results-empty")
    assert job.result() is None
    assert sum(counts(job).values()) == SHOTS


def test_results_after_an_error(server, send, patient):
    job = send()
    armed = server.arm("results-500")
    assert sum(counts(job).values()) == SHOTS
    assert (armed.hits, patient) == (1, [0])


# Faults of questions.


@pytest.mark.parametrize(
    ("fault", "times", "match"),
    [("get-429", 1, "429"), ("get-500", 6, "500"), ("get-token-echo", 1, "apikey loopback-api-key")],
)
def test_a_question_that_fails(server, service, send, patient, fault, times, match):
    job = send()
    armed = server.arm(fault, times, path="/jobs")
    with pytest.raises(IBMRuntimeError, match=match):
        service.job(job.job_id())
    assert armed.hits == times
    assert service.job(job.job_id()).status() == "DONE"


def test_a_question_that_the_client_asks_again(server, service, send, patient):
    job = send()
    server.arm("get-429-retry-after", value=3, path="/jobs")
    assert service.job(job.job_id()).status() == "DONE"
    assert patient == [3]
    server.arm("get-drop", path="/jobs")
    assert service.job(job.job_id()).status() == "DONE"
    assert server.fired == ["get-429-retry-after", "get-drop"]


@contextmanager
def in_a_thread(call):
    caught: list[Exception] = []

    def run():
        try:
            call()
        except Exception as problem:
            caught.append(problem)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield thread, caught
    finally:
        thread.join()


def test_a_question_that_is_never_answered(server, service, send, patient):
    job = send()
    armed = server.arm("get-hang", path="/jobs")
    with in_a_thread(lambda: service.job(job.job_id())) as (thread, caught):
        while not armed.hits:
            time.sleep(0.01)
        thread.join(0.2)
        assert thread.is_alive()
        server.release()
    assert caught == []  # once dropped, the client asks again


def test_a_cancellation_that_fails(server, send, patient):
    server.queue = 60
    job = send()
    server.arm("cancel-500", 6)
    with pytest.raises(IBMRuntimeError, match="cancel"):
        job.cancel()
    assert job.status() == "QUEUED"


@pytest.mark.parametrize(
    ("fault", "operational", "message", "listed"),
    [("backend-offline", False, "offline", "offline"), ("backend-paused", True, "paused", "paused")],
)
def test_a_backend_that_does_not_serve(server, service, backend, fault, operational, message, listed):
    server.arm(fault, None)
    status = backend.status()
    assert (status.operational, status.status_msg) == (operational, message)
    (device,) = service._get_api_client().list_backends()
    assert device["status"]["name"] == listed


def test_submitting_to_a_paused_backend_warns(server, send):
    server.arm("backend-paused")
    with pytest.warns(UserWarning, match="status of paused"):
        assert send().status() == "DONE"


def test_an_instance_without_the_backend(standin, server):
    server.arm("no-backend", None)
    with pytest.raises(Exception, match="No backend matches"):
        standin.connect(server.url).backend(standin.BACKEND)


def test_a_limit_that_is_reached(server, service, send):
    server.arm("usage-limit-reached", 2)
    assert service.usage()["usage_remaining_seconds"] == 0
    with pytest.warns(UserWarning, match="usage limit"):
        assert send().status() == "DONE"


def test_the_limit_is_reached_by_running(server, service, send):
    server.usage_limit = SHOTS * 200e-6
    assert counts(send())
    assert service.usage()["usage_limit_reached"]


def test_a_plan_without_sessions(server, backend):
    server.arm("sessions-forbidden", None, value="dedicated")
    with pytest.raises(Exception, match="1352"):
        Session(backend)
    assert Batch(backend).details()["mode"] == "batch"


@pytest.mark.parametrize(
    ("fault", "match"), [("iam-500", "9000|internal"), ("iam-token-echo", "apikey loopback")]
)
def test_iam_that_fails(standin, server, fault, match):
    server.arm(fault)
    with pytest.warns(UserWarning, match=match):
        standin.connect(server.url)
    assert server.received("GET", "/api/v1/backends")[0].headers["Authorization"].startswith("apikey ")


# As a program.


@contextmanager
def program(*arguments: str):
    command = [sys.executable, str(Path(__file__).with_name("standin.py")), "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGKILL)


def ask(url: str, path: str, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(f"{url}/_standin/{path}", data=data, timeout=5) as answer:
        return json.load(answer)


@pytest.mark.slow
@pytest.mark.slow
def test_as_a_program_it_keeps_its_jobs_over_a_restart(standin, monkeypatch, tmp_path, bell):
    monkeypatch.setenv("QISKIT_FUNCTIONS_EXPERIMENTAL", "1")
    state = str(tmp_path / "state.json")
    with program("--state", state, "--fault", "post-429:1:1", "--queue", "0") as hello:
        monkeypatch.setenv("IAM_URL", hello["iam_url"])
        device = standin.connect(hello["url"], hello["token"]).backend(hello["backend"])
        job = sampler(device, "kept").run([bell], shots=SHOTS)
        with pytest.raises(IBMRuntimeError, match="429"):
            sampler(device, "refused").run([bell], shots=SHOTS)
        ask(hello["url"], "faults", [{"name": "job-failed", "value": "asked for"}])
        with pytest.raises(RuntimeJobFailureError, match="asked for"):
            sampler(device, "failed").run([bell], shots=SHOTS).result()
        ask(hello["url"], "settings", {"queue": 60})
        assert sampler(device, "waits").run([bell], shots=SHOTS).status() == "QUEUED"
        ask(hello["url"], "calibrate", {})
        seen = ask(hello["url"], "state")
        first = counts(job)
    assert seen["created_per_tag"] == {"kept": 1, "failed": 1, "waits": 1}
    assert seen["fired"] == ["post-429", "job-failed"]
    assert [made["status"] for made in seen["jobs"]] == ["Completed", "Failed", "Queued"]
    assert len(seen["calibrations"]) == 2
    assert seen["not_isa"] == []
    posted = [request for request in seen["requests"] if request["method"] == "POST"]
    assert [request["path"] for request in posted if request["path"].endswith("jobs")] == ["/api/v1/jobs"] * 4
    assert os.getpid() != hello["pid"]
    with program("--state", state) as hello:
        monkeypatch.setenv("IAM_URL", hello["iam_url"])
        again = standin.connect(hello["url"]).job(job.job_id())
        assert counts(again) == first
        assert len(ask(hello["url"], "state")["jobs"]) == 3
        with pytest.raises(urllib.error.HTTPError, match="400"):
            ask(hello["url"], "faults", {"name": "no-such-fault"})


def test_the_program_lists_its_faults(standin, capsys):
    standin.main(["--faults"])
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(standin.FAULTS)
    for wrong in ("no-such-fault", "post-429:many"):
        with pytest.raises(SystemExit):
            standin.main(["--fault", wrong])
        assert f"--fault {wrong}: " in capsys.readouterr().err


def test_every_fault_is_tested(standin):
    text = Path(__file__).read_text()
    assert [name for name in standin.FAULTS if f'"{name}' not in text] == []
