"""The rows of `qcoord reproduce`: they cover both papers, and a number that is spoilt is seen."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

import qcoord_hw as qc
from qcoord_hw import cli
from qcoord_hw.errors import InputError
from qcoord_hw.papers import items, reproduce
from qcoord_hw.papers.asking import Asker
from qcoord_hw.papers.items import LAST_EQUATION, NO_NUMBER, ROWS, equations
from qcoord_hw.papers.row import NOT_PRINTED, Claim, Found

pytestmark = pytest.mark.usefixtures("work_clock")

ROOT = Path(__file__).parents[2]
PAGE = (Path(__file__).parents[2] / "docs" / "errata.md").read_text()
ERRATA = set(re.findall(r"^- \*\*(\w+ \d+)\. ", PAGE, re.M))
QUICK = [row for row in ROWS if row.quick]

NAMED = {
    "Nator": (
        *(f"Definition {k}" for k in range(1, 9)),
        *(f"Theorem {k}" for k in (1, 4, 5, 6, 8, 9, 10, 11)),
        *(f"Corollary {k}" for k in (2, 3, 7)),
        *(f"Remark {k}" for k in range(1, 9)),
        "Example 1",
        "Example 2",
        "Figure 1",
        "Figure 2",
        "Figure 13 (a)",
        "Figure 13 (b)",
        "Section V",
    ),
    "Hu": (
        "Theorem 1",
        *(f"Lemma {k}" for k in (1, 2, 3)),
        *(f"Remark {k}" for k in (1, 2, 3, 4)),
        *(f"Example {k}" for k in (1, 2, 3)),
        "Figure 1",
        "footnote 1",
    ),
}
"""What the papers number, beside equations; figures that draw a network alone state no number."""


_ASKER = Asker()
"""Each command is asked once for all tests."""


def judged(*rows):
    """Return the reproduction of rows, whose commands are asked once."""
    found = [reproduce._reproduced(row, _ASKER, []) for row in rows]
    return qc.Reproduction(found, **reproduce.counts(found), seconds=0.0)


@pytest.fixture(scope="module")
def quick():
    return judged(*QUICK)


@pytest.mark.parametrize("paper", LAST_EQUATION)
def test_every_numbered_equation_has_a_row_or_a_reason(paper):
    covered = set().union(*(equations(row) for row in ROWS if row.paper == paper))
    excused = {n for first, last in NO_NUMBER[paper] for n in range(first, last + 1)}
    assert set(range(1, LAST_EQUATION[paper] + 1)) - covered - excused == set()
    assert all(NO_NUMBER[paper].values())


@pytest.mark.parametrize("paper", LAST_EQUATION)
def test_every_numbered_equation_is_a_name(paper):
    excused = {n for first, last in NO_NUMBER[paper] for n in range(first, last + 1)}
    for number in range(1, LAST_EQUATION[paper] + 1):
        if number not in excused:
            assert items.find_rows([f"{paper.lower()}-{number}"], ROWS)
    with pytest.raises(InputError, match="nothing to reproduce"):
        items.find_rows([f"{paper.lower()}-{min(excused)}"], ROWS)
    with pytest.raises(InputError, match="unknown"):
        items.find_rows([f"{paper.lower()}-{LAST_EQUATION[paper] + 1}"], ROWS)


@pytest.mark.parametrize("paper", NAMED)
def test_everything_else_that_is_numbered_has_a_row(paper):
    places = "; ".join(row.place for row in ROWS if row.paper == paper)
    numbers = {
        (kind, int(n))
        for kind, first, last in re.findall(r"(Definition|Remark|Lemma)s? (\d+)(?:(?:-| and )(\d+))?", places)
        for n in range(int(first), int(last or first) + 1)
    }
    missing = [
        name
        for name in NAMED[paper]
        if name not in places and (name.split(" ")[0], int(re.sub(r"\D", "", name) or 0)) not in numbers
    ]
    assert missing == []


def test_rows_are_well_formed():
    assert len({row.id for row in ROWS}) == len(ROWS)
    for row in ROWS:
        named = [row.erratum] if row.erratum else []
        named += re.findall(r"erratum (\w+ \d+)", row.note)
        assert set(named) <= ERRATA, row.id
        assert row.id.startswith(row.paper.lower()), row.id
        stated = [claim for claim in row.claims if claim.is_stated]
        assert stated or row.label == "not reproducible", row.id
        for claim in stated:
            assert claim.expected == claim.expected, row.id  # a number
        if any(claim.instead is not None for claim in row.claims):
            assert row.erratum, row.id
        elif row.erratum:
            assert row.label == "not reproducible", row.id


def test_every_erratum_that_refutes_a_number_is_shown_by_a_row():
    refuted = set()
    for part in re.split(r"^### ", PAGE, flags=re.M)[1:]:
        if part.startswith("Refuted"):
            refuted |= set(re.findall(r"^- \*\*(\w+ \d+)\. ", part, re.M))
    assert refuted <= {row.erratum for row in ROWS}


def numbers_in(words):
    """Return the decimals of words, with half a unit of their last digit."""
    return [(float(n), 0.5 * 10.0 ** -len(n.split(".")[1])) for n in re.findall(r"(?<![\w.])\d*\.\d+", words)]


def test_every_number_of_the_errata_is_made_by_a_row_or_by_the_items_own_test():
    tests = "".join(
        (ROOT / "tests" / f"{name}.py").read_text() for name in ("test_errata", "test_errata_coordination")
    )
    own = re.split(r"^def test_item_", tests, flags=re.M)[1:]
    checked = 0
    for line in re.split(r"^- \*\*", PAGE, flags=re.M)[1:]:
        name, words = re.match(r"(\w+ \d+)\. (.*)", line, re.S).groups()
        rows = [row for row in ROWS if name in (row.erratum, *re.findall(r"erratum (\w+ \d+)", row.note))]
        known = [
            float(value)
            for row in rows
            for claim in row.claims
            for value in (claim.instead, claim.expected if claim.is_stated else None)
            if value is not None
        ]
        literals = "".join(part for part in own if part.startswith(f"{name.split()[1]}_"))
        known += [float(n) for n in re.findall(r"(?<![\w.])\d*\.?\d+", literals)]
        known += [float(n) for row in rows for n in re.findall(r"\d*\.\d+", row.printed)]
        for number, near in numbers_in(re.split(r"^#", words, flags=re.M)[0]):
            assert any(abs(number - one) <= near + 1e-12 for one in known), (name, number)
            checked += 1
    assert checked > 15


def test_quick_rows_are_reproduced(quick):
    assert quick.ok
    assert quick.unlisted == []
    assert quick.matches + quick.differences == len(QUICK)
    for row in quick.rows_found:
        assert row.checked in (None, "holds")
        assert row.why.startswith(f"erratum {one.erratum}") if (one := by_id(row.id)).erratum else True
        assert (row.verdict == "differs") == bool(one.erratum)


def by_id(name):
    return next(row for row in ROWS if row.id == name)


def spoilt(claim):
    """Return the claim with another number printed, and what an erratum puts in its place."""
    wrong = {"equal": 1.0 + 2 * abs(claim.expected), "at most": -1.0, "at least": 2.0}[claim.how]
    if claim.instead is not None:
        return replace(claim, instead=claim.instead + 0.01)
    return replace(claim, value=3.0 if wrong == float("inf") else wrong)


def test_a_printed_value_that_is_spoilt_differs():
    tried = 0
    for row in QUICK:
        for k, claim in enumerate(row.claims):
            if not claim.is_stated:
                continue
            other = replace(row, claims=(*row.claims[:k], spoilt(claim), *row.claims[k + 1 :]))
            found = judged(other)
            assert found.unlisted == [row.id], (row.id, claim.quantity)
            tried += 1
    assert tried > 80


def test_ours_that_is_spoilt_differs():
    tried = 0
    for row in QUICK:
        for k, claim in enumerate(row.claims):
            if not claim.is_stated:
                continue

            def read(*data, row=row, k=k, claim=claim):
                found = [Found.of(value) for value in row.read(*data)]
                off = {"equal": 0.01, "at most": 2.0, "at least": -2.0}[claim.how]
                old = found[k] if found[k].upper < float("inf") else Found(1.0, 1.0)
                found[k] = Found(old.lower + off, old.upper + off)
                return found

            if claim.tolerance and claim.tolerance > 0.01:
                continue
            if claim.width > 1e-3:  # a bracket that is not closed yet: only its ends can be seen to leave it
                continue
            assert judged(replace(row, read=read)).unlisted == [row.id], (row.id, claim.quantity)
            tried += 1
    assert tried > 80


def test_a_checker_that_refuses_is_a_difference(monkeypatch):
    from qcoord_hw.papers import asking

    row = by_id("nator-46")
    data = asking._asked(row.asks[0]).data
    monkeypatch.setattr(asking, "_asked", lambda one: asking.Asked(data, "criteria: not proved"))
    found = qc.reproduce(rows=[row])
    assert found.unlisted == ["nator-46"]
    assert "checker" in found.rows_found[0].why


def test_an_erratum_that_is_not_needed_is_a_difference():
    row = replace(by_id("nator-68"), erratum="Nator 15")
    row = replace(row, claims=(replace(row.claims[0], instead=0.8),))
    assert judged(row).unlisted == ["nator-68"]


def test_a_row_that_cannot_be_computed_is_a_difference():
    row = replace(by_id("nator-68"), read=lambda d: [d["nothing"]])
    found = judged(row)
    assert found.unlisted == ["nator-68"]
    assert "cannot be computed" in found.rows_found[0].why


def test_exit_status_and_json(capsys, monkeypatch):
    assert cli.main(["reproduce", "nator-46", "nator-70", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ok"] is True
    assert [row["id"] for row in found["rows"]] == ["nator-46", "nator-70"]
    keys = {"id", "paper", "printed", "ours", "label", "verdict", "why", "command", "source", "checked"}
    assert all(keys <= set(row) for row in found["rows"])
    assert [row["verdict"] for row in found["rows"]] == ["match", "differs"]
    row = by_id("nator-46")
    wrong = replace(row, claims=(Claim("Q1", "1.7926"), *row.claims[1:]))
    monkeypatch.setattr(items, "ROWS", (wrong,))
    assert cli.main(["reproduce", "nator-46", "--json"]) == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out)["unlisted"] == ["nator-46"]
    assert printed.err.count("\n") == 1
    assert cli.main(["reproduce", "nator-46"]) == 1
    assert "no erratum lists it" in capsys.readouterr().out


def test_names(capsys):
    assert cli.main(["reproduce", "--list", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["rows"]) == len(ROWS)
    with pytest.raises(InputError, match=r"row: 'nator-98'; nothing to reproduce: converse of Theorem 4"):
        items.find_rows(["nator-98"], ROWS)
    assert [row.id for row in items.find_rows(["nator-79"], ROWS)] == ["nator-83"]
    assert [row.id for row in items.find_rows(["nator-figure-13"], ROWS)] == [
        "nator-figure-13a",
        "nator-figure-13b",
    ]
    assert cli.main(["reproduce", "nator-64x"]) == 2
    assert "did you mean nator-64?" in capsys.readouterr().err
    with pytest.raises(InputError, match="row"):
        qc.reproduce("7")
    assert [row.id for row in items.find_rows(["hu-lemma"], ROWS)] == [
        "hu-lemma-1",
        "hu-lemma-1-bonus",
        "hu-lemma-2",
        "hu-lemma-3",
    ]


def test_from_python_it_is_the_same_answer(quick):
    found = qc.reproduce("nator-46", "nator-68")
    assert [row.words() for row in found.rows_found] == [
        row.words() for row in quick.rows_found if row.id in ("nator-46", "nator-68")
    ]


def test_the_answer_reads_like_the_others(quick):
    assert quick["rows"][0]["id"] == quick.rows_found[0].id
    assert "nator-46  match" in quick.table()
    assert len(quick.rows()) == sum(len(row.claims) for row in QUICK)
    json.dumps(quick.to_json(), allow_nan=False)


def test_a_claim_compares_to_the_digits_that_are_printed():
    claim = Claim("Q1", "1.7925")
    assert claim.matches(Found.of(1.792481))
    assert not claim.matches(Found.of(1.79244))
    assert not claim.matches(Found(1.7, 1.8))
    assert Claim("c", "inf").matches(Found.of("inf"))
    assert not Claim("c", "inf").matches(Found.of(3.0))
    assert Claim("x", NOT_PRINTED).matches(Found.of(3.0))


def typed(command, capsys):
    assert cli.main([*command.split()[1:], "--json"]) == 0
    return json.loads(capsys.readouterr().out)


TIMES = ("seconds", "time_limit")


def without_times(data):
    if isinstance(data, dict):
        return {key: without_times(value) for key, value in data.items() if key not in TIMES}
    return [without_times(one) for one in data] if isinstance(data, list) else data


def compare_commands(rows, capsys):
    seen = set()
    for row in rows:
        for ask in row.asks:
            if ask.command in seen:
                continue
            seen.add(ask.command)
            assert without_times(typed(ask.command, capsys)) == without_times(dict(_ASKER(ask).data)), row.id
    return seen


def test_the_commands_show_what_some_rows_say(capsys):
    names = ("nator-46", "nator-70", "nator-57-phase", "nator-133", "nator-schumacher-100", "nator-remark-2")
    assert len(compare_commands(map(by_id, names), capsys)) >= 8


@pytest.mark.slow
def test_the_commands_show_what_all_rows_say(capsys):
    numbers = [row for row in ROWS if not any(dict(ask.options).get("time_limit") for ask in row.asks)]
    assert len(compare_commands(numbers, capsys)) > 50


@pytest.mark.slow
def test_all_rows_are_reproduced():
    found = qc.reproduce()
    assert found.unlisted == []
    assert len(found.rows_found) == len(ROWS)


def test_the_page_needs_nothing_else(tmp_path, quick):
    from qcoord_hw.papers.page import page

    text = page(quick)
    outside = r"(?:src|href)=[\"'](?!#|data:application/json;)"
    assert not re.search(outside, text.replace("xlink:href", "href"))
    assert text.count('role="img"') >= 3
    assert "least Q" in text
    assert "2.584963" in text  # Figure 13's numbers as text
    for row in quick.rows_found:
        assert f"<strong>{row.id}</strong>" in text
    assert cli.main(["reproduce", "nator-46", "--html", str(tmp_path / "none" / "page.html")]) == 2
    assert cli.main(["reproduce", "nator-46", "--html", str(tmp_path / "page.html")]) == 0
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")


def test_circuits_beside_theory(runs_dir, monkeypatch):
    found = qc.reproduce("nator-68", run=True, target="fake_manila", shots=200)
    runs = found.rows_found[0].runs
    assert [(one.experiment, one.target) for one in runs] == [("chsh", "aer"), ("chsh", "fake_manila")]
    assert all(Path(one.run).parent == runs_dir for one in runs)
    assert "chsh on fake_manila" in found.table()
    assert runs[0].low <= runs[0].theory <= runs[0].high
    missed = replace(runs[0], low=0.1, best=0.2, high=0.3)
    assert not reproduce._reproduced(by_id("nator-68"), _ASKER, [missed]).listed


@pytest.mark.parametrize("target", ["ibm_torino", "fake_nowhere"])
def test_nothing_is_sent(target):
    with pytest.raises(InputError, match="target"):
        qc.reproduce("nator-68", run=True, target=target)
