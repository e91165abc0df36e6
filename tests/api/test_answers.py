"""Every object that `qcoord_hw` answers with prints, draws, exports and reads like its `--json` object."""

from __future__ import annotations

import dataclasses
import html.parser
import importlib.util
import inspect
import json
import sys
from collections.abc import Mapping
from fractions import Fraction
from functools import cache

import pytest
from matplotlib.figure import Figure

import qcoord_hw as qc
from qcoord_hw.answer import Answer
from qcoord_hw.errors import InputError
from qcoord_hw.report.atlas_answer import Cell, Theorem
from qcoord_hw.report.choice_answer import Ranked
from qcoord_hw.report.threshold_answer import Factor, Mechanism
from qcoord_hw.theory.games.game import Game

EVIL = '<script>alert("x")</script> & [bold]$x$\x1b[31m\r\n\u202e=1+1'
KINDS = {
    "plan": lambda folder, pair: qc.plan("chsh"),
    "plan on a device": lambda folder, pair: qc.plan("chsh", target="fake_manila", shots=100),
    "compare": lambda folder, pair: qc.compare(*pair),
    "sweep": lambda folder, pair: qc.sweep("chsh", seeds=[1], shots=[50], workers=1, runs=folder / "swept"),
    "verify": lambda folder, pair: qc.verify(pair[0]),
    "export": lambda folder, pair: qc.export_csv(pair, folder / "counts.csv"),
    "experiments": lambda folder, pair: qc.experiments(family="linear-computation"),
    "runs": lambda folder, pair: qc.runs(pair[0].path.parent),
    "targets": lambda folder, pair: qc.targets(qubits=150),
    "states": lambda folder, pair: qc.states(),
    "check": lambda folder, pair: qc.theory_check(qc.theory_linear("sum-2-f2")),
    "linear": lambda folder, pair: qc.theory_linear("sum-2-f3"),
    "game": lambda folder, pair: qc.theory_game("chsh", win=0.8),
    "i3322": lambda folder, pair: qc.theory_game("i3322", level="1", time_limit=1),
    "region": lambda folder, pair: qc.theory_region("epr", "two-node"),
    "two rates": lambda folder, pair: qc.theory_region("ghz", "cascade"),
    "one rate": lambda folder, pair: qc.theory_region(
        "werner:visibility=0", "no-communication", time_limit=1
    ),
    "infeasible": lambda folder, pair: qc.theory_region("epr", "no-communication", time_limit=1),
    "schumacher": lambda folder, pair: qc.theory_schumacher([0.8, 0.2], 100, 0.8),
    "second link": lambda folder, pair: qc.theory_second_link("ghz", 1, 2),
    "resolvability": lambda folder, pair: qc.theory_resolvability("dsbs", 2, 0.5),
    "codebook": lambda folder, pair: qc.theory_codebook("dsbs", 1, {"R0": 0, "R1": 1}, draws=2),
    "binning": lambda folder, pair: qc.theory_binning("broadcast-epr", 2, 1.0),
    "redistribution": lambda folder, pair: qc.theory_redistribution("ghz", side="C", reference="A"),
    "reproduce": lambda folder, pair: qc.reproduce("nator-46", "nator-70"),
    "threshold": lambda folder, pair: threshold_of_readout(),
    "choose": lambda folder, pair: choice_of_two(),
    "atlas": lambda folder, pair: atlas_of_one(),
}
"""What is asked -> how; each is made when a test first needs it."""


def threshold_of_readout() -> qc.Threshold:
    """Return the answer that `qc.threshold` gives where readout alone costs anything; it takes seconds."""
    factor = Factor(2.5, 2.4, 2.6, False)
    beyond, curve = Factor(10000.0, 10000.0, None, True), [(0.0, 0.85), (1.0, 0.8), (2.4, 0.76), (2.6, 0.74)]
    alone = [
        Mechanism(n, f.value, share, f) for n, f, share in (("readout", factor, 1.0), ("decay", beyond, 0.0))
    ]
    about = ("chsh", "fake_manila", [0, 1], "win_probability", "Win probability", 0.85, 0.8, 0.05, 0.75)
    return qc.Threshold(*about, factor, alone, curve, True, 4)


def choice_of_two() -> qc.Choice:
    """Return the answer that `qc.choose` gives where one of two candidates fits; it takes seconds."""
    rates = {"Alice->Bob": {"qubits": 1.0, "log2_dim": 1.0, "bits": 0.0}}
    numbers = {
        "expected": 0.8,
        "ideal": 0.85,
        "classical": 0.75,
        "two_qubit_gates": 1,
        "qubits": 2,
        "copies": 1,
    }
    about = {"title": EVIL, "target": "fake_manila", "same": True, "command": "qcoord run chsh"}
    best = Ranked(
        **about | numbers,
        name="a",
        rank=1,
        kind="ideal",
        per_copy=0.8,
        rates=rates,
        why="the best",
        frontier=True,
    )
    nothing = dict.fromkeys(numbers) | {"rank": None, "kind": None, "per_copy": None, "rates": None}
    return qc.Choice(
        "chsh",
        ["fake_manila"],
        "fidelity",
        "Fidelity",
        "more",
        [best, Ranked(**about | nothing, name="b", why="no")],
    )


def atlas_of_one() -> qc.Atlas:
    """Return the answer that `qc.atlas` gives of one cell; it takes seconds."""
    numbers = {"expected": 0.8, "ideal": 0.85, "bound": 0.75, "factor": 2.5, "lower": 2.4, "upper": 2.6}
    about = {"experiment": "chsh", "target": "fake_manila", "verdict": "beaten", "figure": "f", "title": EVIL}
    cell = Cell(**about | numbers, capped=False, two_qubit_gates=1, qubits=2, why="")
    theorem = Theorem("[Hu2025, Theorem 1]", ["chsh"], "1 of 1")
    calibrated = {"fake_manila": "2022-01-01"}
    return qc.Atlas("runs/s", {"chsh": EVIL}, ["fake_manila"], calibrated, [theorem], [cell], 1, 0, 0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("answers")


@pytest.fixture(scope="module")
def pair(folder):
    return [qc.run("chsh", shots=200, seed=seed, runs=folder / "runs") for seed in (1, 2)]


@pytest.fixture(scope="module")
def answers(folder, pair):
    @cache
    def of(kind):
        return KINDS[kind](folder, pair)

    return of


@pytest.fixture(params=KINDS)
def answer(request, answers) -> Answer:
    return answers(request.param)


def test_kinds_are_all(answers):
    tried = {type(answers(kind)) for kind in KINDS}
    ours = {kind for kind in subclasses(Answer) if kind.__module__.startswith("qcoord_hw.")}
    assert tried >= {kind for kind in ours if not inspect.isabstract(kind)}


def test_it_reads_like_its_json_object(answer):
    data = answer.to_json()
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert isinstance(answer, Mapping)
    assert dict(answer) == data
    assert list(answer.keys()) == list(data)
    assert len(answer) == len(data)
    assert answer == data
    assert ("ok" in answer, "nope" in answer, answer.get("nope", 3)) == (True, False, 3)
    with pytest.raises(KeyError, match="nope"):
        answer["nope"]


def test_its_fields_cannot_be_set_by_mistake(answer):
    name = dataclasses.fields(answer)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(answer, name, None)


@pytest.mark.few(8)
def test_it_shows_itself(answer):
    assert str(answer) == answer.table()
    assert answer.table().strip()
    assert repr(answer).startswith(f"<{type(answer).__name__}: ")
    assert len(repr(answer)) < 140
    assert repr(answer).isprintable()
    figure = answer.plot()
    assert isinstance(figure, Figure)
    assert figure._repr_png_().startswith(b"\x89PNG")
    text = Text()
    text.feed(answer._repr_html_())
    assert text.data.endswith(answer.table())
    if type(answer).rows is not Answer.rows:
        assert answer._repr_html_().count("<tr>") == 1 + len(answer.rows())


def test_a_run_is_short_in_a_list(pair):
    for one in (pair[0], pair[0].record):
        assert repr(one).startswith(f"<{type(one).__name__}: ")
        assert len(repr(one)) < 140
        assert repr(one).isprintable()
    assert "chsh on aer, win_probability 0." in repr(pair[0])
    assert str(pair[0]) == pair[0].table()


NAMED = {
    "run": lambda **named: qc.run("chsh", shots=3, seed=1, **named).usage,
    "plan": lambda **named: qc.plan("chsh", shots=3, **named)["two_qubit_gates"],
    "threshold": lambda **named: qc.threshold("chsh", target="fake_manila", **named)["curve"],
}


@pytest.mark.few(1)
@pytest.mark.parametrize("name", NAMED)
def test_parameters_are_stated_by_name(name, monkeypatch, tmp_path):
    monkeypatch.setenv("QCOORD_RUNS", str(tmp_path))
    ask = NAMED[name]
    assert ask(rounds=2) == ask(parameters={"rounds": 2}) != ask()
    with pytest.raises(InputError, match=r"runds.*did you mean rounds"):
        ask(runds=2)
    with pytest.raises(InputError, match=r"^rounds: by name and in parameters"):
        ask(rounds=2, parameters={"rounds": 2})


def test_no_name_is_lost_on_what_is_built(tmp_path):
    from qcoord_hw.api import build

    built = build("chsh", seed=1)
    for given in (built, built.experiment):
        with pytest.raises(InputError, match=r"^shot: "):
            qc.run(given, shot=3, runs=tmp_path)


def test_rows_are_plain(answer):
    rows = answer.rows()
    assert all(isinstance(name, str) for row in rows for name in row)
    if importlib.util.find_spec("pandas") is None:
        with pytest.raises(InputError, match=r"^pandas: not installed; .*qcoord_hw\[dataframe\]"):
            answer.to_dataframe()
        return
    frame = answer.to_dataframe()
    assert len(frame) == len(rows)
    assert set(frame.columns) == {name for row in rows for name in row}


def test_one_clear_line_without_pandas(answers, pair, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    for one in (answers("plan"), pair[0]):
        with pytest.raises(InputError, match=r"^pandas: not installed; allowed is [^\n]*\[dataframe\]'`$"):
            one.to_dataframe()


def test_a_run_has_rows_too(pair):
    pandas = pytest.importorskip("pandas")
    frame = pair[0].to_dataframe()
    assert isinstance(frame, pandas.DataFrame)
    assert frame["name"].tolist() == [one.name for one in pair[0].estimates]
    assert frame["best"].tolist() == [one.best for one in pair[0].estimates]


@pytest.mark.few(5)
def test_text_of_strangers_is_shown_and_never_obeyed(answer):
    evil = dataclasses.replace(answer, **{f.name: spoilt(getattr(answer, f.name)) for f in fields(answer)})
    table = evil.table()
    assert all(line.isprintable() for line in table.split("\n"))
    page = evil._repr_html_()
    assert "<script" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page
    for text in evil.plot().findobj(lambda one: hasattr(one, "get_text")):
        assert all(line.isprintable() for line in text.get_text().split("\n"))
    evil.plot()._repr_png_()


def test_an_answer_of_theory_is_checked_as_it_is(answers):
    for name in ("linear", "game", "region"):
        assert qc.theory_check(answers(name)).holds
    wrong = dataclasses.replace(answers("linear"), rate=Fraction(9, 10))
    found = qc.theory_check(wrong)
    assert not found.holds
    assert found.rows()[0] == {"found": "violated", "what": found.violations[0]}
    assert "does not hold" in found.table()
    with pytest.raises(InputError, match=r"^a Plan: no answer of theory"):
        qc.theory_check(answers("plan"))


def test_what_theory_found_can_be_asked_on(answers):
    region = answers("region").criteria
    assert all(found.contains(dict.fromkeys(found.rates, 9.0)) for found in region.values())
    assert answers("linear").rate == answers("linear").region.rate
    assert str(answers("linear").rate) == answers("linear")["rate"]


def fields(value):
    return dataclasses.fields(value)


def subclasses(kind):
    for one in kind.__subclasses__():
        yield from (one, *subclasses(one))


def spoilt(value, key=""):
    """Return a value with text of a stranger wherever text is, save where it is checked on reading."""
    if key in ("family", "play", "origin"):
        return value
    if isinstance(value, str):
        return EVIL
    if dataclasses.is_dataclass(value) and not isinstance(value, Game):
        return dataclasses.replace(
            value, **{f.name: spoilt(getattr(value, f.name), f.name) for f in fields(value)}
        )
    if isinstance(value, Mapping):
        return {k: spoilt(v, k) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [spoilt(v) for v in value]
    return value


class Text(html.parser.HTMLParser):
    """The text of a piece of HTML."""

    def __init__(self):
        super().__init__()
        self.data = ""

    def handle_data(self, data):
        self.data += data
