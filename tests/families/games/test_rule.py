"""The rules in words say what the table of a game says: they are read back, and played."""

from __future__ import annotations

import re
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from qcoord_hw.families.games.rule import MOST_ROWS, rule_lines, rule_of
from qcoord_hw.families.games.winning import boxes, numbers_words
from qcoord_hw.theory.games.catalogue import GAMES, magic_square, magic_square_constraint_variable, parallel
from qcoord_hw.theory.games.game import Game
from tests.parity_games import constraint_variable, relabelled

NAMES = ("Bob", "Charlie", "Dave", "Erin", "Frank", "Grace")
PLACES = ("first", "second", "third", "fourth")
SAID = re.compile(r"(Bob|Charlie|Dave|Erin|Frank|Grace)(?: is asked| answers)? (any|\d[\d, tor]*)")


def numbers(text):
    found = set()
    for low, high in re.findall(r"(\d+)(?: to (\d+))?", text):
        found |= set(range(int(low), int(high or low) + 1))
    return found


def in_boxes(text, given):
    """Whether a tuple is in one of the boxes of a text: "Bob 0 or 1 and Charlie 2, or Bob 3"."""
    for box in re.split(r"; |, or (?=[A-Z])", text):
        said = {NAMES.index(name): numbers(own) for name, own in SAID.findall(box) if own != "any"}
        assert said or "any" in box, text
        if all(given[player] in own for player, own in said.items()):
            return True
    return False


def holds(words, answers, sizes):
    """Whether answers win by a condition in words."""
    if words in ("whatever they answer", "with no answers"):
        return words == "whatever they answer"
    how, rest = words.split(" ", 1)
    if how in ("by", "unless") or re.match(rf"({'|'.join(NAMES)}) answers", rest):
        return in_boxes(rest, answers) is not (how == "unless")
    if " equal" in rest or rest == "their answers differ":
        return (len(set(answers)) == 1) is not (rest == "their answers differ" or "not all" in rest)
    if rest.startswith("the sum"):
        return sum(answers) % 2 == rest.endswith("odd")
    if rest.startswith("their answers add up"):
        return sum(answers) in numbers(re.sub(r"\(.*|to ", "", rest).replace("or", ","))
    if found := re.fullmatch(r"(\w+)'s answer is (\w+)'s plus (\d+), counted modulo (\d+)", rest):
        one, other = answers[NAMES.index(found[1])], answers[NAMES.index(found[2])]
        return (one - other - int(found[3])) % int(found[4]) == 0
    found = re.fullmatch(
        r"their answers, written as (\d) bits, differ in the (.*?)(?: and agree in the .*)?", rest
    )
    assert found, words
    bits = [f"{answer:0{found[1]}b}" for answer in answers]
    return all((bits[0][k] != bits[1][k]) == (PLACES[k] in found[2]) for k in range(int(found[1])))


def meant(words, question):
    if words == "If both are asked the same":
        return question[0] == question[1]
    if words == "If they are asked different questions":
        return question[0] != question[1]
    if words.startswith("If the sum of their questions is "):
        return sum(question) in numbers(words)
    return in_boxes(words.removeprefix("If "), question)


class Reader:
    """Plays by the lines alone."""

    def __init__(self, lines, sizes):
        self.sizes = sizes
        self.rows = dict(
            re.fullmatch(r"  (.*?): (?:they win|score) (.*)", one).groups() for one in lines if one[0] == " "
        )
        self.cases = [
            found.groups() for one in lines if (found := re.fullmatch(r"(.*?),? ?they win (.*)\.", one, re.I))
        ]
        self.text = "\n".join(lines)

    def filled(self, player, question, answer, cell, partners):
        """The content of a cell, where it is said what an answer fills in."""
        name = NAMES[player]
        for when, told in re.findall(
            rf"^{name}'s answers(?:, asked (.*?))?: (\d+ stands .*)\.$", self.text, re.M
        ):
            if not when or question in numbers(when):
                rows = dict(re.findall(r"(\d+) stands for ([01]+)", told))
                if str(answer) not in rows:
                    lost = re.findall(rf"^{name}'s answers.*, that always lose: (.*)\.$", self.text, re.M)
                    assert any(answer in numbers(told) for told in lost)
                    return None
                row = rows[str(answer)]
                assert self.parity(name, question) in (None, row.count("1") % 2)
                held = re.search(rf"^{name}, asked {question}, fills in the cells (.*)\.$", self.text, re.M)
                return row[sorted(numbers(held[1]) if held else partners).index(cell)]
        return str(answer)

    def parity(self, name, question):
        found = re.search(
            rf"^The number of ones that {name} fills in is (even|odd)(?: if asked (.*?), else even)?\.$",
            self.text,
            re.M,
        )
        if not found:
            return None
        return int(found[1] == "odd" and (not found[2] or question in numbers(found[2])))

    def score(self, question, answers, asked):
        if self.rows:
            words = self.rows[", ".join(f"{name} {x}" for name, x in zip(NAMES, question, strict=False))]
            if not re.match(r"[\d.]", words):
                return holds(words, answers, self.sizes)
            for value, how in re.findall(
                r"([\d./]+) ((?:if|by|unless|whatever) .*?)(?=; [\d./]+ (?:if|by|unless)|$)", words
            ):
                if holds(how, answers, self.sizes):
                    return Fraction(value)
            return 0
        for when, words in self.cases:
            if "put the same" in words or "cell for" in words:
                if when.startswith("If their questions differ") and question[0] == question[1]:
                    continue
                partners = [{q[1 - p] for q in asked if q[p] == question[p]} for p in (0, 1)]
                put = [self.filled(p, question[p], answers[p], question[1 - p], partners[p]) for p in (0, 1)]
                return put[0] == put[1] is not None
            if when in ("", "In all other cases") or meant(when, question):
                return holds(words, answers, self.sizes)
        raise AssertionError("nothing is said")


def play(game):
    return SimpleNamespace(game=game, players=NAMES[: game.players], asked=None)


def assert_told(game):
    reader = Reader(rule_lines(play(game)), game.answers)
    asked = list(game.questions())
    for question in asked[:MOST_ROWS]:
        for answers in np.ndindex(game.answers):
            told = reader.score(question, answers, asked)
            assert told == game.table[question + answers], (question, answers)


def random_game(rng, shape, answers, kind):
    table = rng.integers(2, size=shape + answers)
    if kind == "sums":  # one sum wins
        size = answers[0]
        target = rng.integers(size, size=shape)
        table = np.indices(answers).sum(axis=0) % size == target.reshape(shape + (1,) * len(answers))
    asked = rng.integers(1, 4, size=shape) * (rng.random(shape) < 0.8)
    asked.flat[0] = 1
    total = int(asked.sum())
    prob = np.vectorize(lambda n: f"{n}/{total}", otypes=[object])(asked).tolist()
    if kind == "scores":
        return Game("random", prob, score=(rng.integers(4, size=shape + answers) / 4).tolist())
    return Game("random", prob, table.astype(int).tolist())


@pytest.mark.parametrize("name", [name for name in GAMES if GAMES[name]().table.size < 20_000])
def test_the_rules_of_the_catalogue_are_those_of_its_tables(name):
    assert_told(GAMES[name]())


TOLD = (
    "chsh",
    "tilted",
    "odd-cycle-13",
    "chained-10",
    "magic-square",
    "magic-square-cv",
    "ghz-3",
    "ghz-6",
    "rac-4",
    "g14",
)


@pytest.mark.parametrize("name", TOLD)
def test_well_known_games_take_no_table(name):
    rule = rule_of(play(GAMES[name]()))
    assert rule.complete
    assert sum(map(len, rule.lines)) < 1500


LINES = [((0, 1, 2), 0), ((3, 4, 5), 0), ((6, 7, 8), 0), ((0, 3, 6), 0), ((1, 4, 7), 0), ((2, 5, 8), 1)]


@pytest.mark.parametrize(
    "game", [magic_square, magic_square_constraint_variable, lambda: constraint_variable(LINES)]
)
def test_a_magic_square_is_known_by_whatever_names(rng, game):
    for _ in range(5):
        other = relabelled(game(), rng)
        lines = rule_of(play(other)).lines
        assert any(line.startswith("Think of ") for line in lines)
        assert_told(other)


@pytest.mark.parametrize("kind", ["any", "sums", "scores"])
@pytest.mark.parametrize(
    ("shape", "answers"),
    [
        ((2, 2), (2, 2)),
        ((3, 2), (4, 3)),
        ((1, 4), (1, 5)),
        ((2, 2, 2), (2, 2, 2)),
        ((2, 1, 2), (3, 3, 3)),
        ((1, 2), (16, 9)),
        ((4, 4), (3, 3)),
    ],
)
def test_the_rules_of_any_game_are_those_of_its_table(rng, shape, answers, kind):
    if kind == "sums" and len(set(answers)) > 1:
        answers = answers[:1] * len(answers)
    for _ in range(4 if max(answers) < 9 else 1):
        assert_told(random_game(rng, shape, answers, kind))


def test_games_at_once():
    assert_told(parallel(GAMES["chsh"](), 2))
    assert_told(parallel(GAMES["ffl"](), 2))


def test_boxes_are_a_partition(rng):
    for shape in [(7,), (4, 5), (3, 4, 3), (2, 2, 2, 2)]:
        for share in (0, 0.2, 0.7, 1):
            mask = rng.random(shape) < share
            covered = np.zeros(shape, dtype=int)
            for box in boxes(mask):
                covered[np.ix_(*box)] += 1
            assert (covered == mask).all()


def test_numbers_are_read_back(rng):
    for _ in range(50):
        wanted = sorted(set(rng.integers(20, size=rng.integers(1, 15)).tolist()))
        assert numbers(numbers_words(wanted)) == set(wanted)
