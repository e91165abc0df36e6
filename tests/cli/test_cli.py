"""The command line: its contract, its exits, and one line for every bad input."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import qcoord_hw as qc
from qcoord_hw.cli import main
from tests.calls import call, call_json

COS2 = 0.8535533905932737


def test_run_prints_the_contract(capsys):
    found = call_json(capsys, "run", "chsh", "--shots", 500, "--seed", 7)
    assert found["ok"] is True
    assert (found["experiment"], found["target"], found["seed"]) == ("chsh", "aer", 7)
    assert (found["shots"], found["copies"]) == (2000, 1)
    assert found["usage"] == {
        "Alice->Bob": {"qubits": 1, "log2_dim": 1, "bits": 0},
        "Alice->Charlie": {"qubits": 1, "log2_dim": 1, "bits": 0},
    }
    win, s = found["estimates"]
    assert (win["name"], s["name"]) == ("win_probability", "chsh_s")
    assert win["method"] == "clopper-pearson"
    assert win["confidence"] == 0.95
    assert win["theory"]["value"] == pytest.approx(COS2)
    assert win["bound"] == {"value": 0.75, "kind": "exact", "source": win["bound"]["source"]}
    assert win["verdict"] == "above"
    assert "i.i.d. local models only" in win["assumes"]
    assert 0 <= found["checks"]["no_signalling"]["p_value"] <= 1
    assert 0 <= found["checks"]["drift"]["p_value"] <= 1


@pytest.mark.few(3)
@pytest.mark.parametrize(
    ("name", "used"),
    [("chsh", [1, 1]), ("magic-square", [2, 2])] + [(f"ghz-{n}", [1] * n) for n in range(3, 7)],
)
def test_perfect_games_win_every_shot_and_usage_is_counted(capsys, name, used):
    found = call_json(capsys, "run", name, "--shots", 200, "--seed", 3)
    assert [link["qubits"] for link in found["usage"].values()] == used
    if name != "chsh":
        assert found["estimates"][0]["best"] == 1.0
        assert found["estimates"][0]["verdict"] == "above"


def test_chsh_at_full_confidence(capsys):
    found = call_json(capsys, "run", "chsh", "--shots", 20000, "--seed", 11, "--confidence", 0.9999)
    win = found["estimates"][0]
    assert win["low"] <= COS2 <= win["high"]
    assert win["verdict"] == "above"
    assert win["p_value"] < 1e-6


def test_sequential_game_has_its_worst_round(capsys):
    found = call_json(capsys, "run", "sequential-chsh", "--shots", 1000, "--seed", 5, "--confidence", 0.999)
    by_name = {e["name"]: e for e in found["estimates"]}
    assert found["copies"] == 8
    assert found["usage"]["Alice->Bob"]["qubits"] == 8
    worst = by_name["win_probability_min_round"]
    assert worst["low"] <= COS2 <= worst["high"]
    assert worst["best"] <= by_name["win_probability"]["best"]


@pytest.mark.few(2)
@pytest.mark.parametrize(
    ("name", "target", "least"),
    [
        ("chsh", "fake_torino", 0.835),
        ("chsh", "fake_fez", 0.843),
        ("chsh", "fake_marrakesh", 0.843),
        ("magic-square", "fake_torino", 0.95),
        ("magic-square", "fake_fez", 0.97),
        ("magic-square", "fake_marrakesh", 0.975),
    ],
)
def test_noise_models_reach_what_was_promised(capsys, name, target, least):
    found = call_json(capsys, "run", name, "--target", target, "--shots", 20000, "--seed", 1)
    by_name = {e["name"]: e for e in found["estimates"]}
    assert by_name["win_probability"]["best"] >= least
    assert by_name["win_probability"]["verdict"] == "above"
    assert by_name["win_probability_mitigated"]["best"] > by_name["win_probability"]["best"]
    size = {"chsh": 2, "magic-square": 4}[name]
    assert len(set(found["layout"])) == size


def test_the_same_seed_gives_the_same_counts(capsys):
    runs = [
        call_json(capsys, "run", "ghz-4", "--target", "fake_fez", "--shots", 300, "--seed", seed)["run"]
        for seed in (5, 5, 6)
    ]
    counts = [qc.load_run(run).record.counts for run in runs]
    assert counts[0] == counts[1] != counts[2]


@pytest.mark.slow
def test_counts_do_not_depend_on_threads(tmp_path):
    """One thread here, two in a process of its own, where they are set before anything is imported."""
    expected = qc.run("ghz-6", target="fake_torino", shots=400, seed=9).record.counts
    code = (
        "import qcoord_hw as qc\n"
        "r = qc.run('ghz-6', target='fake_torino', shots=400, seed=9)\n"
        "print({k: r.record.counts[k] for k in sorted(r.record.counts)})"
    )
    names = ("OMP_NUM_THREADS", "RAYON_NUM_THREADS", "OPENBLAS_NUM_THREADS", "QISKIT_NUM_PROCS")
    environment = os.environ | dict.fromkeys(names, "2") | {"QCOORD_RUNS": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == str({k: expected[k] for k in sorted(expected)}), done.stderr


def test_several_specs_are_one_json_object(capsys):
    found = call_json(capsys, "run", "chsh", "ghz-3", "--shots", 50, "--seed", 1)
    assert [run["experiment"] for run in found["runs"]] == ["chsh", "ghz-3"]


def test_nothing_runs_when_one_spec_is_wrong(capsys, runs_dir):
    status, out, _ = call(capsys, "run", "chsh", "nonsense", "--shots", 50)
    assert (status, out) == (2, "")
    assert not runs_dir.exists()


SPEC = 'name = "mine"\ntitle = "Mine"\nfamily = "nonlocal-game"\n[parameters]\ngame = "chsh"\n'


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (SPEC.replace("[param", "shotz = 3\n[param"), "shotz"),
        (SPEC.replace("[param", 'shots = "many"\n[param'), "shots"),
        (SPEC.replace("[param", "shots = true\n[param"), "shots"),
        (SPEC.replace("[param", "shots = 0\n[param"), "shots"),
        (SPEC.replace("[param", "blocks = -1\n[param"), "blocks"),
        (SPEC.replace("[param", "layout = 3\n[param"), "layout"),
        (SPEC.replace("[param", "layout = [1, 1]\n[param"), "layout"),
        (SPEC.replace("[param", 'layout = ["a"]\n[param'), "layout"),
        (SPEC.replace("[parameters]", 'parameters = "x"\n[other]'), "other"),
        (SPEC.replace('name = "mine"', "name = 3"), "name"),
        (SPEC.replace('name = "mine"', 'name = "../x"'), "name"),
        (SPEC.replace('title = "Mine"', "title = 3"), "title"),
        (SPEC.replace('title = "Mine"\n', ""), "title"),
        (SPEC.replace("nonlocal-game", "local-game"), "family"),
        (SPEC.replace('"chsh"', '"chess"'), "parameters.game"),
        (SPEC.replace('game = "chsh"', ""), "parameters.game"),
        (SPEC + "players = 3\n", "parameters.players"),
        (SPEC + "rounds = 0\n", "parameters.rounds"),
        (SPEC + "rounds = 1.5\n", "parameters.rounds"),
        (SPEC + "rounds = [1]\n", "parameters.rounds"),
        (SPEC.replace('"chsh"', '"ghz"\nplayers = 101'), "parameters.players"),
        (SPEC.replace('"chsh"', '"chsh'), "not valid TOML"),
        ("\x00", "not valid TOML"),
        (SPEC.replace("[param", "shots = " + "9" * 5000 + "\n[param"), "not valid TOML"),
        ("a = " + "[" * 5000, "not valid TOML"),
        (SPEC.replace("mine", "m" * 300), "name"),
        ("", "name is missing"),
    ],
)
def test_a_wrong_spec_names_the_field(capsys, tmp_path, runs_dir, content, field):
    path = tmp_path / "mine.toml"
    path.write_text(content)
    status, out, err = call(capsys, "run", path)
    assert (status, out) == (2, "")
    assert field in err
    assert err.count("\n") == 1
    assert not runs_dir.exists()


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (["run", "nonsense"], "experiment"),
        (["run", "missing.toml"], "missing.toml"),
        (["run", "chsh", "--target", "fake_nothing"], "target"),
        (["run", "chsh", "--target", "nothing"], "target"),
        (["play", "chsh", "--target", "nothing"], "target"),
        (["submit", "chsh"], "target"),
        (["submit", "chsh", "--target", "aer"], "target"),
        (["submit", "chsh", "--target", "fake_torino"], "target"),
        (["submit", "20260101", "--target", "ibm_torino"], "20260101"),
        (["submit", "latest"], "latest"),
        (["run", "chsh", "--jobs", "2"], "jobs"),
        (["run", "chsh", "--target", "fake_manila", "--twirling", "all"], "twirling"),
        (["run", "chsh", "--target", "ibm_torino", "--twirling", "some"], "twirling"),
        (["run", "chsh", "--target", "ibm_torino", "--noise-scale", "2"], "noise-scale"),
        (["run", "chsh", "--noise-scale", "2"], "noise-scale"),
        (["status", "nothing"], "nothing"),
        (["run", "chsh", "--shots", "0"], "shots"),
        (["run", "chsh", "--shots", "-5"], "shots"),
        (["run", "chsh", "--shots", "100000000000"], "shots"),
        (["run", "chsh", "--shots", "many"], "--shots"),
        (["run", "chsh", "--shots", "1e3"], "--shots"),
        (["run", "chsh", "--seed", "-1"], "seed"),
        (["run", "chsh", "--seed", "99999999999999999999"], "seed"),
        (["run", "chsh", "--confidence", "1"], "confidence"),
        (["run", "chsh", "--confidence", "0"], "confidence"),
        (["run", "chsh", "--confidence", "nan"], "confidence"),
        (["run", "chsh", "--confidence", "x"], "--confidence"),
        (["run", "chsh", "--target", "fake_armonk"], "fake_armonk has 1 qubits"),
        (["run", "ghz-6", "--target", "fake_manila"], "fake_manila has 5 qubits"),
        (["run", "chsh", "--frobnicate"], "--frobnicate"),
        (["run"], "SPEC"),
        (["dance"], "dance"),
        (["report", "nothing"], "run"),
        (["show", "chsh", "--circuit", "9"], "circuit"),
        (["compare", "latest"], "run"),
        (["report", "r" * 300], "run"),
        (["report", "a\x00b"], "run"),
        (["report", "a\nb"], "run"),
        (["run", "a\nb.toml"], "a b.toml"),
        (["run", "chsh", "--shots", "1_000"], "--shots"),
        (["run", "chsh", "--shots", "9" * 5000], "--shots"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(capsys, arguments, field):
    status, out, err = call(capsys, *arguments)
    assert (status, out) == (2, "")
    assert field in err
    assert err.count("\n") == 1
    assert "Traceback" not in err


def test_an_unwritable_folder_is_refused(capsys, tmp_path):
    (tmp_path / "file").write_text("")
    status, out, err = call(capsys, "run", "chsh", "--shots", 5, "--runs", tmp_path / "file")
    assert (status, out) == (2, "")
    assert "runs" in err
    path = qc.run("chsh", shots=5).path
    status, out, err = call(capsys, "report", path, "--html", tmp_path / "no" / "page.html")
    assert (status, out) == (2, "")
    assert "html" in err


def test_report_verify_replay_compare(capsys, tmp_path):
    first = call_json(capsys, "run", "chsh", "--shots", 400, "--seed", 1)
    reported = call_json(capsys, "report", first["run"])
    assert reported["estimates"] == first["estimates"]
    assert Path(reported["html"]).read_text().lower().startswith("<!doctype html>")
    assert call_json(capsys, "verify", first["run"], "--execute")["differs"] == []
    again = call_json(capsys, "replay", first["run"])
    assert again["run"] != first["run"]
    assert again["estimates"] == first["estimates"]
    other = call_json(capsys, "replay", first["run"], "--target", "fake_manila")
    assert other["target"] == "fake_manila"
    compared = call_json(capsys, "compare", first["run"], again["run"], other["run"])
    assert [d["best"] for d in compared["differences"] if d["run"] == again["run"]] == [0.0, 0.0]
    status, _, err = call(capsys, "compare", first["run"], qc.run("ghz-3", shots=5).path)
    assert status == 2
    assert "chsh, ghz-3" in err


def test_verify_says_what_differs_from_the_report(capsys):
    run = qc.run("chsh", shots=100, seed=4, confidence=0.9)
    main(["report", str(run.path), "--confidence", "0.9"])
    capsys.readouterr()
    assert call_json(capsys, "verify", run.path)["report"] == "compared"
    written = run.path / "derived" / "report.json"
    report = json.loads(written.read_text())
    report["estimates"][0]["best"] += 1e-9
    written.write_text(json.dumps(report))
    status, out, err = call(capsys, "verify", run.path)
    assert (status, out) == (2, "")
    assert "estimates[win_probability].best" in err
    assert err.count("\n") == 1


def test_list_and_show(capsys):
    names = [row["name"] for row in call_json(capsys, "list")["experiments"]]
    assert {"chsh", "magic-square", "ghz-3", "ghz-4", "ghz-5", "ghz-6", "sequential-chsh"} <= set(names)
    status, out, _ = call(capsys, "list")
    assert status == 0
    assert all(name in out for name in names)
    status, out, _ = call(capsys, "show", "magic-square")
    assert status == 0
    assert "Alice -> Bob: shared[0], shared[1] (now owned by Bob)" in out
    assert call_json(capsys, "show", "ghz-3")["usage"]["Alice->Dave"]["qubits"] == 1


def test_text_output_holds_the_figures(capsys):
    for command in (["run", "chsh", "--shots", "300", "--seed", "2"], ["report", "latest"]):
        status, out, _ = call(capsys, *command)
        assert status == 0
        assert "win_probability" in out
        assert "above" in out
        assert "loophole" in out


@pytest.mark.few(3)
@pytest.mark.parametrize(
    "command",
    [
        ["list"],
        ["targets"],
        ["runs"],
        [],
        ["--help"],
        ["run", "--help"],
        ["show", "mac-n2", "--parameters", "--help"],
    ],
)
def test_light_commands_load_neither_qiskit_nor_a_solver(command):
    code = (
        "import sys, qcoord_hw\n"
        "from qcoord_hw.cli import main\n"
        "try:\n"
        f"    main({command})\n"
        "except SystemExit:\n"
        "    pass\n"
        "heavy = {'qiskit', 'qiskit_aer', 'qiskit_ibm_runtime', 'scipy', 'matplotlib'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_run_on_a_snapshot_loads_neither_the_client_nor_a_solver(tmp_path):
    """A plugin of Qiskit's compiler would bring the client in, too."""
    code = (
        "import sys\n"
        "from qcoord_hw.cli import main\n"
        "main(['run', 'chsh', '--target', 'fake_manila', '--shots', '40'])\n"
        "heavy = {'qiskit_ibm_runtime', 'requests', 'scipy.stats', 'scipy.optimize', 'matplotlib'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
        "from qiskit.transpiler.preset_passmanagers.plugin import list_stage_plugins\n"
        "from importlib.metadata import entry_points\n"
        "offered = {point.name for point in entry_points(group='qiskit.transpiler.translation')}\n"
        "print(offered == set(list_stage_plugins('translation')))"
    )
    environment = os.environ | {"QCOORD_RUNS": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.splitlines()[-2:] == ["[]", "True"]


@pytest.mark.parametrize("moments", [(40,), pytest.param((0, 1, 200), marks=pytest.mark.slow)])
def test_kill_leaves_a_run_that_can_be_finished(tmp_path, capsys, moments):
    """kill -9 at several moments: what is there is sealed or unfinished; a second run works."""
    expected = qc.run("ghz-6", shots=8000, seed=2).record.counts
    command = [sys.executable, "-m", "qcoord_hw.cli", "run", "ghz-6", "--shots", "8000", "--seed", "2"]
    seen = set()
    for number, chunks in enumerate(moments):
        runs = tmp_path / str(number)
        process = subprocess.Popen(
            [*command, "--runs", str(runs)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while process.poll() is None:
            counts = next(iter(runs.glob("*/counts.jsonl")), None)
            if chunks == 0 and any(runs.glob("*")):
                break
            if chunks and counts is not None and counts.read_bytes().count(b"\n") >= chunks:
                break
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        for path in runs.glob("[0-9]*"):
            sealed = (path / "seal.json").exists()
            status, out, err = call(capsys, "report", path)
            assert status == 0, err
            assert ("UNFINISHED" in out) != sealed
            seen.add(sealed)
            assert call_json(capsys, "collect", path)["state"] == "sealed"
            assert qc.load_run(path).record.counts == expected
        assert qc.run("ghz-6", shots=8, seed=2, runs=runs).record.sealed
    assert False in seen, "every process had finished before it was killed"


@pytest.mark.slow
def test_interruption_leaves_a_run_that_collect_finishes(capsys, tmp_path):
    command = [sys.executable, "-m", "qcoord_hw.cli", "run", "ghz-6", "--shots", "8000", "--seed", "2"]
    process = subprocess.Popen(
        [*command, "--runs", str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    while process.poll() is None:
        if any(file.read_bytes().count(b"\n") >= 20 for file in tmp_path.glob("*/counts.jsonl")):
            process.send_signal(signal.SIGINT)
            break
        time.sleep(0.005)
    out, err = process.communicate()
    assert (process.returncode, out) == (130, b"")
    assert err.count(b"\n") == 1
    assert b"collect" in err
    unfinished = call_json(capsys, "report", "latest", "--runs", tmp_path)
    assert unfinished["state"] == "unfinished"
    assert unfinished["estimates"] == []
    assert call_json(capsys, "verify", call_json(capsys, "collect", "latest", "--runs", tmp_path)["run"])[
        "ok"
    ]
    expected = qc.run("ghz-6", shots=8000, seed=2).record.counts
    assert qc.load_run("latest", runs=tmp_path).record.counts == expected


def test_the_page_never_replaces_a_part_of_a_record(capsys):
    path = qc.run("chsh", shots=5, seed=1).path
    for name in ("counts.jsonl", "page.html", "circuits/000.qasm"):
        status, out, err = call(capsys, "report", path, "--html", path / name)
        assert (status, out) == (2, "")
        assert err.startswith("qcoord: error: html: ")
    assert call_json(capsys, "report", path, "--html", path / "derived" / "mine.html")["ok"]
    assert qc.load_run(path).record.sealed


@pytest.mark.parametrize("redirect", [">&-", ">/dev/full"])
def test_an_output_that_cannot_be_written_is_no_traceback(redirect):
    done = subprocess.run(
        f"{sys.executable} -m qcoord_hw.cli list {redirect}", shell=True, stderr=subprocess.PIPE, text=True
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == (2 if "full" in redirect else 0)


def test_signs_that_an_encoding_lacks_are_replaced():
    command = [sys.executable, "-m", "qcoord_hw.cli", "show", "chsh", "--circuit", "1"]
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert b"Charlie applies ry" in done.stdout
