"""A family of another package, `examples/own_family`, works wherever ours do; an incomplete one does not."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import qcoord_hw as qc
from qcoord_hw import cli, registry
from qcoord_hw.errors import InputError
from qcoord_hw.spec import ExperimentSpec

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "own_family"
PROJECT = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
MODULE = "qcoord_superdense"
NAME, FAMILY = "superdense", "superdense-coding"


def install(folder, points=None):
    """Put a package beside ours as pip would: its module and what it says of its entry points."""
    points = PROJECT["entry-points"]["qcoord_hw.families"] if points is None else points
    info = folder / f"{PROJECT['name'].replace('-', '_')}-{PROJECT['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {PROJECT['name']}\nVersion: 1\n")
    lines = [f"{name} = {value}" for name, value in points.items()]
    (info / "entry_points.txt").write_text("\n".join([f"[{registry.GROUP}]", *lines, ""]))
    shutil.copy(EXAMPLE / f"{MODULE}.py", folder)


def forget():
    """Let the registry look for packages anew."""
    for found in (registry._entry_points, registry._outside):
        found.cache_clear()
    sys.modules.pop(MODULE, None)


@pytest.fixture
def beside(tmp_path, monkeypatch):
    """Give a folder on the path of modules; the registry forgets it afterwards."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(folder), os.getenv("PYTHONPATH")])))
    forget()
    yield folder
    forget()


def said(capsys, *arguments):
    assert cli.main([*map(str, arguments)]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def test_the_example_is_short_and_names_nothing_of_ours():
    code = (EXAMPLE / f"{MODULE}.py").read_text()
    assert len(code.splitlines()) <= 90
    ours = [path for path in (ROOT / "qcoord_hw").rglob("*.py") if FAMILY in path.read_text()]
    assert ours == []


def test_every_command_works(beside, tmp_path, capsys):
    install(beside)
    listed = {row["name"]: row for row in said(capsys, "list", "--json")["experiments"]}
    assert (listed[NAME]["family"], listed["chsh"]["family"]) == (FAMILY, "nonlocal-game")
    assert cli.main(["list"]) == 0
    assert "Two bits in one qubit" in capsys.readouterr().out
    shown = said(capsys, "show", NAME, "--json")
    assert (shown["settings"], shown["usage"]["Alice->Bob"]["qubits"]) == (4, 1)
    planned = said(capsys, "plan", NAME, "--target", "fake_manila", "--shots", 50, "--json")
    assert planned["figure"] == "message_probability"
    assert 0.9 < planned["expected"] < 1
    runs = []
    for target in ("aer", "fake_manila"):
        run = said(capsys, "run", NAME, "--target", target, "--shots", 50, "--seed", 1, "--json")
        (estimate,) = run["estimates"]
        assert (estimate["verdict"], estimate["headline"]) == ("above", True)
        assert estimate["bound_label"] == "bound without entanglement"
        runs.append(run["run"])
    page = Path(said(capsys, "report", runs[1], "--json")["html"])
    assert "Message read right" in page.read_text()
    plot = tmp_path / "figure.svg"
    compared = said(capsys, "compare", *runs, "--plot", plot, "--json")
    assert [row["name"] for row in compared["differences"]] == ["message_probability"]
    assert plot.exists()
    table = tmp_path / "counts.csv"
    said(capsys, "export", *runs, "--csv", table, "--json")
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert {row["label"] for row in rows} == {"00", "01", "10", "11"}
    right = sum(
        int(row["count"]) for row in rows if row["outcome"] == row["label"] and row["target"] == "aer"
    )
    assert right == 200
    swept = said(capsys, "sweep", NAME, "--set", "pairs=1,2", "--shots", 5, "--seeds", 1, "--json")
    assert [point["set"]["pairs"] for point in swept["points"]] == [1, 2]
    assert [point["estimates"][0]["bound"]["value"] for point in swept["points"]] == [0.5, 0.25]
    assert said(capsys, "verify", runs[1], "--execute", "--json")["ok"]
    again = said(capsys, "replay", runs[1], "--json")
    assert again["estimates"] == said(capsys, "report", runs[1], "--json")["estimates"]
    for words in (
        ["run", NAME, "--shots", "20"],
        ["report", runs[0]],
        ["run", NAME, "chsh", "--shots", "20"],
    ):
        assert cli.main(words) == 0
        assert "bound" in capsys.readouterr().out
    assert cli.main(["run", NAME, "--shots", "1", "--runs", str(tmp_path)]) == 0
    qc.load_run(runs[0]).plot()


def test_wrong_parameters_are_refused(beside, capsys):
    install(beside)
    with pytest.raises(InputError, match=r"parameters\.pairs: 3; allowed are integers from 1 to 2"):
        qc.run(NAME, parameters={"pairs": 3})
    with pytest.raises(InputError, match="parameters.other: unknown"):
        qc.run(NAME, parameters={"other": 1})


WHOLE = f"from {MODULE} import SuperdenseCoding as Whole\n"
INCOMPLETE = {
    "no module": ("", "nothing_there:Family", "cannot be loaded (ModuleNotFoundError"),
    "no object": ("", "broken:Family", "cannot be loaded (AttributeError"),
    "an error at import": ("1 / 0\n", "broken:Family", "cannot be loaded (ZeroDivisionError"),
    "no family": ("Family = 3\n", "broken:Family", "is a int; allowed is"),
    "abstract": (
        "from qcoord_hw.families.base import Family as Base\n"
        "class Family(Base):\n    name = kind = 'own'\n    parameters = ()\n    def build(self, spec): ...\n",
        "broken:Family",
        "abstract method",
    ),
    "another name": (WHOLE + "class Family(Whole):\n    name = 'other'\n", "broken:Family", "name: 'other'"),
    "no kind": (
        WHOLE + "class Family(Whole):\n    name, kind = 'own', None\n",
        "broken:Family",
        "kind: None",
    ),
    "our kind": (
        WHOLE + "class Family(Whole):\n    name, kind = 'own', 'game'\n",
        "broken:Family",
        "'game' is",
    ),
    "wrong parameters": (
        WHOLE + "class Family(Whole):\n    name = 'own'\n    parameters = 'n'\n",
        "broken:Family",
        "parameters: 'n'; allowed is a tuple",
    ),
    "no method": (
        WHOLE + "class Family(Whole):\n    name = 'own'\n    view = 3\n",
        "broken:Family",
        "view: is no",
    ),
}
BUILDS = {
    "nothing": ("def build(self, spec): ...", "returned NoneType"),
    "another kind": (
        "kind = 'another'\n    def scoring(self, play): ...",
        "play.kind: 'superdense-coding'; allowed are",
    ),
}


@pytest.mark.parametrize("fault", INCOMPLETE)
def test_an_incomplete_family_is_refused_before_anything_is_executed(fault, beside, tmp_path, capsys):
    code, where, words = INCOMPLETE[fault]
    install(beside, {"own": where})
    (beside / "broken.py").write_text(code)
    spec = tmp_path / "own.toml"
    spec.write_text('name = "x"\ntitle = "x"\nfamily = "own"\n')
    try:
        for command in (["run", spec], ["plan", spec], ["show", spec], ["list"]):
            assert cli.main([*map(str, command)]) == 2
            line = capsys.readouterr().err
            assert line.count("\n") == 1
            assert words in line
            assert "family own" in line
    finally:
        sys.modules.pop("broken", None)
    assert not list(Path(os.environ["QCOORD_RUNS"]).glob("*"))


@pytest.mark.parametrize("fault", BUILDS)
def test_what_could_not_be_analysed_is_not_executed(fault, beside, tmp_path):
    body, words = BUILDS[fault]
    install(beside, {"own": "broken:Family"})
    (beside / "broken.py").write_text(f"{WHOLE}class Family(Whole):\n    name = 'own'\n    {body}\n")
    try:
        with pytest.raises(InputError, match=words):
            qc.run(_spec(), shots=1)
    finally:
        sys.modules.pop("broken", None)
    assert not list(Path(os.environ["QCOORD_RUNS"]).glob("*"))


def _spec(family="own"):
    return ExperimentSpec(name="x", title="x", family=family)


def test_a_scoring_of_no_known_kind_is_refused():
    from dataclasses import dataclass, replace

    from qcoord_hw.api import build

    @dataclass
    class Play:
        kind: object = "unheard-of"

        def to_json(self):
            return {"kind": self.kind}

    experiment = build("chsh").experiment
    for play in (Play(), Play(None)):
        with pytest.raises(InputError, match="play.kind"):
            qc.run(replace(experiment, play=play), shots=1)
    with pytest.raises(InputError, match="family: 'unheard-of'; allowed are nonlocal-game"):
        qc.run(_spec("unheard-of"))


@pytest.mark.slow
def test_in_a_fresh_environment(tmp_path):
    """Wheels of both packages, installed by pip into an environment of their own."""
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    dist = tmp_path / "dist"
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "-q", "-w", dist]
    subprocess.run([*build, ROOT, EXAMPLE], check=True)
    here = [path for path in sys.path if path.endswith("site-packages")]
    (next((tmp_path / "venv" / "lib").glob("python*")) / "site-packages" / "deps.pth").write_text(
        "\n".join(here)
    )  # dependencies are those of this environment; the two wheels come first
    install_both = [python, "-m", "pip", "install", "-q", "--no-deps", *dist.glob("*.whl")]
    subprocess.run(install_both, check=True)
    qcoord = [python, "-m", "qcoord_hw.cli"]
    environment = {**os.environ, "QCOORD_RUNS": str(tmp_path / "runs")}
    environment.pop("PYTHONPATH", None)
    for words in (
        ["list"],
        ["show", NAME],
        ["plan", NAME, "--target", "fake_manila"],
        ["run", NAME, "--shots", "20", "--seed", "1"],
        ["run", NAME, "--shots", "20", "--seed", "1", "--target", "fake_torino"],
        ["report", "latest"],
        ["export", "latest", "--csv", "-"],
        ["verify", "latest", "--execute"],
        ["replay", "latest"],
        ["sweep", NAME, "--set", "pairs=1,2", "--shots", "5"],
    ):
        done = subprocess.run(
            [*qcoord, *words], env=environment, cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, (words, done.stderr)
