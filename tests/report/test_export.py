"""A run as CSV: what was counted comes back exactly, no text is a formula, no file is half written."""

from __future__ import annotations

import csv
import io
import os
import stat
import threading
from collections import Counter
from dataclasses import replace

import pytest

import qcoord_hw as qc
from qcoord_hw.api import export_csv
from qcoord_hw.errors import InputError, RecordError
from qcoord_hw.report.export import (
    CHUNK_COLUMNS,
    ESTIMATE_COLUMNS,
    RUN_COLUMNS,
    count_rows,
    csv_lines,
    write_csv,
)
from qcoord_hw.report.output_files import whole_file

GAME_COLUMNS = ("round", "question_1", "question_2", "answer_1", "answer_2", "win", "leaks")
COUNT_COLUMNS = (*RUN_COLUMNS, *CHUNK_COLUMNS, *GAME_COLUMNS, "outcome", "count")

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "＝1+1",
    '"=1',
    "=cmd|' /C calc'!A0",
]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return tmp_path_factory.mktemp("exported")


@pytest.fixture(scope="module")
def noisy(runs):
    return qc.run("chsh", target="fake_manila", shots=100, seed=7, runs=runs)


def unfinished(result, chunks=3):
    counts = result.path / "counts.jsonl"
    counts.write_bytes(b"".join(counts.read_bytes().splitlines(keepends=True)[:chunks]))
    (result.path / "seal.json").unlink()
    return qc.load_run(result.path)


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def changed(record, **experiment):
    intent = record.intent | {"experiment": record.intent["experiment"] | experiment}
    return replace(record, intent=intent)


def test_every_count_comes_back(noisy, tmp_path):
    file = tmp_path / "run.csv"
    found = export_csv(noisy.path, file)
    rows = read(file)
    assert found == {"ok": True, "run": str(noisy.path), "csv": str(file), "rows": len(rows)}
    assert tuple(rows[0]) == COUNT_COLUMNS
    back = {}
    for row in rows:
        back.setdefault(int(row["chunk"]), {})[row["outcome"]] = int(row["count"])
    assert back == noisy.record.counts
    settings = noisy.record.intent["experiment"]["settings"]
    plan = {chunk.id: chunk for chunk in noisy.record.plan}
    for row in rows:
        chunk = plan[int(row["chunk"])]
        assert (int(row["block"]), int(row["setting"])) == (chunk.block, chunk.setting)
        assert int(row["shots"]) == chunk.shots
        assert row["label"] == settings[chunk.setting]["label"]
        assert int(row["circuit"]) == settings[chunk.setting]["circuit"]
    first = {key: rows[0][key] for key in ("run", "experiment", "target", "kind", "seed", "job", "tag")}
    assert first == {
        "run": noisy.path.name,
        "experiment": "chsh",
        "target": "fake_manila",
        "kind": "noise-model",
        "seed": "7",
        "job": "",
        "tag": "",
    }
    assert rows[0]["created"] == noisy.summary["created"]
    assert rows[0]["calibrated"] == noisy.summary["calibrated"]
    assert rows[0]["layout"] == " ".join(map(str, noisy.summary["layout"]))
    assert all(row["bits"] == row["outcome"] for row in rows)
    keys = [(int(row["chunk"]), row["outcome"]) for row in rows]
    assert keys == sorted(keys)
    export_csv(noisy.path, tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == file.read_bytes()


def test_inputs_of_linear_computations_are_named_and_derived_counts_marked(runs, tmp_path):
    result = qc.run(
        "example-1-f2", target="fake_torino", shots=20, seed=1, runs=runs, parameters={"inputs": 4}
    )
    export_csv(result.path, tmp_path / "run.csv")
    rows = read(tmp_path / "run.csv")
    assert {row["method"] for row in rows} == {"twirled:frame", "direct"}
    labels = {row["label"] for row in rows if row["method"] != "direct"}
    assert len(labels) == 4
    assert all(label.startswith("w1=") for label in labels)
    shots = Counter()
    for row in rows:
        shots[row["method"]] += int(row["count"])
    assert sum(shots.values()) == result.summary["shots"]


def test_an_unfinished_run_gives_what_was_counted_but_no_estimates(runs, tmp_path):
    result = unfinished(qc.run("chsh", shots=40, seed=1, runs=runs))
    found = export_csv(result.path, tmp_path / "run.csv")
    rows = read(tmp_path / "run.csv")
    assert len({row["chunk"] for row in rows}) == 3
    assert found["rows"] == len(rows) == sum(map(len, result.record.counts.values()))
    with pytest.raises(InputError, match="unfinished, so it has no estimates"):
        export_csv(result.path, tmp_path / "none.csv", estimates=True)
    assert not (tmp_path / "none.csv").exists()
    empty = unfinished(qc.run("chsh", shots=40, seed=2, runs=runs), chunks=0)
    assert export_csv(empty.path, tmp_path / "empty.csv")["rows"] == 0
    assert (tmp_path / "empty.csv").read_text().strip() == ",".join(COUNT_COLUMNS)


def test_estimates_keep_every_digit(noisy, tmp_path):
    file = tmp_path / "estimates.csv"
    assert export_csv(noisy.path, file, estimates=True, confidence=0.9)["rows"] == 3
    rows = read(file)
    assert tuple(rows[0]) == ESTIMATE_COLUMNS
    for row, estimate in zip(rows, qc.load_run(noisy.path, confidence=0.9).estimates, strict=True):
        assert row["name"] == estimate.name
        assert [float(row[key]) for key in ("low", "best", "high")] == [
            estimate.low,
            estimate.best,
            estimate.high,
        ]
        assert (float(row["confidence"]), int(row["shots"])) == (0.9, estimate.shots)
        assert (float(row["theory"]), float(row["bound"])) == (estimate.theory.value, estimate.bound.value)
        assert (row["method"], row["verdict"]) == (estimate.method, estimate.verdict)
        assert row["p_value"] == ("" if estimate.p_value is None else repr(estimate.p_value))


def test_jobs_and_tags_stand_beside_their_chunks(noisy):
    first = noisy.record.plan[0].id
    rows = list(count_rows(noisy.record, {first: ("job-1", "tag-1")}))
    assert {(row["job"], row["tag"]) for row in rows if row["chunk"] == first} == {("job-1", "tag-1")}
    assert {(row["job"], row["tag"]) for row in rows if row["chunk"] != first} == {("", "")}


def test_the_journal_names_the_job_whose_result_was_counted(noisy):
    from qcoord_hw.record import Job

    failed = Job("lost", (0, 1), 10, id="job-0", state="failed")
    counted = Job("kept", (0, 1, 1), 10, id="job-1", state="collected")
    rows = list(count_rows(replace(noisy.record, jobs=(failed, counted))))
    found = {row["chunk"]: (row["job"], row["tag"]) for row in rows}
    assert found[0] == found[1] == ("job-1", "kept")
    assert found[2] == ("", "")


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula(noisy, text):
    settings = [s | {"label": text} for s in noisy.record.intent["experiment"]["settings"]]
    record = changed(noisy.record, name=text, settings=settings)
    record = replace(record, intent=record.intent | {"seed": text, "created": text})
    lines = "".join(csv_lines(COUNT_COLUMNS, count_rows(record, {0: (text, text)})))
    rows = list(csv.reader(io.StringIO(lines)))
    assert len(rows) == 1 + sum(map(len, noisy.record.counts.values()))
    for cell in (cell for row in rows for cell in row):
        assert not cell.lstrip(" ").startswith(tuple("=+-@＝\t\r\n"))
        assert cell.isprintable()


def test_labels_with_commas_quotes_and_letters_come_back(noisy, tmp_path):
    label = 'a "b", c;d é漢'
    settings = [s | {"label": label} for s in noisy.record.intent["experiment"]["settings"]]
    write_csv(tmp_path / "x.csv", COUNT_COLUMNS, count_rows(changed(noisy.record, settings=settings)))
    assert {row["label"] for row in read(tmp_path / "x.csv")} == {label}


def test_a_record_of_another_shape_is_one_line(noisy, tmp_path):
    with pytest.raises(RecordError, match="cannot be interpreted"):
        write_csv(tmp_path / "x.csv", COUNT_COLUMNS, count_rows(changed(noisy.record, settings=[])))
    assert list(tmp_path.glob("*.csv")) == []
    assert list(tmp_path.glob(".*")) == []


def test_an_old_file_stays_unless_the_new_one_is_whole(tmp_path):
    path = tmp_path / "run.csv"
    path.write_text("old")

    def stop():
        with whole_file("csv", path) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop()
    assert path.read_text() == "old"
    with whole_file("csv", path) as file:
        file.write(b"new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["run.csv"]


def test_no_part_of_a_record_is_replaced(noisy, tmp_path):
    link = tmp_path / "link.csv"
    link.symlink_to(noisy.path / "counts.jsonl")
    (tmp_path / "folder.csv").mkdir()
    circle = tmp_path / "circle.csv"
    circle.symlink_to(circle)
    for place, reason in (
        (noisy.path / "counts.jsonl", "lies in a record"),
        (noisy.path / "circuits" / "new.csv", "lies in a record"),
        (link, "lies in a record"),
        (tmp_path / "folder.csv", "a folder that exists"),
        (tmp_path / "none" / "x.csv", "a folder that exists"),
        (tmp_path / ("x" * 300), "no file's name"),
        (tmp_path / "a\0b", "csv: "),
        (circle, "csv: "),
    ):
        with pytest.raises(InputError, match=reason):
            export_csv(noisy.path, place)
    assert qc.verify(noisy.path)["ok"]


def test_a_link_stays_a_link(noisy, tmp_path):
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    export_csv(noisy.path, tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert len(read(tmp_path / "real.csv")) > 10


def test_a_pipe_is_written_and_stays_a_pipe(noisy, tmp_path):
    pipe, heard = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: heard.append(pipe.read_bytes()), daemon=True)
    reader.start()
    export_csv(noisy.path, pipe)
    reader.join(10)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    export_csv(noisy.path, tmp_path / "run.csv")
    assert heard == [(tmp_path / "run.csv").read_bytes()]


def test_the_name_of_a_run_is_that_of_its_folder(noisy, tmp_path, monkeypatch):
    monkeypatch.chdir(noisy.path)
    export_csv(".", tmp_path / "run.csv")
    assert {row["run"] for row in read(tmp_path / "run.csv")} == {noisy.path.name}


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_a_full_disk_is_said(noisy):
    with pytest.raises(InputError, match="csv: cannot write .*No space left"):
        export_csv(noisy.path, "/dev/full")
    assert os.path.exists("/dev/full")
