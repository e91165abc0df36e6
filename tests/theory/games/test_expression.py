"""Bell expressions: every notation, the game that is made of them, and its units, against plain sums."""

from __future__ import annotations

import itertools
import json
import math
from fractions import Fraction
from pathlib import Path

import pytest

from qcoord_hw.errors import InputError
from qcoord_hw.theory.games import spread as spreading
from qcoord_hw.theory.games.classical import classical_value
from qcoord_hw.theory.games.expression import NOTATIONS, BellExpression
from qcoord_hw.theory.games.named_expressions import EXPRESSIONS, named_expression
from qcoord_hw.theory.games.spread import ExpressionGame, even_split, spread

CASES = json.loads((Path(__file__).parents[2] / "data" / "bell-expressions.json").read_text())
TABLES = {case["id"]: case for case in CASES if "game" in case}


def random_content(rng, outcomes, notation):
    """A random expression in a notation: the content of a file, most coefficients 0."""

    def number():
        if rng.random() < 0.4:
            return 0
        return str(Fraction(int(rng.integers(-6, 7)), int(rng.integers(1, 4))))

    def nested(shape):
        return number() if not shape else [nested(shape[1:]) for _ in range(shape[0])]

    if notation == "correlators":
        return nested([1 + len(own) for own in outcomes])
    if notation == "collins-gisin":
        return nested([1 + sum(own) - len(own) for own in outcomes])
    if notation == "probabilities":

        def below(at):
            if len(at) < len(outcomes):
                return [below((*at, x)) for x in range(len(outcomes[len(at)]))]
            return nested([own[x] for own, x in zip(outcomes, at, strict=True)])

        return below(())
    terms = []
    for _ in range(int(rng.integers(1, 9))):
        x = [None if rng.random() < 0.3 else int(rng.integers(len(own))) for own in outcomes]
        if rng.random() < 0.5 and all(o[i] == 2 for o, i in zip(outcomes, x, strict=True) if i is not None):
            terms.append({"c": number(), "E": x})
        else:
            a = [None if i is None else int(rng.integers(o[i])) for o, i in zip(outcomes, x, strict=True)]
            terms.append({"c": number(), "x": x, "a": a})
    return terms


def random_expression(rng, parties):
    notation = NOTATIONS[int(rng.integers(4))]
    most = {2: 3, 3: 2, 4: 2}[parties]
    outcomes = [
        [
            2 if notation == "correlators" else int(rng.integers(2, most + 1))
            for _ in range(rng.integers(1, most + 1))
        ]
        for _ in range(parties)
    ]
    return {
        "name": "r",
        "outcomes": outcomes,
        "expression": {notation: random_content(rng, outcomes, notation)},
    }


def plain_value(data, behaviour):
    """What a file says, by its words alone, where behaviour(question, answers) is a probability."""
    ((notation, content),) = data["expression"].items()
    outcomes = data["outcomes"]
    total = Fraction(0)

    def probability(asked, said):
        """Of some parties: the others are asked setting 0, and their outcomes summed over."""
        question = tuple(0 if x is None else x for x in asked)
        open_ = [
            range(o[q]) if x is None else (a,)
            for o, q, x, a in zip(outcomes, question, asked, said, strict=True)
        ]
        return sum(behaviour(question, answers) for answers in itertools.product(*open_))

    def correlator(asked):
        choices = [(None,) if x is None else (0, 1) for x in asked]
        return sum(
            (-1) ** sum(a or 0 for a in said) * probability(asked, said)
            for said in itertools.product(*choices)
        )

    def entry(place):
        at = content
        for i in place:
            at = at[i]
        return Fraction(at)

    if notation == "terms":
        for term in content:
            value = correlator(term["E"]) if "E" in term else probability(term["x"], term["a"])
            total += Fraction(term["c"]) * value
    elif notation == "probabilities":
        for question in itertools.product(*(range(len(o)) for o in outcomes)):
            for answers in itertools.product(*(range(o[x]) for o, x in zip(outcomes, question, strict=True))):
                total += entry((*question, *answers)) * behaviour(question, answers)
    elif notation == "correlators":
        for place in itertools.product(*(range(1 + len(o)) for o in outcomes)):
            if c := entry(place):
                total += c * correlator([None if i == 0 else i - 1 for i in place])
    else:
        slots = [[(None, None), *((x, a) for x, n in enumerate(o) for a in range(n - 1))] for o in outcomes]
        for place in itertools.product(*(range(len(s)) for s in slots)):
            if c := entry(place):
                chosen = [s[i] for s, i in zip(slots, place, strict=True)]
                total += c * probability([x for x, _ in chosen], [a for _, a in chosen])
    return total


def deterministic(rng, outcomes):
    """A deterministic point: strategy[party][setting]."""
    return [[int(rng.integers(n)) for n in own] for own in outcomes]


def no_signalling(rng, outcomes):
    """A random behaviour without signalling: deterministic points mixed exactly, with weights of any sign."""
    points = [deterministic(rng, outcomes) for _ in range(4)]
    weights = [Fraction(int(rng.integers(-5, 9)), 7) for _ in points[1:]]
    weights.append(1 - sum(weights))

    def behaviour(question, answers):
        return sum(
            w
            for w, point in zip(weights, points, strict=True)
            if all(own[x] == a for own, x, a in zip(point, question, answers, strict=True))
        )

    return behaviour


def game_value(game, behaviour):
    mean = Fraction(0)
    for question in game.questions():
        sizes = [own[x] for own, x in zip(game.expression.outcomes, question, strict=True)]
        for answers in itertools.product(*map(range, sizes)):
            mean += game.prob[question] * game.table[question].item(answers) * behaviour(question, answers)
    return game.value(mean)


def spread_or_none(data):
    expression = BellExpression.from_json(data)
    if any(any(slots) for slots in expression.table):
        return spread(expression)
    with pytest.raises(InputError, match="ranges over 0"):  # all coefficients are zero, or cancel
        spread(expression)
    return None


@pytest.mark.few(1)
@pytest.mark.parametrize(("parties", "count"), [(2, 40), (3, 20), (4, 20)])
def test_the_value_by_the_expression_is_that_by_the_game_mapped_back(rng, monkeypatch, parties, count):
    monkeypatch.setattr(spreading, "DIRECTIONS", 1)
    made = won = 0
    while made < count:
        data = random_expression(rng, parties)
        game = spread_or_none(data)
        if game is None:
            continue
        made, won = made + 1, won + (game.score is None)
        outcomes = data["outcomes"]
        point = deterministic(rng, outcomes)
        local = no_signalling(rng, outcomes)
        for behaviour in (
            lambda q, a, point=point: Fraction(all(o[x] == b for o, x, b in zip(point, q, a, strict=True))),
            local,
        ):
            assert game_value(game, behaviour) == plain_value(data, behaviour)
        again = BellExpression.from_json(json.loads(json.dumps(game.expression.to_json())))
        assert again.table == game.expression.table
        assert game.scale <= even_split(game.expression).scale * (1 + Fraction(1, 10**6))
    assert 0 < won < count


def test_a_box_beyond_quantum_theory_has_its_value():
    """PR boxes are no affine mixtures that a local test would need: CHSH of one is 4, in every notation."""

    def box(question, answers):
        return Fraction((answers[0] ^ answers[1]) == (question[0] & question[1]), 2)

    game = spread(named_expression("tilted-chsh:0"))
    assert game_value(game, box) == 4
    assert game_value(spread(named_expression("ch")), box) == Fraction(1, 2)


@pytest.mark.few(1)
@pytest.mark.parametrize("parties", [2, 3])
def test_the_local_bound_is_that_of_all_deterministic_points(rng, monkeypatch, parties):
    monkeypatch.setattr(spreading, "DIRECTIONS", 0)
    for _ in range(12):
        data = random_expression(rng, parties)
        if (game := spread_or_none(data)) is None:
            continue
        points = itertools.product(*(itertools.product(*map(range, own)) for own in data["outcomes"]))
        best = max(
            plain_value(
                data, lambda q, a, p=p: Fraction(all(o[x] == b for o, x, b in zip(p, q, a, strict=True)))
            )
            for p in points
        )
        assert game.local_bound == best
        assert spread(BellExpression.from_json(data | {"local_bound": str(best)})).local_bound == best
        with pytest.raises(InputError, match=f"local_bound: .*which is {best}$"):
            spread(BellExpression.from_json(data | {"local_bound": str(best + Fraction(1, 7))}))


def as_expression(case):
    """A handed game with its units, as a file of terms."""
    game, scale = case["game"], Fraction(case["scale"])
    prob, table = game["prob"], game.get("win", game.get("score"))
    players = 0
    while isinstance(prob, list):
        players, prob = players + 1, prob[0]

    def at(nested, place):
        for i in place:
            nested = nested[i]
        return nested

    def shape(nested):
        return (len(nested), *shape(nested[0])) if isinstance(nested, list) else ()

    sizes = shape(table)
    none = [None] * players
    terms = [{"c": case["offset"], "x": none, "a": none}]
    for place in itertools.product(*map(range, sizes)):
        x, a = place[:players], place[players:]
        c = scale * Fraction(at(game["prob"], x)) * Fraction(str(at(table, place)))
        if c:
            terms.append({"c": str(c), "x": list(x), "a": list(a)})
    outcomes = [[b] * x for x, b in zip(sizes[:players], sizes[players:], strict=True)]
    return {"name": case["id"], "outcomes": outcomes, "expression": {"terms": terms}}


@pytest.mark.few(5)
@pytest.mark.parametrize("case", TABLES.values(), ids=TABLES)
def test_the_handed_tables_have_their_local_bound(case):
    expected = str(case["expected"]["I_classical"])
    game = spread(BellExpression.from_json(as_expression(case) | {"local_bound": expected}))
    assert game.local_bound == Fraction(expected)


def shots(game, quantum, noise=0.05, p=1e-6):
    """Shots for p < 1e-6 at the expected value, Chernoff: with white noise in the state."""
    value = (1 - noise) * quantum + noise * float(game.expression.white_noise())
    w, c = (value - float(game.offset)) / float(game.scale), float(classical_value(game))
    return -math.log(p) / (w * math.log(w / c) + (1 - w) * math.log((1 - w) / (1 - c)))


@pytest.mark.parametrize(
    ("name", "most"),
    [("ch", 641), ("i3322cg", 2988), ("b4322-1", 3653), ("b4422-100", 2294), ("sliwa-7", 388)],
)
def test_the_spread_of_marginals_saves_as_many_shots_as_it_should(name, most):
    case = TABLES[name]
    game = spread(BellExpression.from_json(as_expression(case)))
    assert shots(game, case["expected"]["I_quantum_at_least"]) <= 1.1 * most


def test_spread_facets_are_mostly_won_or_lost():
    """As many of the 46 as the vertices that a plain solver returns, at least."""
    won = sum(spread(named_expression(f"sliwa-{n}")).score is None for n in range(1, 24))
    assert won >= 8


@pytest.mark.parametrize("name", [name for name in TABLES if name.startswith("sliwa")])
def test_the_facets_by_number_are_the_published_ones(name):
    assert named_expression(name).table == BellExpression.from_json(as_expression(TABLES[name])).table


@pytest.mark.parametrize(
    ("text", "case"),
    [("ch", "ch"), ("elegant", "elegant"), ("svetlichny", "svetlichny"), ("i3322-cg", "i3322cg")],
)
def test_names_are_the_published_expressions(text, case):
    handed = BellExpression.from_json(as_expression(TABLES[case]))
    named = named_expression(text)
    bounds = {spread(e).local_bound for e in (handed, named)}
    assert len(bounds) == 1
    assert sorted(map(abs, handed.table.values())) == sorted(map(abs, named.table.values()))


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("tilted-chsh:alpha=1/3", "7/3"),
        ("tilted-chsh", 3),
        ("chained:n=7", 12),
        ("mermin", 2),
        ("mermin-4", 4),
        ("mermin:5", 4),
        ("cglmp:d=2", 2),
        ("cglmp-5", 2),
        ("sliwa-46", 10),
        ("svetlichny-4", 4),
    ],
)
def test_names_with_a_parameter(text, bound):
    game = spread(named_expression(text))
    assert game.local_bound == Fraction(bound)
    assert game.name == game.expression.name


@pytest.mark.parametrize(
    "text",
    ["ch:2", "ch-2", "cglmp:d=1", "cglmp:x=3", "cglmp:d=5/2", "sliwa-47", "sliwa-0", "tilted-chsh:a", "no"],
)
def test_wrong_names_are_refused_in_one_line(text):
    with pytest.raises(InputError, match="allowed|no parameter") as caught:
        named_expression(text)
    assert "\n" not in str(caught.value)


def test_all_names_build():
    assert all(spread(named_expression(name)).scale > 0 for name in EXPRESSIONS if name != "sliwa")


def test_a_game_that_is_not_the_expression_is_refused():
    game = spread(named_expression("i3322-cg"))
    assert ExpressionGame(game.expression, game.prob, game.win).scale == game.scale
    for other in ("ch", "chained", "tilted-chsh"):
        with pytest.raises(InputError, match="not that of the game"):
            ExpressionGame(named_expression(other), game.prob, game.win)
    spoilt = game.win.copy()
    spoilt[0, 0, 0, 1] ^= 1
    with pytest.raises(InputError, match="not that of the game"):
        ExpressionGame(game.expression, game.prob, spoilt)


def test_padded_answers_score_nothing():
    terms = [{"c": -2, "x": [1, 0], "a": [2, 0]}, {"c": 1, "x": [0, 0], "a": [0, 0]}]
    data = {"name": "p", "outcomes": [[2, 3], [2, 2]], "expression": {"terms": terms}}
    game = spread(BellExpression.from_json(data))
    assert game.answers == (3, 2)
    assert game.prob[0, 0] > 0
    assert not game.table[0, :, 2].any()
    field = "win" if game.score is None else "score"
    padded = game.table.copy()
    ExpressionGame(game.expression, game.prob, **{field: padded})
    padded[0, 0, 2, 0] = 1
    with pytest.raises(InputError, match="not that of the game"):
        ExpressionGame(game.expression, game.prob, **{field: padded})
