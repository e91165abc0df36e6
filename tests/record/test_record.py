"""The record: nothing overwritten, nothing half-read, every damaged byte noticed."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path

import pytest

import qcoord_hw as qc
from qcoord_hw import record
from qcoord_hw.errors import InputError, RecordError
from qcoord_hw.record import files, writer
from qcoord_hw.spec import canonical_json


@pytest.fixture
def path(runs_dir):
    return qc.run("chsh", target="aer", shots=64, seed=3).path


def test_a_sealed_run_reads_back(path):
    run = record.read(path)
    assert run.sealed
    assert not run.missing
    assert sum(chunk.shots for chunk in run.plan) == 256
    assert all(sum(run.counts[chunk.id].values()) == chunk.shots for chunk in run.plan)
    assert {p.name for p in path.iterdir()} == {
        "circuits.qpy",
        "executed.qpy",
        "circuits",
        "intent.json",
        "counts.jsonl",
        "seal.json",
    }
    intent = run.intent
    assert intent["format"] == record.FORMAT
    assert intent["seed"] == 3
    assert intent["provenance"]["packages"]["qiskit"]
    assert intent["target"]["kind"] == "ideal"


def test_a_noise_model_run_keeps_its_calibration():
    target = qc.run("chsh", target="fake_manila", shots=16, seed=3).record.intent["target"]
    assert target["kind"] == "noise-model"
    assert target["snapshot"]["calibrated"].startswith("20")
    assert sorted(q["index"] for q in target["snapshot"]["qubits"]) == sorted(target["layout"])
    assert "asymmetric" in target["noise"]


def every_file(path):
    return sorted(p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file())


def test_one_changed_byte_anywhere_is_noticed(path, rng):
    for name in every_file(path):
        content = (path / name).read_bytes()
        for position in {0, len(content) - 1, *rng.integers(len(content), size=4).tolist()}:
            changed = bytearray(content)
            changed[position] ^= 1 << int(rng.integers(7))
            (path / name).write_bytes(changed)
            with pytest.raises(RecordError) as caught:
                record.read(path)
            assert path.name in str(caught.value) or name in str(caught.value)
            assert "\n" not in str(caught.value)
        (path / name).write_bytes(content)
    record.read(path)


def test_a_truncated_or_missing_file_is_noticed(path):
    for name in every_file(path):
        content = (path / name).read_bytes()
        for shorter in (content[: len(content) // 2], content[:-1], b""):
            (path / name).write_bytes(shorter)
            with pytest.raises(RecordError):
                record.read(path)
        (path / name).unlink()
        if name == "seal.json":
            assert not record.read(path).sealed  # as after an interruption before the seal
        else:
            with pytest.raises(RecordError):
                record.read(path)
        (path / name).write_bytes(content)


def test_an_interrupted_run_is_finished_with_the_same_counts(path):
    whole = record.read(path).counts
    counts = path / "counts.jsonl"
    (path / "seal.json").unlink()
    lines = counts.read_bytes().splitlines(keepends=True)
    for kept, torn in [(0, b""), (5, b'{"chunk":9,"cou'), (31, b'{"ch'), (32, b"")]:
        counts.write_bytes(b"".join(lines[:kept]) + torn)
        unfinished = qc.load_run(path)
        assert unfinished.summary["state"] == "unfinished"
        assert unfinished.estimates == ()
        assert unfinished.summary["chunks"]["done"] == kept
        finished = qc.collect(path)
        assert finished.record.sealed
        assert finished.record.counts == whole
        (path / "seal.json").unlink()


def test_a_folder_appears_whole_or_not_at_all(runs_dir, monkeypatch):
    def full(folder, name, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writer, "write_new", full)
    with pytest.raises(InputError, match=r"runs: cannot write .*No space left"):
        qc.run("chsh", shots=4)
    assert list(runs_dir.iterdir()) == []


def test_nothing_is_overwritten(path):
    with pytest.raises(FileExistsError):
        files.write_new(path, "intent.json", b"{}")
    with pytest.raises(RecordError, match="sealed already"):
        record.seal(path)
    assert not list(path.glob("*.partial"))


def test_runs_of_the_same_second_have_their_own_folders(runs_dir):
    paths = {qc.run("chsh", shots=1, seed=1).path for _ in range(5)}
    assert len(paths) == 5


def test_runs_are_found_by_prefix_and_latest(path, runs_dir):
    other = qc.run("ghz-3", shots=4, seed=1).path
    assert record.find("latest", runs_dir) == other
    assert record.find(path.name, runs_dir) == path
    assert record.find(str(path), runs_dir) == path
    assert record.find(other.name[:-2], runs_dir) == other
    with pytest.raises(RecordError, match="fits 2 runs"):
        record.find("20", runs_dir)
    with pytest.raises(RecordError, match="nothing fits 'nope'"):
        record.find("nope", runs_dir)
    with pytest.raises(RecordError, match="nothing fits ''"):
        record.find("", runs_dir)


def test_a_newer_format_is_refused(path):
    (path / "seal.json").unlink()
    intent = json.loads((path / "intent.json").read_text()) | {"format": record.FORMAT + 1}
    del intent["sha256"]
    (path / "intent.json").write_bytes(files.signed(intent))
    with pytest.raises(
        RecordError, match=f"format {record.FORMAT + 1}; this program reads format {record.FORMAT}"
    ):
        record.read(path)


def test_an_unwritable_folder_is_refused(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(InputError, match=r"^runs: cannot write"):
        qc.run("chsh", shots=4, runs=file / "runs")


def test_two_processes_cannot_write_to_one_run(path):
    (path / "seal.json").unlink()
    with record.writing(path), pytest.raises(RecordError, match="another process is writing"):
        qc.collect(path)
    assert qc.collect(path).record.sealed


def sign(line: dict) -> str:
    body = {key: value for key, value in line.items() if key != "sha256"}
    digest = hashlib.sha256(canonical_json(body).encode()).hexdigest()
    return canonical_json(body | {"sha256": digest})


@pytest.mark.few(5)
@pytest.mark.parametrize(
    "counts",
    [
        {"00": 9, "11": -1},
        {"00": 8.0},
        {"00": True},
        {"2x": 8},
        {"0": 8},
        {"": 8},
        {"000": 8},
        [8],
        "8",
        None,
        {},
    ],
    ids=str,
)
def test_counts_with_a_right_checksum_must_still_be_counts(path, counts):
    (path / "seal.json").unlink()
    lines = (path / "counts.jsonl").read_text().splitlines()
    lines[3] = sign(json.loads(lines[3]) | {"counts": counts})
    (path / "counts.jsonl").write_text("\n".join(lines) + "\n")
    with pytest.raises(RecordError, match=r"counts.jsonl line 4"):
        record.read(path)


@pytest.mark.few(15)
@pytest.mark.parametrize("field", ["plan", "experiment", "target", "seed", "spec", "files", "provenance"])
@pytest.mark.parametrize("value", ["x", {}, [], None, 7])
def test_an_intent_of_another_shape_is_refused_in_words(path, field, value):
    """All checksums are right: somebody made this record by hand."""
    (path / "seal.json").unlink()
    intent = json.loads((path / "intent.json").read_text()) | {field: value}
    del intent["sha256"]
    (path / "intent.json").write_bytes(files.signed(intent))
    for use in (qc.load_run, qc.collect, qc.replay):
        with contextlib.suppress(qc.QcoordError):  # anything else is a traceback, and fails here
            use(path).html()


@pytest.mark.parametrize(
    ("same", "other", "field"),
    [
        (("id",), {}, "plan: .*distinct ids"),
        (("block", "setting"), {}, "plan: .*one per setting, block and tile"),
        ((), {"setting": 10**6}, r"plan\[1\].setting: 1000000"),
        ((), {"tile": 3}, r"plan\[1\].tile: 3"),
    ],
)
def test_a_plan_that_contradicts_itself_is_refused(path, same, other, field):
    """All checksums are right, and each chunk by itself is one."""
    (path / "seal.json").unlink()
    intent = json.loads((path / "intent.json").read_text())
    first, second = intent["plan"][:2]
    second |= {key: first[key] for key in same} | other
    del intent["sha256"]
    (path / "intent.json").write_bytes(files.signed(intent))
    with pytest.raises(RecordError, match=field):
        record.read(path)


def test_a_file_outside_the_folder_is_never_read(path):
    (path / "seal.json").unlink()
    intent = json.loads((path / "intent.json").read_text())
    del intent["sha256"]
    intent["files"]["../../secret"] = "0" * 64
    (path / "intent.json").write_bytes(files.signed(intent))
    with pytest.raises(RecordError, match="no file of a record"):
        record.read(path)


def test_blocks_of_several_chunks_add_up_and_the_record_stays_as_it_is():
    chunks = [record.Chunk(k, 0, k // 2, 3) for k in range(4)]
    counts = {0: {"0": 1, "1": 2}, 1: {"1": 1, "2": 2}, 2: {"0": 3}}
    kept = json.loads(json.dumps(list(counts.values())))
    run = record.RunRecord(Path(), {}, tuple(chunks), counts, False)
    assert run.by_block() == {(0, 0): {"0": 1, "1": 3, "2": 2}, (0, 1): {"0": 3}}
    assert list(counts.values()) == kept


def test_what_a_run_returns_is_what_is_read_of_its_folder(runs_dir):
    done = qc.run("chsh", shots=16, seed=1).record
    again = record.read(done.path)
    for field in ("intent", "plan", "counts", "sealed", "jobs", "asked", "stopped", "notes"):
        assert getattr(done, field) == getattr(again, field)


def test_a_file_that_was_changed_is_refused_by_the_process_that_wrote_it(runs_dir):
    path = qc.run("chsh", shots=16, seed=1).path
    for name in ("intent.json", "seal.json"):
        whole = (path / name).read_bytes()
        (path / name).write_bytes(whole.replace(b": ", b":  ", 1))
        with pytest.raises(RecordError, match="damaged"):
            record.read(path)
        (path / name).write_bytes(whole)
    assert record.read(path).sealed
