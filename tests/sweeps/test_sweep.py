"""Sweeps: every point once, whatever is interrupted; on a cluster the same counts; bad input before work."""

from __future__ import annotations

import json
import logging
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import qcoord_hw as qc
from qcoord_hw import api
from qcoord_hw.catalogue import load_spec
from qcoord_hw.errors import InputError, RecordError, TargetError
from qcoord_hw.execution import run_description, targets
from qcoord_hw.spec import spec_from_mapping
from qcoord_hw.sweeps import cluster, local, store, sweep, task
from qcoord_hw.sweeps.points import Grid
from qcoord_hw.sweeps.store import sweep_id
from tests.calls import call

EIGHT: dict[str, Any] = {
    "specs": ["chsh"],
    "targets": ["aer", "fake_manila"],
    "noise_scale": [0, 0.5, 1],
    "seeds": [1, 2],
    "shots": [20],
    "fields": {"blocks": [2]},
    "workers": 1,
}
"""Four targets (aer has no noise to scale) and two seeds."""

SCRIPT = "import json, sys; from qcoord_hw.sweeps import sweep; sweep(**json.loads(sys.argv[1]))"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The sweep of eight points, never interrupted."""
    return sweep(**EIGHT, runs=tmp_path_factory.mktemp("whole"))


class Here:
    """What looks like a worker process, and computes in this one: for tests of all that is around it."""

    ended = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def compute(self, given: dict[str, Any]) -> dict[str, Any]:
        return json.loads(json.dumps(task.attempt(json.loads(json.dumps(given)), self.folder)))

    def kill(self) -> None:
        pass

    close = kill


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process is started: each would import Qiskit for a point of milliseconds."""
    monkeypatch.setattr(local, "_Worker", Here)


def figures(found: dict[str, Any]) -> list[dict[str, Any]]:
    """What a sweep says, without where its runs are."""
    return [point | {"run": None} for point in found["points"]]


def counts(found: dict[str, Any]) -> list[Any]:
    return [qc.load_run(point["run"]).record.counts for point in found["points"]]


def runs_in(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.glob("*/intent.json"))


def written(folder: Path) -> dict[str, int]:
    """When each file of every sealed run was written."""
    files = [file for seal in folder.glob("*/seal.json") for file in seal.parent.rglob("*")]
    return {str(file): file.stat().st_mtime_ns for file in files}


def tear(run: Path, lines: int) -> None:
    """Leave a run as a process leaves it that is killed in the midst of a chunk."""
    (run / "seal.json").unlink()
    kept = (run / "counts.jsonl").read_bytes().split(b"\n")
    (run / "counts.jsonl").write_bytes(b"\n".join([*kept[:lines], kept[lines][:9]]))


def test_a_sweep_is_a_product(whole):
    assert whole["ok"]
    assert [whole[key] for key in ("computed", "finished", "already", "failed")] == [6 + 2, 0, 0, 0]
    points = whole["points"]
    asked = {(p["target"], p["noise_scale"], p["seed"], p["shots"]) for p in points}
    targets = [("aer", None), ("fake_manila_x0", 0), ("fake_manila_x0.5", 0.5), ("fake_manila", 1)]
    assert asked == {(*t, s, 20) for t in targets for s in (1, 2)}
    assert len({p["run"] for p in points}) == len(points) == 8
    for point in points[::3]:
        result = qc.load_run(point["run"])
        assert point["estimates"] == result.summary["estimates"]
        assert result.summary["shots"] == 4 * point["shots"]
        assert point["set"] == {"blocks": 2}
        assert result.record.intent["spec"]["blocks"] == 2


def test_a_point_is_what_run_makes(whole, runs_dir):
    point = next(p for p in whole["points"] if p["target"] == "fake_manila_x0.5" and p["seed"] == 2)
    alone = qc.run(
        qc.load_run(point["run"]).record.intent["spec"]["name"], target=point["target"], seed=2, shots=20
    )
    assert alone.record.counts != qc.load_run(point["run"]).record.counts  # eight blocks, and another spec
    again = qc.replay(point["run"])
    assert again.record.counts == qc.load_run(point["run"]).record.counts


def test_points_have_the_counts_of_single_runs_that_know_nothing_of_each_other(whole, runs_dir):
    for point in whole["points"]:
        found = qc.load_run(point["run"]).record
        for kept in (task._built, run_description.program_of, targets._placed):
            kept.cache_clear()
        built = api.Built.of(spec_from_mapping(found.intent["spec"], "recorded"))
        alone = qc.run(built, target=point["target"], seed=point["seed"], runs=runs_dir)
        assert alone.record.counts == found.counts


def test_a_further_seed_is_not_compiled_again(here, tmp_path, monkeypatch):
    compiled, compile_for = [], targets.compile_for
    monkeypatch.setattr(targets, "compile_for", lambda *given: compiled.append(1) or compile_for(*given))
    asked = EIGHT | {"targets": ["fake_manila"], "noise_scale": [1], "fields": {"blocks": [3]}}
    sweep(**asked | {"seeds": [1]}, runs=tmp_path)
    once = len(compiled)
    sweep(**asked | {"seeds": [2, 3]}, runs=tmp_path)
    assert len(compiled) == once > 0
    sweep(**asked | {"seeds": [2], "noise_scale": [0.5]}, runs=tmp_path)
    assert len(compiled) > once  # another calibration


def test_its_folder_is_a_folder_of_runs(whole):
    folder = Path(whole["sweep"])
    one, other = (Path(point["run"]).name for point in whole["points"][:2])
    assert [run["seed"] for run in qc.compare(one, other, runs=folder)["runs"]] == [1, 2]
    assert qc.load_run("latest", runs=folder).record.sealed
    with pytest.raises(RecordError, match="nothing fits 'latest'"):
        qc.load_run("latest", runs=folder.parent)  # a sweep is no run


@pytest.mark.slow
def test_kill_9_and_go_on(whole, tmp_path):
    """What was sealed stays, what was begun is finished, the rest is computed: all as if never killed."""
    asked = EIGHT | {"runs": str(tmp_path)}
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, json.dumps(asked)])
    folder = tmp_path / Path(whole["sweep"]).name
    while len(sealed := list(folder.glob("*/seal.json"))) < 3:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(json.loads((folder / "sweep.json").read_text())["points"]) == 8

    tear(sealed[0].parent, 3)
    (folder / ".20260101T000000Z-00000000-aer.0000.partial").mkdir()
    with store.computing(folder):  # once the workers are gone, too
        before, begun = written(folder), len(runs_in(folder))
        done = len(list(folder.glob("*/seal.json")))
    assert 2 <= done < 8
    assert done < begun <= done + 3
    found = sweep(**EIGHT, runs=tmp_path)
    assert (found["computed"], found["finished"], found["already"]) == (8 - begun, begun - done, done)
    after = written(folder)
    assert {file: after[file] for file in before} == before
    assert figures(found) == figures(whole)
    assert counts(found) == counts(whole)
    assert len(runs_in(folder)) == 8
    assert not list(folder.glob(".*"))

    assert sweep(**EIGHT, runs=tmp_path)["already"] == 8
    assert written(folder) == after


@pytest.fixture(scope="module")
def dask() -> Iterator[Any]:
    """A Dask cluster of this process, on the loopback."""
    distributed = pytest.importorskip("distributed")
    logging.getLogger("distributed").setLevel(logging.ERROR)
    with distributed.LocalCluster(
        n_workers=1,
        threads_per_worker=2,
        processes=False,
        protocol="tcp",
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
    ) as found:
        yield found


@pytest.mark.slow
def test_a_cluster_counts_the_same(whole, dask, tmp_path):
    found = sweep(**EIGHT, runs=tmp_path, dask=dask.scheduler_address)
    assert found["computed"] == 8
    assert counts(found) == counts(whole)
    assert figures(found) == figures(whole)
    assert not list(Path(found["sweep"]).glob(".*"))

    folder = Path(found["sweep"])
    first, second, *_ = runs_in(folder)
    tear(first, 2)
    shutil.rmtree(second)
    before = written(folder)
    again = sweep(**EIGHT, runs=tmp_path, dask=dask.scheduler_address)
    assert (again["computed"], again["finished"], again["already"]) == (1, 1, 6)
    assert counts(again) == counts(whole)
    assert {file: written(folder)[file] for file in before} == before


def test_a_point_that_fails_on_a_cluster_is_told(dask, tmp_path):
    found = sweep(
        ["ghz-6", "chsh"], targets="fake_manila", shots=[10], runs=tmp_path, dask=dask.scheduler_address
    )
    assert (found["ok"], found["computed"], found["failed"]) == (False, 1, 1)
    assert found["points"][0]["error"] == "target: fake_manila has 5 qubits; this experiment needs 6"
    assert found["points"][0]["exit_code"] == 2


def test_a_cluster_that_is_not_there(monkeypatch, tmp_path):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.3)
    with pytest.raises(
        TargetError, match=r"^dask: no scheduler answers at 'tcp://127.0.0.1:9'[^\n]*$"
    ) as found:
        sweep("chsh", runs=tmp_path, dask="tcp://127.0.0.1:9")
    assert found.value.exit_code == 3
    with pytest.raises(InputError, match=r"^dask: 'nowhere'[^\n]*; allowed is a scheduler such as tcp://"):
        sweep("chsh", runs=tmp_path, dask="nowhere")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install qcoord_hw\[dask\]"):
        sweep("chsh", runs=tmp_path, dask="tcp://127.0.0.1:9")
    assert not list(tmp_path.glob("*/*/seal.json"))


class Deserted:
    """The client of a cluster to which no worker ever comes."""

    def __init__(self, address, **options):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def submit(self, function, task, pure):
        return Future()

    def scheduler_info(self):
        return {"workers": {}}


def test_a_cluster_without_workers(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "distributed", SimpleNamespace(Client=Deserted))
    monkeypatch.setattr(cluster, "WORKER_SECONDS", 0.01)
    with pytest.raises(TargetError, match=r"^dask: the cluster at 'a:1' has no workers; start some, [^\n]*$"):
        sweep("chsh", runs=tmp_path, dask="a:1")


@pytest.mark.slow
def test_a_worker_that_dies_takes_its_point_alone(monkeypatch, tmp_path):
    compute, calls = local._Worker.compute, []

    def dying(worker, task):
        calls.append(task["seed"])
        if len(calls) == 2:
            worker.kill()
        return compute(worker, task)

    monkeypatch.setattr(local._Worker, "compute", dying)
    asked: dict[str, Any] = {"seeds": [1, 2, 3], "shots": [10], "runs": tmp_path}
    found = sweep("chsh", **asked, workers=1)
    assert [("error" in point) for point in found["points"]] == [False, True, False]
    assert (found["computed"], found["failed"]) == (2, 1)
    failed = found["points"][1]
    assert failed["exit_code"] == 3
    assert failed["error"].startswith("its worker process ended (signal 9); the same sweep again computes")
    again = sweep("chsh", **asked, workers=1)
    assert (again["ok"], again["computed"], again["already"]) == (True, 1, 2)


def test_a_worker_that_cannot_start_says_why(monkeypatch, tmp_path):
    monkeypatch.setitem(local.SETTINGS, "PYTHONHOME", str(tmp_path / "nowhere"))
    found = sweep("chsh", shots=[10], runs=tmp_path)
    assert found["points"][0]["error"].startswith("its worker process ended (status 1: ")
    assert found["points"][0]["exit_code"] == 3


@pytest.mark.usefixtures("here")
def test_one_process_at_a_time(monkeypatch, tmp_path):
    found = sweep("chsh", shots=[10], runs=tmp_path)
    monkeypatch.setattr(store, "PATIENCE", 0)
    said = r"^sweep sweep-[0-9a-f]{8}: another process is computing it; wait for it$"
    with store.computing(Path(found["sweep"])):
        with pytest.raises(RecordError, match=said):
            sweep("chsh", shots=[10], runs=tmp_path)
        with store.sharing(Path(found["sweep"])):  # its own workers are let in
            pass
    with store.sharing(Path(found["sweep"])), pytest.raises(RecordError, match=said):  # an orphan still works
        sweep("chsh", shots=[10], runs=tmp_path)


@pytest.mark.usefixtures("here")
def test_what_comes_twice_is_computed_once(tmp_path):
    found = sweep(
        ["chsh", load_spec("chsh")],
        targets=["fake_manila", "fake_manila_x1"],
        seeds=[1, 1],
        fields={"rounds": [1, 1]},
        shots=[10],
        runs=tmp_path,
    )
    assert (len(found["points"]), found["computed"]) == (1, 1)


@pytest.mark.usefixtures("here")
def test_without_seeds_the_sweep_has_one_of_its_own(tmp_path):
    found = sweep("chsh", shots=[10], workers=1, runs=tmp_path)
    assert found["points"][0]["seed"] == int(found["sweep"][-8:], 16)
    assert sweep_id(grid("chsh", shots=[10]).definition()) == found["sweep"][-8:]
    assert sweep_id(grid("chsh", shots=[11]).definition()) != found["sweep"][-8:]


@pytest.mark.usefixtures("here")
def test_options_of_the_search_reach_the_game_of_a_sweep(capsys, monkeypatch, tmp_path):
    from qcoord_hw.theory.games import quantum

    path, asked, search = tmp_path / "own.json", [], quantum.quantum_value
    win = [[[[1, 0], [0, 1]], [[1, 0], [0, 1]]], [[[1, 0], [0, 1]], [[0, 1], [0, 0]]]]
    path.write_text(json.dumps({"name": "own", "prob": [["1/4"] * 2] * 2, "win": win}))

    def searched(game, **how):
        asked.append(how)
        return search(game, seed=how["seed"], time_limit=0.1, dimension=1)

    monkeypatch.setattr(quantum, "quantum_value", searched)
    options = ("--shots", "10", "--workers", "1")
    folders = set()
    for more in ([], ["--seed", "9", "--dimension", "1", "--time-limit", "2"], ["--seed", "8"]):
        status, out, err = call(capsys, "sweep", path, *options, *more, "--json")
        assert status == 0, err
        folders.add(json.loads(out)["sweep"])
    assert [(one["seed"], one["dimension"], one["time_limit"]) for one in asked] == [
        (0, None, 15.0),
        (9, 1, 2.0),
        (8, None, 15.0),
    ]
    assert len(folders) == 3


def grid(spec: str, targets: str = "aer", **lists: Any) -> Grid:
    asked = {name: lists.pop(name, ()) for name in ("noise_scale", "seeds", "shots")}
    return Grid.of([spec], [targets], **asked, fields=lists)


def test_parameters_of_families():
    tasks = grid("example-1-f3", inputs=[2, 3], seeds=[1, 2]).points(0)
    asked = [(point.spec.options["inputs"], point.spec.options["inputs_seed"]) for point in tasks]
    assert asked == [(2, 1), (2, 2), (3, 1), (3, 2)]
    (state,) = grid("werner:visibility=1/3", network=["no-communication"]).points(0)
    assert state.spec.options["network"] == "no-communication"
    games = grid("chsh", "fake_manila", layout=[[0, 1], [3, 4]], blocks=[1, 2]).points(0)
    chosen = [(point.spec.blocks, point.spec.layout) for point in games]
    assert chosen == [(1, (0, 1)), (1, (3, 4)), (2, (0, 1)), (2, (3, 4))]
    rounds = grid("chsh", rounds=[1, 1.0, True])
    with pytest.raises(InputError, match="parameters.rounds: 1.0"):  # equal to 1, yet not what it is
        rounds.points(0)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"specs": "nowhere"}, "experiment: unknown 'nowhere'"),
        ({"specs": []}, "experiment: no value"),
        ({"specs": [7]}, "experiment: int"),
        ({"targets": []}, "targets: no value"),
        ({"targets": ["fake_nowhere"]}, "target: unknown 'fake_nowhere'"),
        ({"targets": ["ibm_torino"]}, "targets: ibm_torino is a real backend"),
        ({"targets": [3]}, "targets: int"),
        ({"noise_scale": [0.5]}, "noise-scale: 0.5; target aer has no noise model"),
        ({"targets": "fake_manila", "noise_scale": [10001]}, "noise-scale: 10001"),
        ({"seeds": [-1]}, "seed: -1"),
        ({"shots": [0]}, "shots: 0"),
        ({"shots": [10], "fields": {"shots": [10]}}, "shots: given twice"),
        ({"fields": {"nowhere": [1]}}, "parameters.nowhere: unknown"),
        ({"fields": {"name": ["x"]}}, "name: cannot be set"),
        ({"fields": {"rounds": []}}, "rounds: no value"),
        ({"fields": {"rounds": [1, 0]}}, "parameters.rounds: 0"),
        ({"fields": {"blocks": [True]}}, "blocks: True"),
        ({"fields": {"layout": [0]}}, "layout: 0; allowed are lists"),
        ({"fields": {"layout": [[0, 1]]}}, "layout: [0, 1]; target aer has no physical qubits"),
        ({"targets": "fake_manila", "fields": {"layout": [[0, 4]]}}, "layout: qubits 0 and 4"),
        ({"specs": "mac-n2", "fields": {"foo": [1]}}, "parameters.foo: "),
        ({"specs": "sum-2-f2", "fields": {"foo": [1]}}, "parameters.foo: unknown"),
        ({"seeds": range(10_001)}, "points: 10001; allowed are at most 10000"),
        ({"workers": 0}, "workers: 0"),
        ({"confidence": 1.5}, "confidence: 1.5"),
    ],
)
def test_bad_input_is_found_before_anything_runs(asked, said, tmp_path):
    with pytest.raises(InputError) as found:
        sweep(**({"specs": "chsh", "runs": tmp_path} | asked))
    assert str(found.value).startswith(said)
    assert "\n" not in str(found.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("here")
def test_a_damaged_sweep_is_refused(tmp_path):
    found = sweep("chsh", shots=[10], seeds=[1], runs=tmp_path)
    counts_file = Path(found["points"][0]["run"]) / "counts.jsonl"
    content = counts_file.read_text()
    counts_file.write_text(content.replace(":", ": ", 1))
    with pytest.raises(RecordError, match=r"counts.jsonl does not match the seal"):
        sweep("chsh", shots=[10], seeds=[1], runs=tmp_path)
    counts_file.write_text(content)
    assert sweep("chsh", shots=[10], seeds=[1], runs=tmp_path)["already"] == 1
    stated = Path(found["sweep"]) / "sweep.json"
    stated.write_text(stated.read_text().replace('"seed": 1', '"seed": 2', 1))
    with pytest.raises(RecordError, match="does not match its own checksum"):
        sweep("chsh", shots=[10], seeds=[1], runs=tmp_path)


@pytest.mark.usefixtures("here")
def test_the_command_prints_json(capsys):
    arguments = ["chsh", "--seeds", "1..2,7", "--shots", "10,20", "--set", "rounds=1,2", "--workers", 1]
    status, out, err = call(capsys, "sweep", *arguments, "--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert (found["ok"], found["computed"], len(found["points"])) == (True, 12, 12)
    assert {point["seed"] for point in found["points"]} == {1, 2, 7}
    assert {point["set"]["rounds"] for point in found["points"]} == {1, 2}


@pytest.mark.usefixtures("here")
def test_the_command_prints_a_table(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    arguments = ["chsh", "ghz-6", "--targets", "fake_manila", "--seeds", 1, "--shots", 10]
    status, out, err = call(capsys, "sweep", *arguments)
    assert status == 2
    assert "win probability" in out
    assert "FAILED: ghz-6 on fake_manila, shots 10, seed 1: target: fake_manila has 5 qubits" in out
    assert "2 points: 1 computed, 1 failed" in out
    assert err.startswith(
        "qcoord: error: sweep: 1 computed, 1 failed; ghz-6 on fake_manila, shots 10, seed 1: "
    )
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--seeds", "5..1"], "argument --seeds: '5..1'; allowed are ranges such as 1..20"),
        (["--seeds", "x"], "argument --seeds: 'x'; allowed are integers such as 1,2,5 or 1..20"),
        (["--shots", "1.5"], "argument --shots: '1.5'"),
        (["--noise-scale", "1,nan"], "argument --noise-scale: '1,nan'"),
        (["--set", "rounds"], "argument --set: 'rounds'; allowed is FIELD=VALUE"),
        (["--set", "layout=[0,1"], "argument --set: layout: '[0,1'; allowed are lists"),
        (["--set", "rounds=1", "--set", "rounds=2"], "set: rounds stands there twice"),
        (["--set", "rounds=1", "--rounds", "2"], "set: rounds stands there twice"),
        (["--dimension", "2"], "dimension: 2; allowed beside prob"),
        (["--seed", "-1"], "seed: -1; allowed are integers"),
        (["--set", "rounds=x"], "parameters.rounds: 'x'"),
    ],
)
def test_the_command_refuses_in_one_line(capsys, arguments, said):
    status, out, err = call(capsys, "sweep", "chsh", *arguments)
    assert (status, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


def test_values_of_a_field_are_what_they_look_like(capsys):
    from qcoord_hw.cli.sweep import _field

    assert _field("random-questions=true,false") == ("random_questions", [True, False])
    assert _field("x=1..3,-2,0.5,1/3,a b") == ("x", [1, 2, 3, -2, 0.5, "1/3", "a b"])
    assert _field("layout=[0,1],[[2,3],4]") == ("layout", [[0, 1], [[2, 3], 4]])


@pytest.mark.slow
def test_something_else_than_a_scheduler_is_not_waited_for(monkeypatch, tmp_path):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"tcp://127.0.0.1:{mute.getsockname()[1]}"
        with pytest.raises(TargetError, match=r"^dask: no scheduler answers at [^\n]*$"):
            sweep("chsh", runs=tmp_path, dask=address)


@pytest.mark.usefixtures("here")
def test_a_sweep_takes_links_for_all_its_points(tmp_path):
    links = {"Alice->Bob": {"depolarising": 0.2}}
    asked: dict[str, Any] = {"specs": "chsh", "shots": [1000], "runs": tmp_path, "workers": 1}
    found = sweep(**asked, links=links)
    (point,) = found.points
    estimate = point.estimates[0]
    assert estimate.low < 0.5 + 0.8 / 8**0.5 < estimate.high
    assert qc.load_run(point.run).record.intent["spec"]["links"] == links
    assert sweep(**asked).sweep != found.sweep
    with pytest.raises(InputError, match=r"links\.Bob->Alice: no such link here"):
        sweep(**asked, links={"Bob->Alice": {"depolarising": 0.2}})
