"""Tables, figures and pages say what the summary says, and nothing in a record can break them."""

from __future__ import annotations

import base64
import copy
import io
import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest
from rich.console import Console

import qcoord_hw as qc
from qcoord_hw.families.games.view import worst_questions
from qcoord_hw.report import svg, tables
from qcoord_hw.report.comparison import differences, print_differences
from qcoord_hw.report.figures import plot_estimates
from qcoord_hw.report.html import fragment, page, raw_counts
from qcoord_hw.statistics import words

EVIL = '<script>alert("x")</script> & [bold]$x$\x1b[31m'
VOID = {"meta", "line", "path", "circle", "rect"}


class Tags(HTMLParser):
    """Collects tags, and checks that they close in order."""

    def __init__(self, html):
        super().__init__()
        self.names = set()
        self.text = []
        self.attributes = set()
        self._open = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture
def result():
    return qc.run("chsh", target="aer", shots=200, seed=1)


@pytest.fixture
def unfinished(result):
    counts = result.path / "counts.jsonl"
    counts.write_bytes(b"".join(counts.read_bytes().splitlines(keepends=True)[:3]))
    (result.path / "seal.json").unlink()
    return qc.load_run(result.path)


def shown(html):
    html = re.sub(r'<span class="whole">(.*?)</span>', r"\1", html)  # which only keeps a line whole
    return " ".join(" ".join(Tags(html).text).split())


def printed(action, value, width=100):
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    action(value, console)
    return console.file.getvalue()


def made_evil(value):
    """Return a copy in which text for people holds markup."""
    if isinstance(value, dict):
        named = {"title", "label", "assumes", "method", "source", "note", "noise", "circuit", "commit"}
        return {k: EVIL if k in named and isinstance(v, str) else made_evil(v) for k, v in value.items()}
    return [made_evil(v) for v in value] if isinstance(value, list) else value


def test_text_says_what_the_summary_says(result):
    text = result.table()
    win = result["win_probability"]
    assert f"{win.best:.4f} [{win.low:.4f}, {win.high:.4f}]" in text
    for part in ("0.8536 (exact)", "0.75", "above", "Alice->Charlie", "log2 dim", "seed        1", "i.i.d."):
        assert part in text
    assert "no sign of signalling" in text
    assert "no sign of drift" in text
    assert "no locality" in text
    assert max(map(len, text.splitlines())) <= tables.WIDTH
    assert "\x1b" not in text


def test_narrow_terminals_lose_no_digit(result):
    win = result["win_probability"]
    for width in (80, 60):
        text = printed(tables.print_summary, result.summary, width)
        assert max(map(len, text.splitlines())) <= width
        assert f"{win.best:.4f}" in text
        assert f"{win.high:.4f}]" in text


def test_interval_shows_its_width():
    assert words.interval({"low": 0.99995, "best": 1.0, "high": 1.0}) == "1.000000 [0.999950, 1.000000]"
    assert words.interval({"low": 0.0, "best": 0.5, "high": 1.0}) == "0.5000 [0.0000, 1.0000]"
    assert words.interval({"low": 1.0, "best": 1.0, "high": 1.0}) == "1.0000 [1.0000, 1.0000]"


@pytest.mark.parametrize(
    ("verdict", "p_value", "says"),
    [
        ("above", 2.2250738585072014e-308, "is above the classical bound 0.75 (p < 1e-300; settings fixed"),
        ("below", 1.0, "is below the classical bound 0.75 (p = 1; settings fixed"),
        ("inconclusive", 0.25, "is inconclusive: its interval holds the classical bound 0.75 (p = 0.25; "),
    ],
)
def test_verdict_in_words(result, verdict, p_value, says):
    estimate = result.summary["estimates"][0] | {"verdict": verdict, "p_value": p_value}
    assert says in words.verdict_words(estimate)


def test_estimate_without_theory_bound_or_test(result):
    bare = {"theory": None, "bound": None, "verdict": None, "p_value": None, "assumes": ""}
    summary = copy.deepcopy(result.summary)
    summary["estimates"] = [summary["estimates"][0] | bare]
    found = f"Win probability {words.interval(summary['estimates'][0])}."
    assert words.verdict_words(summary["estimates"][0]) == found
    assert "win_probability" in tables.text_table(summary)
    assert found in shown(page(summary, result.record.intent))
    plot_estimates(summary)


def test_small_p_value_of_a_check_is_a_caution(result):
    summary = copy.deepcopy(result.summary)
    summary["checks"]["drift"]["p_value"] = 1e-4
    caution = "CAUTION: signs of drift (p = 0.0001"
    assert caution in tables.text_table(summary)
    assert caution in shown(page(summary, result.record.intent))
    assert caution in shown(fragment(summary))


def test_many_questions_are_cut_to_the_worst_and_usage_is_given_a_copy():
    summary = qc.run("sequential-chsh", target="aer", shots=50, seed=1).summary
    text = tables.text_table(summary)
    assert "question (worst 8 of 32)" in text
    assert "8 (1 per copy)" in text
    assert len(worst_questions(summary["questions"])) == 8
    assert worst_questions(summary["questions"])[0]["best"] == min(
        row["best"] for row in summary["questions"]
    )


def test_unfinished_run_has_a_banner_and_no_estimates(unfinished):
    banner = f"UNFINISHED: 3 of 32 chunks counted; `qcoord collect {unfinished.path.name}` finishes it"
    html = unfinished.html()
    for text in (unfinished.table(), shown(html), shown(fragment(unfinished.summary))):
        assert banner in text
        assert "win_probability" not in text
    assert "Estimates" not in html
    unfinished.plot()


def test_page_says_what_the_summary_says(result):
    text = shown(result.html())
    summary = result.summary
    assert words.verdict_words(summary["estimates"][0]) in text
    for estimate in summary["estimates"]:
        assert words.interval(estimate) in text
        assert estimate["theory"]["source"] in text
    for row in summary["questions"]:
        assert words.interval(row) in text
    for part in (result.path.name, summary["spec_id"], "quantum-broadcast", "qiskit-aer", "to Charlie"):
        assert part in text
    assert text.index("Estimates") < text.index("Questions") < text.index("Checks") < text.index("Provenance")


def test_a_page_leads_to_its_parts_its_literature_and_its_data(result):
    html = result.html()
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    links = re.findall(r'<a href="#([^"]+)">([^<]+)</a>', html)
    assert [words for _, words in links][:2] == ["Estimates", "Figures"]
    assert {place for place, _ in links} <= set(ids)
    for title in re.findall(r"<h2>([^<]+)</h2>", html):
        assert title in dict(map(reversed, links))
    data = re.search(r'href="data:application/json;base64,([^"]+)"', html)[1]
    assert json.loads(base64.b64decode(data)) == json.loads(json.dumps(result.summary))
    for key in ("Tsirelson1980", "Cleve2004", "CHSH1969"):
        assert f'id="ref-{key}"' in html
    assert "Mermin1990" not in html


def test_raw_counts_are_those_of_the_record(result):
    counts = raw_counts(result.record).listing
    assert sum(int(row.cells[2]) for row in counts.rows) == result.summary["shots"]
    assert len({row.cells[:2] for row in counts.rows}) == len(counts.rows) == 16
    assert "16 counts" in shown(result.html())


def loaded(html):
    """Return what a page would load; links that a person may follow are none of that."""
    html = re.sub(r'<a [^>]*href="[^"]*">[^<]*</a>', "", html)
    return re.findall(r"https?:|src=|url\((?!#)|@import|<script|<link", html)


def test_page_needs_nothing_else(result):
    html = result.html()
    assert not loaded(html)
    assert "viewport" in html
    assert "prefers-color-scheme: dark" in html


def test_fragment_is_scoped(result):
    html = fragment(result.summary)
    rules = re.search(r"<style>(.*)</style>", html, re.DOTALL)
    assert rules
    selectors = [s for rule in rules[1].split("}") if "{" in rule for s in rule.split("{")[0].split(",")]
    assert selectors
    assert all(s.strip().startswith(".qcoord-run") for s in selectors)
    assert words.interval(result.summary["estimates"][0]) in shown(html)


def test_nothing_in_a_record_is_markup(result):
    summary, intent = made_evil(result.summary), made_evil(result.record.intent)
    event = {"kind": "gate", "party": EVIL, "qubits": [0, 1], "name": EVIL}
    intent["experiment"]["circuits"][0]["events"].append(event)
    intent["experiment"]["wires"][0] = EVIL
    intent["experiment"]["topology"]["parties"][0] = EVIL
    intent["spec"]["parameters"]["game"] = EVIL
    for html in (page(summary, intent), fragment(summary)):
        tags = Tags(html)
        assert "script" not in tags.names
        assert not any(name.startswith("on") for name in tags.attributes)
        assert '<script>alert("x")</script>' in " ".join(tags.text)
    assert "[bold]" in tables.text_table(summary)
    assert "\x1b" not in tables.text_table(summary)
    plot_estimates(summary).savefig(io.BytesIO())


@pytest.mark.parametrize("name", ["chsh", "magic-square", "ghz-6", "sequential-chsh"])
def test_circuit_drawing_names_every_change_of_owner(name):
    experiment = qc.run(name, target="aer", shots=8, seed=1).record.intent["experiment"]
    drawing = ET.fromstring(svg.circuit_svg(svg.read_circuit(experiment, 0)))
    events = experiment["circuits"][0]["events"]
    seen = [text.text for text in drawing.iter("text")]
    assert seen[: len(experiment["wires"])] == experiment["wires"]
    for label, kind in ((lambda e: e["party"], "allocate"), (lambda e: f"to {e['to']}", "send")):
        for event in (e for e in events if e["kind"] == kind):
            assert seen.count(label(event)) >= len(event["qubits"])
    assert seen.count("M") == sum(len(e["qubits"]) for e in events if e["kind"] == "measure")
    boxes = [e for e in drawing.iter("rect") if e.get("class") in ("box", "meter")]
    places = [(box.get("x"), box.get("y")) for box in boxes]
    assert len(set(places)) == len(places)
    width = float(drawing.get("width", "0"))
    assert all(0 <= float(e.get(k, "0")) <= width for e in drawing.iter("line") for k in ("x1", "x2"))


def test_circuit_drawing_knows_every_kind_of_event():
    events = [
        {"kind": "random", "name": "3"},
        {"kind": "allocate", "party": "A", "qubits": [0]},
        {"kind": "share", "qubits": [1, 2], "name": "ebits", "owners": ["A", "B"]},
        {"kind": "barrier", "qubits": [0, 1, 2]},
        {"kind": "gate", "party": "A", "qubits": [0, 1], "name": "swap"},
        {"kind": "gate", "party": "A", "qubits": [0, 1], "name": "rzz"},
        {"kind": "measure", "party": "A", "qubits": [0, 1], "name": "m"},
        {"kind": "bits", "party": "A", "to": "B", "name": "2"},
        {"kind": "gate", "party": "B", "qubits": [2], "name": "x if m=1"},
        {"kind": "allocate", "party": "B", "qubits": [3]},
        {"kind": "gate", "party": "B", "qubits": [2, 3], "name": "cz"},
    ]
    experiment = {
        "wires": ["a", "b", "c", "d"],
        "topology": {"parties": ["A", "B"]},
        "circuits": [{"label": "all", "events": events}],
    }
    drawing = ET.fromstring(svg.circuit_svg(svg.read_circuit(experiment, 0)))
    where = {text.text: float(text.get("x", "0")) for text in drawing.iter("text")}
    assert {"0: ebits", "1: ebits", "0: rzz", "A tells B: 2 bits", "common randomness: 3 bits"} <= set(where)
    assert where["M"] < where["A tells B: 2 bits"] < where["x if m=1"]


def test_drawings_of_intervals_are_xml(result):
    for estimate in result.summary["estimates"]:
        text = [t.text for t in ET.fromstring(svg.interval_svg(estimate)).iter("text")]
        assert f"theory {words.number(estimate['theory']['value'])}" in text
        assert f"classical bound {words.number(estimate['bound']['value'])}" in text
    point = {"low": 1.0, "best": 1.0, "high": 1.0}
    ET.fromstring(svg.bar_svg((1.0, 1.0, 1.0), 1.0, 1.0, None))
    ET.fromstring(svg.interval_svg(result.summary["estimates"][0] | point | {"theory": None, "bound": None}))


def test_figure_draws_and_shows_itself(result, tmp_path):
    figure = result.plot()
    figure.savefig(tmp_path / "figure.png")
    above, below = figure.axes
    assert [label.get_text() for label in above.get_yticklabels()] == ["Win probability"]
    assert len(below.get_yticklabels()) == len(result.summary["questions"])
    assert {text.get_text() for text in above.texts} == {"theory 0.8536", "classical bound 0.75"}
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_differences_and_overview_are_printed(result):
    other = copy.deepcopy(result.summary) | {"run": "runs/other"}
    for estimate in other["estimates"]:
        estimate |= {key: estimate[key] - 0.5 for key in ("low", "best", "high")}
    text = printed(print_differences, differences([result.summary, other]))
    assert "-0.5000 [" in text
    assert "differ" in text
    assert result.path.name in text
    text = printed(print_differences, differences([result.summary, dict(result.summary)]))
    assert " differ\n" not in text
    text = printed(tables.print_overview, [result.summary | {"target": "[red]fake"}])
    assert "[red]fake" in text
    assert f"{result['win_probability'].best:.4f}" in text
