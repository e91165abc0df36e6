"""Published notations: the conventions against their own examples, and what is refused."""

from __future__ import annotations

import itertools
import json
import random
from fractions import Fraction

import pytest

from qcoord_hw.errors import QcoordError
from qcoord_hw.theory.games.expression import BellExpression
from qcoord_hw.theory.games.files import read_game
from qcoord_hw.theory.games.named_expressions import named_expression
from qcoord_hw.theory.games.notations import NOTATIONS, convert, scenario_of
from qcoord_hw.theory.games.sliwa import FACETS
from qcoord_hw.theory.games.spread import spread
from tests.theory.games.test_expression import TABLES, as_expression

CH = [[0, -1, 0], [-1, 1, 1], [0, 1, -1]]
TOQITO = json.dumps({"coefficients": CH, "desc": [2, 2, 2, 2], "notation": "cg"})
FC = json.dumps({"coefficients": [[0, 0, 0], [0, 1, 1], [0, 1, -1]], "desc": [2, 2, 2, 2], "notation": "fc"})
I3322 = [[0, -1, 0, 0], [-2, 1, 1, 1], [-1, 1, 1, -1], [0, 1, -1, 0]]
NCPOL = json.dumps({"I": I3322, "A_configuration": [2, 2, 2], "B_configuration": [2, 2, 2]})
FAACETS = """\
# CHSH
type: BellExpression
scenario: '[(2 2) (2 2)]'
representation: Non-signaling Correlators
coefficients: [0, 0, 0, 0, 1, -1, 0, 1, 1]
"""
INE = """\
Equations:
 0 0 0 1 0 0 0 1 0 0 0 1 0 0 0 1 -1
 0 0 0 0 0 0 0 0 0 0 1 -1 0 0 1 -1 0

Inequalities:
 0 0 0 0 0 0 1 0 0 1 0 0 -1 1 1 0 -1
 0 0 0 0 0 0 0 1 0 1 0 0 -1 0 1 0 -1
"""
PUBLISHED_4322 = "0 " * 21 + "1 -2 -1 0 0 1 0 0 0 0 0 0 0 0 -1 -1 1 0 -1 1 1 -1 -1 1 2 -1 -1 -1"
"""Row 1 of the published table of four and three settings."""

OURS = {"name": "ch", "outcomes": [[2, 2], [2, 2]], "expression": {"collins-gisin": CH}, "local_bound": "0"}


def test_toqito_in_its_three_notations():
    ch = named_expression("ch").table
    assert convert(TOQITO, "toqito", "x").table == ch
    assert spread(convert(FC, "toqito", "x")).local_bound == 2
    # fp is [a][b][x][y]: CH by its probabilities, the marginals in questions (0, 0)
    cells = {(0, 0, x, y): c for (x, y), c in {(0, 0): 1, (0, 1): 1, (1, 0): 1, (1, 1): -1}.items()}
    cells[0, 0, 0, 0] -= 2
    cells[0, 1, 0, 0] = cells[1, 0, 0, 0] = -1
    table = [[[[cells.get((a, b, x, y), 0) for y in (0, 1)] for x in (0, 1)] for b in (0, 1)] for a in (0, 1)]
    fp = json.dumps({"coefficients": table, "desc": [2, 2, 2, 2], "notation": "fp"})
    assert convert(fp, "toqito", "x").table == ch


def test_toqito_with_more_outcomes_and_unequal_parties():
    """Of three outcomes a row is 1 + a + 2 x: the convention of its source."""
    table = [[0] * 3 for _ in range(5)]
    table[1 + 1 + 2 * 1][2] = 1  # a = 1 of setting 1, b = 0 of setting 1
    text = json.dumps({"coefficients": table, "desc": [3, 2, 2, 2], "notation": "cg"})
    expression = convert(text, "toqito", "x")
    ((_, factors),) = expression.terms
    assert factors == ((1, (0, 1, 0)), (1, (1, 0)))


def test_ncpol2sdpa_rows_are_alices_and_a_bare_table_needs_its_scenario():
    expression = convert(NCPOL, "ncpol2sdpa", "x")
    assert spread(expression).local_bound == 0
    assert expression.table[1, 0] == -2  # Alice's first marginal
    bare = json.dumps(I3322)
    assert convert(bare, "ncpol2sdpa", "x", scenario=(3, 3, 2, 2)).table == expression.table
    with pytest.raises(QcoordError, match="do not say how many outcomes"):
        convert(bare, "ncpol2sdpa", "x")
    # the same numbers are another expression where one setting has four outcomes
    assert convert(bare, "ncpol2sdpa", "x", scenario=(1, 1, 4, 4)).outcomes == ((4,), (4,))


def test_ine_rows_have_the_published_bounds():
    for number, bound in ((0, 1), (1, 1)):
        expression = convert(INE, "ine", "x", number=number, scenario=(2, 2, 2, 2))
        assert spread(expression).local_bound == expression.local_bound == bound
    row = convert(f"Inequalities:\n{PUBLISHED_4322}\n", "ine", "x", scenario=scenario_of("4322.ine"))
    assert row.table == BellExpression.from_json(as_expression(TABLES["b4322-1"])).table
    with pytest.raises(QcoordError, match="equations"):
        convert(INE, "ine", "x", number=0, scenario=(4, 1, 2, 2))
    with pytest.raises(QcoordError, match="number: missing"):
        convert(INE, "ine", "x", scenario=(2, 2, 2, 2))
    with pytest.raises(QcoordError, match="scenario: not known"):
        convert(INE, "ine", "x", number=0)


@pytest.mark.parametrize("number", [1, 2, 7, 23, 46])
def test_sliwa_by_number_and_by_row(number):
    named = named_expression(f"sliwa-{number}")
    rows = "\n".join(", ".join(map(str, row)) for row in FACETS)
    assert convert(str(number), "sliwa", "x").table == named.table
    found = convert(rows, "sliwa", "x", number=number)
    assert found.table == named.table
    assert found.local_bound == named.local_bound == FACETS[number - 1][0]


def test_faacets_are_refused_where_the_order_matters():
    with pytest.raises(QcoordError, match="order is not settled"):
        convert(FAACETS, "faacets", "x")
    last, first = (convert(FAACETS, "faacets", "x", fastest=end) for end in ("last", "first"))
    assert last.table == {slots[::-1]: value for slots, value in first.table.items()}
    assert last.table != first.table
    assert spread(last).local_bound == 2
    symmetric = FAACETS.replace("[0, 0, 0, 0, 1, -1, 0, 1, 1]", "[0, 0, 0, 0, 1, 1,\n  0, 1, -1]")
    assert spread(convert(symmetric, "faacets", "x")).local_bound == 2


@pytest.mark.parametrize("option", ["number", "scenario", "fastest"])
def test_options_of_other_notations_are_refused(option):
    texts = {"toqito": TOQITO, "ncpol2sdpa": NCPOL, "ine": INE, "sliwa": "7", "faacets": FAACETS}
    value = {"number": 0, "scenario": (2, 2, 2, 2), "fastest": "last"}[option]
    for notation, (allowed, _) in NOTATIONS.items():
        if option not in allowed:
            with pytest.raises(QcoordError, match=f"^{option}: given; allowed with"):
                convert(texts[notation], notation, "x", **{option: value})


JUNK = [
    None,
    True,
    -1,
    0,
    1.5,
    3,
    10**30,
    "",
    "x",
    "1/0",
    "nan",
    "1e9999",
    [],
    [0],
    [[]],
    {},
    {"c": 1},
    [1, 2, 3],
]


def places(value, path=()):
    yield path
    if isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*path, key))


def replaced(value, path, new):
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


def spoilt(seed, count):
    """Spoilt texts of all notations: nodes of JSON replaced, dropped or added; words of text changed."""
    rng = random.Random(seed)
    terms = OURS | {
        "expression": {"terms": [{"c": "1/2", "E": [0, 1]}, {"c": 1, "x": [0, None], "a": [1, None]}]}
    }
    probabilities = OURS | {"expression": {"probabilities": [[[[1, 0], [0, "1/2"]]] * 2] * 2}}
    trees = [("ours", OURS), ("ours", terms), ("ours", probabilities)]
    trees += [("toqito", json.loads(TOQITO)), ("toqito", json.loads(FC)), ("ncpol2sdpa", json.loads(NCPOL))]
    texts = [("ine", INE), ("sliwa", " ".join(map(str, FACETS[6]))), ("faacets", FAACETS)]
    for _ in range(count):
        if rng.random() < 0.6:
            notation, tree = rng.choice(trees)
            path = rng.choice(list(places(tree)))
            yield notation, json.dumps(replaced(tree, path, rng.choice(JUNK)))
        else:
            notation, text = rng.choice(texts)
            words = text.split(" ")
            for _ in range(rng.randint(1, 3)):
                i = rng.randrange(len(words))
                words[i] = rng.choice(
                    ["", "x", "1/0", "9" * 200, "\n", "[", "(2", "-", words[i] + "\n" + words[i]]
                )
            yield notation, " ".join(words)


def test_what_is_malformed_is_refused_in_one_line(tmp_path):
    refused = []
    for k, (notation, text) in enumerate(spoilt(7, 200)):
        path = tmp_path / f"{k}.json"
        try:
            if notation == "ours":
                path.write_text(text)
                read_game(path)
            else:
                options = {"scenario": (2, 2, 2, 2)} if notation == "ine" else {}
                spread(convert(text, notation, "x", **options))
        except QcoordError as error:
            refused.append((error, text))
    assert len(refused) >= 100
    for error, text in refused:
        assert error.exit_code == 2, text
        assert "\n" not in str(error), text
        assert len(str(error)) < 400, text
        assert "llowed" in str(error) or "not valid JSON" in str(error), (text, str(error))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"local_bound": "1"}, "local_bound: 1; .*is 0"),
        ({"subject_to": ["P(00|00)=0"]}, "subject_to: side constraints"),
        ({"bound": 3}, "bound.*unknown"),
        ({"outcomes": [[2, 2]]}, "collins-gisin: shape"),
        ({"outcomes": [[2, 1], [2, 2]]}, "outcomes: 1"),
        ({"outcomes": 3}, "outcomes: 3"),
        ({"expression": {}}, "expression: .*exactly one"),
        ({"expression": {"collins-gisin": CH, "correlators": CH}}, "expression: .*exactly one"),
        ({"expression": {"collins-gisin": [[0, 0, 0]] * 3}}, "ranges over 0"),
        ({"expression": {"collins-gisin": [["1e-9", 0, 0], [0, "1e-9", 0], [0, 0, 0]]}}, "ranges over"),
        ({"expression": {"collins-gisin": [[0, "1/x", 0], [0, 0, 0], [0, 0, 0]]}}, "collins-gisin: '1/x'"),
    ],
)
def test_each_field_is_named(tmp_path, change, field):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(OURS | change))
    with pytest.raises(QcoordError, match=f"^mine.json: .*{field}"):
        read_game(path)


def test_decimals_are_read_literally(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(
        json.dumps(
            OURS
            | {"expression": {"correlators": [[0, 0, 0], [0.1, 1, 1], [0, 1, -1]]}}
            | {"local_bound": 2.1}
        )
    )
    game = read_game(path)
    assert game.local_bound == Fraction(21, 10)
    assert {c for c, _ in game.expression.terms} == {Fraction(1, 10), Fraction(1), Fraction(-1)}


def test_scenarios_of_file_names():
    assert scenario_of("4322.ine") == (4, 3, 2, 2)
    assert [scenario_of(name) for name in ("43220.ine", "4302.ine", "abc.ine", "4322.txt")] == [None] * 4
    assert len(list(itertools.chain(NOTATIONS))) == 5
