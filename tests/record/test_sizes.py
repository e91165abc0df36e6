"""Files of a record that are larger than its plan allows are refused before anything is made of them."""

from __future__ import annotations

import json
import shutil

import pytest

import qcoord_hw as qc
from qcoord_hw import inputs, record
from qcoord_hw.errors import RecordError
from qcoord_hw.record import files, journal
from tests.execution.forgeries import read_intent, sign


@pytest.fixture(scope="module")
def sealed(tmp_path_factory):
    return qc.run("chsh", shots=20, seed=7, runs=tmp_path_factory.mktemp("runs")).path


@pytest.fixture
def unsealed(sealed, tmp_path):
    copied = tmp_path / sealed.name
    shutil.copytree(sealed, copied)
    (copied / record.SEAL).unlink()
    return copied


@pytest.fixture
def parsed(monkeypatch):
    """What is parsed during the test."""
    seen, loads = [], json.loads

    def look(text, **hooks):
        seen.append(text)
        return loads(text, **hooks)

    monkeypatch.setattr(inputs.json, "loads", look)
    return seen


COUNTS = {
    "outcomes": lambda lines: [files.signed_line({"chunk": 0, "counts": {f"{k:b}": 1 for k in range(60)}})],
    "lines": lambda lines: lines + lines[:1],
    "junk": lambda lines: [files.signed_line({"chunk": 0, "counts": {"00": 3}, "junk": list(range(60))})],
}


@pytest.mark.parametrize("how", COUNTS)
def test_counts_are_no_more_than_planned(unsealed, parsed, how):
    place = unsealed / record.COUNTS
    forged = "".join(COUNTS[how](place.read_text().splitlines(keepends=True)))
    place.write_text(forged)
    with pytest.raises(RecordError, match=r"counts.jsonl line \d+: more than the run's plan allows"):
        record.read(unsealed)
    assert not any("counts" in text and text in forged for text in parsed)


def test_a_journal_has_an_end(tmp_path, parsed, monkeypatch):
    monkeypatch.setattr(journal, "MOST", files.Most(lines=20, line=50, values=100))
    state = files.signed_line({"event": "state", "tag": "a", "state": "queued", "reason": "", "at": "x"})
    many = files.signed_line({"event": "start", "reason": "", "at": "x", "more": list(range(60))})
    for forged in (state * 21, many):
        (tmp_path / journal.JOBS).write_text(forged)
        with pytest.raises(RecordError, match="no record has so many"):
            journal.read_journal(tmp_path)
    assert parsed == []


def test_a_job_has_few_twins(tmp_path):
    intended = files.signed_line({"event": "intend", "jobs": [{"tag": "a", "chunks": [0], "shots": 13}]})
    sent = files.signed_line({"event": "sent", "tag": "a", "id": "j", "twins": ["t"] * 40, "at": "x"})
    (tmp_path / journal.JOBS).write_text(intended + sent * 2)
    assert len(journal.read_journal(tmp_path).jobs[0].twins) == 80
    (tmp_path / journal.JOBS).write_text(intended + sent * 3)
    with pytest.raises(RecordError, match="line 4 is not an event of a job"):
        journal.read_journal(tmp_path)


@pytest.mark.parametrize("where", [(), ("target",), ("experiment", "usage"), ("provenance", "packages")])
def test_an_object_has_few_fields(unsealed, monkeypatch, where):
    """Before a checksum is computed of what is too large."""
    intent = inner = read_intent(unsealed)
    for key in where:
        inner = inner[key]
    inner |= {f"junk {k}": {} if where == ("experiment", "usage") else None for k in range(60)}
    intent.pop("sha256")
    (unsealed / "intent.json").write_bytes(files.signed(intent))
    record.read(unsealed)
    monkeypatch.setattr(files, "MAX_FIELDS", 60)
    monkeypatch.setattr(files, "canonical_json", None)
    with pytest.raises(RecordError, match="fields; no record has more than 60"):
        record.read(unsealed)


def test_a_setting_has_few_values(unsealed, sealed):
    intent = read_intent(unsealed)
    intent["experiment"]["settings"][0]["values"] = [0.5] * 10_001
    shutil.copy(sealed / record.SEAL, unsealed)
    sign(unsealed, intent)
    with pytest.raises(RecordError, match="values: '10001 values'; allowed is a list of 0 to 10000"):
        record.read(unsealed)
