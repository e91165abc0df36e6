"""The atlas: each cell is computed once and is what `threshold` finds; its page needs nothing else."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from qcoord_hw import api
from qcoord_hw.catalogue import catalogue_names
from qcoord_hw.errors import InputError, RecordError, TargetError
from qcoord_hw.report.atlas_answer import VERDICTS, Atlas, Cell, Theorem, theorem_words
from qcoord_hw.report.atlas_page import STEPS, cell_words, page, shown
from qcoord_hw.sources import spec_of
from qcoord_hw.sweeps import local, task
from qcoord_hw.sweeps.atlas import atlas
from tests.cli.test_cli import call, call_json

EVIL = "</script><script>alert('x')</script> & \u202e"
NAMES, TARGETS = ["chsh", "sum-2-f2", "two-node-n1"], ["fake_manila", "fake_lima"]


def cell(experiment="chsh", target="fake_manila", **changed):
    numbers = {"expected": 0.83, "ideal": 0.8536, "bound": 0.75, "factor": 4.0, "lower": 3.9, "upper": 4.1}
    about = {"verdict": "beaten", "figure": "win_probability", "title": "Win probability", "capped": False}
    gates = {"two_qubit_gates": 1, "qubits": 2, "why": ""}
    return Cell(**{"experiment": experiment, "target": target} | about | numbers | gates | changed)


def asked(spec, target="fake_manila", *, idle_noise=True):
    return {"cell": {"spec": spec, "target": target, "idle_noise": idle_noise}}


@pytest.fixture
def computing(monkeypatch, tmp_path):
    """Replace the workers: what was asked of them, and what fails."""
    asked, failing = [], set()

    def compute_here(tasks, folder, workers, report):
        for key, one in tasks.items():
            spec, target = one["cell"]["spec"], one["cell"]["target"]
            asked.append((spec["name"], target))
            kept = {k: v for k, v in vars(cell()).items() if k not in ("experiment", "target")}
            report(key, task.failed("no memory") if asked[-1] in failing else {"cell": kept})

    monkeypatch.setattr(local, "compute_here", compute_here)
    made = lambda **more: atlas(experiments=NAMES, targets=TARGETS, runs=tmp_path, **more)  # noqa: E731
    made.asked, made.failing, made.folder = asked, failing, tmp_path
    return made


def test_workers_get_specs_as_they_are(monkeypatch, tmp_path):
    """Also those that come as Python values, with tuples among them: a cluster's."""
    monkeypatch.setattr("qcoord_hw.sweeps.cell.cell_of", lambda spec, target, idle_noise: spec)
    for name in catalogue_names():
        spec = spec_of(name, {})
        assert task.attempt(asked(spec.to_json()), tmp_path) == {"cell": spec}, name


def test_each_cell_is_computed_once(computing):
    done = []
    found = computing(progress=lambda *both: done.append(both))
    assert (found.computed, found.already, found.failed, found.ok) == (6, 0, 0, True)
    assert done == [(k, 6) for k in range(7)]
    assert {(one.experiment, one.target) for one in found.cells} == {(n, t) for n in NAMES for t in TARGETS}
    computing.asked.clear()
    again = computing()
    assert (again.computed, again.already, computing.asked) == (0, 6, [])
    assert again.cells == found.cells
    next(Path(found.atlas).glob("cell-*.json")).unlink()
    assert computing().computed == len(computing.asked) == 1


def test_what_failed_is_tried_again(computing, capsys, monkeypatch):
    computing.failing.add(("chsh", "fake_lima"))
    found = computing()
    assert (found.failed, found.computed, found.ok) == (1, 5, False)
    assert "FAILED: chsh on fake_lima: no memory" in found.table()
    options = ("--experiments", ",".join(NAMES), "--targets", ",".join(TARGETS), "--runs", computing.folder)
    status, out, err = call(capsys, "atlas", *options, "--json")
    assert (status, out) == (TargetError.exit_code, "")
    assert "1 cells failed, 5 are kept; the same command tries the others again" in err
    computing.failing.clear()
    computing.asked.clear()
    data = call_json(capsys, "atlas", *options)
    assert computing.asked == [("chsh", "fake_lima")]
    assert (data["already"], data["computed"], data["failed"]) == (5, 1, 0)


def test_a_changed_cell_is_refused(computing):
    path = next(Path(computing().atlas).glob("cell-*.json"))
    path.write_text(path.read_text().replace("0.83", "0.99"))
    with pytest.raises(RecordError, match="cell-"):
        computing()


def test_a_cell_is_what_threshold_finds():
    found = task.attempt_anywhere(asked(spec_of("chsh", {}).to_json()))
    assert set(found) == {"cell"}
    one = Cell(experiment="chsh", target="fake_manila", **found["cell"])
    told = api.threshold("chsh", target="fake_manila")
    assert (one.expected, one.bound, one.verdict) == (told.value, told.bound, "beaten")
    assert (one.factor, one.lower, one.upper) == (told.factor.value, told.factor.lower, told.factor.upper)
    assert (one.qubits, one.two_qubit_gates, one.why) == (2, 1, "")


@pytest.mark.parametrize(
    ("name", "verdict", "words"),
    [
        ("ffl", "not beaten", "does not beat its bound 0.666667 without errors"),
        ("ghz-6", "does not fit", "has 5 qubits; this experiment needs 6"),
        ("two-node-n1", "no bound", "it has no bound"),
    ],
)
def test_what_has_no_factor_says_why(name, verdict, words):
    spec = json.loads(json.dumps(api.build(name, target="fake_manila", seed=0).spec.to_json()))
    found = task.attempt(asked(spec), Path())["cell"]
    assert (found["verdict"], found["factor"]) == (verdict, None)
    assert re.search(words, found["why"])


def test_a_target_that_fails_is_no_answer(monkeypatch):
    from qcoord_hw.execution.forecast import Forecast

    def fails(*given, **how):
        raise TargetError("aer: out of order")

    monkeypatch.setattr(Forecast, "of", fails)
    found = task.attempt(asked(spec_of("chsh", {}).to_json()), Path())
    assert found == {"error": "aer: out of order", "exit_code": TargetError.exit_code}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"families": ["games"]}, "families: 'games'"),
        ({"experiments": ["chsh", "chsh"]}, "experiments: chsh stands there twice"),
        ({"experiments": ["nope"]}, "experiment: unknown 'nope'"),
        ({"targets": ["aer"]}, "targets: 'aer'; allowed are fake_NAME and properties:FILE"),
        ({"targets": ["fake_nope"], "experiments": ["chsh"]}, "fake_nope"),
        ({"workers": 0}, "workers: 0"),
        ({"html": "/nowhere/atlas.html"}, "html: '/nowhere/atlas.html'"),
    ],
)
def test_bad_input_is_one_line(asked, words, tmp_path):
    with pytest.raises(InputError) as error:
        atlas(runs=tmp_path, **asked)
    assert words in str(error.value)
    assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_a_theorem_in_words():
    cells = [
        cell(target="old", verdict="not beaten", factor=0.5),
        cell(target="new", factor=4.0),
        cell("b", "old", verdict="not beaten", factor=0.2),
        cell("b", "new", verdict="not beaten", factor=0.9),
        cell("c", "old", verdict="does not fit", factor=None, expected=None),
    ]
    words = theorem_words(cells)
    assert words.startswith("1 of 4 cells with a bound beat it; the best device is new, with 1 of 2")
    assert "beaten nowhere: b; 1 do not fit." in words
    strong = [cell("d", "high", factor=90.0), cell("e", "high", verdict="not beaten", factor=80.0)]
    many = [cell("d", "low", factor=2.0), cell("e", "low", factor=2.0)]
    assert "the best device is low, with 2 of 2, where errors might be 2 times" in theorem_words(
        strong + many
    )
    assert theorem_words([cells[-1]]) == "None of its experiments fits, or none has a figure."
    free = [cell(target=t, verdict="no bound", factor=None, expected=e) for t, e in (("x", 0.8), ("y", 0.85))]
    assert theorem_words(free) == (
        "There is no bound to beat; errors move the figure the least on y, by 0.0036, the most on x, "
        "by 0.054, on average."
    )


def made_of(*cells):
    names, targets = (list(dict.fromkeys(getattr(c, key) for c in cells)) for key in ("experiment", "target"))
    theorem = Theorem(EVIL, names, theorem_words(cells))
    return Atlas(
        "runs/sweep",
        dict.fromkeys(names, EVIL),
        targets,
        dict.fromkeys(targets, ""),
        [theorem],
        cells,
        1,
        0,
        0,
    )


class Page(HTMLParser):
    """The cells of a page, its links and its scripts."""

    def __init__(self, text):
        super().__init__()
        self.cells, self.heads, self.scripts, self.within, self.outside = [], [], [], "", []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.within = tag
        self.outside += [value for key, value in attributes if key in ("src", "href")]
        if tag == "td":
            self.cells.append(found | {"text": ""})
        if tag == "th":
            self.heads.append(found)
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data):
        if self.within in ("td", "span") and self.cells:
            self.cells[-1]["text"] += data
        if self.within == "script" and self.scripts:
            self.scripts[-1] += data

    def handle_endtag(self, tag):
        self.within = ""


def test_the_page_says_all_and_needs_nothing_else():
    cells = [
        cell("a", "fake_x"),
        cell("a", "fake_y", factor=0.5, verdict="not beaten"),
        cell("b", "fake_x", factor=None, verdict="does not fit", why=EVIL),
        cell("b", "fake_y", factor=10000.0, upper=None, capped=True),
    ]
    text = page(made_of(*cells))
    found = Page(text)
    assert all(one.startswith("data:application/json;") for one in found.outside)
    assert not re.search(r"https?:|url\(|@import|<link", text)
    assert [one["text"] for one in found.cells] == [
        "4beaten, factor 4",
        "0.5not beaten, factor 0.5",
        "·does not fit",
        "≥10000beaten, factor ≥10000",
    ]
    assert [one["data-value"] for one in found.cells] == ["4", "0.5", "", "10000"]
    assert {one.get("scope") for one in found.heads} == {"col", "row"}
    assert len(found.scripts) == 2  # data and the program: nothing that was given made a third
    details = json.loads(found.scripts[0])
    assert details["a|fake_x"].startswith(
        "a on fake_x: beaten; Win probability 0.8300; ideal 0.8536; bound 0.7500"
    )
    assert "</script><script>" in details["b|fake_x"]
    assert "\u202e" not in text
    assert all(f"<option>{verdict}" in text for verdict in VERDICTS)


def test_the_page_of_the_docs_is_what_is_computed():
    """One cell anew; which experiments and devices it has stands in the Makefile."""
    root = Path(__file__).parents[2]
    text = (root / "docs" / "atlas.html").read_text()
    details = json.loads(Page(text).scripts[0])
    target = "fake_torino"
    spec = json.loads(json.dumps(api.build("chsh", target=target, seed=0).spec.to_json()))
    found = Cell(
        experiment="chsh",
        target=target,
        **task.attempt(asked(spec, target, idle_noise=False), Path())["cell"],
    )
    assert details[f"chsh|{target}"] == cell_words(found)
    made = (root / "Makefile").read_text()
    names = re.search(r"^ATLAS := ((?:.*\\\n)*.*)", made, re.MULTILINE)[1].replace("\\", " ").split()
    targets = re.search(r"--targets (fake_\S+)", made)[1].split(",")
    assert "--no-idle-noise" in made
    assert "without idle noise" in text
    assert set(details) == {f"{name}|{target}" for name in names for target in targets}


def test_colours_go_with_factors_and_every_verdict_has_a_mark():
    factors = [0.1, *STEPS, 1e4]
    colours = [shown(cell(factor=factor)).colour for factor in factors]
    assert colours == [f"f{k}" for k in (0, 1, 2, 3, 4, 5, 6, 7, 7)]
    assert shown(cell(factor=1e-4, lower=0)).text == "<0.0001"
    marks = {verdict: shown(cell(factor=None, verdict=verdict)).text for verdict in VERDICTS}
    assert len(set(marks.values())) == len(VERDICTS)
