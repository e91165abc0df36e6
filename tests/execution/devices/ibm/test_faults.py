"""Each fault of the stand-in, during `submit` or `collect`: nothing is lost, nothing is executed twice."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from qiskit_ibm_runtime.api import client as ibm_client

from qcoord_hw import record
from qcoord_hw.cli import main
from qcoord_hw.execution import submission
from qcoord_hw.execution.devices.ibm import account, client, sessions
from qcoord_hw.record import journal

SPEC = """
name = "faulty"
title = "Two inputs of a sum in three blocks"
family = "linear-computation"
shots = 6
blocks = 3

[parameters]
field = 2
servers = [["A", [[1]]], ["B", [[1]]]]
inputs = 2
inputs_seed = 5
"""

SHOTS = 12


@pytest.fixture(autouse=True)
def quick(
    monkeypatch: pytest.MonkeyPatch,
    standin: Any,
    server: Any,
    patient: list[float],
    timeout: tuple[float, float],
) -> None:
    """The account of the stand-in, and pauses of milliseconds."""
    monkeypatch.setenv("QCOORD_IBM_URL", server.url)
    monkeypatch.setenv("QISKIT_IBM_TOKEN", standin.TOKEN)
    monkeypatch.setenv("QISKIT_IBM_INSTANCE", standin.INSTANCE)
    monkeypatch.delenv("QISKIT_IBM_CHANNEL", raising=False)
    # Put back after the test: other tests look at the client as it is.
    monkeypatch.setattr(ibm_client, "RetrySession", ibm_client.RetrySession)
    monkeypatch.setattr(client, "PAUSES", (0.001, 0.002, 0.004))
    monkeypatch.setattr(client, "LOOKUPS", (0.0, 0.001, 0.002))
    monkeypatch.setattr(sessions, "TIMEOUT", timeout)
    monkeypatch.setattr(sessions, "TIMEOUT_CONNECTING", timeout)
    monkeypatch.setattr(client, "retry_after", lambda error: 0.0)
    monkeypatch.setattr(account, "PAUSES", (0.001, 0.002))
    monkeypatch.setattr(account, "TIMEOUT", timeout)
    monkeypatch.setattr(submission, "POLLS", (0.001,))


@pytest.fixture
def spec(tmp_path: Path) -> str:
    path = tmp_path / "faulty.toml"
    path.write_text(SPEC)
    return str(path)


def submit(spec: str, *more: str) -> int:
    return main(["submit", spec, "--target", "ibm_loop", "--jobs", "3", "--seed", "7", "--json", *more])


def collect() -> int:
    return main(["collect", "latest", "--json"])


def again() -> int:
    return main(["submit", "latest", "--json"])


def latest(runs_dir: Path) -> record.RunRecord:
    (path,) = record.every(runs_dir)
    return record.read(path)


def check_whole(runs_dir: Path, standin: Any, server: Any, *, lost: int = 0) -> record.RunRecord:
    """Check a run that is done against what the server executed.

    Args:
        runs_dir: holds one run.
        standin: the module.
        server: the stand-in.
        lost: how many jobs ended without a result, and were sent anew under another tag.
    """
    server.disarm()
    found = latest(runs_dir)
    assert found.sealed
    lines = [json.loads(line) for line in found.file(record.COUNTS).splitlines()]
    assert sorted(line["chunk"] for line in lines) == sorted(chunk.id for chunk in found.plan)
    assert sum(sum(counts.values()) for counts in found.counts.values()) == SHOTS
    good = [job for job in found.jobs if job.state == journal.COLLECTED]
    assert Counter(c for job in good for c in job.chunks) == Counter(chunk.id for chunk in found.plan)
    assert len(found.jobs) == 3 + lost
    assert [job.tag for job in found.jobs if job.state != journal.COLLECTED and not job.reason] == []
    # One job a tag: with the line above, no chunk has two results on the server that could be counted.
    refused = [job.tag for job in found.jobs if job.state == journal.REFUSED]
    assert server.created_per_tag == {job.tag: 1 for job in found.jobs if job.tag not in refused}
    service = standin.connect(server.url)
    for job in good:
        pubs = service.job(job.id).result(poll_interval=0.1)
        for chunk, pub in zip(job.chunks, pubs, strict=True):
            counts = pub.join_data().get_counts()
            assert found.counts[chunk] == {word[::-1]: n for word, n in counts.items()}
    check_no_token(runs_dir, standin)
    return found


def check_no_token(folder: Path, standin: Any) -> None:
    """Check that no file holds the API key or an access token, whole or in part."""
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_text(errors="replace")
            assert standin.TOKEN[:20] not in content, path
            assert "eyJ" not in content, path


@pytest.fixture
def whole(runs_dir: Path, standin: Any, server: Any, capfd: pytest.CaptureFixture[str]) -> Any:
    """Checks the run when the fault is over, and that nothing was printed that is secret."""

    def check(lost: int = 0) -> record.RunRecord:
        found = check_whole(runs_dir, standin, server, lost=lost)
        printed = "".join(capfd.readouterr())
        assert standin.TOKEN[:20] not in printed
        assert "eyJ" not in printed
        assert "Traceback" not in printed
        return found

    return check


# At submission.

PASSING = (
    *("post-429", "post-429-retry-after", "post-500", "post-503", "post-drop", "post-hang"),
    *("post-500-created", "post-drop-created", "post-hang-created", "post-html-created"),
)


QUICK = ("post-429", "post-drop-created")
"""Before there was a job, and after."""


@pytest.mark.few(QUICK)
@pytest.mark.parametrize("fault", PASSING)
def test_a_submission_outlasts_a_fault_that_passes(server, spec, whole, fault):
    armed = server.arm(fault, times=1, skip=1)
    assert submit(spec) == 0
    assert armed.hits == 1
    assert collect() == 0
    whole()


@pytest.mark.few(1)
@pytest.mark.parametrize("fault", ["post-429", "post-500", "post-drop"])
def test_a_submission_ends_with_a_fault_that_stays(server, spec, runs_dir, whole, capfd, fault):
    server.arm(fault, times=None, skip=1)
    assert submit(spec) == 3
    out, said = capfd.readouterr()
    assert out == ""
    assert said.count("\n") == 1
    assert "qcoord submit " in said
    assert [job.state for job in latest(runs_dir).jobs] == ["queued", "intended", "intended"]
    assert collect() == 0  # what ended with an error is not sent by anything but `submit`
    assert [job.state for job in latest(runs_dir).jobs] == ["collected", "intended", "intended"]
    assert len(server.jobs) == 1
    server.disarm()
    assert collect() == 0
    assert len(server.jobs) == 1
    assert again() == 0
    assert collect() == 0
    whole()


@pytest.mark.few(1)
@pytest.mark.parametrize("fault", [f for f in PASSING if f.endswith("-created")])
def test_a_lost_answer_is_found_although_the_list_lags(server, spec, whole, fault):
    armed = server.arm(fault, times=1, skip=1)
    server.arm("list-lags", times=2)
    assert submit(spec) == 0
    assert armed.hits == 1
    assert collect() == 0
    whole()


@pytest.mark.slow
def test_a_lost_answer_that_the_list_does_not_show_is_found_later(server, spec, runs_dir, whole):
    server.arm("post-html-created", times=1, skip=1)
    server.arm("list-lags", times=None)
    assert submit(spec) == 3
    assert [job.state for job in latest(runs_dir).jobs] == ["queued", "intended", "intended"]
    server.disarm()
    assert collect() == 0
    assert [job.state for job in latest(runs_dir).jobs] == ["collected", "collected", "intended"]
    assert again() == 0
    assert collect() == 0
    whole()


@pytest.mark.slow
def test_submitting_again_finds_a_lost_answer_although_the_list_lags(server, spec, whole):
    server.arm("post-html-created", times=1, skip=1)
    server.arm("list-lags", times=5)
    assert submit(spec) == 3
    assert again() == 0
    assert collect() == 0
    whole()


def test_a_twin_that_shows_late_is_cancelled(server, spec, runs_dir):
    server.queue = 60.0
    server.arm("post-drop-created", times=1)
    server.arm("list-lags", times=3)
    assert submit(spec) == 0
    states = {}
    for job in server.jobs.values():
        states.setdefault(job.tags[0], []).append(job.status)
    first = latest(runs_dir).jobs[0]
    assert states.pop(first.tag) == ["Queued", "Cancelled"]
    assert first.id == next(iter(server.jobs))
    assert list(states.values()) == [["Queued"]] * 2


@pytest.mark.few(("plan-limit-errors", "post-token-echo"))
@pytest.mark.parametrize(
    "fault", ["plan-limit-errors", "plan-limit-error", "pending-limit", "post-token-echo"]
)
def test_a_refused_job_stays_in_the_record(server, spec, runs_dir, whole, capfd, fault):
    server.arm(fault, times=1, skip=1)
    assert submit(spec) == 3
    assert capfd.readouterr().err.count("\n") == 1
    assert collect() == 0
    jobs = latest(runs_dir).jobs
    assert [job.state for job in jobs] == ["collected", "refused", "collected"]
    assert len(server.jobs) == 2
    assert again() == 0
    assert collect() == 0
    found = whole(lost=1)
    assert found.jobs[1].state == "refused"
    assert found.jobs[1].reason == jobs[1].reason != ""


@pytest.mark.few(3)
@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("usage-limit-reached", "plan limit"),
        ("backend-offline", "queue closed"),
        ("no-backend", "no backend 'ibm_loop'"),
        ("iam-500", "token service"),
        ("iam-token-echo", "bad token"),
        ("post-401", "bad token"),
        ("get-500", "status 500"),
        ("get-429", "status 429"),
        ("get-drop", "no network"),
        ("get-hang", "no network"),
        ("get-token-echo", "status 400"),
    ],
)
def test_nothing_is_sent_where_the_device_cannot_be_asked(server, spec, whole, capfd, fault, says):
    server.arm(fault, times=None)
    assert submit(spec) == 3
    out, said = capfd.readouterr()
    assert out == ""
    assert said.count("\n") == 1
    assert says in said
    assert collect() == 0
    assert not server.jobs
    server.disarm()
    assert again() == 0
    assert collect() == 0
    whole()


ASKED = ("iam-500", "get-429", "get-429-retry-after", "get-500", "get-drop")


@pytest.mark.few(2)
@pytest.mark.parametrize(
    ("fault", "skip"),
    [(fault, skip) for fault in ASKED for skip in (0, 4)],
)
def test_a_question_that_fails_once_is_asked_again(server, spec, whole, fault, skip):
    if (fault, skip) == ("get-drop", 0):
        skip = 2  # the probe, which must be quick, takes it for the network
    armed = server.arm(fault, times=1, skip=0 if fault == "iam-500" else skip)
    assert submit(spec) == 0
    assert armed.hits == 1
    assert collect() == 0
    whole()


def test_a_plan_without_batches(server, spec, whole, capfd):
    server.arm("sessions-forbidden", times=None, value="batch")
    assert submit(spec, "--mode", "batch") == 3
    assert "not authorized to run a session" in capfd.readouterr().err
    server.disarm()
    assert again() == 0
    assert collect() == 0
    whole()
    assert len(server.sessions) == 1


def test_a_paused_backend_takes_jobs(server, spec, whole):
    server.arm("backend-paused", times=None)
    assert submit(spec) == 0
    assert collect() == 0
    whole()


# The fate of a job.


@pytest.mark.few(2)
@pytest.mark.parametrize(
    ("fault", "state", "reason"),
    [
        ("job-failed", "failed", "Internal error in the control unit"),
        ("job-failed-token-echo", "failed", "Rejected credentials: apikey ***"),
        ("job-cancelled", "cancelled", "cancelled"),
        ("job-ran-too-long", "failed", "Job ran longer than the maximum execution time."),
    ],
)
def test_a_job_without_a_result_stays_and_is_sent_anew(server, spec, runs_dir, whole, fault, state, reason):
    number = 1
    server.arm(fault, times=1, skip=number)
    assert submit(spec) == 0
    assert collect() == 0
    found = latest(runs_dir)
    assert not found.sealed
    assert found.jobs[number].state == state
    assert reason in found.jobs[number].reason
    assert sum(job.state == "collected" for job in found.jobs) == 2
    assert collect() == 0
    assert len(server.jobs) == 3
    assert again() == 0
    assert collect() == 0
    assert whole(lost=1).jobs[number] == found.jobs[number]
    assert len(server.jobs) == 4


@pytest.mark.few(0)
@pytest.mark.parametrize("fault", ["job-queued", "job-running"])
def test_part_of_a_run_is_counted_while_a_job_is_on_its_way(server, spec, runs_dir, whole, fault):
    server.arm(fault, times=1, skip=1, value=600.0)
    assert submit(spec) == 0
    assert again() == 0  # it is on its way: nothing to send
    assert collect() == 0
    found = latest(runs_dir)
    assert not found.sealed
    assert [job.state for job in found.jobs] == ["collected", fault.removeprefix("job-"), "collected"]
    assert len(found.counts) == 4
    job = server.jobs[found.jobs[1].id]
    job.starts = job.ends = 0.0
    assert collect() == 0
    whole()


def test_a_charge_that_is_not_known_yet(server, spec, whole):
    server.arm("usage-pending", times=1)
    assert submit(spec) == 0
    assert collect() == 0
    charged = [job.usage_seconds for job in whole().jobs]
    assert charged[0] is None
    assert charged[1] == charged[2] > 0


@pytest.mark.slow
def test_a_job_of_an_unknown_state_is_not_sent_anew(server, spec, runs_dir, whole):
    server.arm("job-odd-status", times=1, skip=1)
    assert submit(spec) == 0
    assert collect() == 0
    assert again() == 0
    assert not latest(runs_dir).sealed
    job = server.jobs[latest(runs_dir).jobs[1].id]
    job.fate = "Completed"
    assert collect() == 0
    whole()


# At collection.

RESULTS = ("results-truncated", "results-fewer-pubs", "results-fewer-shots", "results-empty", "results-500")


@pytest.mark.few(1)
@pytest.mark.parametrize("fault", RESULTS)
def test_a_result_that_is_cut_short_once_is_fetched_again(server, spec, whole, fault):
    assert submit(spec) == 0
    armed = server.arm(fault, times=1, skip=1)
    assert collect() == 0
    assert armed.hits == 1
    whole()


@pytest.mark.few(1)
@pytest.mark.parametrize("fault", RESULTS[:4])
def test_a_result_that_is_not_whole_is_not_counted(server, spec, runs_dir, whole, fault):
    assert submit(spec) == 0
    second = latest(runs_dir).jobs[1]
    server.arm(fault, times=None, path=f"{second.id}/results")
    assert collect() == 0
    found = latest(runs_dir)
    assert not found.sealed
    assert [job.state for job in found.jobs] == ["collected", "unreadable", "collected"]
    assert found.jobs[1].reason.startswith("the result is not whole")
    server.disarm()
    assert collect() == 0
    whole()


@pytest.mark.slow
def test_a_job_whose_result_stays_unreadable_is_sent_anew(server, spec, runs_dir, whole):
    assert submit(spec) == 0
    second = latest(runs_dir).jobs[1]
    server.arm("results-truncated", times=None, path=f"{second.id}/results")
    assert collect() == 0
    assert again() == 0
    assert collect() == 0
    assert whole(lost=1).jobs[1].state == "unreadable"


@pytest.mark.slow
def test_both_results_come_after_all_and_one_is_counted(server, spec, runs_dir, standin):
    assert submit(spec) == 0
    second = latest(runs_dir).jobs[1]
    server.arm("results-truncated", times=None, path=f"{second.id}/results")
    assert again() == 0
    server.disarm()
    assert collect() == 0
    found = latest(runs_dir)
    assert found.sealed
    assert [job.state for job in found.jobs] == ["collected"] * 4
    assert len(found.file(record.COUNTS).splitlines()) == 6


@pytest.mark.slow
def test_a_result_behind_a_broken_server_is_fetched_later(server, spec, runs_dir, whole):
    assert submit(spec) == 0
    server.arm("results-500", times=None)
    assert collect() == 0
    assert not latest(runs_dir).counts
    assert {job.state for job in latest(runs_dir).jobs} == {"unreadable"}
    server.disarm()
    assert collect() == 0
    whole()


@pytest.mark.few(1)
@pytest.mark.parametrize("times", [1, None])
def test_a_job_that_is_not_found_for_a_while(server, spec, runs_dir, whole, times):
    assert submit(spec) == 0
    server.arm("job-404", times=times)
    assert collect() == 0
    server.disarm()
    assert again() == 0
    assert len(server.jobs) == 3
    assert collect() == 0
    whole()


@pytest.mark.slow
def test_a_job_that_is_gone_has_expired_and_is_sent_anew(server, spec, runs_dir):
    assert submit(spec) == 0
    gone = latest(runs_dir).jobs[1]
    del server.jobs[gone.id]
    assert collect() == 0
    assert latest(runs_dir).jobs[1].state == "unreadable"
    assert "expired" in latest(runs_dir).jobs[1].reason
    assert again() == 0
    assert collect() == 0
    assert latest(runs_dir).sealed
    assert len(server.jobs) == 3


@pytest.mark.few(2)
@pytest.mark.parametrize(
    ("command", "fault"),
    [
        ("status", "get-500"),
        *(("collect", f"get-{kind}") for kind in ("429", "500", "drop", "hang", "token-echo")),
    ],
)
def test_a_fault_at_collection_loses_nothing(server, spec, whole, capfd, fault, command):
    assert submit(spec) == 0
    capfd.readouterr()
    server.arm(fault, times=None, skip=5)
    assert main([command, "latest", "--json"]) == 3
    out, said = capfd.readouterr()
    assert out == ""
    assert said.count("\n") == 1
    server.disarm()
    assert collect() == 0
    whole()


# All in one process.


def test_run_waits_for_its_jobs(server, spec, whole, standin):
    server.queue = 0.05
    server.arm("post-drop-created", times=1)
    server.arm("results-truncated", times=1)
    assert main(["run", spec, "--target", "ibm_loop", "--jobs", "3", "--json"]) == 0
    whole()


def test_run_says_which_job_failed(server, spec, whole, capfd):
    server.arm("job-failed", times=1)
    assert main(["run", spec, "--target", "ibm_loop", "--jobs", "3", "--json"]) == 3
    out, said = capfd.readouterr()
    assert out == ""
    assert "Internal error in the control unit" in said
    assert again() == 0
    assert collect() == 0
    whole(lost=1)


def test_circuits_that_are_no_longer_isa_are_not_sent(server, spec, runs_dir, capfd, monkeypatch):
    """The device lost a gate between the submission that was cut off and the one that goes on."""
    server.arm("post-500", times=None)
    assert submit(spec) == 3
    server.disarm()
    device = server._device
    reduced = dict(device.configuration)
    reduced["basis_gates"] = [name for name in reduced["basis_gates"] if name != "sx"]
    reduced["gates"] = [gate for gate in reduced["gates"] if gate["name"] != "sx"]
    monkeypatch.setattr(device, "configuration", reduced)
    before = len(server.received("POST", "/api/v1/jobs"))
    capfd.readouterr()
    assert again() == 3
    assert "not an ISA circuit" in capfd.readouterr().err
    assert len(server.received("POST", "/api/v1/jobs")) == before
    assert not server.not_isa


def test_every_fault_is_met(standin):
    text = Path(__file__).read_text()
    elsewhere = {"job-recalibrated", "cancel-500"}
    assert {name for name in standin.FAULTS if f'"{name}"' not in text} <= elsewhere
