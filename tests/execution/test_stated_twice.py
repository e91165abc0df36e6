"""What a record states in two places is held against itself, however it was signed again."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

import qcoord_hw as qc
from qcoord_hw import record
from qcoord_hw.errors import RecordError
from qcoord_hw.execution.recorded import check_recorded
from qcoord_hw.execution.stated_twice import BETWEEN_CLOCKS, Contradicts, check_stated_twice
from qcoord_hw.record import files
from tests import hostile
from tests.execution.foreign import zoo
from tests.execution.forgeries import read_intent, sign


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Runs on a simulator, on somebody else's whole device, and by jobs of a vendor."""
    from qcoord_hw.execution.targets import fake_backends

    runs = tmp_path_factory.mktemp("runs")
    whole = type("Own", (zoo.AerSimulator,), {}).from_backend(fake_backends()["fake_manila"]())
    jobs = {}

    class Kept(zoo.AerSimulator):
        def run(self, circuits, **options):
            job = super().run(circuits, **options)
            jobs[job.job_id()] = job
            return job

    device = qc.BackendDevice(Kept(), retrieve=jobs.get)
    sent = qc.submit("chsh", target=device, shots=40, seed=1, runs=runs)
    return {
        "aer": qc.run("chsh", shots=20, seed=1, runs=runs).path,
        "noise": qc.run("chsh", target="fake_manila", shots=20, seed=1, runs=runs).path,
        "whole": qc.run("chsh", target=whole, shots=20, seed=1, runs=runs).path,
        "jobs": qc.collect(sent.path, target=device).path,
    }


@pytest.fixture
def copied(made, tmp_path):
    def copy(which, name=None):
        path = tmp_path / (name or made[which].name)
        shutil.copytree(made[which], path)
        return path

    return copy


def refused(path, match):
    with pytest.raises(RecordError, match=match):
        check_recorded(record.read(path), rebuild=False)


def write(path, **fields):
    """Change an intent, its draft where it has one, and the seal; and sign them all."""
    if (path / "draft.json").exists():
        draft = json.loads((path / "draft.json").read_bytes())
        del draft["sha256"]
        draft |= {key: value for key, value in fields.items() if key in draft and key != "target"}
        (path / "draft.json").write_bytes(files.signed(draft))
    intent = read_intent(path)
    for key, value in fields.items():
        intent[key] = intent[key] | value if isinstance(value, dict) else value
    sign(path, intent)


def in_seal(path, **fields):
    seal = json.loads((path / "seal.json").read_bytes()) | fields
    del seal["sha256"]
    (path / "seal.json").write_bytes(files.signed(seal))


@pytest.mark.parametrize("which", ["aer", "noise", "whole", "jobs"])
def test_an_honest_record_is_at_one_with_itself(made, copied, which):
    assert qc.verify(made[which])["ok"]
    elsewhere = copied(which, "of-a-colleague")
    assert any("created" in line for line in qc.verify(elsewhere)["protocol"]["not_compared"])


def moved(seconds):
    """Return a change of a time that is as it is written."""
    return lambda text: (datetime.fromisoformat(text) + timedelta(seconds=seconds)).isoformat(
        timespec="seconds"
    )


TIMES = {
    "1970": lambda text: "1970-01-01T00:00:00+00:00",
    "2099": lambda text: "2099-01-01T00:00:00+00:00",
    "0001": lambda text: "0001-01-01T00:00:00+00:00",
    "a second later": moved(1),
    "a second earlier": moved(-1),
    "a day earlier": moved(-86_400),
    "another zone": lambda text: datetime.fromisoformat(text).astimezone().replace(tzinfo=None).isoformat(),
    "Z": lambda text: text.replace("+00:00", "Z"),
    "of Berlin": lambda text: text.replace("+00:00", "+01:00"),
    "words": lambda text: "yesterday",
    "nothing": lambda text: "",
}


@pytest.mark.parametrize("how", TIMES)
@pytest.mark.parametrize("which", ["aer", "jobs"])
def test_a_run_was_begun_when_its_folder_says(copied, which, how):
    path = copied(which)
    write(path, created=TIMES[how](read_intent(path)["created"]))
    refused(path, "created: ")


@pytest.mark.parametrize("moment", ["1970-01-01T00:00:00", "2025-05-01T12:00:00", "2099-01-01T00:00:00"])
@pytest.mark.parametrize("which", ["aer", "jobs"])
def test_a_folder_renamed_with_it_makes_no_time_possible(made, copied, which, moment):
    when = datetime.fromisoformat(moment + "+00:00")
    path = copied(which, f"{when:%Y%m%dT%H%M%SZ}{made[which].name[16:]}")
    write(path, created=moment + "+00:00")
    in_seal(path, sealed=moment + "+00:00")
    refused(path, "created: .*; (before there was|that is later than now)")


def test_what_came_later_was_written_later(made, copied):
    later = (datetime.now(UTC) - timedelta(days=30)).replace(microsecond=0)
    beyond = later - BETWEEN_CLOCKS - timedelta(seconds=1)
    path = copied("jobs")
    in_seal(path, sealed=beyond.isoformat())
    refused(path, "sealed: .*; before jobs.jsonl line")
    path = copied("aer", f"{later:%Y%m%dT%H%M%SZ}{made['aer'].name[16:]}")
    write(path, created=later.isoformat())
    in_seal(path, sealed=beyond.isoformat())
    refused(path, "sealed: .*; before created")
    in_seal(path, sealed=(beyond + timedelta(seconds=1)).isoformat())
    check_recorded(record.read(path), rebuild=False)  # of a clock that is another's
    in_seal(path, sealed="2026")
    refused(path, "sealed: '2026'")


@pytest.mark.parametrize("at", ["2025-01-01T00:00:00.000+00:00", "2026-06-01T00:00:00.000+00:00", "noon"])
@pytest.mark.parametrize("k", [0, 1, -1])
def test_a_journal_is_in_order(copied, k, at):
    path = copied("jobs")
    lines = [json.loads(line) for line in (path / "jobs.jsonl").read_text().splitlines()]
    lines[k]["at"] = at
    for line in lines:
        del line["sha256"]
    (path / "jobs.jsonl").write_text("".join(files.signed_line(line) for line in lines))
    sign(path)
    refused(path, r"jobs.jsonl line \d+: ")


def test_a_folder_is_named_as_its_run(made, copied):
    name = made["aer"].name
    for other in (name[:17] + "0" * 8 + name[25:], name[:25] + "-fake_torino"):
        refused(copied("aer", other), "its folder's name says")
    for other in (name + "-2", name + "-of-a-colleague"):
        check_recorded(record.read(copied("aer", other)), rebuild=False)


@pytest.mark.parametrize("field", ["created", "spec_id", "spec", "seed"])
def test_what_was_asked_for_is_what_was_done(copied, field):
    path = copied("jobs")
    draft = json.loads((path / "draft.json").read_bytes())
    draft[field] = {"created": "2026-11-01T00:00:00+00:00", "spec_id": "0" * 64, "spec": {}, "seed": 5}[field]
    hostile.sign(path, "draft.json", {k: v for k, v in draft.items() if k != "sha256"})
    sign(path)
    refused(path, f"{field}: .*draft.json has another")


VERSIONS = {
    "protocols to come": {"protocols": 99},
    "protocols of old": {"protocols": 0},
    "no Qiskit": {"packages": {"qiskit": None}},
    "a Qiskit of old": {"packages": {"qiskit": "1.4.0"}},
    "a Qiskit to come": {"packages": {"qiskit": "2.99.0"}},
    "another Qiskit": {"packages": {"qiskit": "2.1.0"}},
    "Qiskit, latest": {"packages": {"qiskit": "latest"}},
    "numpy of words": {"packages": {"qiskit": "2.6.2", "numpy": "many"}},
    "engine": {"engine": 99},
    "circuits of another": {"circuits_of": {"protocols": 99, "packages": {"qiskit": "2.6.2"}}},
    "circuits of none": {"circuits_of": {"protocols": 1, "packages": {"qiskit": "x"}}},
}


@pytest.mark.parametrize("how", VERSIONS)
def test_a_version_is_one_that_can_have_made_it(copied, how):
    path = copied("aer")
    stated = read_intent(path)["provenance"]
    change = VERSIONS[how]
    if "packages" in change:
        change = {"packages": stated["packages"] | change["packages"]}
    write(path, provenance=stated | change)
    refused(path, "provenance")


CALIBRATIONS = {
    "of tomorrow": lambda s: s.update(calibrated="2099-01-01T00:00:00+00:00"),
    "of no day": lambda s: s.update(calibrated="noon"),
    "of fewer qubits": lambda s: s.update(num_qubits=1),
    "of another gate": lambda s: s["gates"][0].update(qubits=[9999]),
    "of another device": lambda s: s.update(device="ibm_kyiv"),
}


@pytest.mark.parametrize("how", CALIBRATIONS)
@pytest.mark.parametrize("which", ["whole", "noise"])
def test_calibration_is_that_of_the_device_before_the_run(copied, which, how):
    path = copied(which)
    intent = read_intent(path)
    CALIBRATIONS[how](intent["target"]["snapshot"])
    sign(path, intent)
    refused(path, "target")


def test_tiles_are_on_one_device(made):
    run = record.read(made["noise"])
    target = run.intent["target"]
    for key, value in (("version", "x"), ("calibrated", "2020-01-01T00:00:00+00:00"), ("num_qubits", 7)):
        tile = target | {"snapshot": target["snapshot"] | {key: value}}
        tiled = replace(run, intent=run.intent | {"target": target | {"tiles": [tile]}})
        with pytest.raises(Contradicts, match=f"target.snapshot.{key}: not the same"):
            check_stated_twice(tiled)


NOTES = {
    "another answer": {"expected": "10"},
    "of fewer shots": {"counts": {"01": 1}},
    "of other words": {"counts": {"01": 49, "1": 1}},
    "of no chunk": {"event": "refused", "chunk": 99, "fault": "x"},
}


@pytest.mark.parametrize("how", NOTES)
def test_what_a_target_returned_beside_counts_is_of_the_run(copied, how):
    path = copied("whole")
    note = json.loads((path / "notes.jsonl").read_text().splitlines()[0])
    del note["sha256"]
    with (path / "notes.jsonl").open("a") as file:
        file.write(files.signed_line(note | NOTES[how]))
    sign(path)
    refused(path, "notes.jsonl line 2")
