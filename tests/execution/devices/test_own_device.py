"""`examples/own_device` beside the package: every command, new processes, kills, answers that are wrong."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import sysconfig
import venv
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import qcoord_hw as qc
from qcoord_hw import record
from qcoord_hw.cli import main
from qcoord_hw.errors import InputError, TargetError
from qcoord_hw.execution.devices import registry
from qcoord_hw.execution.devices.backends import BackendDevice
from qcoord_hw.execution.devices.base import Limits
from qcoord_hw.record import journal

HERE = Path(__file__).parent
TARGET = ("--target", "own:five_qubits")
PLAIN = (
    "from qiskit.providers.fake_provider import GenericBackendV2\n\n\ndef plain():\n"
    "    return GenericBackendV2(3, seed=1)\n"
)


@pytest.fixture(autouse=True)
def own(own_device, monkeypatch) -> dict[str, str]:
    monkeypatch.setattr("qcoord_hw.execution.submission.POLLS", (0.001,))
    return own_device


@pytest.fixture
def qcoord(capfd: pytest.CaptureFixture[str]) -> Any:
    """Runs a command in this process and returns its exit status, its object, and what it said."""

    def call(*arguments: str) -> tuple[int, Any, str]:
        capfd.readouterr()
        status = main([*arguments, "--json"])
        out, said = capfd.readouterr()
        return status, json.loads(out) if out else None, said

    return call


def tags(folder: str | Path) -> Counter[str]:
    """Return how many jobs the vendor has with each tag."""
    found: Counter[str] = Counter()
    for path in Path(folder).iterdir():
        if not path.name.startswith("."):
            results = json.loads(path.read_text())["results"]
            (tag,) = {one["header"]["metadata"]["qcoord"] for one in results}
            found[tag] += 1
    return found


@pytest.mark.slow
def test_from_submission_to_verdict_in_new_processes(own):
    def qcoord(*arguments: str) -> Any:
        program = [sys.executable, "-m", "qcoord_hw.cli", *arguments, "--json"]
        ended = subprocess.run(program, env=own, capture_output=True, text=True, check=False)
        assert (ended.returncode, ended.stderr) == (0, "")
        return json.loads(ended.stdout)

    sent = qcoord("submit", "chsh", *TARGET, "--shots", "400", "--seed", "3", "--jobs", "2")
    assert (sent["state"], sent["estimates"], sent["kind"]) == ("unfinished", [], "device")
    assert [job["state"] for job in sent["jobs"]] == ["queued", "queued"]
    (asked,) = qcoord("status")["runs"]
    assert [job["state"] for job in asked["jobs"]] == ["done", "done"]
    (found,) = qcoord("collect")["runs"]
    assert (found["state"], found["shots"]) == ("sealed", 1600)
    assert found["estimates"][0]["verdict"] == "above"
    assert found["known_answer"]["observed"] == found["known_answer"]["expected"]
    assert found["cautions"] == []
    assert set(tags(own["OWN_DEVICE_JOBS"]).values()) == {1}
    assert qc.verify(found["run"])["ok"]


def killed(installed: list[str], folder: Path, every: int, *others: str) -> list[dict[str, Any]]:
    program = [sys.executable, str(HERE / "killed_own.py"), str(folder), str(every), *others]
    alone = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")  # it forks
    path = os.pathsep.join([str(HERE.parents[2]), *installed])
    environment = os.environ | alone | {"PYTHONPATH": path}
    ended = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    found = [json.loads(line) for line in ended.stdout.splitlines()]
    for attempt in found:
        place = folder / f"{attempt['series']}-{attempt['at']}" / "device"
        attempt["vendor"] = tags(place) if place.exists() else Counter()
    return found


def check(attempts: list[dict[str, Any]]) -> None:
    """Check that nothing is lost or counted twice, and that each duplicate is named."""
    for attempt in attempts:
        name = (attempt["series"], attempt["at"], attempt["where"], attempt["words"])
        assert attempt["collects"] == [0], name
        if attempt["runs"] == 0:  # it died before there was anything to keep
            continue
        assert attempt["sealed"], name
        planned = {int(chunk): shots for chunk, shots in attempt["planned"].items()}
        assert sorted(map(tuple, attempt["counted"])) == sorted(planned.items()), name
        served = Counter(chunk for _, state, chunks in attempt["jobs"].values() for chunk in set(chunks))
        assert set(served.values()) == {1}, name
        for tag in attempt["jobs"]:
            assert 1 <= attempt["vendor"][tag] <= 1 + attempt["duplicates"].get(tag, 0), name
        assert sum(attempt["duplicates"].values()) <= 1, name  # it was interrupted once
    assert len({attempt["where"] for attempt in attempts if attempt["status"] < 0}) > 2


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--every-edge",)], ids=["one pair", "every edge"])
def test_killed_at_every_point(installed, tmp_path, options):
    attempts = killed(installed, tmp_path, 1, *options)
    check(attempts)
    twice = [attempt for attempt in attempts if max(attempt["vendor"].values(), default=0) == 2]
    doubtful = [attempt for attempt in attempts if attempt.get("duplicates")]
    assert 0 < len(twice) < len(doubtful)  # whether it had begun to run cannot be known


@pytest.mark.few(("edges",))
@pytest.mark.parametrize("every_edge", [False, True], ids=["pair", "edges"])
def test_a_duplicate_is_named(qcoord, monkeypatch, every_edge):
    def dies(*arguments: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(journal, "mark_sent", dies)
        with pytest.raises(KeyboardInterrupt):
            qc.submit("chsh", target="own:five_qubits", shots=400, seed=1, every_edge=every_edge)
    status, found, _ = qcoord("collect")
    assert status == 0
    (run,) = found["runs"]
    assert run["state"] == "sealed"
    assert [job["duplicates"] for job in run["jobs"]] == [1]
    (caution,) = run["cautions"]
    assert "own:five_qubits cannot be searched for it" in caution
    assert "at most 1" in caution
    assert sorted(tags(os.environ["OWN_DEVICE_JOBS"]).values()) == [2]


def test_where_a_vendor_can_be_searched_there_is_no_duplicate(monkeypatch):
    backend = registry.connect("own:five_qubits").backend

    def find(tag: str) -> list[str]:
        return [path.name for path in backend.folder.iterdir() if f'"{tag}"' in path.read_text()]

    device = BackendDevice(backend, "own:five_qubits", find=find)
    with monkeypatch.context() as patch:
        patch.setattr(journal, "mark_sent", lambda *a: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            qc.submit("chsh", target=device, shots=400, seed=1)
    result = qc.collect("latest", target=device)
    assert result.record.sealed
    assert [job["duplicates"] for job in result.summary["jobs"]] == [0]
    assert set(tags(os.environ["OWN_DEVICE_JOBS"]).values()) == {1}


def test_run_and_plan(qcoord):
    status, plan, _ = qcoord("plan", "chsh", *TARGET, "--shots", "400")
    assert (status, plan["target"], plan["jobs"], plan["known_answer"]) == (0, "own:five_qubits", 1, 50)
    assert plan["executions"] == 1650
    assert plan["expected.kind"] == "noise model"
    status, run, said = qcoord("run", "chsh", *TARGET, "--shots", "400", "--seed", "1")
    assert (status, run["state"], said) == (0, "sealed", "")
    assert abs(run["estimates"][0]["best"] - plan["expected"]) < 0.06


@pytest.mark.few(("ghz-4", "sum-2-f2", "two-node-n1"))
@pytest.mark.parametrize("experiment", ["ghz-4", "sum-2-f2", "sum-4-f2", "two-node-n1"])
def test_families(experiment):
    result = qc.run(experiment, target="own:five_qubits", shots=32, seed=2)
    assert result.record.sealed
    assert result.estimates
    for job in result.record.jobs:
        assert job.state == journal.COLLECTED


def test_tiles():
    result = qc.run("chsh", target="own:five_qubits", shots=200, seed=2, options={"tiles": 2})
    layouts = [tile["layout"] for tile in result.summary["tiles"]]
    assert len({q for layout in layouts for q in layout}) == 4
    assert [tile["estimates"][0]["verdict"] for tile in result.summary["tiles"]] == ["above", "above"]


def test_links_over_tiles_in_steps(qcoord, tmp_path):
    """Patterns of gates on both tiles at once: at probability 1 a Z on Bob's half, which turns his pair."""
    (tmp_path / "links.toml").write_text('["Alice->Bob"]\ndephasing = 1\n')
    links = ("--links", str(tmp_path / "links.toml"))
    shots = ("--shots", "200", "--tiles", "2")
    status, sent, _ = qcoord("submit", "chsh", *TARGET, *links, *shots, "--seed", "2")
    assert (status, sent["state"], sent["links"]["by"]) == (0, "unfinished", "noise model of the calibration")
    status, found, _ = qcoord("collect", sent["run"])
    assert (status, found["state"]) == (0, "sealed")
    assert found["links"]["patterns"]["patterns"] == [{"pattern": "Z", "shots": 800}]
    wins = [tile["estimates"][0]["best"] for tile in found["tiles"]]
    assert wins == pytest.approx([found["links"]["expected"]] * 2, abs=0.07)
    assert qc.verify(sent["run"])["ok"]


def recounted(run: record.RunRecord, folder: str) -> dict[tuple[int, int], Counter[str]]:
    """Return the counts of each pair and setting, from the vendor's files, journal and layouts alone."""
    target, setting = run.intent["target"], {chunk["id"]: chunk["setting"] for chunk in run.intent["plan"]}
    batch = [place["batch"] for place in (target, *target["tiles"])]
    each = len(run.intent["plan"]) // len(batch)
    found: dict[tuple[int, int], Counter[str]] = {}
    for job in run.jobs:
        assert job.id is not None
        results = json.loads((Path(folder) / job.id).read_text())["results"]
        for chunk, one in zip(job.chunks, results, strict=False):  # behind them that whose answer is known
            beside = [k for k, own in enumerate(batch) if own == batch[chunk // each]]
            for word, n in one["data"]["counts"].items():
                bits = f"{int(word, 16):0{one['header']['memory_slots']}b}"[::-1]
                assert len(bits) == 2 * len(beside)
                for place, pair in enumerate(beside):
                    own = found.setdefault((pair, setting[chunk]), Counter())
                    own[bits[2 * place : 2 * place + 2]] += n
    return found


def test_every_edge(qcoord, own, tmp_path):
    """Each batch is sent as circuits of its own; what its pairs counted is theirs; the bill was right."""
    order = ("chsh", *TARGET, "--every-edge", "--shots", "400", "--seed", "3")
    bill = qcoord("plan", *order, "--jobs", "3")[1]["edges"]
    status, sent, _ = qcoord("submit", *order, "--jobs", "3")
    assert (status, sent["state"], sent["estimates"]) == (0, "unfinished", [])
    assert [job["state"] for job in qcoord("status", sent["run"])[1]["jobs"]] == ["done"] * 3
    status, found, _ = qcoord("collect", sent["run"])
    assert (status, found["state"]) == (0, "sealed")
    run = record.read(Path(found["run"]))
    executions = sum((len(job.chunks) + job.known_answer) * job.shots for job in run.jobs)
    assert (bill["jobs"], bill["executions"]) == (len(run.jobs), executions)
    assert executions == 2 * 4 * 400 + 50  # two batches, and the circuit whose answer is known
    counted: dict[tuple[int, int], Counter[str]] = {}
    for chunk in run.plan:
        counted.setdefault((chunk.tile, chunk.setting), Counter()).update(run.counts[chunk.id])
    assert counted == recounted(run, own["OWN_DEVICE_JOBS"])
    edges = found["edges"]
    assert [sorted(pair["qubits"]) for pair in edges["pairs"]] == [[0, 1], [1, 2], [2, 3], [3, 4]]
    assert (edges["batches"], edges["largest"]["pairs"]) == (2, [[0, 1], [1, 2], [2, 3], [3, 4]])
    assert qc.verify(run.path)["ok"]
    qc.export_csv(run.path, tmp_path / "counts.csv")
    with (tmp_path / "counts.csv").open() as file:
        assert {row["job"] for row in csv.DictReader(file)} == {job.id for job in run.jobs}
    compared = qc.compare(run.path, qc.replay(run.path, target="fake_manila")).edges
    assert compared["couplings"] == 4


def test_what_cannot_run_on_every_edge_of_a_device_sends_nothing(qcoord, own, monkeypatch, tmp_path):
    (tmp_path / "links.toml").write_text('["Alice->Bob"]\ndephasing = 0.1\n')
    refused = {
        ("chsh", "--links", str(tmp_path / "links.toml")): "links: stated for every edge of target own:five",
        ("ghz-3",): "every-edge: circuits of 3 qubits; allowed are circuits of two qubits",
        ("chsh", "--tiles", "2"): "tiles: 2; with every-edge allowed is none",
        ("chsh", "--layout", "0,1"): "layout: [0, 1]; with every_edge allowed is none",
    }
    for arguments, says in refused.items():
        status, _, said = qcoord("submit", *arguments, *TARGET, "--every-edge")
        assert (status, said.count("\n")) == (2, 1)
        assert says in said
    device = registry.connect("own:five_qubits")
    device.takes = ()
    with pytest.raises(InputError, match="every-edge: not on target own:five_qubits, which runs"):
        qc.submit("chsh", target=device, every_edge=True)
    monkeypatch.setattr(type(device.backend.target), "build_coupling_map", lambda self: None)
    with pytest.raises(InputError, match="every-edge: own:five_qubits states no couplings"):
        qc.submit("chsh", target="own:five_qubits", every_edge=True)
    assert not list(record.every(record.runs_folder(None)))
    assert not tags(own["OWN_DEVICE_JOBS"])


def test_many_small_jobs(monkeypatch):
    device = registry.connect("own:five_qubits")
    device.limits = Limits(circuits=1, shots=60)
    result = qc.run("chsh", target=device, shots=400, seed=2)
    assert len(result.record.jobs) == 33  # 4 settings in 8 blocks, and the circuit whose answer is known
    assert [job.known_answer for job in result.record.jobs] == [True] + [False] * 32
    with pytest.raises(InputError, match=r"shots: 63 of one circuit in a block; allowed in a job are 60"):
        qc.run("chsh", target=device, shots=504)


def test_a_wrong_answer_is_not_counted(qcoord, monkeypatch):
    import own_device

    usual = own_device.FolderJob.result

    def reversed_bits(job: Any) -> Any:
        result = usual(job)
        for one in result.results:
            width, counts = one.header["memory_slots"], one.data.counts
            one.data.counts = {hex(int(f"{int(k, 16):0{width}b}"[::-1], 2)): n for k, n in counts.items()}
        return result

    monkeypatch.setattr(own_device.FolderJob, "result", reversed_bits)
    status, _, said = qcoord("run", "chsh", *TARGET, "--shots", "400", "--jobs", "2")
    assert status == 3
    assert "to the circuit whose answer is" in said
    run = record.read(record.find("latest", record.runs_folder(None)))
    assert not run.counts
    assert [job.state for job in run.jobs] == [journal.FAILED, journal.COLLECTED]
    for _ in range(2):
        assert qcoord("collect", "latest")[1]["estimates"] == []
    assert len(record.read(run.path).notes) == 1
    monkeypatch.setattr(own_device.FolderJob, "result", usual)
    assert qcoord("submit", "latest")[0] == 0
    assert qcoord("collect", "latest")[1]["state"] == "sealed"
    assert Counter(job.state for job in record.read(run.path).jobs) == {"failed": 1, "collected": 2}


@pytest.mark.few(1)
@pytest.mark.parametrize("lost", ["job", "vendor", "module"])
def test_what_is_gone_is_one_line(qcoord, own, tmp_path, monkeypatch, lost):
    (tmp_path / "mylab.py").write_text(
        "from own_device import connect\n\n\ndef five():\n    return connect('five_qubits')\n"
    )
    target = "mylab:five" if lost == "module" else "own:five_qubits"
    status, sent, _ = qcoord("submit", "chsh", "--target", target, "--shots", "400")
    assert status == 0
    if lost == "job":
        for path in Path(own["OWN_DEVICE_JOBS"]).iterdir():
            path.unlink()
        status, found, said = qcoord("status", sent["run"])
        assert (status, [job["state"] for job in found["jobs"]]) == (0, ["unreadable"])
        assert "knows no job" in found["jobs"][0]["reason"]
        return
    (tmp_path / "mylab.py").unlink()
    sys.modules.pop("mylab", None)
    monkeypatch.setattr(registry, "_entry_point", lambda name: None)
    if lost == "vendor":  # nothing that is left is called by the name of the vendor that is gone
        monkeypatch.setattr("qcoord_hw.execution.devices.typed._HERE", {"own:five_qubits"})
    for command in ("status", "collect"):
        status, found, said = qcoord(command, sent["run"])
        assert (status, found, said.count("\n")) == (3, None, 1), said
        assert "no package offers a vendor" in said
        assert "the run was begun there, and is kept" in said


def test_options_that_the_device_does_not_take(qcoord):
    for option, value in (("--twirling", "all"), ("--dynamical-decoupling", "XX"), ("--mode", "batch")):
        status, _, said = qcoord("submit", "chsh", *TARGET, option, value)
        assert status == 2
        assert (
            f"{option[2:].replace('-', '_')}: not on target own:five_qubits; allowed are jobs, tiles" in said
        )
    assert not list(record.every(record.runs_folder(None)))


def test_a_backend_without_such_jobs_runs_at_once(qcoord, tmp_path):
    (tmp_path / "mylab.py").write_text(PLAIN)
    status, run, _ = qcoord("run", "chsh", "--target", "mylab:plain", "--shots", "80")
    assert (status, run["state"], run["kind"], run["target"]) == (0, "sealed", "backend", "mylab:plain")
    status, _, said = qcoord("submit", "chsh", "--target", "mylab:plain")
    assert status == 2
    assert "cannot be found again by their ids" in said
    assert len(list(record.every(record.runs_folder(None)))) == 1
    assert qcoord("plan", "chsh", "--target", "mylab:plain", "--shots", "80")[0] == 0


def test_a_run_at_once_that_was_interrupted_is_finished_by_its_name(qcoord, tmp_path, monkeypatch):
    (tmp_path / "mylab.py").write_text(PLAIN)
    with monkeypatch.context() as patch:
        patch.setattr(record, "seal", lambda path, begun: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            qc.run("chsh", target="mylab:plain", shots=80)
    found = record.read(record.find("latest", record.runs_folder(None)))
    assert found.how_to_finish == "`qcoord collect` finishes it"
    assert qcoord("collect", "latest")[1]["state"] == "sealed"


def test_submit_needs_the_device_on_which_the_run_began(qcoord):
    qcoord("submit", "chsh", *TARGET, "--shots", "80")
    status, _, said = qcoord("submit", "latest", "--target", "own:other")
    assert status == 2
    assert "was begun on own:five_qubits" in said
    with pytest.raises(InputError, match="can only go on there"):
        qc.collect("latest", target="ibm_torino")


ECHO = """
import os

import own_device


def five():
    backend = own_device.connect("five_qubits")
    backend.run = raises
    return backend


def raises(*arguments, **options):
    raise RuntimeError(f"{os.environ['MYLAB_TOKEN']} was refused: Bearer abc.def; eyJx.eyJy.z")


def login():
    raises()
"""


@pytest.mark.parametrize("callable_", ["five", "login"])
def test_no_secret_of_the_environment_is_told_or_written(qcoord, tmp_path, monkeypatch, callable_):
    monkeypatch.setenv("MYLAB_TOKEN", "s3cr3t-t0ken")
    (tmp_path / "mylab.py").write_text(ECHO)
    status, _, said = qcoord("submit", "chsh", "--target", f"mylab:{callable_}", "--shots", "400")
    assert (status, said.count("\n")) == (3, 1)
    assert "*** was refused: ***; ***" in said
    (run,) = record.every(record.runs_folder(None))
    assert "*** was refused" in record.read(run).stopped
    for path in run.rglob("*"):
        assert path.is_dir() or b"s3cr3t" not in path.read_bytes()


def test_a_device_of_python_is_a_target():
    device = qc.BackendDevice(registry.connect("own:five_qubits").backend, "here")
    assert isinstance(device, qc.Device)
    result = qc.submit("chsh", target=device, shots=80)
    assert result.record.intent["target"]["name"] == "here"
    assert qc.plan("chsh", target=device)["target"] == "here"
    assert qc.status(result.path, target=device).summary["jobs"][0]["state"] == "done"
    assert qc.collect(result.path, target=device).record.sealed
    with pytest.raises(TargetError):
        qc.BackendDevice(object())


@pytest.mark.slow
def test_installed_in_a_fresh_environment(own, tmp_path):
    place = tmp_path / "environment"
    venv.create(place, with_pip=True)
    python = place / ("Scripts" if os.name == "nt" else "bin") / "python"
    clean = {name: value for name, value in own.items() if name != "PYTHONPATH"}

    def call(*arguments: str | Path) -> str:
        ended = subprocess.run(
            [str(python), *map(str, arguments)],
            env=clean,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    site = Path(call("-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    call(
        "-m",
        "pip",
        "-q",
        "install",
        "--no-deps",
        HERE.parents[2],
        HERE.parents[2] / "examples" / "own_device",
    )
    code = "import qcoord_hw, own_device; print(qcoord_hw.__file__, own_device.__file__)"
    assert all(str(site) in path for path in call("-c", code).split())
    sent = json.loads(call("-m", "qcoord_hw.cli", "submit", "chsh", *TARGET, "--shots", "400", "--json"))
    assert sent["state"] == "unfinished"
    call("-m", "qcoord_hw.cli", "status")
    (found,) = json.loads(call("-m", "qcoord_hw.cli", "collect", "--json"))["runs"]
    assert found["state"] == "sealed"


@pytest.mark.slow
def test_a_sweep_sends_and_waits(qcoord):
    arguments = ("sweep", "chsh", "--targets", "aer,own:five_qubits", "--shots", "80", "--seeds", "1")
    status, found, said = qcoord(*arguments)
    assert (status, said) == (0, "")
    assert [point["target"] for point in found["points"]] == ["aer", "own:five_qubits"]
    assert [point["noise_scale"] for point in found["points"]] == [None, None]
    assert qcoord(*arguments)[0] == 0  # everything is there
    assert set(tags(os.environ["OWN_DEVICE_JOBS"]).values()) == {1}
    status, _, said = qcoord("sweep", "chsh", "--targets", "own:five_qubits", "--noise-scale", "2")
    assert (status, said.count("\n")) == (2, 1)
    status, _, said = qcoord("sweep", "chsh", "--targets", "nobody:x")
    assert status == 2
    assert "no package offers a vendor 'nobody'" in said
