"""The games of the catalogue: their rules."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import partial, reduce
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import InputError
from qcoord_hw.theory.games.game import Game

Question = tuple[int, ...]

I3322_SCALE = 8
I3322_OFFSET = -6
"""The Bell expression of `i3322` is I = 8 w - 6 for the win probability w."""


def chsh() -> Game:
    """CHSH: win if and only if b XOR c = x AND y, uniform questions [CHSH1969]."""
    return _bits("chsh", itertools.product((0, 1), repeat=2), lambda x, y: x & y)


def biased_chsh(p: Fraction | str = "2/3", q: Fraction | str = "3/5") -> Game:
    """CHSH in which x = 0 has probability p and y = 0 has probability q, independently [Lawson2010]."""
    p, q = Fraction(p), Fraction(q)
    prob = np.array([[p * q, p * (1 - q)], [(1 - p) * q, (1 - p) * (1 - q)]], dtype=object)
    return Game("biased-chsh", prob, chsh().win)


def tilted() -> Game:
    """Tilted CHSH: the inequality <B_0> + CHSH <= 3 [Acin2012].

    In a fifth of the rounds Charlie's question is blank (y = 2, its answer is ignored), and Bob must answer
    0 to x = 0.
    """
    asked = [(0, 0), (0, 1), (1, 0), (1, 1), (0, 2)]
    return _game("tilted", asked, (2, 2), lambda x, y, b, c: b == 0 if y == 2 else b ^ c == x & y)


def odd_cycle(n: int) -> Game:
    """The odd cycle game [Cleve2004]: equal answers at a vertex, different ones along an edge.

    Raises:
        InputError: when n is even or below 3.
    """
    if n < 3 or n % 2 == 0:
        raise InputError(f"n: {n}; allowed are odd numbers from 3 on")
    asked = [(x, (x + step) % n) for x in range(n) for step in (0, 1)]
    return _bits(f"odd-cycle-{n}", asked, lambda x, y: int(x != y))


def chained(n: int) -> Game:
    """The chained Bell inequality of n settings [BraunsteinCaves1990]: equal answers, but for the last link.

    Raises:
        InputError: when n is below 2.
    """
    if n < 2:
        raise InputError(f"n: {n}; allowed are numbers from 2 on")
    asked = [(x, (x + step) % n) for x in range(n) for step in (0, 1)]
    return _bits(f"chained-{n}", asked, lambda x, y: int((x, y) == (n - 1, 0)))


def rac(n: int) -> Game:
    """The n-bit random access code as a game [Ambainis2008]: b XOR c is the bit number y of Bob's n bits x.

    Raises:
        InputError: when n is not from 1 to 10.
    """
    if not 1 <= n <= 10:
        raise InputError(f"n: {n}; allowed are numbers from 1 to 10")
    return _bits(f"rac-{n}", itertools.product(range(2**n), range(n)), lambda x, y: x >> (n - 1 - y) & 1)


def ghz(players: int) -> Game:
    """The GHZ game of n players (Mermin's parity game) [Mermin1990].

    Questions x in {0,1}^n with an even number of ones, uniform; won if and only if the XOR of all
    answers is half the number of ones, modulo 2. The quantum value is 1, the classical one
    1/2 + 2^-ceil(n/2).
    """
    indices = np.indices((2,) * (2 * players))
    ones = indices[:players].sum(axis=0)
    parity = indices[players:].sum(axis=0) % 2
    asked = np.indices((2,) * players).sum(axis=0) % 2 == 0
    win = ((ones % 2 == 0) & (parity == (ones // 2) % 2)).astype(np.uint8)
    return Game(f"ghz-{players}", _uniform(asked), win)


def magic_square() -> Game:
    """The magic square: Bob fills row x, Charlie fills column y, and the shared cell must agree [Peres1990].

    An answer is the integer 2 e_1 + e_2 of the first two bits of the row or column. The third bit is
    fixed by the parity: even for the three rows and the first two columns, odd for the last column.
    """
    asked = itertools.product(range(3), repeat=2)
    return _game(
        "magic-square", asked, (4, 4), lambda x, y, b, c: _filled(b, 2, 0)[y] == _filled(c, 2, y == 2)[x]
    )


def magic_square_constraint_variable() -> Game:
    """The magic square as constraints: Bob fills line x, Charlie the cell y = 3 row + column of that line.

    Lines 0 to 2 are the rows, 3 to 5 the columns, filled as in `magic_square`.
    """
    lines = [[3 * r + c for c in range(3)] for r in range(3)] + [
        [3 * r + c for r in range(3)] for c in range(3)
    ]
    return _constraint_variable("magic-square-cv", lines, [0, 0, 0, 0, 0, 1])


PENTAGRAM = ((0, 1, 2, 3), (0, 4, 5, 6), (1, 4, 8, 9), (2, 7, 5, 9), (3, 7, 8, 6))
"""Lines of the magic pentagram [Mermin1993]: 0 to 3 are XXX, XZZ, ZXZ, ZZX, then X1, X2, X3, Z1, Z2, Z3."""


def magic_pentagram() -> Game:
    """The magic pentagram as constraints: Bob fills line x with four bits, Charlie the vertex y of it.

    The parity is odd on line 0 and even on the others; an answer is the integer of the first three bits.
    """
    return _constraint_variable("magic-pentagram", PENTAGRAM, [1, 0, 0, 0, 0])


def magic_pentagram_lines() -> Game:
    """The magic pentagram with a line for each player, uniform; every shared vertex must agree."""

    def rule(x: int, y: int, b: int, c: int) -> bool:
        bob = dict(zip(PENTAGRAM[x], _filled(b, 3, x == 0), strict=True))
        charlie = dict(zip(PENTAGRAM[y], _filled(c, 3, y == 0), strict=True))
        return all(bob[v] == charlie[v] for v in bob.keys() & charlie.keys())

    return _game("magic-pentagram-lines", itertools.product(range(5), repeat=2), (8, 8), rule)


G14_VECTORS = tuple(v for v in itertools.product((-1, 0, 1), repeat=3) if v > (0, 0, 0))
"""The 13 directions of {-1,0,1}^3, one of each pair v, -v: orthogonal ones are joined in the graph G13."""


def g14() -> Game:
    """The 4-colouring game of G14, the graph G13 with an apex joined to all [MancinskaRoberson2016].

    Questions, uniform: a vertex twice (the colours must be equal), or an edge in either direction (they must
    differ). Classically 5 colours are needed; entangled players need 4.
    """
    joined = np.zeros((14, 14), dtype=bool)
    joined[:13, :13] = np.array(G14_VECTORS) @ np.array(G14_VECTORS).T == 0
    joined[:13, 13] = joined[13, :13] = True
    asked = [(x, y) for x in range(14) for y in range(14) if x == y or joined[x, y]]
    return _game("g14", asked, (4, 4), lambda x, y, b, c: (b == c) == (x == y))


def ffl() -> Game:
    """The game of Fortnow, Feige and Lovasz: (b OR x) differs from (c OR y), on 00, 01, 10 [FeigeLovasz1992].

    Entanglement does not help.
    """
    return _game("ffl", [(0, 0), (0, 1), (1, 0)], (2, 2), lambda x, y, b, c: (b | x) != (c | y))


def guess_each_other() -> Game:
    """Each player is to say the other's uniform bit [Almeida2010]; entanglement does not help."""
    asked = itertools.product((0, 1), repeat=2)
    return _game("guess-each-other", asked, (2, 2), lambda x, y, b, c: (b, c) == (y, x))


def hardy(n: int) -> Game:
    """Hardy's paradox on n pairs at once, after [MancinskaVidick2014] (the rule is a reconstruction).

    Two questions a player, uniform, and n-bit answers (the integer whose most significant bit is pair 1).
    Question 00 is won when some pair answers 11. The other questions are lost when some pair answers 10 to
    question 01, 01 to question 10, or 11 to question 11.

    Raises:
        InputError: when n is not from 1 to 8.
    """
    if not 1 <= n <= 8:
        raise InputError(f"n: {n}; allowed are numbers from 1 to 8")

    def rule(x: int, y: int, b: int, c: int) -> bool:
        if x != y:  # the 0 to question 1 must not meet a 1
            return (b & ~c if x == 0 else c & ~b) == 0
        return (b & c == 0) == (x == 1)

    return _game(f"hardy-{n}", itertools.product((0, 1), repeat=2), (2**n, 2**n), rule)


def cglmp3() -> Game:
    """The CGLMP inequality of three outcomes as a game with scores: its value is 1/2 + I_3/8 [CGLMP2002]."""
    score = np.full((2, 2, 3, 3), Fraction(1, 2), dtype=object)
    signs = {(0, 0): (0, 1), (0, 1): (0, -1), (1, 0): (1, 0), (1, 1): (0, 1)}  # c - b that counts +1, and -1
    for (x, y), (plus, minus) in signs.items():
        for b in range(3):
            score[x, y, b, (b + plus) % 3] = Fraction(1)
            score[x, y, b, (b + minus) % 3] = Fraction(0)
    return Game("cglmp-3", _uniform(np.ones((2, 2), dtype=bool)), score=score)


def chsh_mod3() -> Game:
    """CHSH modulo 3: win if and only if b + c = x y mod 3, uniform questions [BuhrmanMassar2005]."""
    asked = itertools.product(range(3), repeat=2)
    return _game("chsh-mod-3", asked, (3, 3), lambda x, y, b, c: (b + c - x * y) % 3 == 0)


def i3322() -> Game:
    """I3322 [CollinsGisin2004] as a game: I = `I3322_SCALE` w + `I3322_OFFSET`, so classically w <= 3/4.

    I = p(00|xy) summed over x + y <= 2, less p(00|12) and p(00|21), less the marginals p(0|x=0),
    2 p(0|y=0) and p(0|y=1). Each marginal is taken in a cell where it meets a p(00|xy), since
    p(00) - p(0.) = -p(01); so each of eight cells has one term, of which six are negative.
    """
    gain = {(0, 0), (0, 1)}  # + p(00)
    loss = {(0, 2): (0, 1), (1, 0): (1, 0), (2, 0): (1, 0), (1, 1): (1, 0), (1, 2): (0, 0), (2, 1): (0, 0)}

    def rule(x: int, y: int, b: int, c: int) -> bool:
        return (b, c) == (0, 0) if (x, y) in gain else (b, c) != loss[x, y]

    return _game("i3322", [*gain, *loss], (2, 2), rule)


def parallel(game: Game, n: int, name: str | None = None) -> Game:
    """Return n copies of a game played at once: all are to be won (scores are multiplied).

    Questions and answers are integers whose most significant digit is that of copy 1.

    Args:
        game: the game.
        n: how many copies.
        name: what the game is called; by default "NAME-power-N".
    """
    # of arrays with k axes, the Kronecker product is taken axis by axis: as it should be
    table = reduce(np.kron, [game.table.astype(object)] * n)
    prob = reduce(np.kron, [game.prob] * n)
    tables: dict[str, Any] = {"win": table} if game.score is None else {"score": table}
    return Game(name or f"{game.name}-power-{n}", prob, **tables)


def _filled(answer: int, bits: int, parity: int) -> tuple[int, ...]:
    """Return the bits of an answer, most significant first, with one more that makes the parity right."""
    given = [answer >> (bits - 1 - i) & 1 for i in range(bits)]
    return (*given, sum(given) + int(parity) & 1)


def _constraint_variable(name: str, lines: Sequence[Sequence[int]], parity: list[int]) -> Game:
    """Return the game in which Bob fills a line and Charlie one of its variables."""
    bits = len(lines[0]) - 1

    def rule(x: int, y: int, b: int, c: int) -> bool:
        return _filled(b, bits, parity[x])[lines[x].index(y)] == c

    return _game(name, [(x, y) for x, line in enumerate(lines) for y in line], (2**bits, 2), rule)


def _bits(name: str, asked: Iterable[Question], target: Callable[[int, int], int]) -> Game:
    """Return the two-player game that is won when the XOR of two bits is the target, uniform questions."""
    return _game(name, asked, (2, 2), lambda x, y, b, c: b ^ c == target(x, y))


def _game(name: str, asked: Iterable[Question], answers: tuple[int, ...], rule: Callable[..., bool]) -> Game:
    """Return the game with equal probability on the questions that are asked, won according to the rule."""
    questions = list(asked)
    shape = tuple(max(own) + 1 for own in zip(*questions, strict=True))
    where = np.zeros(shape, dtype=bool)
    win = np.zeros(shape + answers, dtype=np.uint8)
    for question in questions:
        where[question] = True
        for answer in np.ndindex(answers):
            win[question + answer] = rule(*question, *answer)
    return Game(name, _uniform(where), win)


def _uniform(asked: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    share = Fraction(1, int(asked.sum()))
    return np.array([share if a else Fraction(0) for a in asked.flat], dtype=object).reshape(asked.shape)


GAMES: dict[str, Callable[[], Game]] = {
    "chsh": chsh,
    "biased-chsh": biased_chsh,
    "tilted": tilted,
    **{f"odd-cycle-{n}": partial(odd_cycle, n) for n in (3, 5, 7, 9, 11, 13)},
    **{f"chained-{n}": partial(chained, n) for n in range(3, 11)},
    "magic-square": magic_square,
    "magic-square-cv": magic_square_constraint_variable,
    "magic-pentagram": magic_pentagram,
    "magic-pentagram-lines": magic_pentagram_lines,
    **{f"ghz-{n}": partial(ghz, n) for n in (3, 4, 5, 6)},
    **{f"rac-{n}": partial(rac, n) for n in (2, 3, 4)},
    "g14": g14,
    "ffl": ffl,
    "guess-each-other": guess_each_other,
    "chsh-squared": lambda: parallel(chsh(), 2, "chsh-squared"),
    **{f"hardy-{n}": partial(hardy, n) for n in (1, 2, 4)},
    "cglmp-3": cglmp3,
    "chsh-mod-3": chsh_mod3,
    "i3322": i3322,
}
"""The catalogue, by name."""


def catalogue_name(game: Game) -> str | None:
    """Return the name under which exactly this game stands in `GAMES`, if it does."""
    if game.name not in GAMES:
        return None
    known = GAMES[game.name]()
    same = known.prob.shape == game.prob.shape and known.answers == game.answers
    if same and (known.prob == game.prob).all() and (known.table == game.table).all():
        return game.name
    return None
