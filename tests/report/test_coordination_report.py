"""What a person sees of a coordination protocol: figures apart by origin, pages, comparisons, predictions."""

from __future__ import annotations

import copy
import io
import re
from html.parser import HTMLParser

import pytest
from rich.console import Console

import qcoord_hw as qc
from qcoord_hw.families.coordination.figures import short_of, with_headline
from qcoord_hw.families.coordination.view import rate_sections, side_by_side, worst_cases
from qcoord_hw.families.experiment import build_experiment
from qcoord_hw.report import tables
from qcoord_hw.report.comparison import differences, print_differences
from qcoord_hw.report.figures import plot_estimates
from qcoord_hw.report.format import check_words, is_suspicious
from qcoord_hw.report.html import fragment, page
from qcoord_hw.report.protocol import describe_protocol, protocol_text
from qcoord_hw.report.summary import view_of
from qcoord_hw.spec import spec_from_mapping
from qcoord_hw.statistics import words
from qcoord_hw.statistics.words import cell
from tests.report.test_report import loaded

EVIL = '<script>alert("x")</script> & [bold]$x$\x1b[31m'
VOID = {"meta", "line", "path", "circle", "rect"}
CODE = {
    "network": "two-node",
    "protocol": "codebook",
    "codebook": "coset",
    "n": 2,
    "p_u": ["1/2", "1/2"],
    "p_x_given_u": [[0.85, 0.15], [0.15, 0.85]],
    "theta_B": [[0, 0, 1], [1, 0, 0]],
}


def spec_of(name="code", **parameters):
    """Return the spec of a code of two copies on the two-node network, or what is said of another."""
    return spec_from_mapping(
        {
            "name": name,
            "title": "Two copies of two states",
            "family": "coordination",
            "parameters": parameters or CODE,
            "blocks": 1,
        }
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Return a folder with the runs that the tests of this module read."""
    return tmp_path_factory.mktemp("coordination")


@pytest.fixture(scope="module")
def clean(runs):
    return qc.run(spec_of(), target="aer", shots=30, seed=1, runs=runs)


@pytest.fixture(scope="module")
def noisy(runs):
    return qc.run(spec_of(), target="fake_torino", shots=30, seed=1, runs=runs)


@pytest.fixture(scope="module")
def pairs(runs):
    """Return a run of a pure target, with fidelities and a bound."""
    spec = spec_of("ghz2", network="cascade", protocol="ghz2-corner", n=2, state="ghz")
    return qc.run(spec, target="aer", shots=20, seed=1, runs=runs)


class Tags(HTMLParser):
    """Collects tags and text, and checks that tags close in order."""

    def __init__(self, html):
        super().__init__()
        self.names, self.text, self._open = set(), [], []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def shown(html):
    html = re.sub(r'<span class="whole">(.*?)</span>', r"\1", html)  # which only keeps a line whole
    return " ".join(" ".join(Tags(html).text).split())


def printed(action, value, width=100):
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    action(value, console)
    return console.file.getvalue()


def headline_of(summary):
    return view_of(summary).headline


def estimate(result, name):
    return next(e for e in result.summary["estimates"] if e["name"] == name)


def section(summary, heading):
    return dict(rate_sections(summary))[heading]


# The rates and figures of a run


def test_text_keeps_figures_apart_by_origin(clean):
    text = clean.table()
    order = [
        "asymptotic formula",
        "achievable at n = 2",
        "used by this circuit (counted)",
        "ideal circuit",
        "this target",
    ]
    places = [text.index(f"\n{heading}") for heading in order]
    assert places == sorted(places)
    assert "network     two-node" in text
    assert "0.305543 exact" in text
    assert words.interval(estimate(clean, "trace_norm_witness")) in text
    for note in clean.summary["notes"]:
        assert f"note: {note}"[:80] in text
    assert "no locality" in text
    assert max(map(len, text.splitlines())) <= tables.WIDTH


def test_exact_figures_have_no_interval(clean):
    exact, counted = estimate(clean, "trace_norm_exact"), estimate(clean, "trace_norm_witness")
    assert words.is_exact(exact)
    assert not words.is_exact(counted)
    assert "[" not in words.found_words(exact)
    assert words.confidence_words(exact) == "exact: ideal circuit"
    assert words.confidence_words(counted).startswith("95% fixed witness")
    rows = {row["name"]: row for row in section(clean.summary, "this target")}
    assert set(rows) == {"trace norm, exact", "trace norm, witness"}
    assert rows["trace norm, exact"]["value"] == pytest.approx(0.305543, abs=1e-6)
    assert {"low", "best", "high"} <= set(rows["trace norm, witness"])


def test_usage_is_counted_a_copy_in_every_unit(clean, pairs):
    used = {row["name"]: row["value"] for row in section(clean.summary, "used by this circuit (counted)")}
    assert used == {"Alice->Bob, bits per copy": 0.5, "common, random bits per copy": 0.5}
    used = {row["name"]: row["value"] for row in section(pairs.summary, "used by this circuit (counted)")}
    assert used == {
        "Alice-Bob, ebits per copy": 1,
        "Bob-Charlie, ebits per copy": 0.5,
        "Bob->Charlie, qubits per copy": 0.5,
        "Bob->Charlie, log2 dim per copy": 0.5,
    }


def test_rates_are_sorted_by_their_names():
    rates = {
        "Q1, asymptotic": {"value": 1.0, "source": "theorem"},
        "Q1, gap": {"value": -1e-17, "source": "counted"},
        "R0 of any mixture": {"lower": 0.25, "source": "data processing"},
        "R0 asymptotic": {"lower": 0.25, "upper": 0.5, "source": "solver"},
        "Q1 finite": {"upper": 2.0, "source": "types"},
    }
    sections = dict(rate_sections({"rates": rates, "ideal": {}, "usage": {}, "copies": 3, "estimates": []}))
    cells = {heading: {row["name"]: cell(row) for row in rows} for heading, rows in sections.items()}
    assert cells == {
        "asymptotic formula": {"Q1": "1", "R0 of any mixture": "at least 0.25", "R0": "0.25 to 0.5"},
        "achievable at n = 3": {"Q1": "at most 2"},
        "counted less asymptotic formula": {"Q1": "0"},
    }
    assert cell(None) == ""
    assert cell({"source": ""}) == "not known"


def test_tomography_is_a_check_in_words_and_no_headline(clean):
    check = clean.checks["tomography"]
    said = check_words("tomography", check)
    assert f"plug-in trace norm {words.number(check['value'])}; null mean" in said
    assert f"95% of 200 nulls below {words.number(check['null_95'])}" in said
    assert "biased" in said
    assert said[:60] in clean.table()
    assert said in shown(clean.html())
    assert not is_suspicious(check | {"p_value": 1e-9})
    assert "plug-in" not in headline_of(clean.summary)


def test_headline_states_counted_and_computed(clean, pairs):
    said = headline_of(clean.summary)
    assert said.startswith(f"Trace norm to the target, fixed witness {words.interval(_main(clean))}.")
    assert "trace norm 0.305543 on aer, 0.305543 for ideal circuits" in said
    said = headline_of(pairs.summary)
    assert "Fidelity, direct fidelity estimation" in said
    assert "is above the separable bound 0.25" in said
    assert "fidelity 1 on aer, 1 for ideal circuits" in said


def _main(result):
    return words.main_estimate(result.summary["estimates"])


def test_the_main_estimate_is_the_best_that_there_is(pairs):
    order = ["fidelity_dfe", "fidelity_bound", "trace_norm_exact", "fidelity_exact"]
    left = list(pairs.estimates)
    for name in order:
        assert [e.name for e in with_headline(left) if e.headline] == [name]
        left = [e for e in left if e.name != name]
    assert left == []
    assert headline_of(pairs.summary | {"estimates": []}) == "Nothing was estimated."


def test_names_in_words(noisy):
    mitigated = noisy["trace_norm_witness_mitigated"]
    assert mitigated.title.endswith("fixed witness, readout mitigated")
    assert mitigated.short == "trace norm, witness, mitigated"
    assert (mitigated.origin, mitigated.better, mitigated.headline) == ("mitigated", "less", False)
    assert short_of("another_figure") == "another figure"


# Cases


def many_cases(summary, count=20):
    """Return a summary with many cases, of which the last is the worst."""
    row = summary["cases"][0]
    cases = [
        row | {"case": k, "label": f"x={k}", "low": k / 20, "best": k / 20, "high": k / 20}
        for k in range(count)
    ]
    return copy.deepcopy(summary) | {"cases": cases}


def test_cases_are_listed_and_many_are_cut_to_the_worst(clean):
    text = clean.table()
    for row in clean.summary["cases"]:
        assert f"{row['label']}  {row['shots']}" in text
    many = many_cases(clean.summary)
    assert "case (worst 8 of 20)" in tables.text_table(many)
    assert [row["label"] for row in worst_cases(many)] == [f"x={k}" for k in range(19, 11, -1)]
    for row in many["cases"]:
        row["estimate"] = "fidelity_dfe"
    assert [row["label"] for row in worst_cases(many)] == [f"x={k}" for k in range(8)]
    html = page(many, clean.record.intent)
    assert "All 20 cases" in shown(html)
    plot_estimates(many_cases(clean.summary, 60)).savefig(io.BytesIO())


def test_a_single_case_is_not_repeated(pairs):
    assert len({row["case"] for row in pairs.summary["cases"]}) == 1
    assert "best [low, high]         ideal" not in pairs.table()
    assert "<h2>Cases</h2>" not in pairs.html()


def test_cases_of_several_estimators_are_named(clean):
    summary = copy.deepcopy(clean.summary)
    summary["cases"] += [row | {"estimate": "fidelity_dfe"} for row in summary["cases"]]
    text = tables.text_table(summary)
    assert "x=00, trace norm, witness" in text
    assert "x=00, fidelity, direct" in text


# Pages and figures


def test_page_says_what_the_summary_says(clean, noisy, pairs):
    for result in (clean, noisy, pairs):
        html = result.html()
        text = shown(html)
        assert headline_of(result.summary) in text
        for one in result.summary["estimates"]:
            assert words.found_words(one) in text
        for heading, rows in rate_sections(result.summary):
            assert heading in text
            assert all(row["name"] in text and cell(row) in text for row in rows)
        for note in result.summary["notes"]:
            assert note in text
        assert "computed, not counted" in text
        assert not loaded(html)
        assert text.index("Estimates") < text.index("Rates and figures") < text.index("Checks")


def test_fragment_shows_the_figures(noisy):
    text = shown(fragment(noisy.summary))
    for one in noisy.summary["estimates"]:
        assert words.found_words(one) in text


def test_figure_draws_estimates_and_cases(noisy, pairs):
    above, best, below = noisy.plot().axes
    assert [label.get_text().split(",")[0] for label in best.get_yticklabels()] == [
        "this code",
        "best possible at n = 2",
        "asymptotic",
    ]
    assert "?" not in best.get_title(loc="left")
    names = [label.get_text() for label in above.get_yticklabels()]
    assert names == [e["title"] for e in noisy.summary["estimates"]]
    assert [label.get_text() for label in below.get_yticklabels()] == ["x=00", "x=01", "x=10", "x=11"]
    assert {text.get_text() for text in above.texts} == {"theory 0.3055"}
    distance, fidelity, _ = pairs.plot().axes
    assert "separable bound 0.25" in {text.get_text() for text in fidelity.texts}
    assert [label.get_text() for label in distance.get_yticklabels()] == ["Trace norm to the target, exact"]
    assert distance.get_xlabel() == "trace norm (0 to 2)"
    assert fidelity.get_xlabel() != distance.get_xlabel()


# Anything that a record may hold


def made_evil(value):
    """Return a copy in which text for people holds markup."""
    if isinstance(value, dict):
        named = {"title", "label", "assumes", "method", "source", "note", "noise", "network", "commit"}
        return {k: EVIL if k in named and isinstance(v, str) else made_evil(v) for k, v in value.items()}
    return [made_evil(v) for v in value] if isinstance(value, list) else value


def test_nothing_in_a_record_is_markup(clean):
    summary, intent = made_evil(clean.summary), made_evil(clean.record.intent)
    summary["notes"] = [EVIL]
    summary["rates"][EVIL] = {"value": 1.0, "source": EVIL}
    summary["usage"][EVIL] = {EVIL: 1.0}
    for html in (page(summary, intent), fragment(summary)):
        tags = Tags(html)
        assert "script" not in tags.names
        assert '<script>alert("x")</script>' in " ".join(tags.text)
    text = tables.text_table(summary)
    assert "[bold]" in text
    assert "\x1b" not in text
    comparison = differences([summary, summary | {"run": "runs/[bold]other"}])
    assert "\x1b" not in printed(print_differences, comparison)
    assert "\x1b" not in printed(tables.print_overview, [summary | {"experiment": EVIL}])
    plot_estimates(summary).savefig(io.BytesIO())


def test_no_shots_and_no_estimates(clean):
    summary = copy.deepcopy(clean.summary)
    for one in [*summary["estimates"][1:], *summary["cases"]]:
        one |= {"low": -2.0, "best": 0.0, "high": 2.0, "shots": 0}
    summary["checks"]["drift"] = None
    del summary["checks"]["tomography"]
    for bare in (summary, summary | {"estimates": [], "cases": [], "checks": {}, "shots": 0}):
        tables.text_table(bare)
        Tags(page(bare, clean.record.intent))
        Tags(fragment(bare))
        plot_estimates(bare).savefig(io.BytesIO())
        printed(tables.print_overview, [bare])
        printed(print_differences, differences([bare, bare]))
    assert "0.0000 [-2.0000, 2.0000]" in tables.text_table(summary)


@pytest.mark.parametrize("counted", [0, 3])
def test_unfinished_run_has_a_banner_and_no_estimates(tmp_path, counted):
    result = qc.run(spec_of(), target="aer", shots=4, seed=1, runs=tmp_path)
    counts = result.path / "counts.jsonl"
    counts.write_bytes(b"".join(counts.read_bytes().splitlines(keepends=True)[:counted]))
    (result.path / "seal.json").unlink()
    unfinished = qc.load_run(result.path)
    html = unfinished.html()
    for text in (unfinished.table(), shown(html), shown(fragment(unfinished.summary))):
        assert f"UNFINISHED: {counted} of" in text
        assert "witness" not in text
    headings = [heading for heading, _ in rate_sections(unfinished.summary)]
    assert "ideal circuit" in headings
    assert "this target" not in headings
    unfinished.plot()


def test_narrow_terminals_lose_no_digit(noisy):
    for width in (80, 60):
        text = printed(tables.print_summary, noisy.summary, width)
        assert max(map(len, text.splitlines())) <= width
        assert f"{estimate(noisy, 'trace_norm_witness')['best']:.4f}" in text


# Several runs


def test_comparison_is_side_by_side(clean, noisy):
    found = differences([clean.summary, noisy.summary])
    rows = {(row["section"], row["name"]): row["runs"] for row in found["side_by_side"]}
    assert rows["asymptotic formula", "R1"][0] == rows["asymptotic formula", "R1"][1]
    assert rows["used by this circuit (counted)", "Alice->Bob, bits per copy"][1]["value"] == 0.5
    aer, torino = rows["this target", "trace norm, exact"]
    assert aer["value"] < torino["value"]
    assert rows["this target", "trace norm, witness, mitigated"][0] is None
    text = printed(print_differences, found)
    for part in (
        "asymptotic formula",
        "achievable at n = 2",
        "used by this circuit (counted)",
        "ideal circuit",
        "this target",
        f"{torino['value']:.6f}",
        words.interval(estimate(noisy, "trace_norm_witness")),
    ):
        assert part in text


def test_differences_of_exact_figures_are_plain(clean, noisy):
    found = {row["name"]: row for row in differences([clean.summary, noisy.summary])["differences"]}
    exact, counted = found["trace_norm_exact"], found["trace_norm_witness"]
    assert exact["low"] == exact["best"] == exact["high"] > 0
    assert exact["method"] == "exact"
    assert exact["differ"]
    assert counted["low"] < counted["best"] < counted["high"]
    text = printed(print_differences, differences([clean.summary, noisy.summary]))
    assert f"{exact['best']:.6f} exact" in text
    assert "95% exact" not in text
    same = copy.deepcopy(clean.summary)
    same["estimates"][0]["best"] += 1e-15  # a rounding error is no difference
    rows = differences([clean.summary, same])["differences"]
    assert not rows[0]["differ"]
    assert len(side_by_side([clean.summary, same, noisy.summary])[0]["runs"]) == 3


def test_overview_names_the_figure(clean, noisy, pairs, runs):
    text = printed(tables.print_overview, [clean.summary, noisy.summary])
    assert "trace norm, witness" in text
    assert "verdict" not in text
    chsh = qc.run("chsh", target="aer", shots=50, seed=1, runs=runs)
    text = printed(tables.print_overview, [chsh.summary, clean.summary, pairs.summary])
    for part in ("win probability", "classical", "trace norm, witness", "fidelity, direct", "above"):
        assert part in text
    for result in (clean, pairs):
        assert words.found_words(_main(result)) in text
        assert result.summary["run"] in text.replace("\n", "")


# Before a run


@pytest.mark.parametrize("given", ["code", "pairs"])
def test_show_draws_owners_and_predicts(given):
    parameters = {"network": "cascade", "protocol": "ghz2-corner", "state": "ghz"} if given == "pairs" else {}
    experiment = build_experiment(spec_of(given, **parameters))
    text, described = protocol_text(experiment), describe_protocol(experiment)
    sends = {"code": "Alice -> Bob: 1 bits", "pairs": "Bob -> Charlie: bob_ebit_2[0] (now owned by Charlie)"}
    assert sends[given] in text
    figure = {"code": "ideal     trace norm, exact: 0.305543", "pairs": "ideal     fidelity, exact: 1"}
    assert figure[given] in text
    assert described["exact"] == experiment.play.exact
    assert described["rates"] == experiment.play.rates
    for note in described["notes"]:
        assert f"note      {note}" in text
    settings = next(line for line in text.splitlines() if line.startswith("settings"))
    assert settings.startswith(f"settings  {len(experiment.settings)}, in Pauli bases: ")
    assert settings.endswith(", ..")
    assert settings.count(",") <= 10
