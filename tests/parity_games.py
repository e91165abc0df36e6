"""Games whose winning answers are parities (graphs, constraint systems, other labels), and a facet."""

from __future__ import annotations

import itertools

import numpy as np

from qcoord_hw.theory.games.game import Game


def constraint_variable(constraints, name="system"):
    """One player is asked a constraint (variables, parity), the other one a variable in it.

    The first answers with a value of every variable, bit i of the answer for the i-th, and loses where the
    constraint does not hold; both have to agree.
    """
    count = 1 + max(v for variables, _ in constraints for v in variables)
    answers = 2 ** max(len(variables) for variables, _ in constraints)
    win = np.zeros((len(constraints), count, answers, 2), dtype=int)
    asked = np.zeros((len(constraints), count), dtype=int)
    for x, (variables, parity) in enumerate(constraints):
        for i, y in enumerate(variables):
            asked[x, y] = 1
            for b in range(2 ** len(variables)):
                if b.bit_count() % 2 == parity:
                    win[x, y, b, b >> i & 1] = 1
    return Game(name, [[f"{n}/{asked.sum()}" for n in row] for row in asked.tolist()], win)


def constraint_constraint(constraints, name="lines"):
    """Both players are asked a constraint, and have to agree on the variables that theirs have in common."""
    answers = 2 ** max(len(variables) for variables, _ in constraints)
    count = len(constraints)
    win = np.zeros((count, count, answers, answers), dtype=int)
    for x, y, b, c in np.ndindex(win.shape):
        said = [
            dict(zip(variables, (answer >> i & 1 for i in range(len(variables))), strict=True))
            for (variables, _), answer in ((constraints[x], b), (constraints[y], c))
        ]
        good = all(
            answer < 2 ** len(variables) and answer.bit_count() % 2 == parity
            for (variables, parity), answer in ((constraints[x], b), (constraints[y], c))
        )
        win[x, y, b, c] = good and all(said[0][v] == said[1][v] for v in set(said[0]) & set(said[1]))
    return Game(name, [[f"1/{count * count}"] * count] * count, win)


def incidence(edges, odd, name="incidence"):
    """The system of a graph: a variable an edge, a constraint a vertex; `odd` are those of parity 1."""
    vertices = sorted(set(itertools.chain(*edges)))
    return constraint_variable(
        [([k for k, edge in enumerate(edges) if v in edge], int(v in odd)) for v in vertices], name
    )


def complete(n):
    return list(itertools.combinations(range(n), 2))


def bipartite(m, n):
    return [(i, m + j) for i in range(m) for j in range(n)]


PETERSEN = [
    *((i, (i + 1) % 5) for i in range(5)),
    *((5 + i, 5 + (i + 2) % 5) for i in range(5)),
    *((i, 5 + i) for i in range(5)),
]


def random_graph(rng, vertices, edges):
    """Edges of a random graph in which no vertex is alone."""
    while True:
        every = complete(vertices)
        chosen = [every[k] for k in sorted(rng.choice(len(every), edges, replace=False).tolist())]
        if len(set(itertools.chain(*chosen))) == vertices:
            return chosen


def relabelled(game, rng):
    """The game with its players, questions and answers in another order, the answers for each question."""
    prob, win, k = game.prob, game.win, game.players
    order = rng.permutation(k)
    prob, win = prob.transpose(order), win.transpose([*order, *(k + order)])
    for p in range(k):
        questions = rng.permutation(prob.shape[p])
        prob, win = prob.take(questions, axis=p), win.take(questions, axis=p)
        win = np.moveaxis(win, (p, k + p), (0, 1)).copy()
        for x in range(len(win)):
            win[x] = win[x][rng.permutation(win.shape[1])]
        win = np.moveaxis(win, (0, 1), (p, k + p))
    return Game(game.name, prob, win)


def parity_of(players, signs, asked, name="xor"):
    """The game of one bit per player in which question q is won where the sum of the bits is signs[q]."""
    win = np.zeros(asked.shape + (2,) * players, dtype=int)
    sums = np.indices((2,) * players).sum(axis=0) % 2
    for q in np.ndindex(asked.shape):
        win[q] = sums == signs[q]
    total = int(asked.sum())
    prob = np.array([f"{n}/{total}" for n in asked.ravel().tolist()], dtype=object).reshape(asked.shape)
    return Game(name, prob, win)


def facet_4322():
    """Facet 1 of the Bell inequalities with four and three binary questions: 24 w - 7 is 1, and sqrt 2."""
    rows = [
        "11 10 00 01 00 10",
        "11 10 00 01 00 01",
        "11 10 11 10 00 01",
        "01 02 20 21 10 00",
    ]
    halves = np.array([[int(n) for n in row.replace(" ", "")] for row in rows]).reshape(4, 3, 2, 2)
    score = np.array([f"{n}/2" for n in halves.ravel()], dtype=object).reshape(halves.shape)
    return Game("facet", [["1/12"] * 3] * 4, score=score)
