"""Run folders of strangers: only regular files inside are opened, and nothing outside is ever touched."""

from __future__ import annotations

import io
import os
import shutil
import socket
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from qiskit_aer import AerSimulator

import qcoord_hw as qc
from qcoord_hw import record
from qcoord_hw.cli import main
from qcoord_hw.record import files

VICTIM = "what belongs to somebody else\n"

FILES = (
    "intent.json",
    "draft.json",
    "counts.jsonl",
    "jobs.jsonl",
    "notes.jsonl",
    "seal.json",
    "circuits.qpy",
    "executed.qpy",
    "circuits/000.qasm",
    "derived/report.html",
    "derived/report.json",
)
FOLDERS = ("circuits", "derived", "results")
UNUSED = ("draft.json", "jobs.jsonl", "notes.jsonl", "results")
"""What a run on a simulator does not have: something of that name there is another record, not this one."""

COMMANDS = (
    ["report", "RUN"],
    ["report", "RUN", "--json"],
    ["verify", "RUN"],
    ["verify", "RUN", "--execute"],
    ["export", "RUN", "--csv", "-"],
    ["status", "RUN"],
    ["collect", "RUN"],
    ["collect"],
    ["replay", "RUN"],
    ["play", "RUN"],
    ["submit", "RUN"],
    ["compare", "RUN", "RUN"],
)


def a_link(place: Path, victim: Path) -> None:
    place.symlink_to(victim)


def a_pipe(place: Path, victim: Path) -> None:
    os.mkfifo(place)


def a_device(place: Path, victim: Path) -> None:
    place.symlink_to("/dev/zero")


def a_folder(place: Path, victim: Path) -> None:
    place.mkdir()


def a_socket(place: Path, victim: Path) -> None:
    here = Path.cwd()
    os.chdir(place.parent)  # the name of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(place.name)
    finally:
        os.chdir(here)


def a_circle(place: Path, victim: Path) -> None:
    place.symlink_to(place)


def a_large_file(place: Path, victim: Path) -> None:
    with place.open("wb") as file:
        file.truncate(2**30)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory):
    return qc.run("chsh", shots=8, seed=1, runs=tmp_path_factory.mktemp("runs")).path


@pytest.fixture(scope="module")
def jobs_run(tmp_path_factory):
    """A sealed run made of a vendor's jobs."""
    jobs = {}

    class Kept(AerSimulator):
        def run(self, circuits, **options):
            job = super().run(circuits, **options)
            jobs[job.job_id()] = job
            return job

    device = qc.BackendDevice(Kept(), retrieve=jobs.get)
    sent = qc.submit("chsh", target=device, shots=8, seed=1, runs=tmp_path_factory.mktemp("runs"))
    return qc.collect(sent.path, target=device).path


@pytest.fixture(params=["sealed", "unfinished"])
def folder(request, sealed, runs_dir):
    """A copy of a run, sealed or cut off in its last line."""
    path = runs_dir / sealed.name
    shutil.copytree(sealed, path)
    if request.param == "unfinished":
        (path / "seal.json").unlink()
        counts = path / "counts.jsonl"
        counts.write_bytes(counts.read_bytes()[:-7])
    return path


def call(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = main(list(arguments))
    return status, out.getvalue(), err.getvalue()


def refused_or_fine(command: list[str], path: Path, name: str = "") -> int:
    """Return the exit status; a refusal is one line, and about the file of that name."""
    status, out, err = call(*(str(path) if word == "RUN" else word for word in command))
    assert status in (0, 2), (command, err)
    if status:
        assert len(err.splitlines()) == 1, err
        assert err.startswith("qcoord: error: ")
        assert len(err) <= 400
        assert out == ""
        assert name in err.replace(str(path), "")
    return status


def everything(path: Path) -> dict[str, bytes]:
    return {str(p.relative_to(path)): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()}


@pytest.mark.few(1)
@pytest.mark.parametrize("put", [a_link, a_pipe, a_large_file])
def test_what_is_no_file_is_refused_and_no_victim_is_touched(folder, tmp_path, put):
    sealed = (folder / "seal.json").exists()
    put_everywhere(folder, tmp_path, put, [["report", "RUN"] if sealed else ["collect", "RUN"]])


@pytest.mark.parametrize("put", [a_link, a_pipe, a_folder])
def test_what_is_no_file_in_a_run_of_jobs_is_named(jobs_run, runs_dir, tmp_path, put):
    path = runs_dir / jobs_run.name
    names = [str(p.relative_to(jobs_run)) for p in jobs_run.rglob("*") if p.is_file()]
    assert {"draft.json", "jobs.jsonl", "seal.json"} < set(names)
    assert any(name.startswith("results/") for name in names)
    for name in names:
        shutil.copytree(jobs_run, path)
        place = path / name
        place.unlink()
        put(place, tmp_path)
        assert refused_or_fine(["report", "RUN"], path, place.name) == 2
        shutil.rmtree(path)


@pytest.mark.slow
@pytest.mark.parametrize("put", [a_link, a_pipe, a_device, a_folder, a_socket, a_circle, a_large_file])
def test_no_command_opens_what_is_no_file(folder, tmp_path, put):
    put_everywhere(folder, tmp_path, put, COMMANDS)


def put_everywhere(folder, tmp_path, put, commands):
    """Put something in the place of every file of a record, and try some commands."""
    victim = tmp_path / "victim"
    before = tmp_path / "before"
    shutil.copytree(folder, before)
    for name in FILES:
        shutil.rmtree(folder)
        shutil.copytree(before, folder)
        place = folder / name
        place.parent.mkdir(exist_ok=True)
        place.unlink(missing_ok=True)
        victim.write_text(VICTIM)
        put(place, victim)
        derived = name.startswith("derived/")  # only who reads or writes it minds
        for command in commands:
            read = not derived or command[0] == "report"
            status = refused_or_fine(command, folder, place.name if read else "")
            if derived:
                minds = command[0] == "report" and put is not a_large_file  # which is replaced
                assert status == 2 or not minds, (name, command)
            elif name not in UNUSED and command != ["collect"]:  # which looks at what has no seal
                assert status == 2, (name, command)
        assert victim.read_text() == VICTIM
        assert list(tmp_path.glob("*.partial")) == []


def test_a_subfolder_that_is_a_link_is_refused(folder, tmp_path):
    for name in FOLDERS:
        outside = tmp_path / f"outside-{name}"
        if (folder / name).exists():
            shutil.move(folder / name, outside)
        outside.mkdir(exist_ok=True)
        (outside / "report.html").write_text(VICTIM)
        (outside / "report.json").write_text(VICTIM)
        (folder / name).symlink_to(outside)
        before = everything(outside)
        for command in COMMANDS[:3]:
            refused_or_fine(command, folder)
        assert refused_or_fine(["report", "RUN"], folder) == 2 or name == "results"
        assert everything(outside) == before
        (folder / name).unlink()
        if name == "circuits":
            shutil.move(outside, folder / name)


def test_a_second_name_of_a_file_is_never_written(sealed, runs_dir, tmp_path):
    path = runs_dir / sealed.name
    shutil.copytree(sealed, path)
    (path / "seal.json").unlink()
    counts = path / "counts.jsonl"
    counts.write_bytes(counts.read_bytes()[:-7])
    other = tmp_path / "other"
    os.link(counts, other)
    before = other.read_bytes()
    for command in (["collect", "RUN"], ["collect"]):
        assert refused_or_fine(command, path) == 2
    assert other.read_bytes() == before
    other.unlink()
    assert refused_or_fine(["collect", "RUN"], path) == 0


def test_a_link_in_the_folder_of_runs_is_no_run(sealed, runs_dir, tmp_path):
    runs_dir.mkdir(exist_ok=True)
    (runs_dir / sealed.name).symlink_to(sealed)
    assert record.every(runs_dir) == []
    status, out, _ = call("collect")
    assert (status, out) == (0, "no unfinished run\n")


def test_strangers_beside_a_run_do_not_keep_it_from_being_finished(sealed, runs_dir, tmp_path):
    mine = runs_dir / sealed.name
    shutil.copytree(sealed, mine)
    (mine / "seal.json").unlink()
    counts = mine / "counts.jsonl"
    counts.write_bytes(counts.read_bytes()[:-7])
    victim = tmp_path / "victim"
    victim.write_text(VICTIM)
    for number in (1, 2):
        stranger = runs_dir / f"20200101T00000{number}Z-00000000-x"
        shutil.copytree(mine, stranger)
        (stranger / "counts.jsonl").unlink()
        (stranger / "counts.jsonl").symlink_to(victim)
    status, out, err = call("collect", "--json")
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 2
    assert all(line.startswith("qcoord: error: ") and len(line) < 400 for line in err.splitlines())
    assert record.read(mine).sealed
    assert victim.read_text() == VICTIM


@pytest.mark.few(8)
@pytest.mark.parametrize(
    "name",
    [
        "../secret",
        "/etc/hostname",
        "circuits/../../secret",
        "sub/x",
        "circuits/sub/x",
        "",
        ".",
        "..",
        "a\0b",
        "~",
    ],
)
@pytest.mark.parametrize("where", ["seal.json", "intent.json"])
def test_a_record_names_nothing_outside(sealed, tmp_path, where, name):
    path = tmp_path / sealed.name
    shutil.copytree(sealed, path)
    (tmp_path / "secret").write_text(VICTIM)
    content = files.read_signed(path, where)
    content["files"][name] = files.digest(VICTIM.encode())
    (path / where).write_bytes(files.signed(content))
    if where == "intent.json":
        (path / "seal.json").unlink()
    assert refused_or_fine(["report", "RUN"], path) == 2


@pytest.mark.parametrize("option", ["--html", "--csv", "--plot"])
def test_no_link_in_a_record_leads_an_output_out_of_it(sealed, tmp_path, option):
    path = tmp_path / sealed.name
    shutil.copytree(sealed, path)
    victim = tmp_path / "victim.svg"
    victim.write_text(VICTIM)
    (path / "derived").mkdir(exist_ok=True)
    (path / "derived" / "link.svg").symlink_to(victim)
    os.mkfifo(path / "derived" / "pipe.svg")
    outside = tmp_path / "outside"
    outside.mkdir()
    for place in (path / "derived" / "link.svg", path / "derived" / "pipe.svg", path / "counts.jsonl"):
        command = {
            "--html": ["report", "RUN", "--html", str(place)],
            "--csv": ["export", "RUN", "--csv", str(place)],
            "--plot": ["compare", "RUN", "RUN", "--plot", str(place.with_suffix(".svg"))],
        }[option]
        assert refused_or_fine(command, path) == 2 or place.name == "counts.jsonl"
    shutil.rmtree(path / "derived")
    (path / "derived").symlink_to(outside)
    assert refused_or_fine(["report", "RUN", "--html", str(path / "derived" / "new.html")], path) == 2
    assert list(outside.iterdir()) == []
    assert victim.read_text() == VICTIM


def test_a_page_takes_the_place_of_an_older_one(sealed, tmp_path):
    path = tmp_path / sealed.name
    shutil.copytree(sealed, path)
    assert refused_or_fine(["report", "RUN"], path) == 0
    old = (path / "derived" / "report.html").stat().st_ino
    os.link(path / "derived" / "report.html", tmp_path / "kept")
    assert refused_or_fine(["report", "RUN"], path) == 0
    assert (path / "derived" / "report.html").stat().st_ino != old  # a new file: the other name keeps its own
    assert qc.verify(path)["ok"]


def test_a_line_and_a_folder_without_end_are_refused(sealed, runs_dir, monkeypatch):
    path = runs_dir / sealed.name
    shutil.copytree(sealed, path)
    (path / "seal.json").unlink()
    monkeypatch.setattr(files, "MAX_LINE", 1000)
    with (path / "counts.jsonl").open("ab") as file:
        file.truncate(file.tell() + 5000)  # zeros, and no line break
    status, out, err = call("report", str(path))
    assert (status, out) == (2, "")
    assert "a line of more than 1000 bytes" in err
    monkeypatch.setattr(files, "MAX_TOTAL", 1000)
    status, out, err = call("report", str(sealed))
    assert (status, out) == (2, "")
    assert "files of more than 1000 bytes" in err


def test_a_pipe_among_the_parts_of_a_sweep_keeps_nobody_waiting(runs_dir):
    command = ("sweep", "chsh", "--shots", "5", "--seeds", "1", "--workers", "1", "--runs", str(runs_dir))
    assert call(*command)[0] == 0
    (sweep,) = (path for path in runs_dir.iterdir() if path.name.startswith("sweep-"))
    os.mkfifo(sweep / ".c.partial")
    assert call(*command)[0] == 0


@pytest.mark.slow
def test_no_output_lands_among_the_files_of_a_run_or_a_sweep(sealed, runs_dir, tmp_path):
    command = ("sweep", "chsh", "--shots", "5", "--seeds", "1", "--workers", "1", "--runs", str(runs_dir))
    assert call(*command)[0] == 0
    (sweep,) = (path for path in runs_dir.iterdir() if path.name.startswith("sweep-"))
    bare = tmp_path / sweep.name  # by its name alone, and by its file alone
    bare.mkdir()
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(sweep / "sweep.json", other)
    run = tmp_path / sealed.name
    run.mkdir()
    for folder in (sweep, bare, other, run):
        for name in ("sweep.json", "new", "sub/new", "points.jsonl"):
            (folder / "sub").mkdir(exist_ok=True)
            place = folder / name
            before = everything(tmp_path)
            for option in (
                ["report", str(sealed), "--html", str(place)],
                ["export", str(sealed), "--csv", str(place)],
                ["compare", str(sealed), str(sealed), "--plot", str(place) + ".svg"],
                ["theory", "region", "example-1", "--network", "cascade", "--plot", str(place) + ".svg"],
            ):
                status, out, err = call(*option)
                assert (status, out) == (2, ""), option
                assert "lies in a record" in err
            assert everything(tmp_path) == before
