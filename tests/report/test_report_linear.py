"""What a person sees of a linear computation: headline, rates, outputs, figure, page, prediction."""

from __future__ import annotations

import copy
import io
import json
import re
from html.parser import HTMLParser

import pytest
from rich.console import Console

import qcoord_hw as qc
from qcoord_hw.families.experiment import build_experiment
from qcoord_hw.families.linear_computation.view import rate_rows
from qcoord_hw.report import tables
from qcoord_hw.report.comparison import differences, print_differences
from qcoord_hw.report.html import fragment, page
from qcoord_hw.report.protocol import describe_protocol, protocol_text
from qcoord_hw.report.summary import view_of
from qcoord_hw.spec import spec_from_mapping
from qcoord_hw.statistics import words

GIVEN = [[[0, 1], [1, 1]], [[1, 1], [0, 0]], [[1, 0], [0, 1]], [[0, 0], [0, 0]], [[1, 1], [1, 0]]]
EVIL = '<script>alert("x")</script> & [bold]$x$\x1b[31m'


def spec_of(field, **parameters):
    """Return the spec of the sum of two servers' symbols."""
    return spec_from_mapping(
        {
            "name": f"sum-2-f{field}",
            "title": f"Sum of two servers over F_{field}",
            "family": "linear-computation",
            "parameters": {"field": field, "servers": [["A", [[1]]], ["B", [[1]]]], **parameters},
            "blocks": 1,
        }
    )


@pytest.fixture
def clean():
    return qc.run(spec_of(2), target="aer", shots=50, seed=1)


@pytest.fixture
def noisy():
    return qc.run(spec_of(2, inputs=GIVEN), target="fake_torino", shots=400, seed=1)


@pytest.fixture
def trits():
    return qc.run(spec_of(3, inputs=2), target="fake_torino", shots=400, seed=1)


class Text(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.text, self.tags = [], set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)

    def handle_data(self, data):
        self.text.append(data)


def shown(html):
    html = re.sub(r'<span class="whole">(.*?)</span>', r"\1", html)  # which only keeps a line whole
    return " ".join(" ".join(Text(html).text).split())


def headline_of(summary):
    return view_of(summary).headline


def flowing(text):
    return " ".join(text.split())


def test_summary_says_what_was_asked_for(clean, noisy):
    assert (clean.summary["play"], clean.summary["questions"]) == ("linear-computation", [])
    assert clean.summary["inputs"] == {"run": 16, "worst_success": 1.0, "all_right": True}
    assert "outputs" not in clean.summary  # nobody asked for them one by one
    outputs = noisy.summary["outputs"]
    assert [[row["w1"], row["w2"]] for row in outputs] == GIVEN
    assert [row["expected_y1"] + row["expected_y2"] for row in outputs] == [
        [sum(w) % 2 for w in pair] for pair in GIVEN
    ]
    assert noisy.summary["inputs"]["worst_success"] == min(row["success"] for row in outputs) < 1
    rates = clean.summary["rates"]
    assert (rates["quantum"]["value"], rates["classical"]["value"], rates["guessing"]["value"]) == (1, 0.5, 0)
    assert rates["counted"]["value"] == rates["quantum"]["value"]
    assert "A->User 1, B->User 1" in rates["counted"]["source"]
    assert all(rate["source"] for rate in rates.values())
    json.dumps(noisy.summary, allow_nan=False)


def test_derived_inputs_are_said_to_be_derived(clean, noisy):
    assert clean.summary["methods"]["inputs"] == "direct"
    methods = noisy.summary["methods"]
    assert methods["inputs"] == "twirled:frame"
    assert f"checked against {methods['checked']} directly simulated inputs" in methods["words"]
    assert methods["checked"] == len(noisy.checks["frame"]["inputs"]) > 0
    assert "one noisy simulation, with twirled errors, serves all inputs" in flowing(noisy.table())
    assert "no sign of a difference between derived and direct inputs" in flowing(noisy.table())
    unchecked = copy.deepcopy(noisy.summary)
    unchecked["checks"].pop("frame")
    assert "derived and direct" not in flowing(tables.text_table(unchecked))


@pytest.mark.parametrize(
    ("verdict", "says"),
    [
        ("above", "beats the classical 0.5"),
        ("below", "does not reach the classical 0.5"),
        ("inconclusive", "cannot be told from the classical 0.5"),
    ],
)
def test_headline_is_about_the_break_even(noisy, verdict, says):
    summary = copy.deepcopy(noisy.summary)
    success, rate = summary["estimates"][:2]
    rate["verdict"] = verdict
    line = headline_of(summary)
    assert says in line
    assert line.startswith(f"{summary['title']}: {words.number(success['best'])} of the outputs were right; ")
    assert words.interval(rate) in line
    assert line in flowing(tables.text_table(summary))
    assert line in shown(page(summary, noisy.record.intent))
    assert line in shown(fragment(summary))


def test_headline_of_a_run_without_errors_and_of_one_that_leaks(clean, trits):
    assert ": all of the outputs were right; " in headline_of(clean.summary)
    kept = trits["success_postselected"]
    assert f"({words.number(kept.best)} of those that did not leak)" in headline_of(trits.summary)
    assert trits["success_probability"].best < kept.best
    assert trits["leakage"].best > 0


@pytest.mark.slow
def test_rates_are_kept_apart(noisy):
    rows = {name: (value, source) for name, value, source in rate_rows(noisy.summary)}
    assert rows["quantum, formula (achievable)"][0] == rows["used by this circuit (counted)"][0] == "1"
    assert rows["classical, formula"][0] == "0.5"
    assert rows["guessing"][0] == "0"
    assert rows["surviving on this target"][0] == words.interval(noisy.summary["estimates"][1])
    assert len(rows) == len(rate_rows(noisy.summary))
    for text in (noisy.table(), shown(noisy.html())):
        for name in rows:
            assert name in flowing(text)


def test_text_says_what_the_summary_says(noisy, trits):
    for result in (noisy, trits):
        text = result.table()
        for estimate in result.summary["estimates"]:
            assert estimate["name"] in text
            assert words.interval(estimate) in text
        assert "classical rate of surviving_rate" in flowing(text)
        assert max(map(len, text.splitlines())) <= tables.WIDTH
    assert "expected y1" in noisy.table()
    assert "expected y1" not in trits.table()
    assert "2 inputs run: the commonest output is right" in trits.table()


def test_lost_outputs_are_shown_as_lost(noisy):
    summary = copy.deepcopy(noisy.summary)
    summary["outputs"][0] |= {"y1": None, "y2": None, "success": 0.0}
    summary["inputs"] |= {"all_right": False}
    assert re.search(r"0 1 +1 1 +- +- +1 +0 +0\n", tables.text_table(summary))
    assert "NOT of every one" in tables.text_table(summary)
    summary["outputs"] *= 5
    assert "w1 (worst 8 of 25)" in tables.text_table(summary)
    assert "All 25 outputs" in shown(page(summary, noisy.record.intent))


@pytest.mark.slow
def test_page_has_one_drawing_and_says_what_the_summary_says(clean, noisy):
    html = clean.html()
    assert html.count('class="circuit"') == 1
    assert "with 16 settings of its parameters" in shown(html)
    text = shown(noisy.html())
    for part in ("Rates", "Inputs and outputs", "Expected y1", "classical rate 0.5", "guessing 0.25"):
        assert part in text
    for estimate in noisy.summary["estimates"]:
        assert words.interval(estimate) in text
    assert "Questions" not in text


def test_nothing_in_a_record_is_markup(noisy):
    summary, intent = copy.deepcopy(noisy.summary), copy.deepcopy(noisy.record.intent)
    summary["rates"]["classical"]["source"] = summary["title"] = summary["methods"]["words"] = EVIL
    summary["rates"][EVIL] = {"value": 1.0, "source": EVIL}
    for setting in intent["experiment"]["settings"]:
        setting["label"] = EVIL
    for html in (page(summary, intent), fragment(summary)):
        assert "script" not in Text(html).tags
    assert "\x1b" not in tables.text_table(summary)
    assert "[bold]" in tables.text_table(summary)


def test_figure_draws_probabilities_and_rate(noisy, clean):
    shares, rate = noisy.plot().axes
    labels = [[label.get_text() for label in axes.get_yticklabels()] for axes in (shares, rate)]
    assert labels[0][0] == "Whole output right"
    assert labels[1] == ["Surviving rate (dits per qudit)"]
    assert not any("Entropy" in label for label in labels[0])
    assert {"theory 1", "guessing 0.25"} <= {text.get_text() for text in shares.texts}
    assert "classical rate 0.5" in {text.get_text() for text in rate.texts}
    assert (shares.get_xlabel(), rate.get_xlabel()) == ("probability", "dits per qudit, 95% intervals")
    assert clean.plot()._repr_png_().startswith(b"\x89PNG")


def test_unfinished_run_has_rates_but_no_outputs(noisy):
    counts = noisy.path / "counts.jsonl"
    counts.write_bytes(b"".join(counts.read_bytes().splitlines(keepends=True)[:1]))
    (noisy.path / "seal.json").unlink()
    unfinished = qc.load_run(noisy.path)
    assert unfinished.summary["estimates"] == []
    assert "outputs" not in unfinished.summary
    assert "UNFINISHED" in unfinished.table()
    assert "UNFINISHED" in shown(unfinished.html())
    unfinished.plot()


def test_runs_are_compared_and_listed_beside_games(noisy):
    other = qc.run(spec_of(2, inputs=GIVEN), shots=400, seed=1)
    found = differences([noisy.summary, other.summary])
    rows = {row["name"]: row for row in found["differences"]}
    best = other["surviving_rate"].best - noisy["surviving_rate"].best
    assert rows["surviving_rate"]["best"] == pytest.approx(best)
    assert rows["surviving_rate"]["differ"]
    console = Console(file=io.StringIO(), width=100, force_terminal=False)
    print_differences(found, console)
    tables.print_overview([noisy.summary, qc.run("chsh", shots=50, seed=1).summary], console)
    text = console.file.getvalue()
    assert re.search(r"(?i)surviving rate.*win\s+probability", text, re.DOTALL)
    assert words.interval(noisy.summary["estimates"][1]) in text


def test_prediction_names_field_matrices_and_rates():
    experiment = build_experiment(spec_of(4, inputs="all"))
    text = protocol_text(experiment)
    for part in (
        "F_4, modulus [1, 1, 1]",
        "V A       [[1]]",
        "N = 2",
        "c = 0",
        "inputs    256: ",
        "classical",
    ):
        assert part in text
    assert len(text) < 10_000  # not a line for each of 256 inputs
    assert "A_x[0]" in text  # the circuit is drawn with its parameters
    plain = describe_protocol(experiment)
    assert (plain["qudits"], plain["settings"]) == (2, 256)
    assert plain["rates"]["classical"]["value"] == 0.5
    json.dumps(plain)
